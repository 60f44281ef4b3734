/** What the process of a holder writes down for the next one, as it is read again. */
import type { Nanoseconds } from "../../time.ts";
import type { Reading } from "./clocks.ts";
import type { HolderNote } from "./holder.ts";
import type { Promised } from "./voter.ts";

/** The hold, and the promise of this node's own voter to it. */
export interface VotesNote extends HolderNote {
  readonly promise: Promised | undefined;
}

/** `value` as such a note; undefined where it is none. Never throws. */
export function decodeLeaseNote(value: unknown): VotesNote | undefined {
  if (!isTable(value)) return undefined;
  const { lease, token, lastSent, epoch } = value;
  const end = readingIn(value["end"]);
  if (typeof lease !== "string" || end === undefined) return undefined;
  if (!isToken(token) || !isNumber(lastSent) || !isNumber(epoch)) return undefined;
  return { lease, token, lastSent, epoch, end, promise: promiseIn(value["promise"]) };
}

function promiseIn(value: unknown): Promised | undefined {
  if (!isTable(value)) return undefined;
  const { to, token, sent, epoch, holding } = value;
  const end = readingIn(value["end"]);
  if (typeof to !== "string" || end === undefined || typeof holding !== "boolean") return undefined;
  if (!isToken(token) || !isNumber(sent) || !isNumber(epoch)) return undefined;
  return { to, token, sent, epoch, end, holding };
}

/** Two clocks as a note has them; undefined: it is none. */
export function readingIn(value: unknown): Reading | undefined {
  if (!isTable(value)) return undefined;
  const { boot, raw } = value;
  if (!isNumber(boot) || !isNumber(raw)) return undefined;
  return { boot: boot as Nanoseconds, raw: raw as Nanoseconds };
}

function isToken(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
