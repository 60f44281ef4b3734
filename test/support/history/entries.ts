/** History entries for tests. */
import type { DaemonEntry, NearMissEntry, TransitionEntry } from "../../../src/history/line.ts";

const TIME = "2026-11-21T03:04:05.678Z";

/** A takeover, but for `change`. */
export function transition(change: Partial<TransitionEntry> = {}): TransitionEntry {
  return {
    kind: "transition",
    time: TIME,
    node: "pi-b",
    instance: "web",
    family: "ipv4",
    vrid: 51,
    interface: "eth0",
    addresses: ["192.168.1.50/24"],
    from: "backup",
    to: "master",
    priority: 100,
    reason: "master-silent",
    cause: "no advert from pi-a (192.168.1.11) for 3.61 s",
    planned: false,
    silence_ms: 3610,
    ...change,
  };
}

/** The takeover that carries `number`, so that order can be seen. */
export function numbered(number: number): TransitionEntry {
  return transition({ cause: `number ${number}`, silence_ms: number });
}

/** A near miss, but for `change`. */
export function nearMiss(change: Partial<NearMissEntry> = {}): NearMissEntry {
  return {
    kind: "near-miss",
    time: TIME,
    instance: "web",
    family: "ipv4",
    late_ms: 3201,
    limit_ms: 3610,
    master: "192.168.1.11",
    ...change,
  };
}

/** The daemon has started, but for `change`. */
export function started(change: Partial<DaemonEntry> = {}): DaemonEntry {
  return { kind: "daemon", time: TIME, what: "started", ...change };
}
