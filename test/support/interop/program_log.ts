/** The lines of a child, kept and awaited. */
import type { ChildProcess } from "node:child_process";
import { wallNow } from "../lab/wall_clock.ts";

/** One line, and when it was read, in milliseconds since 1970 with their fraction. */
export interface LogLine {
  readonly at: number;
  readonly text: string;
}

interface Waiter {
  readonly wanted: (line: LogLine) => boolean;
  readonly resolve: (line: LogLine) => void;
}

/** Standard output and standard error of one child, line by line. */
export class ProgramLog {
  readonly lines: LogLine[] = [];
  readonly #waiters = new Set<Waiter>();

  constructor(readonly label: string, child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream?.setEncoding("utf8").on("data", (text: string) => {
        const parts = (rest + text).split("\n");
        rest = parts.pop() ?? "";
        for (const part of parts) this.#add(part);
      });
    }
  }

  /** Everything said so far, for a failure's message. */
  get text(): string {
    return this.lines.map(({ text }) => `  ${this.label}: ${text}`).join("\n");
  }

  /**
   * The first line matching `pattern` at or after `since`; rejects with everything said after
   * `timeoutMs`.
   */
  until(pattern: RegExp, timeoutMs: number, since = 0): Promise<LogLine> {
    const wanted = (line: LogLine) => line.at >= since && pattern.test(line.text);
    const already = this.lines.find(wanted);
    if (already !== undefined) return Promise.resolve(already);
    const { promise, resolve, reject } = Promise.withResolvers<LogLine>();
    const waiter: Waiter = { wanted, resolve };
    this.#waiters.add(waiter);
    const timer = setTimeout(() => {
      reject(
        new Error(`${this.label} did not say ${pattern} within ${timeoutMs} ms:\n${this.text}`),
      );
    }, timeoutMs);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    });
  }

  #add(text: string): void {
    const line: LogLine = { at: wallNow(), text };
    this.lines.push(line);
    for (const waiter of this.#waiters) if (waiter.wanted(line)) waiter.resolve(line);
  }
}
