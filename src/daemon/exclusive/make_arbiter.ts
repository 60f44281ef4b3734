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

interface Made {
  readonly self: string;
  readonly arbiter: Votes | Etcd;
  /** How etcd is asked, as text. */
  readonly etcd: string;
}

/**
 * Makes what decides for the node called `self` under `config`; the same as before where only the
 * voters, or etcd's members, have changed. Undefined: nothing is exclusive, so there is nothing to
 * decide.
 */
export function arbiterMaker(
  options: MakerOptions,
): (config: Config, self: string, events: ArbiterEvents) => Arbiter | undefined {
  let made: Made | undefined;
  return (config, self, events) => {
    const isNeeded = config.cluster !== undefined && hasExclusive(config);
    const before = made?.self === self ? made : undefined;
    made = isNeeded
      ? etcdOf(config, self, events, options, before) ??
        votesOf(config, self, events, options, before)
      : undefined;
    if (!(made?.arbiter instanceof Etcd)) options.host.etcd.open(undefined);
    return made?.arbiter;
  };
}

function votesOf(
  config: Config,
  self: string,
  events: ArbiterEvents,
  options: MakerOptions,
  before: Made | undefined,
): Made {
  const voters = voterList(config);
  const leases = new Set(config.instances.flatMap((one) => leaseFor(one, config)?.name ?? []));
  if (!(before?.arbiter instanceof Votes)) {
    const arbiter = new Votes({ ...options, ...events, self }, voters, [...leases]);
    return { self, arbiter, etcd: "" };
  }
  before.arbiter.settleVoters(voters, [...leases]);
  return before;
}

/** Undefined: the file names no etcd. */
function etcdOf(
  { cluster }: Config,
  self: string,
  events: ArbiterEvents,
  options: MakerOptions,
  before: Made | undefined,
): Made | undefined {
  const plan = cluster && etcdPlan(cluster);
  if (plan === undefined) return undefined;
  const etcd = JSON.stringify(plan);
  if (before?.arbiter instanceof Etcd && before.etcd === etcd) return before;
  const { host } = options;
  host.etcd.open(plan.settings);
  if (before?.arbiter instanceof Etcd) {
    before.arbiter.settlePlace(plan);
    return { ...before, etcd };
  }
  const call: EtcdCaller["call"] = (...one) => host.etcd.call(...one);
  return { self, arbiter: new Etcd({ ...options, ...events, self, call }, plan), etcd };
}
