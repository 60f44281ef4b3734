/** What a process before this one put on an interface is this one's, where it is there still. */
import assert from "node:assert/strict";
import { Checks } from "../../../src/daemon/checks.ts";
import { resumeStateOf } from "../../../src/daemon/resume.ts";
import { takeOverPlaced } from "../../../src/daemon/resume_routers.ts";
import { createVirtualRouter, type VirtualRouter } from "../../../src/daemon/virtual_router.ts";
import { type Instant, seconds, type WallTime } from "../../../src/time.ts";
import { becomeMaster } from "../../../src/vrrp/transitions.ts";
import { aPlan } from "../../support/daemon/plans.ts";
import { RecordingHost } from "../../support/daemon/recording_host.ts";
import { address, link } from "../../support/net/links.ts";
import { performEffect } from "../../support/daemon/perform_effect.ts";

const NOW = seconds(1) as number as Instant;

/** A kernel before 5.18: it keeps no mark. */
function machine(...addresses: readonly string[]): RecordingHost {
  return new RecordingHost({
    links: [link("eth0", 2), link("eth1", 3)],
    addresses: addresses.map((text) => address(2, text)),
  });
}

/** A router of this process, after one that was master. */
function successor(host: RecordingHost): VirtualRouter {
  const before = createVirtualRouter(aPlan(), 0 as WallTime, NOW);
  before.state = becomeMaster("backup", { kind: "start" }, NOW, before.rules).state;
  before.advertisedAt = NOW;
  const note = resumeStateOf([before], new Checks(), [], host.boot(), NOW);
  const router = createVirtualRouter(aPlan(), 0 as WallTime, NOW);
  takeOverPlaced(router, note, host);
  return router;
}

Deno.test("placed before: is removed by the present name of its link", () => {
  const host = machine("10.77.0.100/24");
  const router = successor(host);
  host.links = [link("lan0", 2), link("eth1", 3)];
  performEffect({ kind: "remove-addresses" }, router, host, { write: () => {} });
  assert.deepEqual(host.calls, ["remove 10.77.0.100/24 lan0"]);
});

Deno.test("placed before: not what came to another link since, and not what is gone", () => {
  const host = machine("10.77.0.100/24");
  const router = successor(host);
  host.links = [link("eth1", 3), link("eth0", 4)];
  host.addresses = [address(4, "10.77.0.100/24")];
  performEffect({ kind: "remove-addresses" }, router, host, { write: () => {} });
  assert.deepEqual(host.calls, []);
  assert.equal(successor(machine()).placed.size, 0);
});
