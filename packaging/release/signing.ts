/** gpg: the key of a release, and what is signed with it. */
import { demand } from "../package/command.ts";

/**
 * The fingerprint of the secret key that `id` names (a key's ID, fingerprint or address). Rejects
 * where it names none, or several.
 */
export async function fingerprintOf(id: string): Promise<string> {
  const args = ["--batch", "--with-colons", "--list-secret-keys", "--", id];
  const lines = (await demand("gpg", args).catch(() => "")).split("\n");
  const keys = lines.filter((line) => line.startsWith("sec:")).length;
  const [, fingerprint] = lines.join("\n").match(/^fpr:{9}([0-9A-F]+):/m) ?? [];
  if (keys === 1 && fingerprint !== undefined) return fingerprint;
  const found = keys === 0 ? "names no secret key" : `names ${keys} secret keys`;
  throw new Error(`--key ${id} ${found}: gpg --list-secret-keys shows which there are`);
}

/** How gpg is to sign: within the text, or apart from it. */
export type Manner = "--clearsign" | "--detach-sign";

/** Signs `file` into `target`, which is replaced. Rejects with gpg's words. */
export async function sign(
  fingerprint: string,
  manner: Manner,
  file: string,
  target: string,
): Promise<void> {
  const how = ["--batch", "--yes", "--armor", "--local-user", fingerprint];
  await demand("gpg", [...how, "--output", target, manner, "--", file], ttyOf());
}

/** Writes the public half, as text, to `target`. */
export async function exportKey(fingerprint: string, target: string): Promise<void> {
  const args = ["--batch", "--yes", "--armor", "--output", target, "--export", "--", fingerprint];
  await demand("gpg", args);
}

/** Where gpg-agent asks for a passphrase. */
function ttyOf(): Readonly<Record<string, string>> {
  const tty = Deno.env.get("GPG_TTY");
  return tty === undefined ? {} : { GPG_TTY: tty };
}
