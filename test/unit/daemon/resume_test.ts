/** When a process may go on as master where another one ended. */
import assert from "node:assert/strict";
import { Checks } from "../../../src/daemon/checks.ts";
import {
  judgementsOf,
  mayResume,
  type ResumeState,
  resumeStateOf,
  routerResumeOf,
} from "../../../src/daemon/resume.ts";
import { createVirtualRouter } from "../../../src/daemon/virtual_router.ts";
import type { Interfaces } from "../../../src/net/interfaces.ts";
import {
  type Instant,
  milliseconds,
  type Nanoseconds,
  nanoseconds,
  seconds,
  type WallTime,
} from "../../../src/time.ts";
import { beginHandoff } from "../../../src/vrrp/transitions.ts";
import { becomeMaster } from "../../../src/vrrp/transitions.ts";
import { aPlan } from "../../support/daemon/plans.ts";
import { address, link } from "../../support/net/links.ts";

type VirtualRouter = ReturnType<typeof createVirtualRouter>;

const NOW = seconds(100) as number as Instant;
const BOOT = { id: "this start", now: seconds(5000) };

function aMaster(advertisedMsAgo = 500): VirtualRouter {
  const router = createVirtualRouter(aPlan(), 1_700_000_000_000 as WallTime, 0 as Instant);
  router.state = becomeMaster("backup", { kind: "start" }, NOW, router.rules).state;
  router.advertisedAt = (NOW - milliseconds(advertisedMsAgo)) as Instant;
  return router;
}

function note(...routers: readonly VirtualRouter[]): ResumeState {
  return resumeStateOf(routers, new Checks(), [], BOOT, NOW);
}

function network(present = ["10.77.0.100/24"], ours = true): Interfaces {
  return {
    links: [link("eth0", 2)],
    addresses: present.map((text) => address(2, text, { ours })),
  };
}

/** What a process finds that starts `ms` after the note was written. */
function found(
  written: ResumeState,
  ms: number,
  plan = aPlan(),
  interfaces = network(),
): Nanoseconds | undefined {
  const boot = { ...BOOT, now: nanoseconds(BOOT.now + milliseconds(ms)) };
  const master = routerResumeOf(plan, written, boot)?.master;
  return master ? mayResume(plan, master, interfaces, boot) : undefined;
}

Deno.test("resume: within the time in which no backup can have claimed, to the nanosecond", () => {
  const written = note(aMaster(500));
  assert.equal(found(written, 700), milliseconds(1200));
  // The best of all backups waits 3 intervals and a 256th.
  assert.equal(found(written, 2503.9), milliseconds(3003.9));
  assert.equal(found(written, 2503.91), undefined);
});

Deno.test("resume: not before the note was written: that clock is another one", () => {
  assert.equal(found(note(aMaster(500)), -501), undefined);
});

Deno.test("resume: not after another start of the machine", () => {
  const written = { ...note(aMaster()), boot: "another start" };
  assert.equal(found(written, 100), undefined);
});

Deno.test("resume: not where the address is gone, or is not floatip's", () => {
  const written = note(aMaster());
  assert.equal(found(written, 100, aPlan(), network([])), undefined);
  assert.equal(found(written, 100, aPlan(), network(["10.77.0.100/24"], false)), undefined);
});

Deno.test("resume: not with other settings on the wire; another priority is told at once", () => {
  const written = note(aMaster());
  for (
    const other of [
      aPlan({ addresses: ["10.77.0.101/24"] }),
      aPlan({ rules: { version: 2 } }),
      aPlan({ rules: { advertInterval: seconds(2) } }),
      { ...aPlan(), interface: "eth1" },
      { ...aPlan(), name: "other" },
      aPlan({ rules: { transport: "udp" } }),
    ]
  ) {
    assert.equal(found(written, 100, other, network(["10.77.0.100/24"])), undefined);
  }
  assert.ok(found(written, 100, aPlan({ priority: 150 })) !== undefined);
});

Deno.test("resume: by UDP from the same port only", () => {
  const plan = aPlan({ rules: { transport: "udp" } });
  const master = aMaster();
  master.plan = plan;
  const written = note(master);
  assert.ok(found(written, 100, plan) !== undefined);
  assert.equal(found(written, 100, { ...plan, port: 337 }), undefined);
});

Deno.test("resume: a node that was no master, or was leaving, has nothing to go on with", () => {
  const backup = createVirtualRouter(aPlan(), 0 as WallTime, 0 as Instant);
  assert.equal(note(backup).routers[0]?.master, null);
  const leaving = aMaster();
  assert.ok(leaving.state.kind === "master");
  leaving.state = beginHandoff(leaving.state, { kind: "stop" }, NOW, leaving.rules).state;
  assert.equal(note(leaving).routers[0]?.master, null);
});

Deno.test("resume: what was handed over by hand stays so, in this start of the machine", () => {
  const router = createVirtualRouter(aPlan(), 0 as WallTime, 0 as Instant);
  router.noPreemptUntil = (NOW + seconds(60)) as Instant;
  const written = note(router);
  assert.deepEqual(routerResumeOf(aPlan(), written, BOOT)?.aside, { until: seconds(5060) });
  assert.equal(routerResumeOf(aPlan(), written, { ...BOOT, id: "another" }), undefined);
  router.handedTo = "pi-c";
  const byName = routerResumeOf(aPlan(), note(router), BOOT)?.aside;
  assert.deepEqual(byName, { until: seconds(5060), to: "pi-c" });
});

Deno.test("resume: a check that was up needs no first result", () => {
  const written: ResumeState = {
    ...note(),
    checks: [{ name: "nginx", up: true, value: null, words: "200 in 3 ms" }],
  };
  const judgement = judgementsOf(written, BOOT)?.get("nginx");
  assert.deepEqual([judgement?.up, judgement?.streak, judgement?.last?.ok], [true, 0, true]);
  assert.equal(judgementsOf(written, { ...BOOT, id: "another" }), undefined);
});
