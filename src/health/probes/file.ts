/** Is a file there, or not there, or which integer is in it? */
import { readBeginning } from "../../beginning.ts";
import type { Probe } from "../check.ts";
import type { Finding } from "./finding.ts";

/** Longer than any integer with some space around it, in bytes. */
const MOST = 64;

/** The integers that a weight is multiplied with, as keepalived's track_file takes them. */
const LARGEST = 254;

/** Looks at the file. Rejects with Deno's error where it cannot be looked at. */
export async function probe(settings: Extract<Probe, { kind: "file" }>): Promise<Finding> {
  const info = await Deno.stat(settings.path).catch(absent);
  if (settings.want === "absent") {
    return info === undefined ? { ok: true, words: "absent" } : { ok: false, words: "present" };
  }
  if (info === undefined) return { ok: false, words: "no such file" };
  if (settings.want === "present") return { ok: true, words: "present" };
  // Opening a pipe would wait for a writer.
  if (!info.isFile) return { ok: false, words: "not a regular file" };
  return readValue(await beginningOf(settings.path));
}

function readValue(text: string): Finding {
  const value = Number(text.trim());
  if (!/^\s*[+-]?\d+\s*$/.test(text)) return { ok: false, words: "no integer in it" };
  if (Math.abs(value) > LARGEST) {
    return { ok: false, words: `an integer beyond -${LARGEST} to ${LARGEST}` };
  }
  return { ok: true, words: `value ${value}`, value: value === 0 ? 0 : value };
}

async function beginningOf(path: string): Promise<string> {
  return new TextDecoder().decode(await readBeginning(path, MOST));
}

function absent(error: unknown): undefined {
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return;
  throw error;
}
