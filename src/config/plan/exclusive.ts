/** Leases of exclusive instances, as the file says them. Pure. */
import { type Nanoseconds, nanoseconds } from "../../time.ts";
import { etcdTerms } from "../../cluster/etcd/terms.ts";
import { type Fence, type Terms, termsOf } from "../../cluster/votes/terms.ts";
import { listOf, needOf, voterId, type VoterList } from "../../cluster/votes/voters.ts";
import { formatIp } from "../../net/ip.ts";
import { type Config, indexOf, machinesOf, membersWith } from "../config.ts";
import type { InstanceConfig } from "../tables/instance.ts";

/** The lease with which a virtual router holds its addresses. */
export interface PlannedLease {
  /** One of an instance, or of its whole sync group. */
  readonly name: string;
  /** The shortest advert interval of those that share it. */
  readonly interval: Nanoseconds;
  /** What decides on it. */
  readonly by: "votes" | "etcd";
}

/** Is anything exclusive, so that something has to decide? */
export function hasExclusive({ instances }: Pick<Config, "instances">): boolean {
  return instances.some(({ exclusive }) => exclusive);
}

/** The lease of `instance`, which is one of `config`; undefined: it needs none. */
export function leaseFor(instance: InstanceConfig, config: Config): PlannedLease | undefined {
  if (!instance.exclusive) return undefined;
  const by = config.cluster?.etcd === undefined ? "votes" : "etcd";
  const group = indexOf(config).groupOf.get(instance.name);
  const name = group === undefined ? `instance/${instance.name}` : `group/${group}`;
  const intervals = membersWith(instance, config).map(({ advertInterval }) => advertInterval);
  return { name, interval: nanoseconds(Math.min(...intervals)), by };
}

/**
 * For how long a fence of nf_tables is open at a time: a grant comes within a renewal period, and
 * what it allows lasts so long at least.
 */
export function openFor({ hold, renewEvery }: Terms): Nanoseconds {
  return nanoseconds(hold - renewEvery);
}

/** The times of `lease` on a machine with this fence; undefined: adverts are too fast for it. */
export function termsFor({ interval, by }: PlannedLease, fence: Fence): Terms | undefined {
  return by === "etcd" ? etcdTerms(fence) : termsOf(interval, fence);
}

/**
 * How long a fence of nf_tables is open at a time for `lease`; undefined: adverts are too fast for
 * it. `plain`: for how long without a lease.
 */
export function fenceFor(lease: PlannedLease, plain: Nanoseconds | undefined) {
  const terms = termsFor(lease, "nftables");
  const open = terms && openFor(terms);
  // A lease of etcd's lasts for many adverts: each of them keeps the fence open.
  if (lease.by === "votes" || open === undefined || plain === undefined) return open;
  return nanoseconds(Math.min(open, plain));
}

/** The machines that vote, as the voters themselves know them. */
export function voterList(config: Pick<Config, "nodes" | "cluster">): VoterList {
  return listOf(
    votingMachines(config).map(({ name, addresses: [first] }) =>
      voterId(name, first === undefined ? "" : formatIp(first))
    ),
  );
}

/** What decides: machines that vote, or {@link ETCD} alone. */
export interface Electorate {
  readonly voters: readonly string[];
  /** So many of them are a majority. */
  readonly need: number;
}

/** Stands for the etcd cluster among machines. */
export const ETCD = "etcd";

/** What decides on the exclusive instances of a file. */
export function electorateOf(config: Pick<Config, "nodes" | "cluster">): Electorate {
  if (config.cluster?.etcd !== undefined) return { voters: [ETCD], need: 1 };
  const voters = votingMachines(config).map(({ name }) => name);
  return { voters, need: needOf(voters) };
}

/** All nodes that speak on the channel, and the witnesses. */
function votingMachines(config: Pick<Config, "nodes" | "cluster">) {
  return machinesOf(config).filter(({ onlyVrrp }) => !onlyVrrp);
}
