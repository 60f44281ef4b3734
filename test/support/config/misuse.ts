/** A mistake: a text, and the places of all problems that it must bring. */

/**
 * One mistake: a text, and the problems expected of it as "severity path", in the order of the
 * file.
 */
export interface Misuse {
  readonly title: string;
  readonly toml: string;
  readonly expected: readonly string[];
}

/** The smallest sound file. */
export const WEB = `[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n`;
/** Two nodes. */
export const NODES = `[nodes]\npi-a = "192.168.1.11"\npi-b = "192.168.1.12"\n\n`;

/** {@link WEB} with more lines in its instance. */
export function web(...lines: readonly string[]): string {
  return `${WEB}${lines.join("\n")}\n`;
}

/** An instance with these addresses, written as TOML. */
export function floating(...addresses: readonly string[]): string {
  return `[instance.web]\nvrid = 51\naddresses = [${addresses.join(", ")}]\n`;
}
