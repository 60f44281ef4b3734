/** `floatip events`: the history of this node, read from its file. No daemon is needed. */
import { sleep } from "../../async.ts";
import { messageOf } from "../../error.ts";
import { type DecodedHistory, encodeEntry, type HistoryEntry } from "../../history/line.ts";
import { DEFAULT_STATE_DIR, historyPath } from "../../history/place.ts";
import { HistoryReader } from "../../history/read.ts";
import { formatLocalTime, type WallTime } from "../../time.ts";
import { printableLine } from "../../printable.ts";
import { entryLine, nameWidth } from "./text.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import { Ending } from "../signals.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `floatip events`. */
export interface EventsFlags {
  readonly follow?: boolean | undefined;
  readonly since?: WallTime | undefined;
  readonly instance?: string | undefined;
  readonly json?: boolean | undefined;
  readonly stateDir?: string | undefined;
}

/** `--follow` looks at the file no more often than this, in milliseconds. */
const LOOK_PAUSE_MS = 200;
/**
 * Where the system tells of no changes, or the directory is not there yet, `--follow` looks this
 * often.
 */
const LOOK_AGAIN_MS = 1000;
/**
 * Where nothing has changed for so long, it looks all the same: the directory may have been
 * replaced.
 */
const LOOK_ANYWAY_MS = 5000;

/** `floatip events`. */
export async function events(terminal: Terminal, flags: EventsFlags): Promise<ExitCode> {
  const directory = flags.stateDir ?? DEFAULT_STATE_DIR;
  const path = historyPath(directory);
  const reader = new HistoryReader(path);
  // Before the first look: what is written between both is seen.
  using changes = flags.follow === true ? new Changes(directory) : undefined;
  const history = await look(reader, path);
  const printer = new Printer(terminal, flags);
  const printed = printer.print(history);
  if (printed === 0) sayNothing(terminal, flags, history, path);
  if (changes === undefined) return EXIT.ok;
  using ending = new Ending();
  while (!ending.signal.aborted && !terminal.closed) {
    await changes.wait(ending);
    printer.print(await look(reader, path));
  }
  return EXIT.ok;
}

/** Prints the entries that are wanted, in columns that stay where they are. */
class Printer {
  #width = 0;

  constructor(readonly terminal: Terminal, readonly flags: EventsFlags) {}

  /** Answers how many were printed. */
  print(history: DecodedHistory | undefined): number {
    if (history === undefined) return 0;
    const { json, since, instance } = this.flags;
    const wanted = history.entries.filter((entry) =>
      (since === undefined || Date.parse(entry.time) >= since) &&
      (instance === undefined || instanceOf(entry) === instance)
    );
    this.#width = nameWidth(wanted, this.#width);
    const { paint } = this.terminal;
    const lines = wanted.map((entry) =>
      json === true ? encodeEntry(entry) : `${entryLine(entry, this.#width, paint)}\n`
    );
    if (lines.length > 0) this.terminal.out(lines.join(""));
    this.#tellSkipped(history.skipped);
    return wanted.length;
  }

  #tellSkipped(skipped: number): void {
    if (skipped === 0) return;
    const lines = skipped === 1 ? "1 line" : `${skipped} lines`;
    this.terminal.error(`${lines} of the history cannot be understood and are left out\n`);
  }
}

/** Tells when it is worth looking at a directory again. */
class Changes implements Disposable {
  #watcher: Deno.FsWatcher | undefined;
  #change = new AbortController();

  constructor(readonly directory: string) {
    this.#watch();
  }

  /** Resolves after a change, but not sooner than a pause; at once when it is time to end. */
  async wait(ending: Ending): Promise<void> {
    await ending.pause(LOOK_PAUSE_MS);
    if (this.#watcher === undefined) {
      this.#watch();
      return await ending.pause(LOOK_AGAIN_MS);
    }
    await sleep(LOOK_ANYWAY_MS, AbortSignal.any([ending.signal, this.#change.signal]));
    this.#change = new AbortController();
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #watch(): void {
    try {
      this.#watcher = Deno.watchFs(this.directory, { recursive: false });
      void this.#listen(this.#watcher);
    } catch {
      // Not there yet, or the system has no watches left: looked at from time to time.
    }
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    for await (const { kind } of watcher) {
      // Our own looking is no change.
      if (kind !== "access") this.#change.abort();
    }
  }
}

async function look(reader: HistoryReader, path: string): Promise<DecodedHistory | undefined> {
  try {
    return await reader.next();
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Failure(EXIT.notPermitted, `not permitted to read ${path}`, "Run it as root.");
    }
    throw new Failure(EXIT.failed, `cannot read the history: ${messageOf(error)}`);
  }
}

function instanceOf(entry: HistoryEntry): string | undefined {
  return "instance" in entry ? entry.instance : undefined;
}

/**
 * Says why nothing was printed. With --json on standard error: no line of the history is mistaken.
 */
function sayNothing(
  terminal: Terminal,
  flags: EventsFlags,
  history: DecodedHistory | undefined,
  path: string,
): void {
  const words = nothingWords(flags, history?.entries ?? [], path);
  if (flags.json === true) terminal.error(`${words}\n`);
  else terminal.out(`${words}\n`);
}

function nothingWords(
  { since, instance }: EventsFlags,
  entries: readonly HistoryEntry[],
  path: string,
): string {
  if (entries.length === 0) {
    return `no history yet: \`floatip run\` writes it to ${path}`;
  }
  const names = [...new Set(entries.map(instanceOf))].filter((name) => name !== undefined);
  if (instance !== undefined && !names.includes(instance)) {
    const known = names.length === 0 ? "none" : names.map(printableLine).join(", ");
    return `nothing of instance ${instance}; instances in the history: ${known}`;
  }
  const what = instance === undefined ? "nothing has happened" : `nothing of instance ${instance}`;
  return since === undefined ? what : `${what} since ${formatLocalTime(since)}`;
}
