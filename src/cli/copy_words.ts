/**
 * Commands that bring files to other machines, where an ordinary user logs in and sudo may ask for
 * a password.
 */
import { formatIp, type Ip } from "../net/ip.ts";

/** What a secret is called for a moment, in the home of the user who logs in. */
const CARRIED = "floatip.key";

/** The user who called sudo, or this one, has the same name there as a rule. */
function loginWords(address: Ip): string {
  const user = Deno.env.get("SUDO_USER") ?? Deno.env.get("USER") ?? "root";
  return `${user}@${formatIp(address)}`;
}

/**
 * Copies `file`, which all may read, to another machine. The terminal is for sudo's password, so
 * the file travels in the command.
 */
export function copyWords(file: string, address: Ip): string {
  const command = `echo $(base64 -w0 ${file}) | base64 -d | sudo tee ${file}`;
  return `ssh -t ${loginWords(address)} "${command}"`;
}

/**
 * Copies a secret to another machine, never through a command or a terminal, where others would see
 * it. `then`: what is done there as root if that went well.
 */
export function copySecretWords(file: string, address: Ip, then?: string): readonly string[] {
  const login = loginWords(address);
  const placed = `sudo install -D -m 600 ${CARRIED} ${file}`;
  const done = then === undefined ? placed : `${placed} && sudo ${then}`;
  return [
    `${asRoot()}cat ${file} | ssh ${login} 'umask 077; cat > ${CARRIED}'`,
    `ssh -t ${login} '${done}; rm -f ${CARRIED}'`,
  ];
}

/** In front of a command that only root may run: nothing for root's own shell. */
export function asRoot(): string {
  return Deno.uid() === 0 && Deno.env.get("SUDO_USER") === undefined ? "" : "sudo ";
}
