/**
 * Where a command's output goes: standard output and error, whether it is a terminal, and a closed
 * pipe.
 */
import { printable } from "../printable.ts";

/** Styles, by what they mean; nothing is said by colour alone. */
const STYLES = {
  bold: "1",
  dim: "2",
  good: "32",
  warn: "33",
  bad: "31",
} as const;

/** The name of a style. */
export type Style = keyof typeof STYLES;

/** Puts a text into a style, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** Leaves every text as it is. */
export const plain: Paint = (_, text) => text;

/** Styles a text by ANSI escapes. An empty text stays empty. */
export const ansi: Paint = (style, text) =>
  text === "" ? "" : `\x1b[${STYLES[style]}m${text}\x1b[0m`;

/** The part of a terminal that commands see; tests put a recording one in its place. */
export interface Terminal {
  /** Standard output is a terminal, not a pipe or file. */
  readonly interactive: boolean;
  readonly paint: Paint;
  /** Columns and rows of the terminal now; 80 and 24 where there is none. */
  size(): { readonly columns: number; readonly rows: number };
  /** `sequence` (of a cursor, a screen) for a text that is written: any other is not obeyed. */
  control(sequence: string): string;
  /**
   * Writes to standard output. Whatever a terminal would obey in `text` and did not come from
   * {@link paint} or
   * {@link control} is made harmless: the words of others are in it. Silent once nobody reads any
   * more (`floatip status | head -1`). */
  out(text: string): void;
  /** Writes to standard error as {@link out} does; never throws. */
  error(text: string): void;
  /** Nobody reads standard output any more: a command that goes on and on may end. */
  readonly closed: boolean;
}

/** The terminal that the process was started in. */
export class ProcessTerminal implements Terminal {
  readonly interactive: boolean = Deno.stdout.isTerminal();
  /**
   * Known to nobody outside of this process: by it our own escapes are told from those of others.
   */
  readonly #mark = 100_000_000 + (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);
  readonly #own = new RegExp(
    `\\x1b\\[(\\d+);${this.#mark}m|\\x1b_${this.#mark};([^\\ufdd0]*)\\ufdd0`,
    "g",
  );
  readonly paint: Paint = this.interactive && !Deno.noColor
    ? (style, text) => text === "" ? "" : `${this.#style(STYLES[style])}${text}${this.#style("0")}`
    : plain;
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  size(): { readonly columns: number; readonly rows: number } {
    try {
      const { columns, rows } = Deno.consoleSize();
      // A serial line or a terminal in a pipe may say 0: it does not know.
      return { columns: columns || 80, rows: rows || 24 };
    } catch {
      return { columns: 80, rows: 24 };
    }
  }

  control(sequence: string): string {
    return `\x1b_${this.#mark};${sequence}\ufdd0`;
  }

  out(text: string): void {
    if (this.#closed) return;
    try {
      writeAll(Deno.stdout, this.#harmless(text));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      this.#closed = true;
    }
  }

  error(text: string): void {
    try {
      writeAll(Deno.stderr, this.#harmless(text));
    } catch {
      // There is nowhere left to complain to.
    }
  }

  #style(number: string): string {
    return `\x1b[${number};${this.#mark}m`;
  }

  #harmless(text: string): string {
    let shown = "";
    let rest = 0;
    for (const { index, 0: { length }, 1: style, 2: sequence } of text.matchAll(this.#own)) {
      shown += printable(text.slice(rest, index));
      shown += style === undefined ? sequence : `\x1b[${style}m`;
      rest = index + length;
    }
    return shown + printable(text.slice(rest));
  }
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += stream.writeSync(bytes.subarray(written));
  }
}
