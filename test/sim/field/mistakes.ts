/**
 * Mistakes in files: a table of what one node's file may say that is not so, or that the others' do
 * not say.
 */
import { milliseconds } from "../../../src/time.ts";
import type { Random } from "../random.ts";
import type { ClusterSetup, InstanceSetup, NodeSetup, Setup } from "../setup.ts";

/** What becomes of the set-up that `node`'s file describes; the same where it does not apply. */
export type Mistake = (setup: Setup, node: NodeSetup, random: Random) => Setup;

/** By the words that name them. */
export const MISTAKES: Readonly<Record<string, Mistake>> = {
  "a wrong peer": changedPeer((peer) => ({ ...peer, number: 77 })),
  "a missing peer": changedPeer(() => undefined),
  "other priorities"(setup, _node, random) {
    const nodes = setup.nodes.map((one) => ({ ...one, priority: random.between(1, 254) }));
    return { ...setup, nodes };
  },
  "another VRID": changedInstance((one) => ({ ...one, vrid: (one.vrid + 6) % 255 + 1 })),
  "another password": changedInstance((one, random) => {
    if (one.version === 3) return one;
    const { password, ...rest } = one;
    return random.chance(0.5) && password !== undefined ? rest : { ...one, password: "other" };
  }),
  "another interval"(setup, _node, random) {
    const v2 = setup.instances.some(({ version }) => version === 2);
    const interval = milliseconds(random.pick(v2 ? [2000, 3000] : [100, 200, 2000, 3000]));
    return { ...setup, nodes: setup.nodes.map((one) => ({ ...one, interval })) };
  },
  "an address more": changedInstance((one) => withAddresses(one, [...one.addresses, sibling(one)])),
  "an address less": changedInstance((one) => withAddresses(one, one.addresses.slice(0, -1))),
  "another address": changedInstance((one) =>
    withAddresses(one, [...one.addresses.slice(0, -1), sibling(one)])
  ),
  "another version": changedInstance((one) => ({ ...one, version: one.version === 2 ? 3 : 2 })),
  "another transport": changedInstance((one, random) => ({
    ...one,
    transport: random.pick(["multicast", "unicast", "udp"]),
  })),
  "no source": (setup) => ({ ...setup, sourceless: true }),
  "a node's own address": changedInstance((one, random, setup) => {
    const cards = random.pick(setup.nodes).cards.filter(({ name }) => name === one.card);
    const isIpv4 = one.family === "ipv4";
    const own = cards.flatMap(({ addresses }) => addresses)
      .filter((text) => isIpv4 !== text.includes(":"));
    return withAddresses(one, [...one.addresses, ...own]);
  }),
};

/** Those of [cluster], by the same. */
export const CLUSTER_MISTAKES: Readonly<Record<string, Mistake>> = {
  "another secret": changedCluster((one) => ({ ...one, secret: OTHER_SECRET })),
  "no [cluster]"({ cluster: _, ...setup }) {
    return setup;
  },
  "no links": changedCluster((one) => ({ ...one, linked: false })),
  "another lease": changedNodes((one) => ({ ...one, lease: one.lease === "5s" ? "4s" : "5s" })),
  "no preemption, or some": changedNodes((one) => ({ ...one, preempt: !one.preempt })),
};

const OTHER_SECRET = "Zx7qW1eR5tY9uI3oP0aS4dF8gH2jK6lM_nB-vC1xZ5Q";

function changedCluster(change: (cluster: ClusterSetup) => ClusterSetup): Mistake {
  return (setup) =>
    setup.cluster === undefined ? setup : { ...setup, cluster: change(setup.cluster) };
}

function changedNodes(change: (node: NodeSetup) => NodeSetup): Mistake {
  return (setup) => ({ ...setup, nodes: setup.nodes.map(change) });
}

function changedPeer(change: (peer: NodeSetup) => NodeSetup | undefined): Mistake {
  return (setup, node, random) => {
    const others = setup.nodes.filter(({ name }) => name !== node.name);
    if (others.length === 0) return setup;
    const peer = random.pick(others);
    const nodes = setup.nodes.flatMap((one) => one === peer ? change(one) ?? [] : one);
    return { ...setup, nodes };
  };
}

function changedInstance(
  change: (instance: InstanceSetup, random: Random, setup: Setup) => InstanceSetup,
): Mistake {
  return (setup, _node, random) => {
    const picked = random.pick(setup.instances);
    const instances = setup.instances.map((one) =>
      one === picked ? change(one, random, setup) : one
    );
    return { ...setup, instances };
  };
}

function withAddresses(instance: InstanceSetup, addresses: readonly string[]): InstanceSetup {
  return { ...instance, addresses };
}

/** A free one of the same subnet: "192.168.1.59/24". */
function sibling({ addresses: [first = ""] }: InstanceSetup): string {
  return first.replace(/[0-9a-f]+\//, "59/");
}
