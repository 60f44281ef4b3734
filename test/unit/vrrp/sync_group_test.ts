import assert from "node:assert/strict";
import type { Fault } from "../../../src/vrrp/event.ts";
import { groupEvents } from "../../../src/vrrp/sync_group.ts";
import { nameOf } from "../../../src/vrrp/state.ts";
import type { Rules } from "../../../src/vrrp/rules.ts";
import { heard, HIGHER, type Router, router, rules } from "../../support/vrrp/scene.ts";

const CARRIER: Fault = { kind: "no-carrier", message: "eth0 has no carrier" };

/** A group whose members are stepped by name; every step is followed by settling. */
function group(members: Readonly<Record<string, Partial<Rules>>>) {
  const routers = new Map<string, Router>(
    Object.entries(members).map(([name, changes]) => [
      name,
      router(rules({ ...changes, grouped: true }), false),
    ]),
  );
  const named = (name: string) => {
    const found = routers.get(name);
    assert.ok(found !== undefined);
    return found;
  };
  /** "inside: remove" for every effect that agreeing took. */
  const agree = (ms: number): readonly string[] => {
    const lines: string[] = [];
    for (let round = 0; round < 4; round++) {
      const events = groupEvents([...routers].map(([name, it]) => ({ name, state: it.state() })));
      if (events.length === 0) return lines;
      for (const { name, event } of events) {
        lines.push(...named(name).take(ms, event).map((line) => `${name}: ${line}`));
      }
    }
    throw new assert.AssertionError({ message: "no agreement after four rounds" });
  };
  return {
    take(ms: number, name: string, event: Parameters<Router["take"]>[1]): readonly string[] {
      const lines = named(name).take(ms, event).map((line) => `${name}: ${line}`);
      return [...lines, ...agree(ms)];
    },
    startAll(): void {
      for (const it of routers.values()) it.take(0, { kind: "start" });
      agree(0);
    },
    states: () => [...routers].map(([name, it]) => `${name} ${nameOf(it.state())}`).join(", "),
    named,
  };
}

/** Two members that have become master together. */
function masters() {
  const it = group({ inside: {}, outside: {} });
  it.startAll();
  it.take(3700, "inside", { kind: "deadline" });
  it.take(3700, "outside", { kind: "deadline" });
  assert.equal(it.states(), "inside master, outside master");
  return it;
}

Deno.test("group: no member is master before every member's master is gone", () => {
  const it = group({ inside: {}, outside: {} });
  it.startAll();
  assert.deepEqual(it.take(3700, "inside", { kind: "deadline" }), []);
  assert.equal(it.states(), "inside backup, outside backup");
  assert.deepEqual(it.take(3700, "outside", { kind: "deadline" }), [
    "inside: advert 100",
    "inside: add",
    "inside: announce 5",
    "inside: backup->master nobody-heard",
    "outside: advert 100",
    "outside: add",
    "outside: announce 5",
    "outside: backup->master nobody-heard",
  ]);
});

Deno.test("group: one member's living master keeps all in backup", () => {
  const it = group({ inside: {}, outside: {} });
  it.startAll();
  for (let ms = 0; ms < 60_000; ms += 1000) {
    it.take(ms, "outside", heard(200));
    it.take(ms, "inside", { kind: "deadline" });
  }
  assert.equal(it.states(), "inside backup, outside backup");
});

Deno.test("group: owners become master together, at the start", () => {
  const it = group({
    inside: rules({ priority: 255 }),
    outside: rules({ priority: 255 }),
  });
  it.startAll();
  assert.equal(it.states(), "inside master, outside master");
});

Deno.test("group: a node that loses one loses all, and says so for the others", () => {
  const it = masters();
  assert.deepEqual(it.take(5000, "inside", heard(200)), [
    "inside: remove",
    "inside: master->backup better-master",
    "outside: remove",
    "outside: advert 0",
    "outside: master->backup group",
  ]);
});

Deno.test("group: a node that lost with the first member waits twice with the others", () => {
  const first = masters();
  first.take(5000, "inside", heard(200));
  assert.equal(first.named("outside").deadline(), 5000 + 2 * 3609.375);
  const second = masters();
  second.take(5000, "outside", heard(200));
  assert.equal(second.named("inside").deadline(), 5000 + 3609.375);
});

Deno.test("group: a member's fault is every member's, and goes with it", () => {
  const it = masters();
  assert.deepEqual(it.take(5000, "inside", { kind: "faults", faults: [CARRIER] }), [
    "inside: remove",
    "inside: advert 0",
    "inside: master->fault fault",
    "outside: remove",
    "outside: advert 0",
    "outside: master->fault fault",
  ]);
  const inside = it.named("inside").state();
  assert.ok(inside.kind === "fault");
  assert.deepEqual(inside.faults, [CARRIER], "not its own fault a second time");
  const outside = it.named("outside").state();
  assert.ok(outside.kind === "fault");
  assert.deepEqual(outside.faults, [
    { kind: "group", message: "inside, a member of the same group, is in fault" },
  ]);
  assert.deepEqual(it.take(6000, "inside", { kind: "faults", faults: [] }), [
    "inside: remove",
    "inside: fault->backup faults-cleared",
    "outside: remove",
    "outside: fault->backup faults-cleared",
  ]);
});

Deno.test("group: with two faulty members all wait for the second to recover", () => {
  const it = masters();
  it.take(5000, "inside", { kind: "faults", faults: [CARRIER] });
  it.take(5100, "outside", { kind: "faults", faults: [CARRIER] });
  assert.deepEqual(it.take(6000, "inside", { kind: "faults", faults: [] }), []);
  assert.equal(it.states(), "inside fault, outside fault");
  it.take(7000, "outside", { kind: "faults", faults: [] });
  assert.equal(it.states(), "inside backup, outside backup");
});

Deno.test("group: a fault before the start is every member's from the start", () => {
  const it = group({ inside: {}, outside: {} });
  it.take(0, "inside", { kind: "faults", faults: [CARRIER] });
  it.startAll();
  assert.equal(it.states(), "inside fault, outside fault");
});

Deno.test("group: stopping one after the other is no other transition than the stops", () => {
  const it = masters();
  assert.deepEqual(it.take(5000, "inside", { kind: "stop" }), [
    "inside: remove",
    "inside: advert 0",
    "inside: master->init stop",
  ]);
  assert.deepEqual(it.take(5000, "outside", { kind: "stop" }), [
    "outside: remove",
    "outside: advert 0",
    "outside: master->init stop",
  ]);
});

Deno.test("group: contradicting priorities leave the living master alone", () => {
  // Inside we are better, outside they are: nobody gains by moving.
  const it = group({ inside: rules({ priority: 200 }), outside: rules({ priority: 50 }) });
  it.startAll();
  for (let ms = 0; ms < 60_000; ms += 1000) {
    it.take(ms, "inside", heard(100, HIGHER));
    it.take(ms, "outside", heard(100, HIGHER));
    it.take(ms, "inside", { kind: "deadline" });
    it.take(ms, "outside", { kind: "deadline" });
  }
  assert.equal(it.states(), "inside backup, outside backup");
});

Deno.test("group: of one member is no group at all", () => {
  const it = group({ only: {} });
  it.startAll();
  it.take(3700, "only", { kind: "deadline" });
  assert.equal(it.states(), "only master");
});

Deno.test("group: agreement needs nothing", () => {
  assert.deepEqual(groupEvents([]), []);
});
