/** Small status documents for tests, changed by what a test is about. */
import type {
  InstanceStatus,
  NodeStatus,
  PeerStatus,
  StatusDocument,
} from "../../../src/control/api.ts";

/** The moment at which the sample documents are read, in milliseconds since 1970. */
export const NOW = Date.parse("2026-11-21T12:00:00.000Z");

/** The time `ms` milliseconds before {@link NOW}. */
export function ago(ms: number): string {
  return new Date(NOW - ms).toISOString();
}

/** 12 days and 4 hours, in milliseconds. */
export const LONG = (12 * 24 + 4) * 3600_000;

/** A peer that was never heard. */
export const SILENT: PeerStatus = {
  node: "pi-b",
  address: "192.168.1.12",
  configured: true,
  priority: null,
  last_heard_ms: null,
  checksum: null,
  other_addresses: false,
};

/** A peer that is heard as master. */
export const SPEAKING: PeerStatus = {
  ...SILENT,
  priority: 190,
  last_heard_ms: 400,
  checksum: "pseudo-header",
};

/** The node that is asked for its status. */
export const UP: Omit<NodeStatus, "name" | "addresses" | "self"> = {
  state: "up",
  words: "up",
  heard_ms: null,
  rtt_ms: null,
  version: null,
  started: null,
  config: null,
  differs_in: [],
  maintenance: null,
  instances: [],
};

/** A node that has never been heard, and was asked. */
export const ASKED: typeof UP = { ...UP, words: "VRRP runs there" };

/** pi-a is master of web, all is well. */
export function master(change: Partial<InstanceStatus> = {}): InstanceStatus {
  return {
    name: "web",
    state: "master",
    health: "held",
    evidence: [],
    rivals: [],
    vrid: 51,
    interface: "eth0",
    family: "ipv4",
    version: 3,
    transport: "unicast",
    port: null,
    base_priority: 200,
    priority: 200,
    addresses: ["192.168.1.50/24"],
    master: { node: "pi-a", address: "192.168.1.11", priority: 200 },
    since: ago(LONG),
    cause: "no advert from pi-b (192.168.1.12) for 3.61 s",
    faults: [],
    checks: [],
    group: null,
    source: "192.168.1.11",
    advert_interval_ms: 1000,
    master_interval_ms: 1000,
    master_down_ms: 3218,
    last_advert_age_ms: null,
    checksum: "pseudo-header",
    peers: [SILENT],
    counters: {
      master_transitions: 1,
      rcvd_advertisements: 3,
      sent_advertisements: 1_051_200,
      rcvd_pri_zero_packets: 0,
      sent_pri_zero_packets: 0,
      near_misses: 0,
      conflicts: 0,
    },
    rejects: {},
    conflicts: [],
    conflict: null,
    lease_remaining_ms: null,
    fence: "nftables",
    votes: null,
    aside: null,
    held_down_ms: null,
    adverts_lost: false,
    last_holder: null,
    ready: null,
    ...change,
  };
}

/** pi-a is backup of web, pi-b is heard as master. */
export function backup(change: Partial<InstanceStatus> = {}): InstanceStatus {
  return master({
    state: "backup",
    base_priority: 180,
    priority: 180,
    master: { node: "pi-b", address: "192.168.1.12", priority: 190 },
    since: ago(3 * 3600_000),
    cause: "pi-b (192.168.1.12) has priority 190",
    last_advert_age_ms: 400,
    peers: [SPEAKING, { ...SILENT, node: "pi-c", address: "192.168.1.13" }],
    ...change,
  });
}

/** What the daemon of pi-a says about `instances`. */
export function documentOf(
  instances: readonly InstanceStatus[],
  change: Partial<StatusDocument> = {},
): StatusDocument {
  return {
    schema: 1,
    node: "pi-a",
    version: "0.1.0",
    started: ago(LONG + 4000),
    config_file: "/etc/floatip/floatip.toml",
    config_since: ago(LONG + 4000),
    last_reload: null,
    instances,
    nodes: [
      { name: "pi-a", addresses: ["192.168.1.11"], self: true, ...UP },
      { name: "pi-b", addresses: ["192.168.1.12"], self: false, ...ASKED },
    ],
    ready: null,
    sinks: [],
    rejects: {},
    channel_refused: {},
    maintenance: null,
    scheduling: { policy: "rr", priority: 10 },
    attention: [],
    ...change,
  };
}
