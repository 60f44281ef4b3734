/** What the kernel refused is tried again when something changed. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  mayTryAgain,
  pauseAfter,
  surroundingsOf,
} from "../../../../src/daemon/machine/refusals.ts";
import { createVirtualRouter } from "../../../../src/daemon/virtual_router.ts";
import { ip } from "../../../../src/net/ip.ts";
import { type Instant, seconds, type WallTime } from "../../../../src/time.ts";
import { aPlan } from "../../../support/daemon/plans.ts";
import { address, link } from "../../../support/net/links.ts";

Deno.test("refusals: the pause doubles up to five minutes", () => {
  const pauses = [1, 2, 3, 6, 7, 8, 100, 10_000].map((attempts) => pauseAfter(attempts) / 1e9);
  deepStrictEqual(pauses, [5, 10, 20, 160, 300, 300, 300, 300]);
});

Deno.test("refusals: no other try while another master lives, nor before the pause is over", () => {
  const router = createVirtualRouter(aPlan(), 0 as WallTime, 0 as Instant);
  const refused = { attempts: 1, at: 0 as Instant, surroundings: "" };
  const may = (second: number) =>
    mayTryAgain(router, refused, seconds(second) as number as Instant);
  deepStrictEqual([4, 5, 6].map(may), [false, true, true]);
  const source = ip("10.77.0.2");
  const heard = {
    source,
    priority: 50,
    checksum: undefined,
    otherAddresses: false,
    interval: seconds(1),
  };
  router.heard.set("10.77.0.2", { ...heard, at: seconds(6) as number as Instant });
  deepStrictEqual([7, 60].map(may), [false, true]);
  router.heard.set("10.77.0.2", { ...heard, priority: 0, at: seconds(6) as number as Instant });
  strictEqual(may(7), true);
});

Deno.test("refusals: a change on its links may change the answer, ours or elsewhere not", () => {
  const links = [link("eth0", 2), link("eth1", 3)];
  const own = address(2, "10.77.0.1/24");
  const print = (...more: readonly ReturnType<typeof address>[]) =>
    surroundingsOf(aPlan(), { links, addresses: [own, ...more] });
  strictEqual(print(address(2, "10.77.0.100/24", { ours: true })), print());
  strictEqual(print(address(3, "10.66.0.1/24")), print());
  strictEqual(print(address(2, "fe80::1/64")) === print(), false);
  const another = surroundingsOf(aPlan(), {
    links: [link("eth0", 2, { ipv6Off: true })],
    addresses: [own],
  });
  strictEqual(another === print(), false);
});
