/**
 * A cluster that runs on the LAN already, as `floatip init` sees it: a second one is not what is
 * meant.
 */
import type { FirstNode } from "../../config/first_file.ts";
import type { LanAnswer, LanSeen } from "../../tools/doctor/environment.ts";
import { formatIp, includesIp, type Ip, sameIp } from "../../net/ip.ts";

/** A cluster that runs already, and the node that shows it. */
export interface RunningCluster {
  readonly node: Ip;
  /** What shows it, in words behind the node's name. */
  readonly shown: string;
  /** Is this machine one of its nodes, as far as can be told? */
  readonly ours: boolean;
}

/** What is held against each other. */
export interface RunningEvidence {
  readonly seen: Pick<LanSeen, "adverts" | "answers">;
  /** The interface that was listened on. */
  readonly interface: string;
  /** Addresses of this machine. */
  readonly own: readonly Ip[];
  /** The nodes that were named. */
  readonly nodes: readonly FirstNode[];
}

/**
 * Every node that advertises, by protocol 112 or UDP, or answers ARP or ND for an address of the
 * LAN that is not its own. "Ours" is a cluster that sends to this machine, or that a named node
 * takes part in.
 */
export function runningClusters(evidence: RunningEvidence): readonly RunningCluster[] {
  const { seen, own, nodes } = evidence;
  const here = seen.adverts.filter((one) => one.interface === evidence.interface && !one.outgoing);
  const named = nodes.map(({ address }) => address);
  const advertising = here.map(({ source, destination, advert }) => {
    const addresses = advert.addresses.map(formatIp).join(", ");
    return {
      node: source,
      shown: `advertises VRID ${advert.vrid} with ${addresses}`,
      ours: includesIp(own, destination) || includesIp(named, source),
    };
  });
  return [...advertising, ...holders(seen.answers, named.filter((one) => !includesIp(own, one)))]
    .filter((one, index, all) => all.findIndex(({ node }) => sameIp(node, one.node)) === index);
}

/** Named nodes whose hardware address answers for another address, too. */
function holders(answers: readonly LanAnswer[], named: readonly Ip[]): readonly RunningCluster[] {
  return named.flatMap((node) => {
    const macs = answers.filter(({ address }) => sameIp(address, node)).map(({ mac }) => mac);
    const held = answers.find(({ address, mac }) =>
      macs.includes(mac) && !includesIp(named, address)
    );
    if (held === undefined) return [];
    return [{ node, shown: `answers for ${formatIp(held.address)}, too`, ours: true }];
  });
}
