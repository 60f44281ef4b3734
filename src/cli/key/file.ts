/** The file of keys: read, and written whole or not at all. */
import { type KeyLine, readKeyText } from "../../config/cluster_key.ts";
import { LARGEST_CREDENTIAL } from "../../config/credential_files.ts";
import { readPlain } from "../../config/load.ts";
import { messageOf } from "../../error.ts";
import { writeDraft } from "../draft.ts";
import { EXIT, Failure } from "../exit.ts";

/** Root alone, as every credential: the service gets it from systemd. */
const MODE = 0o600;
const FOLDER_MODE = 0o700;

/** What is in a file with secrets of [cluster]. */
export interface KeyFile {
  readonly text: string;
  readonly keys: readonly KeyLine[];
}

/** Reads `file`. Rejects with Failure where it is not there, not permitted or wrong. */
export async function readKeys(file: string): Promise<KeyFile> {
  const { bytes } = await readPlain(file, LARGEST_CREDENTIAL + 1).catch((error) => {
    throw refusal(file, "read", error);
  });
  const text = new TextDecoder().decode(bytes);
  const read = readKeyText(text);
  const what = bytes.length > LARGEST_CREDENTIAL
    ? "is larger than 4 KiB"
    : read.kind === "wrong"
    ? read.what
    : undefined;
  if (what === undefined && read.kind === "keys") return { text, keys: read.lines };
  const hint = "Copy it again from a node where it is right; or remove it, and: floatip key new";
  throw new Failure(EXIT.invalid, `${file} ${what}`, hint);
}

/** Writes a file that must not be there yet. Rejects with Failure. */
export async function writeNewKeys(file: string, text: string): Promise<void> {
  try {
    await makeFolder(file.slice(0, file.lastIndexOf("/")));
    await writeDraft(file, text, MODE, (draft) => Deno.link(draft, file));
  } catch (error) {
    throw refusal(file, "written", error);
  }
}

/** The package makes it; what it stands in is for all to read. */
async function makeFolder(folder: string): Promise<void> {
  await Deno.mkdir(folder.slice(0, folder.lastIndexOf("/")) || "/", { recursive: true });
  await Deno.mkdir(folder, { mode: FOLDER_MODE }).catch((error) => {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
}

/** Writes over a file, whose owner and mode stay; others may not read it. Rejects with Failure. */
export async function replaceKeys(file: string, text: string): Promise<void> {
  try {
    const { isFile, uid, gid, mode } = await Deno.lstat(file);
    if (!isFile) throw new Failure(EXIT.failed, `${file} is no plain file, and stays as it is`);
    await writeDraft(file, text, MODE, async (draft) => {
      await Deno.chown(draft, uid, gid);
      await Deno.chmod(draft, (mode ?? MODE) & 0o640);
      await Deno.rename(draft, file);
    });
  } catch (error) {
    throw refusal(file, "written", error);
  }
}

function refusal(file: string, done: "read" | "written", error: unknown): unknown {
  if (error instanceof Failure) return error;
  if (error instanceof Deno.errors.NotFound) {
    return new Failure(EXIT.failed, `there is no ${file}`, "Draw the first key: floatip key new");
  }
  if (error instanceof Deno.errors.AlreadyExists) {
    const hint = "Another key in its place, with all nodes heard all the time: floatip key rotate";
    return new Failure(EXIT.failed, `${file} is there already`, hint);
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return new Failure(EXIT.notPermitted, `${file} may not be ${done} by this user`, "Use sudo.");
  }
  return new Failure(EXIT.failed, `${file} cannot be ${done}: ${messageOf(error)}`);
}
