/** Every Host: waiting. */
import assert from "node:assert/strict";
import type { HostEvent } from "../../src/host.ts";
import { after, milliseconds, nanoseconds } from "../../src/time.ts";
import { type ContractCase, GROUP4, MULTICAST4, numbered, PEER4 } from "./lab.ts";

/** Cases about deadlines and orders. */
export const WAITING_CASES: readonly ContractCase[] = [
  {
    name: "a deadline wakes, not before its time",
    async run({ host }) {
      const due = after(host.now(), milliseconds(30));
      let happened = await host.wait(due);
      // The kernel may have something to tell first.
      while (happened.at(-1)?.kind !== "deadline") happened = await host.wait(due);
      assert.ok(host.now() >= due);
    },
  },
  {
    name: "an overdue deadline comes after the datagrams that are queued",
    async run({ host, peer }) {
      host.open(MULTICAST4);
      peer.open(MULTICAST4);
      for (let attempt = 0; attempt < 100; attempt++) {
        peer.send(MULTICAST4, PEER4, GROUP4, numbered(attempt));
        const batch = await host.wait(after(host.now(), nanoseconds(-1)));
        const kinds = batch.map((event) => event.kind);
        assert.equal(kinds.at(-1), "deadline");
        assert.equal(kinds.filter((kind) => kind === "deadline").length, 1);
        if (kinds.includes("datagram")) return;
      }
      assert.fail("no datagram arrived together with an overdue deadline");
    },
  },
  {
    name: "a host that waits for nothing else can be woken",
    async run({ host, until }) {
      const waiting = host.wait(undefined);
      host.wake();
      host.wake();
      const happened = await waiting;
      if (!happened.some(isWoken)) await until(host, (soFar) => soFar.some(isWoken));
    },
  },
  {
    name: "the time since the machine's start goes as the clock does, and the start has a name",
    async run({ host }) {
      // This process may be kept from running between any two looks at a clock.
      const earliest = host.now();
      const before = host.boot();
      const due = after(host.now(), milliseconds(50));
      while (host.now() < due) await host.wait(due);
      const passed = host.boot().now - before.now;
      assert.equal(host.boot().id, before.id);
      assert.notEqual(before.id, "");
      assert.ok(passed >= 50e6 && passed <= host.now() - earliest + 5e6, `${passed / 1e6} ms`);
    },
  },
  {
    name: "a call of wake before the wait is not lost",
    async run({ host, until }) {
      host.wake();
      await until(host, (soFar) => soFar.some(isWoken));
    },
  },
];

function isWoken({ kind }: HostEvent): boolean {
  return kind === "woken";
}
