/** The log of the daemon: to standard error, for journald or for people. */
import { withTimeout } from "../async.ts";
import { printableLine } from "../printable.ts";
import { formatLocalTime, type WallTime } from "../time.ts";
import { writeAll } from "../files.ts";

/** The four levels, from much to little. */
export type Level = "debug" | "info" | "warning" | "error";

/** Where lines go; `write` may be called again before the last one has got through. */
export interface ByteStream {
  write(bytes: Uint8Array): Promise<number>;
}

/** One line as it is written, with its newline. */
export type LineFormat = (level: Level, text: string, at: Date) => string;

/** syslog(3)'s numbers, as sd-daemon(3) puts them in front of a line. */
const PRIORITIES: Readonly<Record<Level, number>> = { debug: 7, info: 6, warning: 4, error: 3 };

/**
 * Most lines that wait for a slow reader; further ones are counted and dropped: the daemon never
 * waits.
 */
const MOST_WAITING = 4096;

/** Longest wait at the end for lines that have not got through, in milliseconds. */
const FLUSH_PATIENCE_MS = 1000;

/** For journald: "<6>web: backup -> master: ...". It adds the time itself. */
export const journaldFormat: LineFormat = (level, text) =>
  `<${PRIORITIES[level]}>${printableLine(text)}\n`;

/**
 * For people and files, in local time: "2026-11-21 04:04:05.678 info web: backup -> master: ...".
 */
export const plainFormat: LineFormat = (level, text, at) =>
  `${formatLocalTime(at.getTime() as WallTime)} ${level.padEnd(7)} ${printableLine(text)}\n`;

/**
 * Is standard error the journal? systemd names its device and inode in JOURNAL_STREAM
 * (systemd.exec(5)), which a shell may hand on to a child whose standard error is something else.
 * `stderr`: undefined where it cannot be looked at.
 */
export function isJournal(
  journalStream: string | undefined,
  stderr: { readonly dev: number; readonly ino: number | null } | undefined,
): boolean {
  if (journalStream === undefined || journalStream === "") return false;
  return stderr === undefined || journalStream === `${stderr.dev}:${stderr.ino}`;
}

/** The log of a running daemon. */
export class Log implements AsyncDisposable {
  readonly #least: Level;
  readonly #lines: LineQueue;
  readonly #format: LineFormat;

  constructor(least: Level, stream: ByteStream, format: LineFormat) {
    this.#least = least;
    this.#lines = new LineQueue(stream);
    this.#format = format;
  }

  /** The log on standard error, in the form that its reader takes; it begins with `warnings`. */
  static toStderr(level: Level, warnings: readonly string[]): Log {
    const stream = Deno.env.get("JOURNAL_STREAM");
    const format = isJournal(stream, statStderr()) ? journaldFormat : plainFormat;
    const log = new Log(level, Deno.stderr, format);
    for (const warning of warnings) log.write("warning", warning);
    return log;
  }

  /** Takes one finished line without a newline; never throws, never waits. */
  write(level: Level, line: string): void {
    if (PRIORITIES[level] > PRIORITIES[this.#least]) return;
    this.#lines.add(this.#format(level, line, new Date()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lines.flush();
  }
}

/** Lines on their way out, in order, at most {@link MOST_WAITING} of them. */
class LineQueue {
  readonly #stream: ByteStream;
  #waiting: string[] = [];
  #dropped = 0;
  #draining: Promise<void> | undefined;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  add(line: string): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(line);
    this.#draining ??= this.#drain();
  }

  async flush(): Promise<void> {
    await withTimeout(this.#draining ?? Promise.resolve(), FLUSH_PATIENCE_MS);
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      const dropped = this.#dropped;
      this.#waiting = [];
      this.#dropped = 0;
      const gap = dropped === 0
        ? ""
        : `... ${dropped} log lines were dropped: the reader was too slow\n`;
      try {
        await writeAll(this.#stream, new TextEncoder().encode(batch.join("") + gap));
      } catch {
        // The reader has gone: no reason for the daemon to end.
      }
    }
    this.#draining = undefined;
  }
}

function statStderr(): Deno.FileInfo | undefined {
  try {
    return Deno.statSync("/proc/self/fd/2");
  } catch {
    return undefined;
  }
}
