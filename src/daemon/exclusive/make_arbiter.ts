/** What decides on the exclusive leases of a file: made here, and nowhere else. */
import type { Arbiter, ArbiterEvents, ArbiterOptions } from "../../cluster/exclusive.ts";
import { Votes } from "../../cluster/votes/arbiter.ts";
import { votersOf } from "../../cluster/votes/voters.ts";
import type { Config } from "../../config/config.ts";
import { voterNames } from "../../config/plan/exclusive.ts";

/** What they are made of. */
export type MakerOptions = Omit<ArbiterOptions, keyof ArbiterEvents | "self">;

/**
 * Makes what decides for the node called `self` under `config`; the same as before where only the
 * voters have changed. Undefined: nothing is exclusive, so there is nothing to decide.
 */
export function arbiterMaker(
  options: MakerOptions,
): (config: Config, self: string, events: ArbiterEvents) => Arbiter | undefined {
  let made: { readonly self: string; readonly votes: Votes } | undefined;
  return (config, self, events) => {
    const isNeeded = config.cluster !== undefined &&
      config.instances.some(({ exclusive }) => exclusive);
    if (!isNeeded) {
      made = undefined;
      return undefined;
    }
    const voters = votersOf(voterNames(config));
    if (made?.self === self) made.votes.settleVoters(voters);
    else made = { self, votes: new Votes({ ...options, ...events, self }, voters) };
    return made.votes;
  };
}
