/** Is a file there, or not there, or which integer is in it? */
import { readStart } from "../../beginning.ts";
import { NotAFile, PinnedFile } from "../../linux/regular_file.ts";
import type { Probe } from "../../config/tables/check.ts";
import type { ProbeOutcome } from "./outcome.ts";

/** Longer than any integer with some space around it, in bytes. */
const MOST = 64;

/** The integers that a weight is multiplied with, as keepalived's track_file takes them. */
const LARGEST = 254;

/** Looks at the file. Rejects with Deno's error where it cannot be looked at. */
export async function probe(
  { path, want }: Extract<Probe, { kind: "file" }>,
): Promise<ProbeOutcome> {
  if (want === "value") return await lookInto(path);
  const isThere = await Deno.stat(path).catch(absent) !== undefined;
  const text = isThere ? "present" : want === "absent" ? "absent" : "no such file";
  return { ok: isThere === (want === "present"), text };
}

async function lookInto(path: string): Promise<ProbeOutcome> {
  try {
    const text = await beginningOf(path).catch(absent);
    return text === undefined ? { ok: false, text: "no such file" } : readValue(text);
  } catch (error) {
    if (error instanceof NotAFile) return { ok: false, text: "not a regular file" };
    throw error;
  }
}

function readValue(text: string): ProbeOutcome {
  const value = Number(text.trim());
  if (!/^\s*[+-]?\d+\s*$/.test(text)) return { ok: false, text: "no integer in it" };
  if (Math.abs(value) > LARGEST) {
    return { ok: false, text: `an integer beyond -${LARGEST} to ${LARGEST}` };
  }
  return { ok: true, text: `value ${value}`, value: value === 0 ? 0 : value };
}

/**
 * The text of the file. It is held before it is looked at: opening a pipe that has just taken its place would wait for
 * a writer.
 */
async function beginningOf(path: string): Promise<string> {
  using pinned = await PinnedFile.follow(path);
  using file = await pinned.open({ read: true });
  return new TextDecoder().decode(await readStart(file, MOST));
}

function absent(error: unknown): undefined {
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return;
  throw error;
}
