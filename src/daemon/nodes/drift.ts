/**
 * Where the file of another node differs from this one's: found by asking for fingerprints, first
 * of the parts, then of the keys of those that differ. Pure: a value for each node.
 */
import { collect, type Collected, differing, wholeOf } from "../../cluster/pages.ts";
import type { Page, Wanted } from "../../cluster/report.ts";
import { areComparable } from "../../config/fingerprint.ts";
import { after, type Instant, milliseconds, type Nanoseconds, nanoseconds } from "../../time.ts";
import type { OwnFile } from "./own_file.ts";

/** A question without an answer is put again, later each time. */
const FIRST = milliseconds(300), MOST = milliseconds(10_000);
/** Parts whose keys are asked for; of more only the parts are named. */
const MOST_PARTS = 16;
/** What is named of one difference. */
const MOST_NAMED = 100;

/** What is known of the file of another node. */
export interface Drift {
  /** The fingerprints of its file and ours: with others everything begins again. */
  readonly theirs: string;
  readonly ours: string;
  readonly parts: Collected | undefined;
  /** By the header of their part. */
  readonly keys: ReadonlyMap<string, Collected>;
  readonly asked: { readonly what: string; readonly again: Nanoseconds } | undefined;
  /** No question before this. */
  readonly askAt: Instant;
}

/** What can be said. */
export interface FileView {
  /** Null: one of the fingerprints is not known, or they cannot be compared. */
  readonly config: "same" | "differs" | null;
  /** "[check.nginx] interval"; empty while that is not found out. */
  readonly differsIn: readonly string[];
}

const UNKNOWN: FileView = { config: null, differsIn: [] };

type Own = Pick<OwnFile, "hash" | "parts" | "keysOf">;

/**
 * What is known now that their file has the fingerprint `theirs`; undefined: nothing to find.
 * Questions begin at `from`.
 */
export function follow(
  before: Drift | undefined,
  theirs: string | null | undefined,
  own: Own,
  from: Instant,
): Drift | undefined {
  const ours = own.hash;
  if (typeof theirs !== "string" || ours === undefined) return undefined;
  if (before?.theirs === theirs && before.ours === ours) return before;
  if (theirs === ours || !areComparable(theirs, ours)) return undefined;
  return { theirs, ours, parts: undefined, keys: new Map(), asked: undefined, askAt: from };
}

/** A page of theirs came. */
export function learnPage(drift: Drift, page: Page, now: Instant): Drift {
  if (page.file !== drift.theirs) return drift;
  const { of } = page;
  // The next question need not wait.
  if (of === null) return { ...drift, parts: collect(drift.parts, page), askAt: now };
  // What nothing is asked about is not kept.
  if (drift.asked?.what !== of) return drift;
  const keys = new Map(drift.keys).set(of, collect(drift.keys.get(of), page));
  return { ...drift, keys, askAt: now };
}

/** What is to be asked at `now`, and the state after that; undefined: nothing. */
export function askNext(
  drift: Drift,
  own: Own,
  now: Instant,
): { readonly what: Wanted; readonly drift: Drift } | undefined {
  if (drift.askAt > now) return undefined;
  const what = wantedOf(drift, own);
  if (what === undefined) return undefined;
  const name = what.kind === "keys" ? what.of : "";
  const before = drift.asked?.what === name ? drift.asked.again : undefined;
  const again = before === undefined ? FIRST : nanoseconds(Math.min(MOST, before * 2));
  const asked = { what: name, again };
  return { what, drift: { ...drift, asked, askAt: after(now, again) } };
}

/** When there is something to ask; undefined: all is known. */
export function askAt(drift: Drift, own: Own): Instant | undefined {
  return wantedOf(drift, own) === undefined ? undefined : drift.askAt;
}

function wantedOf(drift: Drift, own: Own): Wanted | undefined {
  const parts = drift.parts && wholeOf(drift.parts);
  if (parts === undefined) return { kind: "parts" };
  const next = inBoth(parts, own).find((of) => {
    const known = drift.keys.get(of);
    return known === undefined || wholeOf(known) === undefined;
  });
  return next === undefined ? undefined : { kind: "keys", of: next };
}

/** The first parts that both have and that differ. */
function inBoth(theirs: ReadonlyMap<string, string>, own: Own): readonly string[] {
  return differing(own.parts, theirs)
    .filter((name) => own.parts.has(name) && theirs.has(name)).slice(0, MOST_PARTS);
}

/** What can be said of the file with the fingerprint `theirs`. */
export function fileView(
  drift: Drift | undefined,
  theirs: string | null | undefined,
  own: Own,
): FileView {
  if (typeof theirs !== "string" || own.hash === undefined) return UNKNOWN;
  if (!areComparable(theirs, own.hash)) return UNKNOWN;
  if (theirs === own.hash) return { config: "same", differsIn: [] };
  return { config: "differs", differsIn: drift === undefined ? [] : namesOf(drift, own) };
}

/** What was found out, for each state of knowledge once. */
const NAMES = new WeakMap<Drift, readonly string[]>();

function namesOf(drift: Drift, own: Own): readonly string[] {
  const known = NAMES.get(drift);
  if (known !== undefined) return known;
  const names = findNames(drift, own);
  NAMES.set(drift, names);
  return names;
}

function findNames(drift: Drift, own: Own): readonly string[] {
  const parts = drift.parts && wholeOf(drift.parts);
  if (parts === undefined) return [];
  return differing(own.parts, parts).flatMap((header) => {
    const answer = drift.keys.get(header);
    const theirs = answer && wholeOf(answer);
    const ours = own.keysOf(header);
    if (theirs === undefined || ours === undefined) return [header];
    const keys = differing(ours, theirs);
    return keys.length === 0 ? [header] : keys.map((key) => `${header} ${key}`);
  }).slice(0, MOST_NAMED);
}
