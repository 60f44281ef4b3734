/** Maintenance for a time: what was asked for passes, whatever the calendar says meanwhile. */
import { strictEqual } from "node:assert/strict";
import type { Maintenance } from "../../../src/daemon/command.ts";
import type { Outcome } from "../../../src/daemon/handoffs.ts";
import { MaintenanceMode, type MaintenanceOptions } from "../../../src/daemon/maintenance.ts";
import { after, type Instant, seconds, type WallTime } from "../../../src/time.ts";

const HOUR_MS = 3_600_000;

/** A node without instances, whose two clocks are set by hand. */
function lab(before?: Maintenance) {
  const clocks = { now: 0 as Instant, wall: 10 * HOUR_MS as WallTime };
  const fakes = {
    host: { now: () => clocks.now, wallTime: () => clocks.wall },
    routers: { all: [] },
    driver: {},
    reconciler: { standDown: () => {}, takePart: () => {} },
    handoffs: {
      begin: (_all: unknown, _how: unknown, done: (outcome: Outcome) => void) =>
        done({ gone: [], kept: [] }),
      stopAll: (_how: unknown, done: () => void) => done(),
    },
    journal: { write: () => {} },
    lonely: () => undefined,
    save: () => undefined,
    before,
  };
  const mode = new MaintenanceMode(fakes as unknown as MaintenanceOptions);
  const isOnAfter = (time: number) => {
    clocks.now = after(clocks.now, seconds(time));
    mode.tick(clocks.now);
    return mode.present !== undefined;
  };
  return { clocks, mode, isOnAfter };
}

function ordered() {
  const one = lab();
  const since = one.clocks.wall;
  const wanted = { since, until: since + 60_000 as WallTime, reason: undefined };
  one.mode.handle({ kind: "maintenance", wanted, force: false, reply: () => {} });
  return one;
}

Deno.test("maintenance for a minute lasts a minute, whatever the calendar does", () => {
  for (const step of [-HOUR_MS, 0, HOUR_MS]) {
    const { clocks, isOnAfter } = ordered();
    clocks.wall = clocks.wall + step as WallTime;
    strictEqual(isOnAfter(59), true);
    strictEqual(isOnAfter(1), false);
  }
});

Deno.test("maintenance that outlived a restart ends by the calendar", () => {
  const until = 10 * HOUR_MS + 60_000 as WallTime;
  const { clocks, isOnAfter } = lab({ since: 0 as WallTime, until, reason: undefined });
  strictEqual(isOnAfter(120), true);
  clocks.wall = until;
  strictEqual(isOnAfter(5), false);
});
