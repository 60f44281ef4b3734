/**
 * Questions for floating addresses: when they are asked, how many, and what is made of the answers.
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Budgets } from "../../../../src/daemon/journal/budgets.ts";
import { Conflicts, type Sight } from "../../../../src/daemon/holders/conflicts.ts";
import { healthOf } from "../../../../src/daemon/holders/health.ts";
import { Inquiry } from "../../../../src/daemon/holders/inquiry.ts";
import { Neighbours } from "../../../../src/daemon/holders/neighbours.ts";
import { Once } from "../../../../src/daemon/journal/log.ts";
import { createVirtualRouter, type VirtualRouter } from "../../../../src/daemon/virtual_router.ts";
import { formatIp, ip } from "../../../../src/net/ip.ts";
import { after, type Instant, milliseconds, seconds, type WallTime } from "../../../../src/time.ts";
import { BROADCAST_MAC } from "../../../../src/net/mac.ts";
import { becomeMaster } from "../../../../src/vrrp/transitions.ts";
import { hearAsBackup } from "../../../../src/vrrp/backup.ts";
import { newBackup } from "../../../../src/vrrp/transitions.ts";
import { decodeArp } from "../../../../src/wire/arp.ts";
import { decodeEthernet } from "../../../../src/wire/ethernet.ts";
import { aPlan, PEER } from "../../../support/daemon/plans.ts";
import { RecordingHost } from "../../../support/daemon/recording_host.ts";
import { address, link } from "../../../support/net/links.ts";
import { sameBytes } from "../../../../src/net/bytes.ts";

const START = seconds(100) as number as Instant;
const OWN = ip("10.77.0.1"), MAC_B = "02:00:00:00:00:0b", MAC_C = "02:00:00:00:00:0c";
const FLOATING = "10.77.0.100";

interface Asked {
  /** Seconds since the start. */
  readonly second: number;
  readonly address: string;
  /** The answer goes to all. */
  readonly openly: boolean;
  /** From which address. */
  readonly sender: string;
}

class Host extends RecordingHost {
  time = START;
  /** Each question takes so long. */
  each = milliseconds(0);
  readonly asked: Asked[] = [];

  override now(): Instant {
    return this.time;
  }

  override sendFrame(_name: string, frame: Uint8Array): void {
    const arp = decodeArp(decodeEthernet(frame)?.payload ?? new Uint8Array());
    if (arp === undefined) return;
    this.time = after(this.time, this.each);
    this.asked.push({
      second: Math.round((this.time - START) / 1e8) / 10,
      address: formatIp(arp.targetIp),
      openly: sameBytes(arp.senderMac, BROADCAST_MAC),
      sender: formatIp(arp.senderIp),
    });
  }
}

function lab(...routers: readonly VirtualRouter[]) {
  const host = new Host({ links: [link("eth0", 2)], addresses: [address(2, "10.77.0.1/16")] });
  const neighbours = new Neighbours();
  const conflicts = new Conflicts({
    once: new Once({ write() {} }, () => host.time),
    observers: [],
    wallTime: () => 0 as WallTime,
    budget: new Budgets({ most: 10, every: seconds(60) }),
    neighbours,
  });
  const inquiry = new Inquiry({ host, conflicts, neighbours, node: () => undefined });
  for (const router of routers) inquiry.begin(router, START);
  /** Lets time pass until `second`; `answers` says which MACs answer for an address. */
  const pass = (second: number, answers: (asked: Asked) => readonly string[] = () => []): void => {
    const end = START + seconds(second);
    for (let next = inquiry.nextDeadline(); next !== undefined && next <= end;) {
      host.time = Math.max(next, host.time) as Instant;
      const before = host.asked.length;
      inquiry.settle(({ source }) => source ? [PEER, source] : [PEER], false, host.time);
      for (const asked of host.asked.slice(before)) {
        for (const mac of answers(asked)) answer(asked, mac);
      }
      next = inquiry.nextDeadline();
    }
  };
  const answer = ({ address: text }: Asked, mac: string): void => {
    const holders = routers.filter(({ plan }) =>
      plan.rules.addresses.some((one) => formatIp(one) === text)
    );
    if (holders.length === 0) neighbours.learn(text, mac, host.time);
    for (const router of holders) {
      const sight = sightOf(text, mac, host.time);
      inquiry.answered(router, sight, 1);
      if (router.state.kind === "master") conflicts.note(router, sight);
    }
  };
  const health = (router: VirtualRouter) => healthOf(router, host.time, neighbours).health;
  return { host, neighbours, inquiry, pass, health };
}

function sightOf(words: string, who: string, at: Instant): Sight {
  const patience = seconds(10);
  return {
    kind: "answer",
    who,
    words,
    unasked: false,
    own: false,
    leaving: false,
    stranger: false,
    at,
    patience,
  };
}

function aMaster(variation: Parameters<typeof aPlan>[0] = {}): VirtualRouter {
  const router = createVirtualRouter(aPlan(variation), 0 as WallTime, START);
  router.state = becomeMaster("backup", { kind: "start" }, START, router.rules).state;
  router.source = OWN;
  return router;
}

/** Its master, PEER, is heard for ever. */
function aBackup(): VirtualRouter {
  const router = createVirtualRouter(aPlan(), 0 as WallTime, START);
  const interval = seconds(1000);
  const advert = { version: 3, vrid: 51, priority: 150, interval, addresses: [] } as const;
  const event = { kind: "advert", advert, source: PEER, own: OWN } as const;
  router.state = hearAsBackup(newBackup(START, router.rules), event, START, router.rules);
  router.source = OWN;
  return router;
}

Deno.test("inquiry: a master asks every ten seconds, and once so that its MAC may answer", () => {
  const { host, pass } = lab(aMaster());
  pass(30);
  const seconds = (openly: boolean) =>
    host.asked.filter((one) => one.openly === openly).map(({ second }) => second);
  deepStrictEqual([seconds(false), seconds(true)], [[0, 10, 20, 30], [1, 11, 21]]);
});

Deno.test("inquiry: with a file that says so no question is asked", () => {
  const { host, pass } = lab(aMaster({ rules: { duplicateCheck: false } }));
  pass(60);
  deepStrictEqual(host.asked, []);
});

Deno.test("inquiry: another machine is found within eleven seconds, and its end soon after", () => {
  const master = aMaster();
  const { pass, health } = lab(master);
  pass(5);
  strictEqual(health(master), "held");
  pass(16, () => [MAC_B]);
  strictEqual(health(master), "two");
  pass(60, () => [MAC_B]);
  strictEqual(health(master), "two");
  pass(66);
  strictEqual(health(master), "held");
});

Deno.test("inquiry: 255 virtual routers, one of 255 addresses: in time, at a bounded pace", () => {
  const each = Array.from({ length: 255 }, (_, i) => `10.77.1.${i}/24`);
  for (
    const routers of [
      each.map((one, i) => aMaster({ name: `i${i}`, addresses: [one] })),
      [aMaster({ addresses: each })],
    ]
  ) {
    const { host, pass } = lab(...routers);
    pass(45);
    const perSecond = Map.groupBy(host.asked, ({ second }) => Math.floor(second));
    for (const asked of perSecond.values()) ok(asked.length <= 75, `${asked.length} in a second`);
    for (const [address, asked] of Map.groupBy(host.asked, (one) => one.address)) {
      const times = asked.filter(({ openly }) => !openly).map(({ second }) => second);
      const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
      ok(Math.max(...gaps) <= 15, `${address}: ${times.join(" ")}`);
    }
  }
});

Deno.test("inquiry: a backup whose master answers is well, also with two cards on the LAN", () => {
  for (const macs of [[MAC_B], [MAC_B, MAC_C], ["00:00:5e:00:01:33"]]) {
    const backup = aBackup();
    const { pass, health } = lab(backup);
    pass(120, ({ address }) => address === "10.77.0.1" ? [] : macs);
    strictEqual(health(backup), "held", macs.join(" "));
  }
});

Deno.test("inquiry: a backup finds a machine that answers beside its master, or for it", () => {
  for (const macs of [[MAC_B, MAC_C], [MAC_C]]) {
    const backup = aBackup();
    const { pass, health } = lab(backup);
    pass(30, ({ address }) => address === FLOATING ? macs : address === "10.77.0.1" ? [] : [MAC_B]);
    strictEqual(health(backup), "two", macs.join(" "));
  }
});

Deno.test("inquiry: a router that answers for everything is not the master's second card", () => {
  const backup = aBackup();
  const { pass, health } = lab(backup);
  pass(30, ({ address }) => address === "10.77.0.1" ? [MAC_C] : [MAC_B, MAC_C]);
  strictEqual(health(backup), "two");
});

Deno.test("inquiry: a master is heard and answers for itself, no machine for the address", () => {
  const backup = aBackup();
  const { pass, health } = lab(backup);
  pass(30, ({ address }) => address === "10.77.0.2" ? [MAC_B] : []);
  strictEqual(health(backup), "nobody");
  pass(60, () => [MAC_B]);
  strictEqual(health(backup), "held");
});

Deno.test("inquiry: a LAN without any answer tells nothing", () => {
  const backup = aBackup();
  const { pass, health } = lab(backup);
  pass(120);
  strictEqual(health(backup), "held");
});

Deno.test("inquiry: two MACs of the master prove nothing: it is known to be unknown", () => {
  const backup = aBackup();
  const { pass } = lab(backup);
  pass(30, ({ address }) => address === "10.77.0.1" ? [] : [MAC_B, MAC_C]);
  deepStrictEqual(backup.look.macs, [MAC_B, MAC_C]);
  pass(60, ({ address }) => address === "10.77.0.1" ? [] : [MAC_B]);
  deepStrictEqual(backup.look.macs, []);
});

Deno.test("inquiry: a MAC that answers each question twice is two machines, or duplicates", () => {
  const backup = aBackup();
  const { pass } = lab(backup);
  const twice = ({ address, openly }: Asked) =>
    address === FLOATING && !openly ? [MAC_B, MAC_B] : address === "10.77.0.2" ? [MAC_B] : [];
  pass(14, twice);
  ok((backup.look.double?.times ?? 0) >= 3, JSON.stringify(backup.look));
});

Deno.test("inquiry: a turn has 2 ms for questions, the others follow in the next ones", () => {
  const routers = Array.from(
    { length: 6 },
    (_, i) => aMaster({ name: `i${i}`, addresses: [`10.77.1.${i}/24`] }),
  );
  const { host, inquiry } = lab(...routers);
  host.each = milliseconds(1);
  const counts: number[] = [];
  for (let next = inquiry.nextDeadline(); next !== undefined && next <= START + seconds(0.2);) {
    host.time = Math.max(next, host.time) as Instant;
    const before = host.asked.length;
    inquiry.settle(() => [], false, host.time);
    counts.push(host.asked.length - before);
    next = inquiry.nextDeadline();
  }
  deepStrictEqual(counts, [2, 2, 2]);
});

Deno.test("inquiry: each second question is an ordinary request from an own address", () => {
  const router = aMaster();
  const { host, pass } = lab(router);
  pass(35);
  const plain = host.asked.filter(({ openly, address }) => !openly && address === FLOATING);
  deepStrictEqual(
    plain.map(({ second, sender }) => [second, sender]).slice(0, 4),
    [[0, "0.0.0.0"], [10, "10.77.0.1"], [20, "0.0.0.0"], [30, "10.77.0.1"]],
  );
});

Deno.test("inquiry: where a node has no address of its own there, each question is a probe", () => {
  const router = aMaster();
  const { host, pass } = lab(router);
  host.addresses = [address(2, `${FLOATING}/24`)];
  pass(35);
  ok(host.asked.length > 3);
  ok(host.asked.every(({ sender }) => sender === "0.0.0.0"));
});

Deno.test("inquiry: a machine that answers ordinary requests only is an alarm all along", () => {
  const router = aMaster();
  const { pass, health } = lab(router);
  const proxy = ({ sender }: Asked) => sender === "0.0.0.0" ? [] : [MAC_C];
  pass(13, proxy);
  for (let second = 14; second < 60; second++) {
    pass(second, proxy);
    strictEqual(health(router), "two", `${second} s`);
  }
  pass(72);
  strictEqual(health(router), "held");
});

Deno.test("inquiry: an alarm outlasts each lost answer of such a machine, as a backup too", () => {
  const router = aMaster();
  const { pass, health } = lab(router);
  let asked = 0;
  const lossy = ({ sender }: Asked) => sender === "0.0.0.0" || asked++ % 2 === 1 ? [] : [MAC_C];
  pass(13, lossy);
  for (let second = 14; second < 60; second++) {
    pass(second, lossy);
    strictEqual(health(router), "two", `${second} s`);
  }
  ok(asked > 10);
});
