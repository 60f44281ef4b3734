/** A valid plan for 10.77.0.100/24 on eth0, to be varied by tests. */
import type { Plan } from "../../../src/config/plan/plan.ts";
import { type Ip, ip } from "../../../src/net/ip.ts";
import { parsePrefix, type Prefix } from "../../../src/net/prefix.ts";
import { seconds } from "../../../src/time.ts";
import { DEFAULT_UDP_PORT } from "../../../src/wire/vrrp.ts";
import type { Priority, Rules, Vrid } from "../../../src/vrrp/rules.ts";

/** What tests vary most. */
export interface Variation {
  readonly name?: string;
  readonly priority?: number;
  readonly source?: Ip;
  readonly peers?: readonly Ip[];
  readonly addresses?: readonly string[];
  readonly checksum?: Plan["checksum"];
  readonly fence?: Plan["fence"];
  readonly names?: Plan["names"];
  readonly rules?: Partial<Rules>;
}

/** A plan for eth0, VRID 51, version 3, 1 s. Unicast where there are peers. */
export function aPlan(variation: Variation = {}): Plan {
  const prefixes = (variation.addresses ?? ["10.77.0.100/24"]).map(prefix);
  const peers = variation.peers ?? [];
  const rules: Rules = {
    vrid: 51 as Vrid,
    family: "ipv4",
    version: 3,
    priority: (variation.priority ?? 100) as Priority,
    advertInterval: seconds(1),
    addresses: prefixes.map((one) => one.address),
    preempt: true,
    preemptDelay: seconds(0),
    initialState: "backup",
    transport: peers.length > 0 ? "unicast" : "multicast",
    peers,
    addressMismatch: "auto",
    grouped: false,
    lease: seconds(3),
    duplicateCheck: true,
    stop: "handover",
    ...variation.rules,
  };
  return {
    name: variation.name ?? "web",
    family: "ipv4",
    interface: "eth0",
    waiting: [],
    names: variation.names ?? new Map(),
    source: variation.source,
    port: rules.transport === "udp" ? DEFAULT_UDP_PORT : undefined,
    virtualAddresses: prefixes.map((one) => ({ interface: "eth0", prefix: one })),
    rules,
    fence: variation.fence,
    checksum: variation.checksum ?? "auto",
    group: undefined,
    checks: [],
  };
}

/** The address used as a peer in these tests. */
export const PEER = ip("10.77.0.2");

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new RangeError(text);
  return parsed;
}
