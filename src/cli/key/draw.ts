/** Draws a key of [cluster]. */
import { type ClusterKey, KEY_SIZE, keyIdText, keyOf } from "../../config/cluster_key.ts";
import { EXIT, Failure } from "../exit.ts";
import { isThere } from "../new_file.ts";
import { writeNewKeys } from "./file.ts";

/** 32 random bytes. */
export function drawKey(): ClusterKey {
  return keyOf(crypto.getRandomValues(new Uint8Array(KEY_SIZE)));
}

/** What became of the secret of a first file. */
export type FirstSecret =
  | { readonly kind: "drawn"; readonly file: string; readonly id: string }
  | { readonly kind: "kept"; readonly file: string }
  /** This user may not write it. */
  | { readonly kind: "denied"; readonly file: string };

/** Draws the key of `file`, unless there is one. Rejects with Failure where that fails. */
export async function drawFirst(file: string): Promise<FirstSecret> {
  if (await isThere(file)) return { kind: "kept", file };
  const { id, secret } = drawKey();
  try {
    await writeNewKeys(file, `${secret}\n`);
    return { kind: "drawn", file, id: keyIdText(id) };
  } catch (error) {
    const isDenied = error instanceof Failure && error.exit === EXIT.notPermitted;
    if (isDenied) return { kind: "denied", file };
    throw error;
  }
}
