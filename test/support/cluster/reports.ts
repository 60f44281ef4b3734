/** Reports that are alike in all tests. */
import type { NodeReport, RouterReport } from "../../../src/cluster/report.ts";

/** What a healthy node says of itself. */
export function nodeReport(changes: Partial<NodeReport> = {}): NodeReport {
  return {
    version: "0.1.0",
    up: 273_600_000,
    keys: [7],
    file: "00112233445566aa",
    fileAge: 60_000,
    maintenance: null,
    leaving: false,
    seals: [],
    ...changes,
  };
}

/** What a healthy backup says of one router. */
export function routerReport(changes: Partial<RouterReport> = {}): RouterReport {
  return {
    name: "web",
    family: "ipv4",
    vrid: 51,
    state: "backup",
    priority: 190,
    basePriority: 190,
    age: 5000,
    interval: 1000,
    cause: "a better master is there: pi-a (192.168.1.11) with priority 200",
    faults: [],
    checks: [{ name: "nginx", up: true, last: "200 in 3 ms", age: 240_000 }],
    more: 0,
    master: "pi-a",
    unheard: false,
    source: "192.168.1.12",
    yields: false,
    handsTo: null,
    follows: null,
    holds: false,
    link: true,
    gateway: null,
    ...changes,
  };
}
