import assert from "node:assert/strict";
import { parseSince } from "../../../src/cli/since.ts";
import type { WallTime } from "../../../src/time.ts";

const NOW = Date.parse("2026-11-21T12:00:00.000Z") as WallTime;

/** What a user writes, and the moment it means; undefined: none. */
const TABLE: readonly (readonly [string, string | undefined])[] = [
  ["90s", "2026-11-21T11:58:30.000Z"],
  ["10m", "2026-11-21T11:50:00.000Z"],
  ["1.5h", "2026-11-21T10:30:00.000Z"],
  ["2h", "2026-11-21T10:00:00.000Z"],
  ["1d", "2026-11-20T12:00:00.000Z"],
  [" 7 d ", "2026-11-14T12:00:00.000Z"],
  ["2026-11-21T03:04:05Z", "2026-11-21T03:04:05.000Z"],
  ["2026-11-21T03:04:05.678Z", "2026-11-21T03:04:05.678Z"],
  ["2026-11-21T03:04:05+01:00", "2026-11-21T02:04:05.000Z"],
  ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
  ["2026-02-29T00:00:00Z", undefined],
  ["2026-13-01T00:00:00Z", undefined],
  ["2026-11-21T25:00:00Z", undefined],
  ["2026-11-21T03:04:05", undefined],
  ["2026-11-21 03:04:05.678", new Date(2026, 10, 21, 3, 4, 5, 678).toISOString()],
  ["2026-11-21 25:04:05", undefined],
  ["2026-11-21", undefined],
  ["yesterday", undefined],
  ["10", undefined],
  ["-10m", undefined],
  ["1w", undefined],
  ["", undefined],
];

for (const [text, expected] of TABLE) {
  Deno.test(`--since ${JSON.stringify(text)} is ${expected ?? "refused"}`, () => {
    const moment = parseSince(text, NOW);
    assert.equal(moment === undefined ? undefined : new Date(moment).toISOString(), expected);
  });
}
