/** RFC 9568 section 8: announcements to the neighbours, and two masters. */
import assert from "node:assert/strict";
import { seconds } from "../../src/time.ts";
import { ip } from "../../src/net/ip.ts";
import { BROADCAST_MAC, parseMac } from "../../src/net/mac.ts";
import { decodeFrame } from "../../src/wire/frame.ts";
import { gratuitousArp } from "../../src/wire/arp.ts";
import { unsolicitedNa } from "../../src/wire/ndp.ts";
import { masterDown } from "../../src/vrrp/intervals.ts";
import { validateAdvert } from "../../src/vrrp/validate_advert.ts";
import {
  advert,
  FROM_HIGHER,
  heard,
  HIGHER,
  LOWER,
  master,
  router,
  rules,
} from "../support/vrrp/scene.ts";

const MAC = parseMac("02:00:00:00:00:02") ?? BROADCAST_MAC;
const FLOATING = ip("10.0.0.100");
const FLOATING6 = ip("fd00::100");

Deno.test("RFC 9568 8.1.2: nothing is announced before the address is there", () => {
  for (const it of [router(rules({ priority: 255 })), master().it]) {
    const kinds = it.effects().map((effect) => effect.kind);
    const added = kinds.indexOf("add-addresses");
    assert.ok(added >= 0 && added < kinds.indexOf("announce"));
  }
});

Deno.test("RFC 9568 8.1.2: a gratuitous ARP is a broadcast that carries the address twice", () => {
  const frame = gratuitousArp(MAC, FLOATING);
  assert.deepEqual(frame.subarray(0, 6), BROADCAST_MAC);
  const found = decodeFrame(frame);
  assert.ok(found.kind === "arp");
  const { arp } = found;
  assert.deepEqual([arp.senderIp, arp.targetIp, arp.senderMac], [FLOATING, FLOATING, MAC]);
});

Deno.test("RFC 9568 8.2.2: the unsolicited advertisement overrides and answers no question", () => {
  for (const forwards of [false, true]) {
    const found = decodeFrame(unsolicitedNa(MAC, FLOATING6, forwards));
    assert.ok(found.kind === "na");
    const { neighbor } = found;
    assert.deepEqual(
      [neighbor.override, neighbor.solicited, neighbor.router, neighbor.target, neighbor.mac],
      [true, false, forwards, FLOATING6, MAC],
    );
  }
});

Deno.test("RFC 9568 8.3.2: of two owners one stays, and both point it out", () => {
  const owner = rules({ priority: 255 });
  const lower = router(owner);
  lower.take(100, heard(255, HIGHER));
  assert.equal(lower.state().kind, "backup");
  const higher = router(owner);
  assert.equal(higher.take(100, heard(255, LOWER))[0], "advert 255");
  const admission = validateAdvert(advert({ priority: 255 }), FROM_HIGHER, owner);
  assert.ok("notices" in admission && admission.notices[0]?.kind === "owner-contradicted");
});

Deno.test("RFC 9568 8.3.2: different priorities claim at different times: 10 apart, 39 ms", () => {
  const gap = masterDown(3, 190, seconds(1)) - masterDown(3, 200, seconds(1));
  assert.equal(gap, 39_062_500);
});
