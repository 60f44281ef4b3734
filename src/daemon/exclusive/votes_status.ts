/** Leases of exclusive instances in the status. */
import type { LeaseView } from "../../cluster/exclusive.ts";
import type { VotesStatus } from "../../control/api.ts";
import { toMilliseconds } from "../../time.ts";
import { isHolder } from "../../vrrp/state.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** What is known of a lease; null: none is needed. */
export function votesStatus(view: LeaseView | undefined): VotesStatus | null {
  if (view === undefined) return null;
  const { have, need, of, from, remaining, epoch, refusals, voters } = view;
  return {
    have,
    need,
    of,
    ...(from === undefined ? {} : { from }),
    remaining_ms: remaining === undefined ? null : Math.round(toMilliseconds(remaining)),
    epoch: epoch ?? null,
    refusals,
    voters: voters ?? null,
  };
}

/** What a person should look at. */
export function votesAttention(
  { state }: VirtualRouter,
  view: LeaseView | undefined,
): readonly string[] {
  if (view === undefined) return [];
  return [...view.voters === undefined ? [] : [view.voters], ...missingVotes(state, view)];
}

function missingVotes(
  state: VirtualRouter["state"],
  { have, need, of, refusals }: LeaseView,
): readonly string[] {
  if (isHolder(state)) {
    const more = have - need;
    const then = more > 0 ? `${more} more may go` : "with one less no node holds the addresses";
    return have < of.length ? [`${have} of ${of.length} votes, ${need} are needed: ${then}`] : [];
  }
  if (state.kind !== "backup" || state.claim !== "due") return [];
  const why = refusals.length > 0 ? `: ${refusals.join("; ")}` : "";
  return [`its time has come, and it has ${have} of ${of.length} votes and needs ${need}${why}`];
}
