/** Where does a command's output go? Standard output and error, whether it is a terminal, and a closed pipe. */

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
  /** Writes to standard output. Silent once nobody reads any more (`floatip status | head -1`). */
  out(text: string): void;
  /** Writes to standard error; never throws. */
  error(text: string): void;
  /** Nobody reads standard output any more: a command that goes on and on may end. */
  readonly closed: boolean;
}

/** The terminal that the process was started in. */
export class ProcessTerminal implements Terminal {
  readonly interactive: boolean = Deno.stdout.isTerminal();
  readonly paint: Paint = this.interactive && !Deno.noColor ? ansi : plain;
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

  out(text: string): void {
    if (this.#closed) return;
    try {
      writeAll(Deno.stdout, text);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      this.#closed = true;
    }
  }

  error(text: string): void {
    try {
      writeAll(Deno.stderr, text);
    } catch {
      // There is nowhere left to complain to.
    }
  }
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += stream.writeSync(bytes.subarray(written));
  }
}
