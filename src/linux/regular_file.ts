/**
 * Files of state, opened so that nobody leads the opener elsewhere: only a regular file with one
 * name is taken, never a symbolic link, a pipe or a device in its place.
 */
import { readStartSync } from "../files.ts";
import { O_CLOEXEC, O_PATH } from "./constants.ts";
import { cString, Libc } from "./libc.ts";

/** What stands in the place of a file is none: it is left alone. */
export class NotAFile extends Error {
  override readonly name = "NotAFile";
  constructor(
    path: string,
    /** What it is: "a folder". */
    readonly what: string,
  ) {
    super(`${path} is ${what}, not a file`);
  }
}

/** open(2): the one flag here whose number is not the same on both. */
const O_NOFOLLOW = Deno.build.arch === "aarch64" ? 0o100000 : 0o400000;

const FOLLOWING = O_PATH | O_CLOEXEC;
const FLAGS = FOLLOWING | O_NOFOLLOW;

const opened: Libc[] = [];

/** One for the process, from the first use on. */
function libc(): Libc {
  return opened[0] ?? (opened[0] = new Libc());
}

/**
 * A regular file that was looked at and stays the same one, whatever becomes of its name meanwhile:
 * it is held by a descriptor that neither reads, writes nor waits (O_PATH, open(2)), and opened by
 * way of that (proc_pid_fd(5)).
 */
export class PinnedFile implements Disposable {
  readonly #fd: number;
  readonly #name: string;
  /** What fstat(2) says of it. */
  readonly info: Deno.FileInfo;

  private constructor(fd: number, path: string, judge: typeof oddityOf) {
    this.#fd = fd;
    this.#name = `/proc/self/fd/${fd}`;
    try {
      this.info = Deno.statSync(this.#name);
      const what = judge(this.info);
      if (what !== undefined) throw new NotAFile(path, what);
    } catch (error) {
      libc().close(fd);
      throw error;
    }
  }

  /** Throws Deno.errors.* (NotFound: it is not there) or NotAFile. Waits for the disk only. */
  static pinSync(path: string): PinnedFile {
    const fd = libc().open(cString(path), FLAGS);
    if (fd < 0) throw absenceSync(path);
    return new PinnedFile(fd, path, oddityOf);
  }

  /** As {@link PinnedFile.pinSync}; the disk is waited for on another thread. */
  static async pin(path: string): Promise<PinnedFile> {
    const name = cString(path);
    const fd = await libc().openLater(name, FLAGS);
    // The name has to outlive the call.
    if (fd < 0 || name.length === 0) throw absenceSync(path);
    return new PinnedFile(fd, path, oddityOf);
  }

  /**
   * As {@link PinnedFile.pin}, but symbolic links are followed, and the file may have further
   * names: for what others write and floatip only reads.
   */
  static async follow(path: string): Promise<PinnedFile> {
    const name = cString(path);
    const fd = await libc().openLater(name, FOLLOWING);
    if (fd < 0 || name.length === 0) throw await absence(path);
    return new PinnedFile(fd, path, kindOf);
  }

  /** As {@link PinnedFile.follow}. Waits for the disk. */
  static followSync(path: string): PinnedFile {
    const fd = libc().open(cString(path), FOLLOWING);
    if (fd < 0) throw absenceSync(path, Deno.statSync);
    return new PinnedFile(fd, path, kindOf);
  }

  /** Opens it; `options` that would make a file are not for here. Throws Deno.errors.*. */
  open(options: Deno.OpenOptions): Promise<Deno.FsFile> {
    return Deno.open(this.#name, options);
  }

  /** As {@link PinnedFile.open}. */
  openSync(options: Deno.OpenOptions): Deno.FsFile {
    return Deno.openSync(this.#name, options);
  }

  /** Gives it to another user. Throws Deno.errors.*. */
  chownSync(uid: number | null, gid: number | null): void {
    Deno.chownSync(this.#name, uid, gid);
  }

  /** Lets go of it. What was opened stays open. */
  [Symbol.dispose](): void {
    libc().close(this.#fd);
  }
}

/**
 * The file at `path`, which is made (O_EXCL) with `mode` where nothing is there. Throws as
 * {@link PinnedFile.pinSync}.
 */
export async function pinOrMake(path: string, mode: number): Promise<PinnedFile> {
  try {
    return await PinnedFile.pin(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  (await Deno.open(path, { write: true, createNew: true, mode })).close();
  return await PinnedFile.pin(path);
}

/** As {@link pinOrMake}. */
export function pinOrMakeSync(path: string, mode: number): PinnedFile {
  try {
    return PinnedFile.pinSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  Deno.openSync(path, { write: true, createNew: true, mode }).close();
  return PinnedFile.pinSync(path);
}

/** A text, and when its file was written last. */
export interface TextFile {
  readonly text: string;
  readonly modified: Date | null;
}

/**
 * What is in the file at `path`, at most `most` bytes; undefined: nothing is there. Throws
 * Deno.errors.*, NotAFile, or RangeError where there is more.
 */
export function readTextSync(path: string, most: number): TextFile | undefined {
  let pinned: PinnedFile;
  try {
    pinned = PinnedFile.pinSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  using held = pinned;
  if (held.info.size > most) throw new RangeError(`${path} has more than ${most} bytes`);
  using file = held.openSync({ read: true });
  const bytes = readStartSync(file, held.info.size);
  return { text: new TextDecoder().decode(bytes), modified: held.info.mtime };
}

/**
 * Puts a file with `text` in the place of `path`, whole or not at all; `synced`: it outlives a
 * power cut. What stood there is replaced, not followed or written to. Throws Deno.errors.*.
 */
export function replaceSync(path: string, text: string, mode: number, synced: boolean): void {
  putSync(path, (beside) => {
    const options = { write: true, createNew: true, mode };
    using file = anewSync(beside, () => Deno.openSync(beside, options));
    const bytes = new TextEncoder().encode(text);
    for (let written = 0; written < bytes.length;) {
      written += file.writeSync(bytes.subarray(written));
    }
    if (synced) file.syncSync();
  });
  if (synced) syncFolderSync(path);
}

/**
 * As {@link replaceSync}, not synced, and nobody else may read it: by one call of Deno in place of
 * three, since a master does this several times a second.
 */
export function replacePrivateSync(path: string, text: string): void {
  // Deno sets this mode whatever the umask is.
  const options = { createNew: true, mode: 0o600 };
  putSync(path, (beside) => anewSync(beside, () => Deno.writeTextFileSync(beside, text, options)));
}

/** What `write` makes at a name beside `path` takes its place. */
function putSync(path: string, write: (beside: string) => void): void {
  const beside = `${path}.new`;
  try {
    write(beside);
    Deno.renameSync(beside, path);
  } catch (error) {
    try {
      removeSync(beside);
    } catch {
      // What has failed first is told.
    }
    throw error;
  }
}

/** As {@link replaceSync}, synced; the disk is waited for on other threads. */
export async function replace(path: string, text: string, mode: number): Promise<void> {
  const beside = `${path}.new`;
  try {
    {
      using file = await create(beside, mode);
      const bytes = new TextEncoder().encode(text);
      for (let written = 0; written < bytes.length;) {
        written += await file.write(bytes.subarray(written));
      }
      await file.sync();
    }
    await Deno.rename(beside, path);
    using folder = await Deno.open(dirname(path), { read: true });
    await folder.sync();
  } catch (error) {
    try {
      removeSync(beside);
    } catch {
      // What has failed first is told.
    }
    throw error;
  }
}

/** A new name, or that there is none any more, outlives a power cut from then on (fsync(2)). */
function syncFolderSync(path: string): void {
  using folder = Deno.openSync(dirname(path), { read: true });
  folder.syncSync();
}

function dirname(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

async function create(path: string, mode: number): Promise<Deno.FsFile> {
  const options = { write: true, createNew: true, mode };
  try {
    return await Deno.open(path, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    await Deno.remove(path);
    return await Deno.open(path, options);
  }
}

/** Makes a new file at `path` by `create`; what is there, as a rule nothing, goes. */
function anewSync<T>(path: string, create: () => T): T {
  try {
    return create();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    removeSync(path);
    return create();
  }
}

/**
 * Removes what is at `path`, not what it leads to; nothing there is fine. `synced`: a power cut
 * does not bring it back. Throws Deno.errors.*.
 */
export function removeSync(path: string, synced = false): void {
  try {
    Deno.removeSync(path);
    if (synced) syncFolderSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function oddityOf(info: Deno.FileInfo): string | undefined {
  // A hard link to a file of another user's.
  return kindOf(info) ?? ((info.nlink ?? 1) > 1 ? "a file with a second name" : undefined);
}

/** What it is instead of a regular file. */
function kindOf(info: Deno.FileInfo): string | undefined {
  if (info.isSymlink) return "a symbolic link";
  if (info.isDirectory) return "a folder";
  if (info.isFifo === true) return "a pipe";
  if (info.isSocket === true) return "a socket";
  return info.isFile ? undefined : "a device";
}

/** Deno's error for a name that could not be opened. */
function absenceSync(path: string, look = Deno.lstatSync): unknown {
  try {
    look(path);
    return new Deno.errors.PermissionDenied(`${path} cannot be opened`);
  } catch (error) {
    return error;
  }
}

/** As {@link absenceSync} for a name whose links are followed. */
async function absence(path: string): Promise<unknown> {
  try {
    await Deno.stat(path);
    return new Deno.errors.PermissionDenied(`${path} cannot be opened`);
  } catch (error) {
    return error;
  }
}
