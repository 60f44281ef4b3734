/**
 * The lock of a runtime directory: one daemon at a time. It ends with the process, however it ends.
 */
import { NotAFile, PinnedFile, pinOrMakeSync } from "../linux/regular_file.ts";

/**
 * Who can open a file can lock it, so it is its owner's alone; the directory itself can be opened
 * by everybody.
 */
const MODE = 0o600;

/** The file that is locked. It stays when the daemon ends: only the lock counts. */
export function lockPath(runDir: string): string {
  return `${runDir}/lock`;
}

/**
 * Locks `runDir`, which is there, until the answer is closed; undefined: another process has it.
 * Throws Deno.errors.*.
 */
export function lockRunDir(runDir: string): Deno.FsFile | undefined {
  const path = lockPath(runDir);
  using pinned = pinOurs(path, runDir);
  const file = pinned.openSync({ read: true });
  if (file.tryLockSync(true)) return file;
  file.close();
  return undefined;
}

/** Has another process locked `runDir`? False also where this user may not know. */
export function isRunDirLocked(runDir: string): boolean {
  try {
    using pinned = PinnedFile.pinSync(lockPath(runDir));
    using file = pinned.openSync({ read: true });
    return !file.tryLockSync(true);
  } catch {
    return false;
  }
}

/**
 * The lock file. One that others may open, or what is no file, is none of floatip's, and is
 * replaced.
 */
function pinOurs(path: string, runDir: string): PinnedFile {
  try {
    const pinned = PinnedFile.pinSync(path);
    if (((pinned.info.mode ?? 0) & 0o077) === 0) return pinned;
    pinned[Symbol.dispose]();
    Deno.removeSync(path);
  } catch (error) {
    if (error instanceof NotAFile) Deno.removeSync(path);
    else if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const made = pinOrMakeSync(path, MODE);
  const { uid, gid } = Deno.statSync(runDir);
  // Where root starts a daemon by hand in the service's directory, the service can start there
  // again.
  if (Deno.uid() === 0 && uid !== 0) made.chownSync(uid, gid);
  return made;
}
