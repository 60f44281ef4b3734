/** The history's queue: every entry in order, and the loop never waits for a disk. */
import { withTimeout } from "../async.ts";
import { systemMessage } from "../error.ts";
import type {
  ConflictRecord,
  NearMissRecord,
  Observer,
  TransitionRecord,
} from "../daemon/journal/record.ts";
import { AppendFile } from "./append_file.ts";
import { encodeEntry, type HistoryEntry, isLasting } from "./line.ts";
import { historyPath } from "./place.ts";

/** How large the history gets, in bytes: some thousand transitions. */
const DEFAULT_LIMIT = 1024 * 1024;
/** So many entries wait for a disk that takes none; of more, the oldest go. */
const MOST_WAITING = 1000;
/** Between two syncs, in milliseconds: each wears an SD card. */
const SYNC_PAUSE_MS = 1000;
/** How long the end waits for the disk, in milliseconds. */
const FLUSH_MS = 1000;

/** What a history needs. */
export interface HistoryOptions {
  /** Made where it is not there, with mode 0755. */
  readonly stateDir: string;
  /**
   * Is told in one sentence, without a full stop, when the history cannot be written: once, until
   * it can be again.
   */
  readonly complain: (words: string) => void;
  /** Bytes; 1 MiB where not given. */
  readonly limit?: number;
}

/** The history of this node, open for writing. The file is made with the first entry. */
export class HistoryFile implements Observer, AsyncDisposable {
  readonly #options: HistoryOptions;
  readonly #path: string;
  #waiting: HistoryEntry[] = [];
  #file: AppendFile | undefined;
  #writing: Promise<void> | undefined;
  #unsynced = false;
  #syncing = false;
  #trouble: string | undefined;
  #ended = false;
  /** Ends the pause between two syncs; undefined: there is none. */
  #endPause: (() => void) | undefined;

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#path = historyPath(options.stateDir);
  }

  /** What a person should look at: that it cannot be written, until it could be again. */
  attention(): readonly string[] {
    return this.#trouble === undefined ? [] : [`history: ${this.#trouble}`];
  }

  /** Adds a transition. Returns at once, never throws. */
  observe(record: TransitionRecord): void {
    this.add({ kind: "transition", ...record });
  }

  /** Adds a near miss. Returns at once, never throws. */
  observeNearMiss(record: NearMissRecord): void {
    this.add({ kind: "near-miss", ...record });
  }

  /** Adds a conflict. Returns at once, never throws. */
  observeConflict(record: ConflictRecord): void {
    this.add({ kind: "conflict", ...record });
  }

  /**
   * Adds `entry` behind all former ones. Returns at once, never throws; after the end it does
   * nothing.
   */
  add(entry: HistoryEntry): void {
    if (this.#ended) return;
    this.#waiting.push(entry);
    if (this.#waiting.length > MOST_WAITING) this.#dropOldest();
    void this.written();
  }

  #dropOldest(): void {
    const index = this.#waiting.findIndex(({ kind }) =>
      kind === "conflict" || kind === "near-miss"
    );
    this.#waiting.splice(Math.max(0, index), 1);
  }

  /** Resolves when all that was added has reached the kernel, or was refused; never rejects. */
  written(): Promise<void> {
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  /** Writes and syncs what is left, but for no longer than a second, and closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#endPause?.();
    await withTimeout(this.#flush(), FLUSH_MS);
    this.#close();
  }

  async #writeAll(): Promise<void> {
    // Observers are told in the midst of a takeover: not even an encoding is done before it is
    // over.
    await Promise.resolve();
    try {
      const file = this.#waiting.length === 0 ? undefined : await this.#open();
      for (let entry = this.#waiting[0]; file !== undefined && entry; entry = this.#waiting[0]) {
        await file.append(new TextEncoder().encode(encodeEntry(entry)));
        // While it was written, the queue may have become too long and lost this one already.
        if (this.#waiting[0] === entry) this.#waiting.shift();
        this.#trouble = undefined;
        if (entry.kind === "transition") this.#unsynced = true;
      }
    } catch (error) {
      this.#giveUp(error);
    } finally {
      // In one step with the last look at the queue: an entry that comes now starts another one.
      this.#writing = undefined;
    }
    if (!this.#ended) void this.#syncInPaces();
  }

  async #open(): Promise<AppendFile> {
    if (this.#file !== undefined && await this.#file.isCurrent()) return this.#file;
    this.#close();
    await makeDirectory(this.#options.stateDir);
    this.#file = await AppendFile.open(
      this.#path,
      this.#options.limit ?? DEFAULT_LIMIT,
      isLasting,
    );
    return this.#file;
  }

  /** Syncs at once, and again after a pause where more has come meanwhile. */
  async #syncInPaces(): Promise<void> {
    if (this.#syncing) return;
    this.#syncing = true;
    while (this.#unsynced && !this.#ended) {
      await this.#sync();
      await this.#rest();
    }
    this.#syncing = false;
  }

  async #sync(): Promise<void> {
    this.#unsynced = false;
    const file = this.#file;
    try {
      await file?.sync();
    } catch (error) {
      // A file that was given up meanwhile has been complained about.
      if (file === this.#file) this.#giveUp(error);
    }
  }

  async #rest(): Promise<void> {
    if (this.#ended) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    // Not setTimeout: Deno's is Node's, and loading that takes 9 ms of each start.
    const pause = AbortSignal.timeout(SYNC_PAUSE_MS);
    const end = (): void => resolve();
    this.#endPause = end;
    pause.addEventListener("abort", end);
    await promise;
    pause.removeEventListener("abort", end);
    this.#endPause = undefined;
  }

  async #flush(): Promise<void> {
    await this.written();
    // What came while the former were under way.
    await this.written();
    await this.#sync();
  }

  /** Closes the file, so that the next entry begins with a new open, and says why: once. */
  #giveUp(error: unknown): void {
    this.#close();
    const isTold = this.#trouble !== undefined;
    this.#trouble = `${this.#path} cannot be written: ${systemMessage(error)}; ` +
      "tried again with the next event, such as a reload";
    if (!isTold) this.#options.complain(this.#trouble);
  }

  #close(): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }
}

/** Makes `path` with mode 0755, whatever the umask, so that everybody may read the history. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(path, { recursive: true });
    await Deno.chmod(path, 0o755);
  }
}
