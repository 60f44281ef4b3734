/** A display that is redrawn in place, over the lines of the last one. */
import { clip } from "./table.ts";
import type { Terminal } from "./terminal.ts";

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

/** A picture on a terminal. Disposing of it leaves the last picture, and the cursor below it. */
export class Screen implements Disposable {
  readonly #terminal: Terminal;
  #height = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.out(terminal.control(HIDE_CURSOR));
  }

  /** Replaces the picture by `lines`, cut to the terminal's width and height as they are now. */
  draw(lines: readonly string[]): void {
    const { columns, rows } = this.#terminal.size();
    // A line that wraps, or scrolls, would make the count of lines to go up wrong.
    const fitting = fit(lines, Math.max(1, rows - 1)).map((line) => clip(line, columns));
    const control = (sequence: string): string => this.#terminal.control(sequence);
    const up = this.#height === 0 ? "" : `\x1b[${this.#height}A`;
    const picture = fitting.map((line) => `${line}${control(CLEAR_LINE)}\n`).join("");
    this.#terminal.out(`${control(`\r${up}`)}${picture}${control(CLEAR_BELOW)}`);
    this.#height = fitting.length;
  }

  [Symbol.dispose](): void {
    this.#terminal.out(this.#terminal.control(SHOW_CURSOR));
  }
}

/** As many lines as there is room for; the last says how many are not shown. */
function fit(lines: readonly string[], room: number): readonly string[] {
  if (lines.length <= room) return lines;
  const shown = lines.slice(0, room - 1);
  return [...shown, `... ${lines.length - shown.length} more lines: this window is too low`];
}

/** Writes `text` on standard error, in the place of the line that was there. */
export function rewriteLine(terminal: Terminal, text: string): void {
  terminal.error(`${terminal.control("\r")}${text}${terminal.control(CLEAR_LINE)}`);
}
