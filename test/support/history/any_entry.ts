/** Arbitrary history entries, apart from the usual ones: fast-check is slow to load. */
import fc from "fast-check";
import type {
  DaemonEntry,
  HistoryEntry,
  NearMissEntry,
  TransitionEntry,
} from "../../../src/history/line.ts";

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

const nearMiss = {
  kind: fc.constant("near-miss" as const),
  time,
  instance: text,
  family,
  late_ms: duration,
  limit_ms: duration,
  master: text,
};

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
  fc.record<NearMissEntry>(nearMiss),
  fc.record<NearMissEntry>({ ...nearMiss, adverts_lost: fc.constant(true) }),
  fc.record<DaemonEntry>({
    kind: fc.constant("daemon"),
    time,
    what: fc.constantFrom("started", "stopped", "reloaded"),
  }),
).map((entry) => ({ ...entry }));
