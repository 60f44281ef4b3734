/**
 * Address conflict detection before a takeover (after RFC 5227): the neighbours are asked who has
 * the addresses, so that answers come before the takeover. An answer is an alarm, not a veto
 * (decision 0014).
 */
import { between, type Instant, milliseconds } from "../time.ts";
import type { BackupState, State } from "./state.ts";
import { isOwner, type Rules } from "./rules.ts";

/**
 * From one probe to the next, and from the last one to the takeover: within the skew, not after it.
 */
const SPACING = milliseconds(75);

/** One probe may be lost. */
const PROBES = 2;

/** With adverts faster than this there is no time to probe. */
const LEAST_INTERVAL = milliseconds(500);

/**
 * How many probes a backup under `rules` sends before it takes over; an owner knows whose the
 * address is.
 */
export function probesBeforeTakeover(rules: Rules): number {
  return rules.duplicateCheck && !isOwner(rules) ? PROBES : 0;
}

/**
 * How many probes of a backup are still to be sent; a master that resigned or is outranked is known
 * to have the addresses.
 */
export function probesLeftOf(state: State): number | undefined {
  if (state.kind !== "backup") return undefined;
  const { master } = state;
  return master.kind === "unknown" || master.kind === "obeyed" ? master.probesLeft : undefined;
}

/** When the next probe is due; undefined: there is none. */
export function probeAt(state: BackupState): Instant | undefined {
  const { masterDownAt, masterInterval } = state;
  const left = probesLeftOf(state) ?? 0;
  if (left === 0 || masterDownAt === undefined || masterInterval < LEAST_INTERVAL) return undefined;
  return (masterDownAt - left * SPACING) as Instant;
}

/** Was a probe sent since the last advert? */
export function wasProbed(state: BackupState, rules: Rules): boolean {
  const left = probesLeftOf(state);
  return left !== undefined && left < probesBeforeTakeover(rules);
}

/** `state` after a probe at `now`: those whose time is over are not made up for. */
export function probed(state: BackupState, now: Instant): BackupState {
  const { master, masterDownAt } = state;
  if (masterDownAt === undefined) return state;
  if (master.kind !== "unknown" && master.kind !== "obeyed") return state;
  const fit = Math.ceil(between(now, masterDownAt) / SPACING) - 1;
  const probesLeft = Math.max(0, Math.min(master.probesLeft - 1, fit));
  return { ...state, master: { ...master, probesLeft } };
}
