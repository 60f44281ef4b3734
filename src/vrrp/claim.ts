/**
 * Claims of exclusive addresses (decision 0081): a backup takes over when its time has come and its
 * lease is held. It is asked for shortly before that, so that a takeover waits for nothing.
 */
import { type Instant, milliseconds } from "../time.ts";
import type { Rules } from "./rules.ts";
import type { BackupState, Claim, Step } from "./state.ts";

/**
 * The lease is asked for so long before it is needed; with fast adverts a quarter of an interval,
 * so that what was granted is fresh when it is used.
 */
const AHEAD = milliseconds(50);

/** What a backup under `rules` begins with. */
export function firstClaim({ exclusive }: Rules): Pick<BackupState, "claim"> {
  return exclusive === true ? { claim: "ahead" } : {};
}

/** When the lease is to be asked for; undefined: not by the clock. */
export function claimAt(state: BackupState): Instant | undefined {
  const { claim, masterDownAt, master, masterInterval } = state;
  if (claim !== "ahead" || masterDownAt === undefined) return undefined;
  // A living master is asked for it when the time has come: before that, no voter would grant it.
  if (master.kind === "outranked" || master.kind === "resigned") return undefined;
  return (masterDownAt - Math.min(AHEAD, Math.floor(masterInterval / 4))) as Instant;
}

/** May a backup take over by its lease? `permit`: it is held. */
export function mayClaim({ exclusive }: Rules, permit: boolean | undefined): boolean {
  return exclusive !== true || permit === true;
}

/** `step` with what its backup, if it is one, wants of the lease at `now`. */
export function claimed(step: Step, now: Instant, rules: Rules): Step {
  const { state } = step;
  if (state.kind !== "backup") return step;
  const claim = rules.exclusive === true ? claimOf(state, now) : undefined;
  if (claim === state.claim) return step;
  const { claim: _, ...rest } = state;
  return { ...step, state: claim === undefined ? rest : { ...rest, claim } };
}

function claimOf(state: BackupState, now: Instant): Claim {
  const { claim, masterDownAt } = state;
  // It waits for its sync group, which asks for all.
  if (masterDownAt === undefined || masterDownAt <= now) return claim === "due" ? "due" : "asked";
  const at = claimAt({ ...state, claim: "ahead" });
  return at !== undefined && at <= now ? "asked" : "ahead";
}
