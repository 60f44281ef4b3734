/** The node for tests of rules: a virtual router for each transport, and one with IPv6. */
import assert from "node:assert/strict";
import { plan } from "../../../../src/config/plan/plan_node.ts";
import { decode } from "../../../../src/config/decode.ts";
import type { NodePlan } from "../../../../src/config/plan/plan.ts";
import {
  type RequiredTraffic,
  requiredTrafficOf,
} from "../../../../src/tools/firewall/required_traffic.ts";
import { machine } from "../../config/machines.ts";

/**
 * Two peers by unicast, IPv6 by multicast because no node has an IPv6 address, and one IPv4 router
 * that wants multicast.
 */
const THREE_KINDS = `[nodes]
pi-a = "192.168.1.11"
pi-b = "192.168.1.12"
pi-c = "192.168.1.13"

[instance.web]
vrid = 51
addresses = ["192.168.1.50/24"]

[instance.six]
vrid = 52
addresses = ["fe80::50/64", "fd77::50/64"]

[instance.old]
vrid = 53
transport = "multicast"
addresses = ["192.168.1.51/24"]
`;

/** By UDP, to the same peers. */
const BY_UDP = `
[instance.odd]
vrid = 54
transport = "udp"
addresses = ["192.168.1.52/24"]
`;

/** What nodes tell each other, on the LAN and over a network behind a router. */
export const CLUSTER = `[nodes]
pi-a = { address = "192.168.1.11", links = ["100.64.0.11"] }
pi-b = { address = ["192.168.1.12", "fd77::12"], links = ["100.64.0.12"] }
gw = { address = "192.168.1.1", only_vrrp = true }

[cluster]
secret = { credential = "cluster" }

[instance.web]
vrid = 51
addresses = ["192.168.1.50/24"]
`;

/** All of these, but of the cluster. */
export const ALL_KINDS = THREE_KINDS + BY_UDP;

/** eth0 of pi-a. */
export const HERE = machine({ lo: ["127.0.0.1/8"], eth0: ["192.168.1.11/24", "fe80::11/64"] });

/** What pi-a, with eth0, runs by `text`. */
export function nodeOf(text: string): NodePlan {
  return planned(text).node;
}

/** What must pass at pi-a by `text`. */
export function trafficOf(text: string): readonly RequiredTraffic[] {
  const { node, config } = planned(text);
  return requiredTrafficOf(node, config, HERE.interfaces);
}

function planned(text: string) {
  const decoded = decode(text);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems));
  const { config } = decoded;
  return { config, node: plan(config, HERE, undefined, undefined).node };
}

/** The passages of those that are IP protocol 112. */
export function threeKinds(): readonly RequiredTraffic[] {
  return trafficOf(THREE_KINDS);
}

/** The passages of the one by UDP: port 336. */
export function byUdp(): readonly RequiredTraffic[] {
  return trafficOf(ALL_KINDS).filter(({ port }) => port !== undefined);
}
