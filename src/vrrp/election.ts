/**
 * The election: a backup compares priorities only; two masters break a tie by their source
 * addresses.
 */
import { compareIp, type Ip, sameIp } from "../net/ip.ts";
import type { Rules } from "./rules.ts";

/** What a master says that wants to be relieved (handoff.ts): the least that a living one can. */
export const LEAVING_PRIORITY = 1;

/** One who wants to be master, as its adverts show it. */
export interface Candidate {
  /** 1-255. */
  readonly priority: number;
  /** Where its adverts come from. */
  readonly source: Ip;
}

/**
 * Does an advert of `theirs` (1-255) count for a backup of priority `own`? An equal one does:
 * equals never preempt (RFC 9568 6.4.2).
 */
export function isObeyedByBackup(own: number, theirs: number): boolean {
  return theirs >= own;
}

/**
 * Is it certain that no other node comes before this backup once the node at `leaver` is gone?
 * Certain are the others' priorities where the file names them ({@link Rules} rivals); equals are
 * not certain.
 */
export function isSoleSuccessor({ rivals, priority }: Rules, leaver: Ip): boolean {
  return rivals !== undefined &&
    rivals.every((rival) => sameIp(rival.source, leaver) || rival.priority < priority);
}

/**
 * How two masters stand (RFC 9568 6.4.3): "better" - theirs is the higher priority; "tie-lost" -
 * equal, and their source address is the numerically higher one; "worse" - they have to yield;
 * "same" - equal down to the address, which only a clone or an echo can be: neither yields or
 * answers, else both would answer without end.
 */
export function compareMasters(
  own: Candidate,
  theirs: Candidate,
): "better" | "tie-lost" | "worse" | "same" {
  if (theirs.priority !== own.priority) return theirs.priority > own.priority ? "better" : "worse";
  const order = compareIp(theirs.source, own.source);
  if (order === 0) return "same";
  return order > 0 ? "tie-lost" : "worse";
}
