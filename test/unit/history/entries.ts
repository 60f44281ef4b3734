/** What does a test put into a history? Usual entries, and arbitrary ones. */
import fc from "fast-check";
import type {
  DaemonEntry,
  HistoryEntry,
  NearMissEntry,
  TransitionEntry,
} from "../../../src/history/line.ts";

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
    cause: "no advert from 192.168.1.11 for 3.61 s",
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

const time = fc.date({
  min: new Date("2000-01-01T00:00:00Z"),
  max: new Date("2099-12-31T00:00:00Z"),
  noInvalidDate: true,
}).map((date) => date.toISOString());
const text = fc.string({ unit: "binary" });
const family = fc.constantFrom("ipv4" as const, "ipv6" as const);
const state = fc.constantFrom(
  "init" as const,
  "backup" as const,
  "master" as const,
  "fault" as const,
);
/** JSON has no -0. */
const duration = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((ms) => ms + 0);
const byte = fc.nat(255);

/** Any entry that may be. */
export const anyEntry: fc.Arbitrary<HistoryEntry> = fc.oneof(
  fc.record<TransitionEntry>({
    kind: fc.constant("transition"),
    time,
    node: text,
    instance: text,
    family,
    vrid: byte,
    interface: fc.option(text),
    addresses: fc.array(text),
    from: state,
    to: state,
    priority: byte,
    reason: text,
    cause: text,
    planned: fc.boolean(),
    silence_ms: fc.option(duration),
  }),
  fc.record<NearMissEntry>({
    kind: fc.constant("near-miss"),
    time,
    instance: text,
    family,
    late_ms: duration,
    limit_ms: duration,
    master: text,
  }),
  fc.record<DaemonEntry>({
    kind: fc.constant("daemon"),
    time,
    what: fc.constantFrom("started", "stopped", "reloaded"),
  }),
).map((entry) => ({ ...entry }));
