/** What the process of a holder writes down for the next one, as it is read again. */
import type { Nanoseconds } from "../../time.ts";
import type { Reading } from "./clocks.ts";
import type { HolderNote } from "./holder.ts";
import type { Promised, Vote } from "./voter.ts";
import { listOf, MAX_VOTERS, type VoterList, type Voters } from "./voters.ts";

/** The hold, and the promise of this node's own voter to it. */
export interface VotesNote extends HolderNote {
  readonly promise: Promised | undefined;
}

/** `value` as such a note; undefined where it is none. Never throws. */
export function decodeLeaseNote(value: unknown): VotesNote | undefined {
  if (!isTable(value)) return undefined;
  const { lease, token, lastSent, epoch } = value;
  const end = readingIn(value["end"]);
  const voters = decodeVoters(value["voters"]);
  if (typeof lease !== "string" || end === undefined || voters === undefined) return undefined;
  if (!isToken(token) || !isNumber(lastSent) || !isNumber(epoch)) return undefined;
  const promise = promiseIn(value["promise"]);
  return { lease, token, lastSent, epoch, end, voters, promise };
}

/** What a machine has written down of the voters of each lease, where it survives a reboot. */
export interface VotersNote {
  /** The list of the file, when this was written. */
  readonly file: VoterList;
  readonly leases: ReadonlyMap<string, SavedVote>;
}

/** Of one lease: it grants nothing below this epoch, nor to other voters. */
export interface SavedVote extends Pick<Vote, "epoch"> {
  readonly voters: Voters;
}

/** `value`, as JSON has it, as such a note; undefined where it is none. Never throws. */
export function decodeVotersNote(value: unknown): VotersNote | undefined {
  if (!isTable(value) || !isTable(value["leases"])) return undefined;
  const file = listIn(value["file"]);
  if (file === undefined) return undefined;
  const leases = new Map<string, SavedVote>();
  for (const [lease, one] of Object.entries(value["leases"])) {
    const voters = isTable(one) ? decodeVoters(one["voters"]) : undefined;
    if (!isTable(one) || voters === undefined || !isNumber(one["epoch"])) return undefined;
    leases.set(lease, { epoch: one["epoch"], voters });
  }
  return { file, leases };
}

/** `note` as a value of JSON. */
export function encodeVotersNote({ file, leases }: VotersNote): Readonly<Record<string, unknown>> {
  return { file, leases: Object.fromEntries(leases) };
}

function decodeVoters(value: unknown): Voters | undefined {
  if (!isTable(value) || !isTable(value["stamp"]) || !Array.isArray(value["lists"])) {
    return undefined;
  }
  const { epoch, step } = value["stamp"];
  const lists = value["lists"].map(listIn);
  if (!isNumber(epoch) || !isNumber(step) || lists.length < 1 || lists.length > 2) return undefined;
  const known = lists.filter((list) => list !== undefined);
  return known.length === lists.length ? { stamp: { epoch, step }, lists: known } : undefined;
}

function listIn(value: unknown): VoterList | undefined {
  if (!Array.isArray(value) || value.length > MAX_VOTERS) return undefined;
  return value.every((id) => typeof id === "string") ? listOf(value) : undefined;
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
