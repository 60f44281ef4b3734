/** Has somebody the addresses that this backup is about to claim? When to ask, so that answers come before the claim. */
import { between, type Instant, milliseconds } from "../time.ts";
import type { BackupState } from "./state.ts";
import { isOwner, type Rules } from "./rules.ts";

/** From one question to the next, and from the last one to the claim: within the skew, not after it. */
const SPACING = milliseconds(75);

/** One question may be lost. */
const PROBES = 2;

/** With adverts faster than this there is no time to ask. */
const LEAST_INTERVAL = milliseconds(500);

/** How many questions a backup under `rules` asks before it claims; an owner knows who has the address. */
export function probesBeforeTakeover(rules: Rules): number {
  return rules.duplicateCheck && !isOwner(rules) ? PROBES : 0;
}

/**
 * When the next question is due; undefined: there is none. Who leaves, or is about to be preempted, is known to have the
 * addresses.
 */
export function probeAt(state: BackupState): Instant | undefined {
  const { masterDownAt, masterInterval, outranked, left, probesLeft } = state;
  if (probesLeft === 0 || outranked || left !== undefined) return undefined;
  if (masterInterval < LEAST_INTERVAL) return undefined;
  return (masterDownAt - probesLeft * SPACING) as Instant;
}

/** Was a question asked since the last advert? */
export function wasProbed({ probesLeft }: BackupState, rules: Rules): boolean {
  return probesLeft < probesBeforeTakeover(rules);
}

/** How many questions are left after one at `now`: those whose time is over are not made up for. */
export function probesLeftAfter(
  { masterDownAt, probesLeft }: BackupState,
  now: Instant,
): number {
  const fit = Math.ceil(between(now, masterDownAt) / SPACING) - 1;
  return Math.max(0, Math.min(probesLeft - 1, fit));
}
