/** Adverts of fast masters in the middle of a long step of another virtual router. */
import assert from "node:assert/strict";
import { Announcer } from "../../../src/daemon/announcer.ts";
import { Driver } from "../../../src/daemon/driver.ts";
import { Metrics } from "../../../src/daemon/journal/metrics.ts";
import { Routers } from "../../../src/daemon/routers.ts";
import { createVirtualRouter } from "../../../src/daemon/virtual_router.ts";
import { ip } from "../../../src/net/ip.ts";
import { after, type Instant, milliseconds, seconds, type WallTime } from "../../../src/time.ts";
import type { Vrid } from "../../../src/vrrp/rules.ts";
import { becomeMaster } from "../../../src/vrrp/transitions.ts";
import { aPlan } from "../../support/daemon/plans.ts";
import { RecordingHost } from "../../support/daemon/recording_host.ts";
import { link } from "../../support/net/links.ts";

type VirtualRouter = ReturnType<typeof createVirtualRouter>;

const COUNT = 200;

/** A machine on which each address takes half a millisecond. */
class SlowHost extends RecordingHost {
  #now = milliseconds(1000) as number as Instant;

  override now(): Instant {
    return this.#now;
  }

  pass(ms: number): void {
    this.#now = after(this.#now, milliseconds(ms));
  }

  override addAddress(...args: Parameters<RecordingHost["addAddress"]>): "added" | "present" {
    this.pass(0.5);
    return super.addAddress(...args);
  }
}

/** A master with adverts of 10 ms, in `group`, beside a router with many addresses in "web". */
class Desk {
  readonly host = new SlowHost({ links: [link("eth0", 2)], addresses: [] });
  readonly #routers = new Routers();
  readonly #driver: Driver;
  readonly #fast: VirtualRouter;
  readonly #large: VirtualRouter;

  constructor(group: string | undefined) {
    const journal = { write: () => {} };
    this.#driver = new Driver({
      host: this.host,
      journal,
      routers: this.#routers,
      announcer: new Announcer(this.host, journal),
      observers: [],
      metrics: new Metrics(this.host.now()),
      nodeName: () => "a",
    });
    const rules = {
      advertInterval: milliseconds(10),
      vrid: 9 as Vrid,
      grouped: group !== undefined,
    };
    const addresses = Array.from({ length: COUNT }, (_, i) => `10.77.1.${i}/24`);
    this.#fast = this.#add({ ...aPlan({ name: "fast", rules }), group });
    this.#large = this.#add({ ...aPlan({ addresses }), group: "web" });
    const start = { kind: "start" } as const;
    this.#fast.state = becomeMaster("init", start, this.host.now(), this.#fast.rules).state;
    this.#routers.schedule(this.#fast);
  }

  /** What the machine was asked while the large one becomes master, `ms` after the fast one did. */
  calls(ms: number): readonly string[] {
    this.host.pass(ms);
    const { rules } = this.#large;
    this.#large.state = becomeMaster("init", { kind: "start" }, this.host.now(), rules).state;
    this.#driver.dispatch(this.#large, { kind: "addresses-lost" });
    this.#driver.finishAll();
    return this.host.calls;
  }

  #add(plan: ReturnType<typeof aPlan>): VirtualRouter {
    const router = createVirtualRouter(plan, 0 as WallTime, this.host.now());
    router.source = ip("10.77.0.1");
    router.endpoint = { kind: "multicast", family: "ipv4", interface: "eth0" };
    this.#routers.add(router);
    return router;
  }
}

/** The most addresses between two adverts. */
function longestWait(calls: readonly string[]): number {
  const kinds = calls.map((call) => call.split(" ")[0] === "send" ? "send" : "add");
  return Math.max(...kinds.join(" ").split("send").map((part) => part.split("add").length - 1));
}

Deno.test("driver: adverts of 10 ms go on while another virtual router gets 200 addresses", () => {
  const calls = new Desk(undefined).calls(0).filter((call) => /^(send|add)/.test(call));
  assert.equal(calls.filter((call) => call.startsWith("add")).length, COUNT);
  assert(longestWait(calls) <= 32, `${longestWait(calls)} addresses without an advert`);
});

Deno.test("driver: members of its sync group wait, whose steps follow from this one", () => {
  const calls = new Desk("web").calls(0);
  assert(!calls.slice(0, COUNT).some((call) => call.startsWith("send")), calls.join("\n"));
});

Deno.test("driver: one late by an interval still advertises", () => {
  const calls = new Desk(undefined).calls(20);
  assert(calls.slice(0, COUNT).some((call) => call.startsWith("send")));
});

Deno.test("driver: one late by two intervals waits: what has arrived is looked at first", () => {
  const calls = new Desk(undefined).calls(30);
  assert(!calls.slice(0, COUNT).some((call) => call.startsWith("send")), calls.join("\n"));
});

Deno.test("driver: what waits for a lease does not wait for what is told and written down", () => {
  const order: string[] = [];
  const host = new RecordingHost({ links: [link("eth0", 2)], addresses: [] });
  const journal = { write: () => {} };
  const leases = {
    ended: () => undefined,
    permits: () => true,
    stepped: ({ state }: VirtualRouter) => void order.push(`stepped ${state.kind}`),
    advertised: () => {},
  };
  const driver = new Driver({
    ...{ host, journal, routers: new Routers(), announcer: new Announcer(host, journal) },
    observers: [{ observe: () => void order.push("told") }],
    metrics: new Metrics(host.now()),
    nodeName: () => "a",
    leases: () => leases,
  });
  const plan = aPlan({ addresses: ["10.77.0.100/24"] });
  const exclusive = { name: "instance/web", by: "votes", interval: seconds(1) } as const;
  const router = createVirtualRouter({ ...plan, exclusive }, 0 as WallTime, host.now());
  const start = { kind: "start" } as const;
  router.state = becomeMaster("init", start, host.now(), router.rules).state;
  driver.dispatch(router, { kind: "wished", successor: ip("10.77.0.2") });
  assert.deepEqual(order.slice(0, 2), ["stepped backup", "told"]);
});
