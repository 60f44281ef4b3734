/** Steps of a virtual router with many addresses, which several turns of the loop share. */
import assert from "node:assert/strict";
import { Announcer } from "../../../src/daemon/announcer.ts";
import { Driver } from "../../../src/daemon/driver.ts";
import { Metrics } from "../../../src/daemon/journal/metrics.ts";
import { Routers } from "../../../src/daemon/routers.ts";
import { createVirtualRouter } from "../../../src/daemon/virtual_router.ts";
import type { VirtualAddress } from "../../../src/net/interfaces.ts";
import { ip } from "../../../src/net/ip.ts";
import { formatPrefix } from "../../../src/net/prefix.ts";
import {
  after,
  type Instant,
  milliseconds,
  type Nanoseconds,
  seconds,
  type WallTime,
} from "../../../src/time.ts";
import { aPlan } from "../../support/daemon/plans.ts";
import { RecordingHost } from "../../support/daemon/recording_host.ts";
import { address, link } from "../../support/net/links.ts";

const COUNT = 200, EACH = milliseconds(0.25);

/** A machine on which each address takes a quarter of a millisecond. */
class SlowHost extends RecordingHost {
  /** Addresses without a lease. */
  forever = 0;
  #now = milliseconds(1000) as number as Instant;

  override now(): Instant {
    return this.#now;
  }

  until(time: Instant | undefined): void {
    this.#now = time ?? this.#now;
  }

  override addAddress(held: VirtualAddress, lifetime?: Nanoseconds): "added" | "present" {
    this.#now = after(this.#now, EACH);
    if (lifetime === undefined) this.forever++;
    return super.addAddress(held, lifetime);
  }

  override removeAddress(held: VirtualAddress): "removed" | "absent" {
    this.#now = after(this.#now, EACH);
    return super.removeAddress(held);
  }
}

/** A backup with many addresses whose time has come. */
function lab() {
  const host = new SlowHost({ links: [link("eth0", 2)], addresses: [] });
  const journal = { write: () => {} };
  const routers = new Routers();
  const told: string[] = [];
  const driver = new Driver({
    host,
    journal,
    routers,
    announcer: new Announcer(host, journal),
    observers: [{ observe: ({ to }) => void told.push(to) }],
    metrics: new Metrics(host.now()),
    nodeName: () => "a",
  });
  const addresses = Array.from({ length: COUNT }, (_, i) => `10.77.1.${i}/24`);
  const router = createVirtualRouter(aPlan({ addresses }), 0 as WallTime, host.now());
  router.source = ip("10.77.0.1");
  router.endpoint = { kind: "multicast", family: "ipv4", interface: "eth0" };
  routers.add(router);
  const start = () => {
    driver.dispatch(router, { kind: "start" });
    driver.finishAll();
    if (router.state.kind === "backup") host.until(router.state.masterDownAt);
    host.calls.length = 0;
    told.length = 0;
  };
  start();
  /** Turns until nothing is under way, and the longest of them. */
  const turns = () => {
    let [count, longest] = [0, 0];
    for (; driver.isBusy(); count++) {
      const since = host.now();
      driver.tick();
      longest = Math.max(longest, host.now() - since);
    }
    return { count, longest };
  };
  const master = () => {
    driver.dispatch(router, { kind: "deadline" });
    turns();
    host.calls.length = 0;
    told.length = 0;
  };
  return { host, driver, router, told, turns, start, master };
}

/** The kinds of calls, each run of the same once. */
function runs(calls: readonly string[]): string {
  const kinds = calls.map((call) => call.split(" ")[0] ?? "");
  return kinds.filter((kind, i) => kind !== kinds[i - 1]).join(" ");
}

Deno.test("carried: a new master advertises, gets its addresses in parts, then announces", () => {
  const { host, driver, router, told, turns } = lab();
  driver.dispatch(router, { kind: "deadline" });
  assert.equal(host.addresses.length, 16);
  assert.deepEqual([router.state.kind, told], ["master", []]);
  const until = router.leaseUntil;
  const { count, longest } = turns();
  assert(count > 5 && longest <= milliseconds(6), `${count} turns, longest ${longest} ns`);
  assert.equal(host.addresses.length, COUNT);
  assert.equal(runs(host.calls), "send add frame");
  assert.deepEqual(told, ["master"]);
  // A killed program leaves nothing that stays; the first lease ends first.
  assert.equal(host.forever, 0);
  assert.equal(router.leaseUntil, until);
});

Deno.test("carried: a better master in between: what was added goes, none is left", () => {
  const { host, driver, router, told, turns } = lab();
  driver.dispatch(router, { kind: "deadline" });
  const advert = {
    vrid: 51,
    version: 3,
    priority: 200,
    interval: seconds(1),
    addresses: router.rules.addresses,
  } as const;
  const [source, own] = [ip("10.77.0.2"), ip("10.77.0.1")];
  driver.dispatch(router, { kind: "advert", source, own, advert });
  turns();
  assert.equal(router.state.kind, "backup");
  assert.equal(host.addresses.length, 0);
  assert.deepEqual(told, ["master", "backup"]);
});

Deno.test("carried: the kernel refuses one in the middle: fault, none is left", () => {
  const { host, driver, router, turns } = lab();
  host.refuse = "add 10.77.1.100/24";
  driver.dispatch(router, { kind: "deadline" });
  assert.equal(router.state.kind, "master");
  turns();
  assert.equal(router.state.kind, "fault");
  assert.equal(host.addresses.length, 0);
  assert.equal(router.placed.size, 0);
});

Deno.test("carried: priority 0 waits until the last address is gone", () => {
  const { host, driver, router, told, turns, master } = lab();
  master();
  driver.dispatch(router, { kind: "stop" });
  assert.equal(host.addresses.length, COUNT - 16);
  assert.equal(runs(host.calls), "remove");
  turns();
  assert.equal(host.addresses.length, 0);
  assert.equal(runs(host.calls), "remove send");
  assert.deepEqual(told, ["init"]);
});

Deno.test("carried: what comes in the middle follows, in its order", () => {
  const { host, driver, router, told, start, turns, master } = lab();
  driver.dispatch(router, { kind: "deadline" });
  driver.dispatch(router, { kind: "stop" });
  assert.deepEqual([router.state.kind, driver.isBusy(router)], ["master", true]);
  const { longest } = turns();
  assert(longest <= milliseconds(6), `${longest} ns`);
  assert.deepEqual([host.addresses.length, driver.isBusy(), told], [0, false, ["master", "init"]]);
  start();
  master();
  driver.dispatch(router, { kind: "stop" });
  driver.dispatch(router, { kind: "start" });
  turns();
  assert.deepEqual([host.addresses.length, router.state.kind], [0, "backup"]);
  assert.equal(host.calls.filter((call) => call.startsWith("remove")).length, COUNT);
});

Deno.test("carried: of adverts that come in the middle few wait, of orders all", () => {
  const { host, driver, router, told, turns, master } = lab();
  const advert = {
    vrid: 51,
    version: 3,
    priority: 1,
    interval: seconds(1),
    addresses: router.rules.addresses,
  } as const;
  const [source, own] = [ip("10.77.0.2"), ip("10.77.0.1")];
  master();
  const { sent } = router.counters;
  driver.dispatch(router, { kind: "stop" });
  for (let i = 0; i < 100; i++) driver.dispatch(router, { kind: "advert", source, own, advert });
  driver.dispatch(router, { kind: "start" });
  turns();
  assert.deepEqual([told, host.addresses.length], [["init", "backup"], 0]);
  assert.equal(router.counters.sent, sent + 1);
});

Deno.test("carried: at the end of the process all of it is done", () => {
  const { host, driver, router } = lab();
  driver.dispatch(router, { kind: "deadline" });
  driver.dispatch(router, { kind: "stop" });
  driver.finishAll();
  assert.deepEqual([host.addresses.length, driver.isBusy(), router.state.kind], [0, false, "init"]);
});

Deno.test("carried: what another program has put there meanwhile is left alone", () => {
  const { host, driver, router, turns } = lab();
  driver.dispatch(router, { kind: "deadline" });
  const held = router.plan.virtualAddresses.at(-1);
  assert(held !== undefined);
  host.addresses = [...host.addresses, address(2, formatPrefix(held.prefix))];
  driver.networkChanged();
  turns();
  const added = host.calls.filter((call) => call.startsWith("add"));
  assert.equal(added.length, COUNT - 1);
});
