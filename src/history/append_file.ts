/** A file of lines that stays whole and small, whatever kills the process or cuts the power. */
import { readStart, writeAll } from "../files.ts";
import { PinnedFile, pinOrMake } from "../linux/regular_file.ts";
import { keepNewest } from "./keep_newest.ts";

/** Made for everybody to read, as far as the umask lets them. */
const MODE = 0o644;

/**
 * A last line without an end is looked for so far back, in bytes; a file without any line is none
 * of ours.
 */
const FARTHEST = 4 * 1024 * 1024;

/** How far one step back goes when the end of the last whole line is looked for, in bytes. */
const STEP = 64 * 1024;
const NEWLINE = 10;

/** A file that lines are added to, open for writing. All its methods may throw what Deno throws. */
export class AppendFile implements Disposable {
  #file: Deno.FsFile;
  /**
   * Operations on one FsFile wait for each other; a line does not wait until the card has taken
   * the former.
   */
  #syncing: Deno.FsFile;
  #sync: Promise<void> = Promise.resolve();

  private constructor(
    readonly path: string,
    readonly limit: number,
    readonly isLasting: (line: Uint8Array) => boolean,
    file: Deno.FsFile,
    syncing: Deno.FsFile,
  ) {
    this.#file = file;
    this.#syncing = syncing;
  }

  /**
   * Opens or makes `path`, whose directory exists; a last line that has no end is cut off. It will
   * hold `limit` bytes, or one line where that is longer. Lines that are `lasting` keep a part of
   * it to themselves ({@link keepNewest}). Throws NotAFile for whatever else stands in its place.
   */
  static async open(
    path: string,
    limit: number,
    isLasting: (line: Uint8Array) => boolean = () => true,
  ): Promise<AppendFile> {
    using pinned = await pinOrMake(path, MODE);
    const file = await pinned.open({ read: true, append: true });
    try {
      await cutTornLine(file);
      return new AppendFile(path, limit, isLasting, file, await pinned.open({ read: true }));
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Is this still the file that the path names? Not when it was removed or replaced. */
  async isCurrent(): Promise<boolean> {
    const [named, open] = await Promise.all([statOrNothing(this.path), this.#file.stat()]);
    return named !== undefined && named.ino === open.ino && named.dev === open.dev;
  }

  /**
   * Adds `line`, which ends with a newline, by one write(2). Before, the older half goes when there
   * would be too much.
   */
  async append(line: Uint8Array<ArrayBuffer>): Promise<void> {
    const { size } = await this.#file.stat();
    if (size > 0 && size + line.length > this.limit) await this.#dropOlderHalf(line.length);
    const written = await this.#file.write(line);
    // The rest is not tried: the next open cuts off what has reached the file.
    if (written < line.length) {
      throw new Error("only a part of the line could be written: is the disk full?");
    }
  }

  /** Resolves when all that was added has reached the medium (fdatasync(2)). */
  sync(): Promise<void> {
    // Chosen when its turn comes: the file may have been replaced until then.
    const sync = (): Promise<void> => this.#syncing.syncData();
    // Also after one that has failed: the next may go well.
    this.#sync = this.#sync.then(sync, sync);
    return this.#sync;
  }

  [Symbol.dispose](): void {
    this.#file.close();
    this.#syncing.close();
  }

  /**
   * Puts a file with the newest half in the place of this one. At any moment one of both is there,
   * whole.
   */
  async #dropOlderHalf(coming: number): Promise<void> {
    const room = Math.max(0, Math.min(Math.floor(this.limit / 2), this.limit - coming));
    const all = await readNewest(this.#file, this.limit);
    const kept = await keepNewest(all, room, this.isLasting);
    const beside = `${this.path}.new`;
    await removeIfThere(beside);
    const file = await Deno.open(beside, {
      read: true,
      append: true,
      createNew: true,
      mode: MODE,
    });
    try {
      await writeAll(file, kept);
      await file.syncData();
      await Deno.rename(beside, this.path);
      using pinned = await PinnedFile.pin(this.path);
      await this.#moveTo(file, await pinned.open({ read: true }));
    } catch (error) {
      if (this.#file !== file) {
        file.close();
        await removeIfThere(beside).catch(() => {});
      }
      throw error;
    }
    await syncDirectory(this.path.slice(0, this.path.lastIndexOf("/")));
  }

  async #moveTo(file: Deno.FsFile, syncing: Deno.FsFile): Promise<void> {
    await this.#sync.catch(() => {});
    this[Symbol.dispose]();
    this.#file = file;
    this.#syncing = syncing;
  }
}

/** The newest whole lines of `file`, at most `most` bytes. */
export async function readNewest(
  file: Deno.FsFile,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = await file.stat();
  // One byte more than wanted shows whether a line begins where the wanted part does.
  const start = Math.max(0, size - most - 1);
  const bytes = await readAt(file, start, size - start);
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  const begin = start === 0 && size <= most ? 0 : bytes.indexOf(NEWLINE) + 1;
  return bytes.slice(Math.min(begin, end), end);
}

async function cutTornLine(file: Deno.FsFile): Promise<void> {
  const { size } = await file.stat();
  for (let end = size; end > Math.max(0, size - FARTHEST); end -= STEP) {
    const start = Math.max(0, end - STEP);
    const newline = (await readAt(file, start, end - start)).lastIndexOf(NEWLINE);
    if (newline === -1) continue;
    const whole = start + newline + 1;
    if (whole < size) await file.truncate(whole);
    return;
  }
  if (size > 0) await file.truncate(0);
}

/** `count` bytes from `start`, or fewer where the file ends before. */
async function readAt(
  file: Deno.FsFile,
  start: number,
  count: number,
): Promise<Uint8Array<ArrayBuffer>> {
  await file.seek(start, Deno.SeekMode.Start);
  return await readStart(file, count);
}

/** Makes a rename in `directory` last (fsync(2) of the directory). */
async function syncDirectory(directory: string): Promise<void> {
  using open = await Deno.open(directory === "" ? "/" : directory);
  await open.sync();
}

async function statOrNothing(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
