/** Certificates of a file that the configuration names. */
import { readStart } from "../files.ts";
import { PinnedFile } from "./regular_file.ts";

/** Most certificates, in bytes. All usual authorities have 0.2 MiB. */
const MOST = 4 * 1024 * 1024;

/** The text of the file at `path`. Rejects where it cannot be read, or is too long. */
export async function readCertificates(path: string): Promise<string> {
  // Held before it is looked at: a pipe would be waited for.
  using pinned = await PinnedFile.follow(path);
  using file = await pinned.open({ read: true });
  const bytes = await readStart(file, MOST + 1);
  if (bytes.length > MOST) throw new Error(`${path} is no file of certificates`);
  return new TextDecoder().decode(bytes);
}
