/**
 * What nodes and voters say to each other about leases: JSON in UTF-8 in the sealed channel, which
 * says from which node a message is. Fields that are not known are skipped.
 */
import type { Nanoseconds } from "../../time.ts";
import { assert } from "../../assert.ts";
import { idsOf, listOf, MAX_VOTERS, printOf, type Stamp, type Voters } from "./voters.ts";

/** A request of one process, as its promise and the answer to it name it. */
export interface Request {
  /** Drawn by a process at its start: two processes of one name are two. 16 hexadecimal digits. */
  readonly token: string;
  /**
   * When it was sent, in ns since the boot of its machine: rises with each request and release of a
   * token, also across a restart in place.
   */
  readonly sent: number;
  /** How long the promise is to last. */
  readonly term: Nanoseconds;
  /** The number of this change of holder: above all that the voter has heard. */
  readonly epoch: number;
}

/** The voters of which a request needs a majority. */
export interface VotersMark extends Stamp {
  /** Tells those of one stamp apart: before any change it is that of the file. */
  readonly print: string;
  /** Undefined: the voter that is asked knows them. */
  readonly lists?: Voters["lists"] | undefined;
}

/** What a voter has written down where it survives a reboot. */
export interface Saved extends Stamp {
  /** It grants nothing below this epoch any more. */
  readonly promised: number;
}

/** A promise, or its renewal, is asked for. */
export interface Ask extends Request {
  readonly kind: "vote-ask";
  readonly lease: string;
  readonly voters: VotersMark;
  /** The voter is to write down its promise: its answer says when it has. */
  readonly change: boolean;
  /** The asker holds the lease: this is a renewal. */
  readonly holding: boolean;
}

/** A promise for {@link Request.term}, from the receipt of the request. */
export interface Grant {
  readonly kind: "vote-grant";
  readonly lease: string;
  readonly token: string;
  readonly sent: number;
  /** Null: nothing yet. */
  readonly saved: Saved | null;
}

const REASONS = ["promised", "silent", "other-voters", "old-epoch", "too-long", "full"] as const;

/** Why a voter does not promise. */
export type Reason = typeof REASONS[number];

/** No promise. */
export interface Refusal {
  readonly kind: "vote-refusal";
  readonly lease: string;
  readonly token: string;
  readonly sent: number;
  readonly reason: Reason;
  /** To which node there is a promise; null: to none. */
  readonly holder: string | null;
  /** That node held the lease when it asked the last time; or it was a candidate as well. */
  readonly holding: boolean;
  /** For how long the reason lasts yet; 0: not known. */
  readonly rest: Nanoseconds;
  /** The highest epoch that the voter has heard. */
  readonly epoch: number;
  /** Of "other-voters": those that are in force for the voter; else null. */
  readonly voters: VotersMark | null;
}

/** The sender does not rely on a promise that it asked for before this was sent. */
export interface Release {
  readonly kind: "vote-release";
  readonly lease: string;
  readonly token: string;
  readonly sent: number;
}

/** The holder wants the receiver to succeed it. */
export interface Offer {
  readonly kind: "vote-offer";
  readonly lease: string;
  readonly epoch: number;
  readonly voters: VotersMark;
}

/** The sender wants the holder to transfer the lease to it, by this request. */
export interface Wish extends Request {
  readonly kind: "vote-wish";
  readonly lease: string;
  readonly voters: VotersMark;
}

/** The sender has given the lease up in favour of `to`, whose request this is. */
export interface Transfer {
  readonly kind: "vote-transfer";
  readonly lease: string;
  readonly voters: VotersMark;
  readonly token: string;
  readonly sent: number;
  readonly to: string;
  readonly next: Request;
}

/** What is said about leases. */
export type VoteMessage = Ask | Grant | Refusal | Release | Offer | Wish | Transfer;

/** A message and the node that it is for; the sender itself, where it votes. */
export interface Outgoing {
  readonly to: string;
  readonly message: VoteMessage;
}

/** Bytes of a message about leases, at most. */
export const MAX_VOTE_MESSAGE = 1_120;
/** Characters of the name of a node or a lease, at most. */
const MAX_NAME = 80;
/** Instants and durations are below this: 36 years. */
const MAX_NUMBER = 2 ** 60;
/** Epochs are below this: each candidacy is one more. */
const MAX_EPOCH = 2 ** 48;

/** How the text of each of them begins, and no other of the channel. */
const BEGINNING = new TextEncoder().encode('{"kind":"vote-');

/** Is `text` a message about leases, as far as its beginning tells? */
export function isVote(text: Uint8Array): boolean {
  return BEGINNING.every((byte, at) => text[at] === byte);
}

/** `voters` as a message names them; `isKnown`: to a machine that knows the lists. */
export function markOf(voters: Voters, isKnown: boolean): VotersMark {
  const { stamp: { epoch, step }, lists } = voters;
  // Of two first lists a voter keeps its own alone.
  const isKept = isKnown && !(epoch === 0 && lists.length > 1);
  return { epoch, step, print: printOf(voters), ...isKept ? {} : { lists } };
}

/** The voters that `mark` names; undefined: it does not name them. */
export function votersOf({ epoch, step, lists }: VotersMark): Voters | undefined {
  return lists && { stamp: { epoch, step }, lists };
}

/** `message` as text. */
export function encodeVote({ kind, ...fields }: VoteMessage): Uint8Array {
  const inside = "voters" in fields && fields.voters !== null
    ? { ...fields, voters: shortened(fields.voters) }
    : fields;
  const text = new TextEncoder().encode(JSON.stringify({ kind, ...inside }));
  assert(text.length <= MAX_VOTE_MESSAGE, `a vote's ${text.length} bytes are bounded`);
  return text;
}

/** Each voter once, and a letter for each that says in which lists it is: both, old, new. */
function shortened({ lists, ...mark }: VotersMark) {
  if (lists === undefined) return mark;
  const ids = listOf(lists.flat());
  const [old, next] = [lists[0] ?? [], lists.at(-1) ?? []];
  const of = ids.map((id) => !next.includes(id) ? "o" : old.includes(id) ? "b" : "n").join("");
  return { ...mark, ids, of };
}

/** What a text says; undefined where it is none about leases. Never throws. */
export function decodeVote(bytes: Uint8Array): VoteMessage | undefined {
  if (bytes.length > MAX_VOTE_MESSAGE) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return messageOf(tableOf(value));
  } catch (problem) {
    if (problem instanceof Unreadable || problem instanceof SyntaxError) return undefined;
    if (problem instanceof TypeError) return undefined;
    throw problem;
  }
}

/** A field that is not what it should be; never leaves this file. */
class Unreadable extends Error {}

type Table = Readonly<Record<string, unknown>>;

function messageOf(table: Table): VoteMessage {
  const kind = oneOf(table["kind"], Object.keys(READERS) as readonly VoteMessage["kind"][]);
  return READERS[kind](table);
}

const READERS: Readonly<Record<VoteMessage["kind"], (table: Table) => VoteMessage>> = {
  "vote-ask": (table) => ({
    kind: "vote-ask",
    lease: nameIn(table, "lease"),
    voters: markIn(table["voters"]),
    change: flagIn(table, "change"),
    holding: flagIn(table, "holding"),
    ...requestOf(table),
  }),
  "vote-grant": (table) => ({
    kind: "vote-grant",
    ...answered(table),
    saved: table["saved"] === null ? null : savedIn(tableOf(table["saved"])),
  }),
  "vote-refusal": (table) => ({
    kind: "vote-refusal",
    ...answered(table),
    reason: oneOf(table["reason"], REASONS),
    holder: table["holder"] === null ? null : nameIn(table, "holder"),
    holding: flagIn(table, "holding"),
    rest: wholeIn(table, "rest") as Nanoseconds,
    epoch: wholeIn(table, "epoch", MAX_EPOCH),
    voters: table["voters"] === null ? null : markIn(table["voters"]),
  }),
  "vote-release": (table) => ({ kind: "vote-release", ...answered(table) }),
  "vote-offer": (table) => ({
    kind: "vote-offer",
    lease: nameIn(table, "lease"),
    epoch: wholeIn(table, "epoch", MAX_EPOCH),
    voters: markIn(table["voters"]),
  }),
  "vote-wish": (table) => ({
    kind: "vote-wish",
    lease: nameIn(table, "lease"),
    voters: markIn(table["voters"]),
    ...requestOf(table),
  }),
  "vote-transfer": (table) => ({
    kind: "vote-transfer",
    ...answered(table),
    voters: markIn(table["voters"]),
    to: nameIn(table, "to"),
    next: requestOf(tableOf(table["next"])),
  }),
};

function answered(table: Table): Pick<Grant, "lease" | "token" | "sent"> {
  return {
    lease: nameIn(table, "lease"),
    token: digitsIn(table, "token"),
    sent: wholeIn(table, "sent"),
  };
}

function savedIn(table: Table): Saved {
  return { ...stampIn(table), promised: wholeIn(table, "promised", MAX_EPOCH) };
}

function stampIn(table: Table): Stamp {
  return { epoch: wholeIn(table, "epoch", MAX_EPOCH), step: wholeIn(table, "step", MAX_EPOCH) };
}

function markIn(value: unknown): VotersMark {
  const table = tableOf(value);
  const mark = { ...stampIn(table), print: digitsIn(table, "print") };
  const { ids, of } = table;
  if (ids === undefined) return mark;
  if (!Array.isArray(ids) || ids.length > 2 * MAX_VOTERS || typeof of !== "string") {
    throw new Unreadable();
  }
  const all = ids.map(nameFrom);
  const listBy = (letters: string) =>
    listOf(all.filter((_, at) => letters.includes(of.charAt(at) || "?")));
  const [old, next] = [listBy("bo"), listBy("bn")];
  const lists = of.includes("o") || of.includes("n") ? [old, next] : [next];
  const isWhole = of.length === all.length && /^[bno]*$/.test(of) &&
    lists.every(({ length }) => length > 0 && length <= MAX_VOTERS);
  const voters = { stamp: mark, lists };
  if (!isWhole || idsOf(voters).length !== all.length || printOf(voters) !== mark.print) {
    throw new Unreadable();
  }
  return { ...mark, lists };
}

function requestOf(table: Table): Request {
  return {
    token: digitsIn(table, "token"),
    sent: wholeIn(table, "sent"),
    term: wholeIn(table, "term") as Nanoseconds,
    epoch: wholeIn(table, "epoch", MAX_EPOCH),
  };
}

function tableOf(value: unknown): Table {
  if (typeof value !== "object" || value === null) throw new Unreadable();
  return value as Table;
}

function nameIn(table: Table, field: string): string {
  return nameFrom(table[field]);
}

function nameFrom(value: unknown): string {
  // Of a name's characters, none moves the cursor of a terminal.
  if (typeof value === "string" && /^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(value)) {
    if (value.length <= MAX_NAME) return value;
  }
  throw new Unreadable();
}

function digitsIn(table: Table, field: string): string {
  const value = table[field];
  if (typeof value === "string" && /^[0-9a-f]{16}$/.test(value)) return value;
  throw new Unreadable();
}

/** Not only up to 2^53: of a machine that runs for more than 104 days, instants are rounded. */
function wholeIn(table: Table, field: string, below = MAX_NUMBER): number {
  const value = table[field];
  if (typeof value === "number" && Number.isInteger(value)) {
    if (value >= 0 && value < below) return value;
  }
  throw new Unreadable();
}

function flagIn(table: Table, field: string): boolean {
  const value = table[field];
  if (typeof value === "boolean") return value;
  throw new Unreadable();
}

function oneOf<const W extends string>(value: unknown, words: readonly W[]): W {
  const word = words.find((one) => one === value);
  if (word === undefined) throw new Unreadable();
  return word;
}
