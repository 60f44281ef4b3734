/** The demo's output: a picture redrawn in place on a terminal, plain lines into a pipe. */
import process from "node:process";
import { Screen } from "../../src/cli/screen.ts";
import { ProcessTerminal } from "../../src/cli/terminal.ts";
import {
  type ClientView,
  formatLine,
  type Line,
  type NodeView,
  picture,
  table,
} from "./picture.ts";

/** What the show asks for at each frame. */
export interface Source {
  nodes(): readonly NodeView[];
  client(): ClientView | undefined;
}

/** The audience's view. Dispose of it last: it gives the cursor back. */
export class Show implements Disposable {
  readonly #terminal = new ProcessTerminal();
  readonly #screen: Screen | undefined;
  readonly #started = performance.now();
  readonly #lines: Line[] = [];
  readonly #source: Source;

  constructor(title: string, source: Source) {
    this.#source = source;
    this.#terminal.out(`${title}\n`);
    this.#screen = this.#terminal.interactive ? new Screen(this.#terminal) : undefined;
    // After Ctrl-C nobody disposes of anything.
    process.on("exit", () => this[Symbol.dispose]());
  }

  /**
   * Says what happened, and in a pipe, where there is no picture, how the nodes are now if
   * `withTable`.
   */
  tell(text: string, withTable = false): void {
    const line = { atMs: performance.now() - this.#started, text };
    this.#lines.push(line);
    if (this.#screen !== undefined) return this.draw();
    const rows = withTable ? table(this.#source.nodes(), this.#terminal.paint) : [];
    const text_ = [
      formatLine(line, this.#terminal.paint),
      ...rows.map((row) => `          ${row}`),
    ];
    this.#terminal.out(`${text_.join("\n")}\n`);
  }

  /** A sentence in bold where that is possible: the result of something. */
  result(text: string): void {
    this.tell(this.#terminal.paint("bold", text));
  }

  /** The next frame; nothing in a pipe. */
  draw(): void {
    const view = {
      nodes: this.#source.nodes(),
      client: this.#source.client(),
      lines: this.#lines,
    };
    this.#screen?.draw(picture(view, this.#terminal.size().rows, this.#terminal.paint));
  }

  [Symbol.dispose](): void {
    this.#screen?.[Symbol.dispose]();
  }
}
