/**
 * Announcements of many addresses: in parts, all once before any again, nothing of what was given
 * up, and nothing before packets arrive.
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Announcer } from "../../../src/daemon/announcer.ts";
import { createVirtualRouter } from "../../../src/daemon/virtual_router.ts";
import { formatIp, type Ip, ip } from "../../../src/net/ip.ts";
import { type Instant, milliseconds, type WallTime } from "../../../src/time.ts";
import { aPlan } from "../../support/daemon/plans.ts";
import { RecordingHost } from "../../support/daemon/recording_host.ts";
import { address, link } from "../../support/net/links.ts";
import { performEffect } from "../../support/daemon/perform_effect.ts";

const JOURNAL = { write: () => undefined };

/** Notes which frames are sent. */
class FrameHost extends RecordingHost {
  readonly frames: string[] = [];
  /** Addresses to which packets do not arrive yet. */
  readonly deaf = new Set<string>();
  time = 0 as Instant;

  override now(): Instant {
    return this.time;
  }

  override isReady(address: Ip): boolean {
    return !this.deaf.has(formatIp(address));
  }

  override sendFrame(_name: string, frame: Uint8Array): void {
    this.frames.push(frame.toHex());
  }
}

/** A router with `count` addresses, on a host that notes what is sent. */
function lab(count: number) {
  const host = new FrameHost({
    links: [link("eth0", 2)],
    addresses: [address(2, "10.77.0.1/24")],
  });
  const plan = aPlan();
  const held = Array.from({ length: count }, (_, i) => ({
    interface: "eth0",
    prefix: { address: ip(`10.77.1.${i + 1}`), length: 32 },
  }));
  const router = createVirtualRouter(
    { ...plan, virtualAddresses: held },
    0 as WallTime,
    0 as Instant,
  );
  const announcer = new Announcer(host, JOURNAL);
  const announce = (times: number) =>
    performEffect({ kind: "announce", count: times }, router, host, JOURNAL, announcer);
  return { host, router, announcer, announce };
}

/** Turns until nothing is pending; gives how many frames each sent. */
function drain({ host, announcer }: ReturnType<typeof lab>): readonly number[] {
  const counts: number[] = [];
  for (let due = announcer.nextDeadline(); due !== undefined; due = announcer.nextDeadline()) {
    const before = host.frames.length;
    announcer.turn(due);
    counts.push(host.frames.length - before);
  }
  return counts;
}

Deno.test("few addresses are announced at once, each as often as it shall be", () => {
  const it = lab(2);
  it.announcer.turn(0 as Instant);
  it.announce(5);
  strictEqual(it.host.frames.length, 10);
  deepStrictEqual(new Set(it.host.frames.slice(0, 5)).size, 1);
  strictEqual(it.announcer.nextDeadline(), undefined);
});

Deno.test("200 addresses are announced in parts, all of them once before any again", () => {
  const it = lab(200);
  it.announcer.turn(0 as Instant);
  it.announce(5);
  strictEqual(it.host.frames.length, 64);
  it.announcer.turn(1 as Instant);
  strictEqual(it.host.frames.length, 64, "not before its time");
  const parts = drain(it);
  ok(parts.every((count) => count <= 64));
  strictEqual(it.host.frames.length, 1000);
  strictEqual(new Set(it.host.frames.slice(0, 200)).size, 200);
});

Deno.test("an announcement replaces the rest of the last; what is given up is not told", () => {
  const it = lab(200);
  it.announcer.turn(0 as Instant);
  it.announce(5);
  it.announce(1);
  drain(it);
  strictEqual(it.host.frames.length, 64 + 200);
  const before = it.host.frames.length;
  it.announce(5);
  performEffect({ kind: "remove-addresses" }, it.router, it.host, JOURNAL, it.announcer);
  strictEqual(it.announcer.nextDeadline(), undefined);
  ok(it.host.frames.length <= before + 64 + 200);
});

/** Addresses 1 and 2, of which the second does not hear yet; both were announced twice. */
function halfDeaf() {
  const it = lab(2);
  it.host.deaf.add("10.77.1.2");
  it.announcer.turn(it.host.time);
  it.announce(2);
  return it;
}

/** A turn at its time. */
function turn({ host, announcer }: ReturnType<typeof lab>, ms: number): number {
  host.time = milliseconds(ms) as number as Instant;
  announcer.turn(host.time);
  return host.frames.length;
}

Deno.test("an address is announced when packets to it arrive, looked at each millisecond", () => {
  const it = halfDeaf();
  strictEqual(it.host.frames.length, 2, "the other one is not kept waiting");
  strictEqual(it.announcer.nextDeadline(), milliseconds(1));
  strictEqual(turn(it, 1), 2);
  strictEqual(it.announcer.nextDeadline(), milliseconds(2));
  it.host.deaf.clear();
  // In whatever turn comes first.
  strictEqual(turn(it, 1.5), 4);
  strictEqual(it.announcer.nextDeadline(), undefined);
});

Deno.test("one to which nothing ever arrives is announced when no other node waits for it", () => {
  const it = halfDeaf();
  strictEqual(turn(it, 199), 2);
  strictEqual(turn(it, 200), 4);
});

Deno.test("one that is given up before packets arrive is not announced", () => {
  const it = halfDeaf();
  performEffect({ kind: "remove-addresses" }, it.router, it.host, JOURNAL, it.announcer);
  it.host.deaf.clear();
  strictEqual(turn(it, 5), 2);
});
