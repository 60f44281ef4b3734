/** History entries as lines of JSON; foreign lines are passed over. */
import type { ConflictRecord, TransitionRecord } from "../daemon/journal/record.ts";

/** A virtual router changed its state. */
export type TransitionEntry = { readonly kind: "transition" } & TransitionRecord;

/** A backup almost took over from a living master. Durations in milliseconds. */
export interface NearMissEntry {
  readonly kind: "near-miss";
  /** RFC 3339 in UTC. */
  readonly time: string;
  readonly instance: string;
  readonly family: "ipv4" | "ipv6";
  /** How long the master was silent. */
  readonly late_ms: number;
  /** The silence after which this node would have taken over. */
  readonly limit_ms: number;
  /** The master's address. */
  readonly master: string;
  /**
   * The master reports that it holds the addresses, and its adverts stay away: this node would be a
   * second master, but for that report.
   */
  readonly adverts_lost?: true;
}

/** Another machine was in the way. */
export type ConflictEntry = { readonly kind: "conflict" } & ConflictRecord;

/** Something about the daemon itself. */
export interface DaemonEntry {
  readonly kind: "daemon";
  /** RFC 3339 in UTC. */
  readonly time: string;
  readonly what: "started" | "stopped" | "reloaded" | "restarting";
}

/** An order that came by the page of [web], with the password, or by MQTT. */
export interface OrderEntry {
  readonly kind: "order";
  /** RFC 3339 in UTC. */
  readonly time: string;
  /** "maintenance on", "handover web". */
  readonly what: string;
  /** The address that it came from; by MQTT: the broker's host. */
  readonly from: string;
  readonly by?: "mqtt";
}

/** One thing that is remembered. */
export type HistoryEntry =
  | TransitionEntry
  | NearMissEntry
  | ConflictEntry
  | DaemonEntry
  | OrderEntry;

/** What a text holds: the entries in its order, and how many lines were none. */
export interface DecodedHistory {
  readonly entries: readonly HistoryEntry[];
  readonly skipped: number;
}

type Check = (value: unknown) => boolean;
type Checks<Entry extends HistoryEntry> = Readonly<Record<Exclude<keyof Entry, "kind">, Check>>;

const TIME =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?Z$/;

const isText: Check = (value) => typeof value === "string";
const isTime: Check = (value) => typeof value === "string" && TIME.test(value);
const isDuration: Check = (value) => Number.isFinite(value) && Number(value) >= 0;
const isBoolean: Check = (value) => typeof value === "boolean";
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isByte: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < 256;
const isOneOf = (...words: readonly string[]): Check => (value) =>
  typeof value === "string" && words.includes(value);
const isTrueOrNothing: Check = (value) => value === undefined || value === true;
const isDurationOrNothing: Check = (value) => value === undefined || isDuration(value);
const isNullOr = (check: Check): Check => (value) => value === null || check(value);

const isFamily = isOneOf("ipv4", "ipv6");
const isState = isOneOf("init", "backup", "master", "fault");

const TRANSITION: Checks<TransitionEntry> = {
  time: isTime,
  node: isText,
  instance: isText,
  family: isFamily,
  vrid: isByte,
  interface: isNullOr(isText),
  addresses: isTexts,
  from: isState,
  to: isState,
  priority: isByte,
  reason: isText,
  cause: isText,
  planned: isBoolean,
  silence_ms: isNullOr(isDuration),
  epoch: isDurationOrNothing,
};

const NEAR_MISS: Checks<NearMissEntry> = {
  time: isTime,
  instance: isText,
  family: isFamily,
  late_ms: isDuration,
  limit_ms: isDuration,
  master: isText,
  adverts_lost: isTrueOrNothing,
};

const CONFLICT: Checks<ConflictEntry> = {
  time: isTime,
  instance: isText,
  family: isFamily,
  rival: isText,
  words: isText,
};

const DAEMON: Checks<DaemonEntry> = {
  time: isTime,
  what: isOneOf("started", "stopped", "reloaded", "restarting"),
};

const ORDER: Checks<OrderEntry> = {
  time: isTime,
  what: isText,
  from: isText,
  by: (value) => value === undefined || value === "mqtt",
};

/** What each kind of entry consists of. A map: a line may claim to be of the kind "constructor". */
const CHECKS: ReadonlyMap<unknown, Readonly<Record<string, Check>>> = new Map(
  Object.entries({
    "transition": TRANSITION,
    "near-miss": NEAR_MISS,
    "conflict": CONFLICT,
    "daemon": DAEMON,
    "order": ORDER,
  }),
);

/** `entry` as one line of JSON with its newline. */
export function encodeEntry(entry: HistoryEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

/**
 * The entry that `line` (without its newline) says; undefined where it is torn, or not of ours.
 * Never throws. Fields that are not known are left out.
 */
export function decodeEntry(line: string): HistoryEntry | undefined {
  const value = line.startsWith("{") ? parseJson(line) : undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const said = new Map<string, unknown>(Object.entries(value));
  const kind = said.get("kind");
  const checks = CHECKS.get(kind);
  if (checks === undefined) return undefined;
  const known = Object.entries(checks);
  if (!known.every(([name, check]) => check(said.get(name)))) return undefined;
  const fields = known.flatMap(([name]) => said.has(name) ? [[name, said.get(name)] as const] : []);
  // Every field of this kind was held against its check, and nothing else is taken over.
  return { kind, ...Object.fromEntries(fields) } as HistoryEntry;
}

/** The entries of `text`, line by line. Never throws; an empty line is nothing. */
export function decodeHistory(text: string): DecodedHistory {
  const entries: HistoryEntry[] = [];
  let skipped = 0;
  for (const line of linesOf(text)) {
    const entry = line === "" ? undefined : decodeEntry(line);
    if (entry !== undefined) entries.push(entry);
    else if (line !== "") skipped++;
  }
  return { entries, skipped };
}

/**
 * One after the other; behind a last newline there is none. A list of millions of short ones would
 * take more memory than the text.
 */
function* linesOf(text: string): Generator<string> {
  let start = 0;
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
    yield text.slice(start, end);
    start = end + 1;
  }
  if (start < text.length) yield text.slice(start);
}

const LASTING = ["transition", "daemon", "order"].map((kind) =>
  new TextEncoder().encode(`{"kind":"${kind}"`)
);

/**
 * Is `line`, as {@link encodeEntry} made it, one of those that strangers cannot bring about in any
 * number?
 */
export function isLasting(line: Uint8Array): boolean {
  return LASTING.some((start) => start.every((byte, index) => line[index] === byte));
}

/**
 * How much of `now` is already in `seen`, both whole lines with their newlines: the length of the
 * lines at its front that stand in `seen` in this order. The history loses lines anywhere and grows
 * at its end; what is behind is news.
 */
export function overlap(seen: string, now: string): number {
  if (now.startsWith(seen)) return seen.length;
  const old = `\n${seen}`;
  let known = 0;
  let place = 0;
  for (const line of linesOf(now)) {
    const found = old.indexOf(`\n${line}\n`, place);
    if (found === -1) break;
    place = found + line.length + 1;
    known += line.length + 1;
  }
  return known;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
