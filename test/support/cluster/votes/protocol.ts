/** The protocol of leases as a table, so that a test can break one entry of it. */
import {
  endOf,
  granted,
  noteOf,
  refused,
  release,
  resumeHolder,
} from "../../../../src/cluster/votes/holder.ts";
import { ask, tick } from "../../../../src/cluster/votes/holder.ts";
import { offer, transfer, wish } from "../../../../src/cluster/votes/handover.ts";
import {
  asked,
  released,
  startVoter,
  transferred,
  written,
} from "../../../../src/cluster/votes/voter.ts";
import type { Terms } from "../../../../src/cluster/votes/terms.ts";

/** What machines of a test do; a mutant is this with one entry changed. */
export const PROTOCOL = {
  /** The terms, before they are used. */
  terms: (terms: Terms): Terms => terms,
  startVoter,
  asked,
  released,
  transferred,
  written,
  ask,
  tick,
  granted,
  refused,
  release,
  offer,
  wish,
  transfer,
  noteOf,
  resumeHolder,
  endOf,
  /** Is the fence shut before a transfer is sent? */
  shutsFence: true,
  /** Is the resume state void before that? */
  voidsNote: true,
  /** Are the voters on the disk when a voter says so? */
  savesVoters: true,
  /** Does a voter say so before they are? */
  savesEarly: false,
};

/** The protocol, or a broken one. */
export type Protocol = typeof PROTOCOL;
