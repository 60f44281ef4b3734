/** What decides on the exclusive leases of a file: made here, and nowhere else. */
import type { Arbiter, ArbiterEvents } from "../../cluster/exclusive.ts";
import type { EtcdCaller } from "../../cluster/etcd/caller.ts";
import { Etcd } from "../../cluster/etcd/arbiter.ts";
import { Votes, type VotesOptions } from "../../cluster/votes/arbiter.ts";
import type { Config } from "../../config/config.ts";
import { etcdPlan } from "../../config/plan/etcd.ts";
import { hasExclusive, leaseFor, voterList } from "../../config/plan/exclusive.ts";
import type { Host } from "../../host.ts";

/** What they are made of. */
export interface MakerOptions extends Omit<VotesOptions, keyof ArbiterEvents | "self"> {
  readonly host: Pick<Host, "etcd">;
}

interface MadeEtcd {
  readonly self: string;
  readonly arbiter: Etcd;
  /** How it is asked, as text. */
  readonly plan: string;
}

/**
 * Makes what decides for the node called `self` under `config`; the same as before where only the
 * voters, or etcd's members, have changed. Undefined: nothing is exclusive, so there is nothing to
 * decide.
 *
 * Votes are made once in a process, and stay while nothing is exclusive: what this machine has
 * promised since its start, and which voters it has heard of, must not be forgotten.
 */
export function arbiterMaker(
  options: MakerOptions,
): (config: Config, self: string, events: ArbiterEvents) => Arbiter | undefined {
  let votes: Votes | undefined;
  let etcd: MadeEtcd | undefined;
  return (config, self, events) => {
    const isNeeded = config.cluster !== undefined && hasExclusive(config);
    etcd = isNeeded ? etcdOf(config, self, events, options, etcd) : undefined;
    if (etcd === undefined) options.host.etcd.open(undefined);
    if (!isNeeded || etcd !== undefined) {
      votes?.withdraw();
      return etcd?.arbiter;
    }
    const voters = voterList(config);
    const leases = new Set(config.instances.flatMap((one) => leaseFor(one, config)?.name ?? []));
    if (votes === undefined) {
      votes = new Votes({ ...options, ...events, self }, voters, [...leases]);
    } else {
      votes.rename(self);
      votes.settleVoters(voters, [...leases]);
    }
    return votes;
  };
}

/** Undefined: the file names no etcd. */
function etcdOf(
  { cluster }: Config,
  self: string,
  events: ArbiterEvents,
  options: MakerOptions,
  made: MadeEtcd | undefined,
): MadeEtcd | undefined {
  const place = cluster && etcdPlan(cluster);
  if (place === undefined) return undefined;
  const plan = JSON.stringify(place);
  const before = made?.self === self ? made : undefined;
  if (before?.plan === plan) return before;
  const { host } = options;
  host.etcd.open(place.settings);
  if (before !== undefined) {
    before.arbiter.settlePlace(place);
    return { ...before, plan };
  }
  const call: EtcdCaller["call"] = (...one) => host.etcd.call(...one);
  return { self, arbiter: new Etcd({ ...options, ...events, self, call }, place), plan };
}
