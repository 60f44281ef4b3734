/** The watch over other nodes: who is lost and who gave way, and the pace of questions. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { decode } from "../../../../src/config/decode.ts";
import { NodeWatch } from "../../../../src/daemon/nodes/node_watch.ts";
import type { TransitionRecord } from "../../../../src/daemon/journal/record.ts";
import { createVirtualRouter, type VirtualRouter } from "../../../../src/daemon/virtual_router.ts";
import { formatIp, type Ip, ip } from "../../../../src/net/ip.ts";
import { type Instant, seconds, type WallTime } from "../../../../src/time.ts";
import type { Fault } from "../../../../src/vrrp/event.ts";
import { aPlan } from "../../../support/daemon/plans.ts";
import { RecordingHost } from "../../../support/daemon/recording_host.ts";
import { address, link } from "../../../support/net/links.ts";

const OWN = ip("10.77.0.1");
const NET = { links: [link("eth0", 2)], addresses: [address(2, "10.77.0.1/24")] };
const at = (second: number): Instant => Math.round(second * 1e9) as Instant;

class Clock extends RecordingHost {
  time = at(0);
  override now(): Instant {
    return this.time;
  }
}

/** A node that watches nodes n2, n3 and so on, `others` of them. */
function watching(others: number, more = "") {
  const names = Array.from({ length: others }, (_, index) => index + 2);
  const nodes = ["n1", ...names.map((host) => `n${host}`)]
    .map((name) => `${name} = "10.77.0.${name.slice(1)}"`).join("\n");
  const decoded = decode(
    `[nodes]\n${nodes}\n[instance.web]\nvrid = 51\naddresses = ["10.77.0.100/24"]\n${more}`,
  );
  if (decoded.kind === "problems") throw new Error(JSON.stringify(decoded.problems));
  const host = new Clock(NET);
  const lines: string[] = [];
  const watch = new NodeWatch(host, { write: (_level, line) => void lines.push(line) });
  watch.settle(decoded.config, { node: "n1", plans: [] });
  const peers = names.map((name) => ip(`10.77.0.${name}`));
  const router = createVirtualRouter(aPlan({ peers, source: OWN }), 0 as WallTime, at(0));
  router.source = OWN;
  router.endpoint = { kind: "unicast", family: "ipv4", source: OWN, interface: "eth0" };
  const hear = (source: Ip, priority: number, second: number) => {
    host.time = at(second);
    const advert = {
      version: 3,
      vrid: 51,
      priority,
      interval: seconds(1),
      addresses: [ip("10.77.0.100")],
    } as const;
    watch.hear(router, source, advert, host.time);
  };
  const pass = (second: number) => {
    for (let due = watch.nextDeadline(); due !== undefined && due <= at(second);) {
      host.time = due > host.time ? due : host.time;
      watch.tick(host.time, [router]);
      const next = watch.nextDeadline();
      ok(next === undefined || next > host.time, "a look does not ask for itself again at once");
      due = next;
    }
    host.time = at(second);
  };
  const state = (name: string) => watch.statusOf(name, host.time)?.state;
  return { host, watch, router, hear, pass, state, lines };
}

function transition(router: VirtualRouter, reason: string): TransitionRecord {
  const { name, family } = router.plan;
  return { instance: name, family, to: "master", reason } as TransitionRecord;
}

const [N2, N3] = [ip("10.77.0.2"), ip("10.77.0.3")];

Deno.test("watch: a master silent before another speaks is lost, a preempted one is not", () => {
  const lost = watching(2);
  for (const second of [1, 2, 3]) lost.hear(N2, 200, second);
  lost.hear(N3, 190, 6.5);
  strictEqual(lost.state("n2"), "lost");
  lost.hear(N2, 200, 9);
  strictEqual(lost.state("n2"), "up", "it is heard again");

  const preempted = watching(2);
  for (const second of [1, 2, 3]) preempted.hear(N2, 190, second);
  preempted.hear(N3, 200, 3.2);
  // The last word of the one that gives way.
  preempted.hear(N2, 190, 3.3);
  for (const second of [4.2, 5.2, 6.2]) preempted.hear(N3, 200, second);
  strictEqual(preempted.state("n2"), "up");
});

Deno.test("watch: of the masters that this node replaces, the silent one is lost", () => {
  for (const [reason, state] of [["master-silent", "lost"], ["preempted-master", "up"]] as const) {
    const { watch, router, hear, state: stateOf } = watching(1);
    hear(N2, 100, 1);
    watch.observe(transition(router, reason));
    strictEqual(stateOf("n2"), state);
  }
});

Deno.test("watch: a master without a successor is lost, unless this node is cut off", () => {
  const fault = (kind: Fault["kind"]): VirtualRouter["state"] => ({
    kind: "init",
    faults: [{ kind, message: kind }],
  });
  for (const [kind, state] of [["check", "lost"], ["no-carrier", "unknown"]] as const) {
    const { router, hear, pass, state: stateOf, host } = watching(1);
    hear(N2, 200, 1);
    router.state = fault(kind);
    pass(9);
    strictEqual(stateOf("n2"), state, kind);
    strictEqual(host.calls.includes("ask n2"), kind === "check", "nor does it ask");
  }
});

Deno.test("watch: priority 0 is left, priority 1 handed over", () => {
  const { hear, state, watch, host } = watching(2);
  hear(N2, 200, 1);
  hear(N2, 0, 2);
  strictEqual(state("n2"), "left");
  hear(N3, 190, 2.5);
  hear(N3, 1, 3);
  deepStrictEqual(watch.statusOf("n3", host.time), {
    state: "up",
    words: "handed over 0 ms ago",
    heard_ms: 0,
  });
});

Deno.test("watch: a witness is not asked for VRRP, which it does not run", () => {
  const secret = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8";
  const { host, watch, router, pass } = watching(
    1,
    `[cluster]\nsecret = "${secret}"\nwitnesses = { nas = "10.77.0.9" }\n`,
  );
  router.endpoint = { kind: "multicast", family: "ipv4", interface: "eth0" };
  pass(120);
  ok(host.calls.some((call) => call.includes("n2")), host.calls.join());
  deepStrictEqual(host.calls.filter((call) => call.includes("nas")), []);
  strictEqual(watch.statusOf("nas", host.time)?.state, "never-heard");
});

Deno.test("watch: four questions a second for any number of nodes, one at a time to each", () => {
  const { host, pass, watch } = watching(40);
  pass(2.9);
  strictEqual(host.calls.length, 0);
  pass(7.9);
  ok(host.calls.length >= 18 && host.calls.length <= 20, `${host.calls.length} in 5 s`);
  strictEqual(new Set(host.calls).size, host.calls.length);
  pass(60);
  strictEqual(host.calls.length, 40, "none again before its answer");
  watch.take("n2", { vrrp: "open", machine: "answers" });
  watch.take("n3", { vrrp: "closed", machine: "answers" });
  pass(71);
  deepStrictEqual(host.calls.slice(40), ["ask n3"], "who is not well is asked sooner");
  pass(121);
  ok(host.calls.slice(41).includes("ask n2"));
});

Deno.test("watch: the journal is told of a change once", () => {
  const { pass, watch, lines, host } = watching(1);
  for (const vrrp of ["closed", "closed", "open", "open"] as const) {
    const asked = host.calls.length;
    while (host.calls.length === asked) pass(Number(host.time) / 1e9 + 1);
    watch.take("n2", { vrrp, machine: "answers" });
  }
  deepStrictEqual(lines, [
    `floatip does not run on n2: nothing at ${formatIp(N2)} takes VRRP`,
    "node n2: VRRP runs there",
  ]);
});

Deno.test("watch: a written peer that has no name is watched by its address", () => {
  const decoded = decode(
    '[instance.web]\nvrid = 51\naddresses = ["10.77.0.100/24"]\npeers = ["10.77.0.2"]\n',
  );
  if (decoded.kind === "problems") throw new Error(JSON.stringify(decoded.problems));
  const host = new Clock(NET);
  const watch = new NodeWatch(host, { write() {} });
  const plan = aPlan({ peers: [N2], source: OWN });
  watch.settle(decoded.config, { node: "n1", plans: [plan] });
  deepStrictEqual(watch.unnamed, ["10.77.0.2"]);
  const router = createVirtualRouter(plan, 0 as WallTime, at(0));
  router.source = OWN;
  router.endpoint = { kind: "unicast", family: "ipv4", source: OWN, interface: "eth0" };
  host.time = at(4);
  watch.tick(host.time, [router]);
  deepStrictEqual(host.calls, ["ask 10.77.0.2"]);
  watch.take("10.77.0.2", { vrrp: "closed", machine: "answers" });
  deepStrictEqual(watch.attention(host.time), [
    "floatip does not run on 10.77.0.2: nothing there takes VRRP",
  ]);
});
