/**
 * What questions for the addresses of a virtual router have found out, and for how long that
 * counts.
 */
import type { Instant } from "../../time.ts";

/** Kept in the router; written by the questions (inquiry.ts). */
export interface Look {
  /** It is known until then which machines answer; undefined: nothing is known yet. */
  until: Instant | undefined;
  /** How many questions in a row found an address free, although the master answers for its own. */
  unanswered: number;
  /** How many found neither: the master, which is heard, answers for nothing. */
  mute: number;
  /** The MACs with which the master answers for one address, where they are several; else empty. */
  macs: readonly string[];
  /** The MAC that answers every question twice, and for how many questions in a row. */
  double: { readonly mac: string; readonly times: number } | undefined;
  /** When it was last asked before a claim. */
  claimAskedAt: Instant | undefined;
}

/** Nothing was asked. */
export function noLook(): Look {
  return {
    until: undefined,
    unanswered: 0,
    mute: 0,
    macs: [],
    double: undefined,
    claimAskedAt: undefined,
  };
}

/** So many questions in a row find the same before it is believed: an answer may be lost. */
export const IN_A_ROW = 3;
