import assert from "node:assert/strict";
import { statusLine, Systemd, watchdogOf } from "../../../src/service/systemd.ts";
import type { InstanceStatus } from "../../../src/control/api.ts";
import { after, type Instant, seconds } from "../../../src/time.ts";
import { master as instance } from "../../support/cli/documents.ts";

const START = 1e9 as Instant;

/** A service that records what it says; `refuse` makes the manager deaf. */
function scene(watchdog: number | undefined) {
  const said: Readonly<Record<string, string>>[] = [];
  const complaints: string[] = [];
  const state: { refuse: boolean; parts: number; instances: readonly InstanceStatus[] } = {
    refuse: false,
    parts: 0,
    instances: [instance()],
  };
  const service = new Systemd({
    line: {
      send: (variables) => {
        if (state.refuse) throw new Error("nobody there");
        said.push(variables);
      },
      microseconds: () => 42n,
    },
    watchdog: watchdog === undefined ? undefined : seconds(watchdog),
    instances: function* () {
      for (let left = state.parts; left > 0; left--) yield spend();
      return state.instances;
    },
    complain: (words) => void complaints.push(words),
  });
  const turn = (at: number) => service.turn(after(START, seconds(at)));
  return { service, said, complaints, state, turn };
}

Deno.test("the first turn says READY with the roster, and never again", () => {
  const { turn, said } = scene(undefined);
  assert.equal(turn(0), undefined);
  assert.equal(turn(100), undefined);
  assert.deepEqual(said, [{ READY: "1", STATUS: statusLine([instance()]) }]);
});

/** Takes more time than a turn has for a part of the line. */
function spend(): void {
  const began = performance.now();
  while (performance.now() - began < 3);
}

Deno.test("a line that is long to make is made in several turns, and READY comes with it", () => {
  const { turn, said, state, service } = scene(undefined);
  state.parts = 2;
  const at = [0, 1, 2].map(turn);
  assert.deepEqual(at, [after(START, seconds(0)), after(START, seconds(1)), undefined]);
  assert.deepEqual(said, [{ READY: "1", STATUS: statusLine([instance()]) }]);
  // What changes while it is made is told with the next one.
  service.observe();
  turn(3);
  service.observe();
  state.instances = [instance({ state: "fault", faults: ["eth0 has no carrier"] })];
  for (const later of [4, 5, 6, 7, 8]) turn(later);
  assert.deepEqual(said.at(-1), { STATUS: "web: fault, eth0 has no carrier" });
});

Deno.test("the watchdog is fed by turns, seldom, and asks for a turn in time", () => {
  const { turn, said } = scene(10);
  assert.equal(turn(0), after(START, seconds(5)));
  for (let at = 0.1; at <= 10; at += 0.1) {
    const next = turn(at);
    assert.ok(next !== undefined && next <= after(START, seconds(at + 5)));
  }
  const meals = said.filter(({ WATCHDOG }) => WATCHDOG === "1").length;
  assert.ok(meals >= 4 && meals <= 5, `${meals} meals in 10 s`);
});

Deno.test("a loop that does not turn does not feed", () => {
  const { service, said, turn } = scene(10);
  turn(0);
  service.observe();
  service.reloading();
  service.reloaded();
  assert.equal(said.filter(({ WATCHDOG }) => WATCHDOG !== undefined).length, 1);
});

Deno.test("a transition is told at the next turn, and what did not change is not", () => {
  const { service, said, state, turn } = scene(undefined);
  turn(0);
  service.observe();
  turn(1);
  assert.equal(said.length, 1);
  state.instances = [instance({ state: "fault", faults: ["eth0 has no carrier"] })];
  turn(2);
  assert.equal(said.length, 1);
  service.observe();
  turn(3);
  assert.deepEqual(said.slice(1), [{ STATUS: "web: fault, eth0 has no carrier" }]);
});

Deno.test("a deaf manager is complained about once, and hears it all later", () => {
  const { complaints, said, state, turn } = scene(10);
  state.refuse = true;
  turn(0);
  turn(1);
  assert.deepEqual(complaints, ["nobody there"]);
  state.refuse = false;
  turn(2);
  assert.deepEqual(Object.keys(said[0] ?? {}), ["READY", "STATUS", "WATCHDOG"]);
});

Deno.test("a reload and the end are told at once", () => {
  const { service, said } = scene(undefined);
  service.reloading();
  service.reloaded();
  service.stopping();
  const expected = [{ RELOADING: "1", MONOTONIC_USEC: "42" }, { READY: "1" }, { STOPPING: "1" }];
  assert.deepEqual(said, expected);
});

Deno.test("the watchdog's environment is this process's only", () => {
  const WATCHDOG_USEC = "10000000";
  assert.equal(watchdogOf({ WATCHDOG_USEC }, 7), seconds(10));
  assert.equal(watchdogOf({ WATCHDOG_USEC, WATCHDOG_PID: "7" }, 7), seconds(10));
  assert.equal(watchdogOf({ WATCHDOG_USEC, WATCHDOG_PID: "8" }, 7), undefined);
  for (const odd of [undefined, "", "0", "-5", "soon"]) {
    assert.equal(watchdogOf({ WATCHDOG_USEC: odd }, 7), undefined);
  }
});

Deno.test("the roster in one line", () => {
  const dns = { name: "dns", state: "backup" } as const satisfies Partial<InstanceStatus>;
  const master = { node: "pi-b", address: "192.168.1.12", priority: 200 };
  assert.equal(
    statusLine([
      instance({ state: "master", addresses: ["192.168.1.50/24", "192.168.1.51/24"] }),
      instance({ ...dns, master }),
      instance({ ...dns, master, family: "ipv6" }),
      instance({ ...dns, name: "lone", master: null }),
    ]),
    "web: master, holds 192.168.1.50/24 192.168.1.51/24; dns: backup of pi-b; lone: backup",
  );
});
