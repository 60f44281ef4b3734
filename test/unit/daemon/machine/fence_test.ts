/** The fence is made for what the plan needs, and kept open with adverts and addresses. */
import assert from "node:assert/strict";
import { FenceKeeper, fenceOf } from "../../../../src/daemon/machine/fence.ts";
import { Routers } from "../../../../src/daemon/routers.ts";
import { createVirtualRouter } from "../../../../src/daemon/virtual_router.ts";
import type { Fence, FenceSettings, FenceState, FenceTimes } from "../../../../src/host.ts";
import { formatIp, type Ip, ip } from "../../../../src/net/ip.ts";
import type { LinkAddress } from "../../../../src/net/interfaces.ts";
import {
  after,
  type Instant,
  milliseconds,
  seconds,
  toMilliseconds,
  type WallTime,
} from "../../../../src/time.ts";
import type { Action } from "../../../../src/vrrp/event.ts";
import { becomeMaster } from "../../../../src/vrrp/transitions.ts";
import { aPlan, type Variation } from "../../../support/daemon/plans.ts";
import { RecordingHost } from "../../../support/daemon/recording_host.ts";
import { address, link } from "../../../support/net/links.ts";
import { performEffect } from "../../../support/daemon/perform_effect.ts";

/** Says what it was told. */
class RecordingFence implements Fence {
  readonly calls: string[] = [];
  state: FenceState = { kind: "stands" };

  settle(settings: FenceSettings | undefined): void {
    if (settings === undefined) return void this.calls.push("none");
    const { interfaces, times } = settings;
    this.calls.push(`on ${interfaces.join()} for ${times.map(timesText).join()}`);
  }

  keepOpen(addresses: readonly Ip[], times: FenceTimes): boolean {
    this.calls.push(`open ${addresses.map(formatIp).join()} for ${timesText(times)}`);
    return this.state.kind === "stands";
  }

  look(): void {
    this.calls.push("look");
  }

  forget(addresses: readonly Ip[]): void {
    this.calls.push(`forget ${addresses.map(formatIp).join()}`);
  }
}

function timesText({ open, guarded }: FenceTimes): string {
  return `${toMilliseconds(open)}+${toMilliseconds(guarded)}`;
}

function lab(variation: Variation = {}, there: readonly LinkAddress[] = []) {
  const fence = new RecordingFence();
  const host = new RecordingHost({ links: [link("eth0", 2)], addresses: there });
  host.fence = fence;
  const plan = aPlan({ fence: seconds(3), ...variation });
  const router = createVirtualRouter(plan, 0 as WallTime, 0 as Instant);
  router.source = ip("10.77.0.1");
  router.endpoint = { kind: "multicast", family: "ipv4", interface: "eth0" };
  router.state = becomeMaster("backup", { kind: "start" }, host.now(), router.rules).state;
  const lines: string[] = [];
  const journal = { write: (level: string, line: string) => void lines.push(`${level} ${line}`) };
  const act = (effect: Action) => performEffect(effect, router, host, journal);
  return { fence, host, router, journal, lines, act };
}

const STARTED = () => false;

const ADVERT = { kind: "send-advert", priority: 100 } as const;

Deno.test("a new master is guarded from the moment that its address is there", () => {
  const { fence, router, act } = lab();
  act(ADVERT);
  assert.deepEqual(fence.calls, []);
  assert.equal(router.fenced, false);
  act({ kind: "add-addresses" });
  assert.deepEqual(fence.calls, ["open 10.77.0.100 for 3000+5000"]);
  assert.equal(router.fenced, true);
});

Deno.test("an advert that has left keeps the fence open, who dies before it is silent", () => {
  const { fence, host, act } = lab();
  act({ kind: "add-addresses" });
  const send = host.send.bind(host);
  let openedBefore = -1;
  host.send = (...words) => {
    openedBefore = fence.calls.length;
    send(...words);
  };
  act(ADVERT);
  assert.equal(openedBefore, 1);
  assert.equal(fence.calls.length, 2);
});

Deno.test("an advert an interval before opens nothing: others may have taken over since", () => {
  const { fence, host, act } = lab();
  act({ kind: "add-addresses" });
  const stalled = after(host.now(), seconds(1));
  host.send = () => void (host.now = () => stalled);
  act(ADVERT);
  assert.equal(fence.calls.length, 1);
});

Deno.test("who lets go is forgotten", () => {
  const { fence, act } = lab();
  act({ kind: "add-addresses" });
  act({ kind: "remove-addresses" });
  assert.equal(fence.calls.at(-1), "forget 10.77.0.100");
});

Deno.test("an address that something else put there is not guarded", () => {
  const { fence, act } = lab({}, [address(2, "10.77.0.100/16")]);
  act({ kind: "add-addresses" });
  act(ADVERT);
  assert.deepEqual(fence.calls, []);
});

Deno.test("fast adverts: the address is guarded for as long as the kernel may keep it", () => {
  const rules = { advertInterval: seconds(0.01), lease: seconds(1) };
  const { fence, act } = lab({ fence: seconds(0.03), rules });
  act({ kind: "add-addresses" });
  assert.deepEqual(fence.calls, ["open 10.77.0.100 for 30+3000"]);
});

Deno.test("status says what was observed", () => {
  const { fence, router, act } = lab();
  act({ kind: "add-addresses" });
  assert.equal(fenceOf(router, fence.state), "nftables");
  fence.state = { kind: "none", words: "Operation not supported" };
  act(ADVERT);
  assert.equal(fenceOf(router, { kind: "stands" }), "lifetime");
  const { router: off } = lab({ fence: undefined });
  assert.equal(fenceOf(off, { kind: "stands" }), "lifetime");
  const { router: forEver } = lab({ rules: { lease: undefined } });
  assert.equal(fenceOf(forEver, { kind: "stands" }), null);
});

Deno.test("the fence stands on the links of the addresses, for the times of the plans", () => {
  const { fence, host, router, journal, lines } = lab();
  const routers = new Routers();
  const keeper = new FenceKeeper(host, journal, routers, STARTED);
  routers.watch(keeper);
  routers.add(router);
  keeper.tick(host.now());
  assert.deepEqual(fence.calls, ["on eth0 for 3000+5000"]);
  keeper.tick(host.now());
  assert.equal(fence.calls.length, 1);
  host.links = [link("eth0", 3)];
  keeper.tick(host.now());
  assert.equal(fence.calls.length, 2);
  fence.state = { kind: "none", words: "Operation not supported" };
  keeper.tick(host.now());
  keeper.tick(host.now());
  assert.deepEqual(lines, [
    "warning no fence by nf_tables: Operation not supported; " +
    "when this daemon dies, its addresses live on for whole seconds",
  ]);
});

Deno.test("where none is wanted it is taken away, and what was guarded is forgotten", () => {
  const { fence, host, router, journal } = lab({ fence: undefined });
  const routers = new Routers();
  const keeper = new FenceKeeper(host, journal, routers, STARTED);
  routers.watch(keeper);
  routers.add(router);
  keeper.tick(host.now());
  assert.deepEqual(fence.calls, ["none", "forget 10.77.0.100"]);
});

Deno.test("a start that takes several turns leaves the table of the process before alone", () => {
  const { fence, host, router, journal } = lab();
  const routers = new Routers();
  let isStarting = true;
  const keeper = new FenceKeeper(host, journal, routers, () => isStarting);
  routers.watch(keeper);
  keeper.tick(host.now());
  assert.deepEqual(fence.calls, []);
  routers.add(router);
  isStarting = false;
  keeper.tick(host.now());
  assert.deepEqual(fence.calls, ["on eth0 for 3000+5000"]);
});

Deno.test("whether it stands is looked at each second, and what was open in it is told", () => {
  const { fence, host, router, journal, act } = lab();
  const routers = new Routers();
  const keeper = new FenceKeeper(host, journal, routers, STARTED);
  routers.watch(keeper);
  routers.add(router);
  act({ kind: "add-addresses" });
  const looksAt = (ms: number) => {
    const before = fence.calls.length;
    keeper.tick(after(host.now(), milliseconds(ms)));
    return fence.calls.slice(before).includes("look");
  };
  assert.equal(keeper.nextDeadline(), undefined);
  assert.equal(looksAt(0), false);
  assert.equal(keeper.nextDeadline(), after(host.now(), milliseconds(1500)));
  assert.equal(looksAt(499), false);
  assert.equal(looksAt(500), true);
  assert.equal(looksAt(900), false);
  assert.equal(fenceOf(router, fence.state), "nftables");
  fence.look = () => fence.state = { kind: "none", words: "" };
  keeper.tick(after(host.now(), seconds(2)));
  fence.state = { kind: "stands" };
  assert.equal(fenceOf(router, fence.state), "lifetime");
  act(ADVERT);
  assert.equal(fenceOf(router, fence.state), "nftables");
});
