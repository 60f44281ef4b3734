/** A configuration file that was not there before. */
import { messageOf } from "../error.ts";
import { writeDraft } from "./draft.ts";
import { EXIT, Failure } from "./exit.ts";

/** Modes of a file without a secret in it, and of one with: the folder has the daemon's group. */
const [OPEN, CLOSED] = [0o644, 0o640];

/** Is there a file, or whatever else, a link that leads nowhere too? */
export async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** Throws Failure, with `hint`, where there is one already. */
export async function demandAbsent(file: string, hint: string): Promise<void> {
  if (await isThere(file)) throw new Failure(EXIT.failed, `${file} is there already`, hint);
}

/**
 * Writes the whole file or nothing. Throws Failure where it may not be written, or came to be in
 * the meantime.
 */
export async function writeNew(
  file: string,
  text: string,
  { force, open }: { readonly force: boolean; readonly open: boolean },
): Promise<void> {
  const folder = file.includes("/") ? file.slice(0, file.lastIndexOf("/")) || "/" : ".";
  try {
    await Deno.mkdir(folder, { recursive: true });
    await writeDraft(
      file,
      text,
      open ? OPEN : CLOSED,
      (draft) => force ? replace(draft, file) : Deno.link(draft, file),
    );
  } catch (error) {
    throw refusal(file, error);
  }
}

/** Puts `draft` in the place of a file, never of a device or a pipe. */
async function replace(draft: string, file: string): Promise<void> {
  const there = await Deno.stat(file).catch(() => undefined);
  if (there?.isFile === false) {
    const hint = "Name a file with -c FILE; --dry-run only prints it.";
    throw new Failure(EXIT.failed, `${file} is not a file, and stays as it is`, hint);
  }
  await Deno.rename(draft, file);
}

function refusal(file: string, error: unknown): unknown {
  if (error instanceof Failure) return error;
  if (error instanceof Deno.errors.AlreadyExists) {
    return new Failure(EXIT.failed, `${file} is there already`, "--force writes over it.");
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    const hint = "Use sudo, or name another file with -c FILE.";
    return new Failure(EXIT.notPermitted, `this user may not write ${file}`, hint);
  }
  return new Failure(
    EXIT.failed,
    `${file} cannot be written: ${messageOf(error)}`,
    "Nothing was written.",
  );
}
