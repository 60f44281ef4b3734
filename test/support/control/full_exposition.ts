/**
 * An exposition that has every metric: a master with a check and a sink, and a backup over IPv6.
 */
import type { NodeStatus, SinkStatus } from "../../../src/control/api.ts";
import { printMetrics } from "./print_metrics.ts";
import { backup, documentOf, master, UP } from "../cli/documents.ts";
import { EMPTY, readingOf, SOME } from "./readings.ts";

/** A check that is up. */
export const NGINX = {
  name: "nginx",
  up: true,
  last: "200 in 3 ms",
  latency_ms: 3,
  weight: null,
};

const SINK: SinkStatus = {
  name: "webhook",
  instance: null,
  pending: 1,
  delivered: 12,
  collapsed: 3,
  failed: 2,
  last: null,
};

/** Three nodes that tell each other their state: one is another's equal, one is gone. */
const NODES: readonly NodeStatus[] = [
  { name: "pi-a", addresses: ["192.168.1.11"], self: true, ...UP, config: "same" },
  { name: "pi-b", addresses: ["192.168.1.12"], self: false, ...UP, config: "differs" },
  { name: "pi-c", addresses: ["192.168.1.13"], self: false, ...UP, state: "lost" },
];

/** As /metrics answers it. */
export function fullExposition(): string {
  const status = documentOf([
    master({
      checks: [NGINX],
      rejects: { ttl: 3, checksum: 1, "interval-mismatch": 2 },
      lease_remaining_ms: 2700,
      group: "gateway",
      ready: 2,
      votes: {
        have: 3,
        need: 2,
        of: ["pi-a", "pi-b", "nas"],
        remaining_ms: 2100,
        epoch: 17,
        refusals: [],
        voters: null,
      },
    }),
    backup({ family: "ipv6", addresses: ["fd00::50/64"], checks: [NGINX], ready: 1 }),
  ], {
    ready: { web: 1 },
    nodes: NODES,
    sinks: [SINK, { ...SINK, instance: "web" }],
    rejects: { "unknown-vrid": 7 },
    channel_refused: { replayed: 5 },
  });
  const web = readingOf();
  const ipv6 = { transitions: [], receivedGap: SOME, sentGap: EMPTY };
  const reading = readingOf({
    routers: [...web.routers, { instance: "web", family: "ipv6", ...ipv6 }],
  });
  return printMetrics(status, reading);
}
