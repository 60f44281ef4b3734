/** Mistakes of other implementations that the engine does not repeat. */
import assert from "node:assert/strict";
import { milliseconds, nanoseconds, seconds } from "../../../src/time.ts";
import { ip } from "../../../src/net/ip.ts";
import { decodeAdvert, encodeAdvert, groupOf } from "../../../src/wire/vrrp.ts";
import { skew } from "../../../src/vrrp/intervals.ts";
import { validateAdvert } from "../../../src/vrrp/validate_advert.ts";
import type { Fault } from "../../../src/vrrp/event.ts";
import {
  advert,
  FLOATING,
  FROM_HIGHER,
  heard,
  HIGHER,
  LOWER,
  master,
  OWN,
  router,
  rules,
} from "../../support/vrrp/scene.ts";

Deno.test("FRR: an interval of 0 must not end the wait at once", () => {
  const message = encodeAdvert(advert({ priority: 200 }), HIGHER, groupOf("ipv4"), "rfc9568");
  message[5] = 0; // interval
  message[6] = message[7] = 0;
  const sum = oddSum(message);
  message[6] = sum >> 8;
  message[7] = sum & 0xff;
  const verdict = decodeAdvert({
    source: HIGHER,
    destination: groupOf("ipv4"),
    ttl: 255,
    payload: message,
  });
  assert.ok("reason" in verdict);
  assert.equal(verdict.reason, "interval-zero");
});

/**
 * The Internet checksum, written out once more so that the code under test does not check itself.
 */
function oddSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

Deno.test("FRR: one error must not shut an instance down for good", () => {
  const it = router(rules());
  const refused: Fault = { kind: "kernel", message: "sendmsg: No buffer space available" };
  it.take(1000, { kind: "faults", faults: [refused] });
  it.take(6000, { kind: "faults", faults: [] });
  it.runTo(6000 + 3609.375);
  assert.equal(it.state().kind, "master");
});

Deno.test("FRR, holo: the skew must not be cut off to centiseconds", () => {
  // 10 ms and priority 100: 6.09375 ms are no whole centisecond.
  assert.equal(skew(3, 100, milliseconds(10)), 6_093_750);
});

Deno.test("FRR: a losing master must be answered at once", () => {
  const { it, ms } = master();
  assert.equal(it.take(ms + 1, heard(99))[0], "advert 100");
});

Deno.test("FRR: a backup must not hold the address, nor get stuck", () => {
  const { it, ms } = master();
  assert.equal(it.take(ms + 1, heard(200))[0], "remove");
  it.runTo(ms + 60_000);
  assert.equal(it.state().kind, "master", "the better master fell silent");
});

Deno.test("holo: centiseconds must not be taken for seconds", () => {
  const payload = encodeAdvert(
    advert({ priority: 200, interval: milliseconds(100) }),
    HIGHER,
    groupOf("ipv4"),
  );
  const found = decodeAdvert({ source: HIGHER, destination: groupOf("ipv4"), ttl: 255, payload });
  assert.ok(!("reason" in found));
  const it = router(rules());
  it.take(4000, { kind: "advert", advert: found, source: HIGHER, own: OWN });
  assert.equal(it.deadline(), 4000 + 360.9375);
});

Deno.test("holo: another interval in v3 must not be a reason to discard", () => {
  const admission = validateAdvert(advert({ interval: milliseconds(100) }), FROM_HIGHER, rules());
  assert.ok("notices" in admission);
});

Deno.test("holo: a packet before the start must not be a panic", () => {
  const it = router(rules(), false);
  assert.deepEqual(it.take(0, heard(200)), []);
  assert.deepEqual(it.take(0, heard(0)), []);
  assert.equal(it.state().kind, "init");
});

Deno.test("holo: an address must not be announced before it is there", () => {
  const claims = [router(rules({ priority: 255 }), true), master().it];
  for (const it of claims) {
    const kinds = it.effects().map((effect) => effect.kind);
    assert.ok(kinds.indexOf("add-addresses") < kinds.indexOf("announce"));
  }
});

Deno.test("holo: an owner must add and remove its addresses like everyone", () => {
  const it = router(rules({ priority: 255 }), false);
  assert.ok(it.take(0, { kind: "start" }).includes("add"));
  assert.ok(it.take(10, { kind: "stop" }).includes("remove"));
});

Deno.test("holo: more than 20 addresses must be possible", () => {
  const addresses = Array.from({ length: 100 }, (_, i) => ip(`10.0.1.${i + 1}`));
  assert.deepEqual(validateAdvert(advert({ addresses }), FROM_HIGHER, rules({ addresses })), {
    notices: [],
  });
});

Deno.test("uvrrpd: the v2 skew must not be cut off to 0", () => {
  assert.equal(skew(2, 254, seconds(1)), 7_812_500);
});

Deno.test("uvrrpd: the interval must be adopted on yielding, not in backup only", () => {
  const { it, ms } = master();
  it.take(ms + 10, heard(200, HIGHER, 100));
  assert.equal(it.deadline(), ms + 10 + 360.9375);
});

Deno.test("ucarp: the address must be gone after a stop", () => {
  const { it, ms } = master();
  assert.equal(it.take(ms + 10, { kind: "stop" })[0], "remove");
});

Deno.test("vrrpd: must hear others again after having been master", () => {
  const { it, ms } = master();
  it.take(ms + 1000, heard(200));
  it.take(ms + 2000, heard(200));
  assert.equal(it.deadline(), ms + 2000 + 3609.375);
});

Deno.test("vrrpd, keepalived: neighbours must be told again after a short split", () => {
  const { it, ms } = master();
  it.runTo(ms + 20_000);
  assert.ok(it.take(ms + 20_001, heard(99, LOWER)).includes("announce 5"));
});

Deno.test("keepalived: a refused packet must not put off the master's advert", () => {
  // A refused packet never becomes an event; the nearest the engine sees is an advert that changes
  // nothing for it.
  const { it, ms } = master();
  const due = it.deadline();
  for (let t = 100; t < 1000; t += 100) it.take(ms + t, heard(99, LOWER));
  const state = it.state();
  assert.ok(state.kind === "master" && state.advertAt / 1e6 === due);
});

Deno.test("keepalived: a stranger with other addresses must not take the address away", () => {
  const admission = validateAdvert(advert({ addresses: [ip("10.9.9.9")] }), FROM_HIGHER, rules());
  assert.ok("reject" in admission && admission.reject.reason === "addresses");
});

Deno.test("keepalived: a deleted address must be put back without leaving master", () => {
  const { it, ms } = master();
  const effects = it.take(ms + 2000, { kind: "addresses-lost" });
  assert.deepEqual(effects, ["add", "announce 5"]);
});

Deno.test("keepalived: the own interval must be in force again on becoming master", () => {
  const it = router(rules());
  it.take(4000, heard(200, HIGHER, 100));
  it.runTo(4360.9375);
  assert.equal(it.deadline(), 5360.9375);
});

Deno.test("keepalived: a fault must send priority 0 once, not twice", () => {
  const { it, ms } = master();
  const faults: readonly Fault[] = [{ kind: "check", message: "nginx is down" }];
  const effects = it.take(ms + 10, { kind: "faults", faults });
  assert.equal(effects.filter((effect) => effect === "advert 0").length, 1);
});

Deno.test("keepalived: a backlog after a stall must not be answered advert by advert", () => {
  const { it, ms } = master();
  const effects = Array.from({ length: 20 }, () => it.take(ms + 2500, heard(99))).flat();
  assert.deepEqual(effects, ["advert 100", "announce 5"]);
});

Deno.test("ze: a count at its limit is an advert like any other", () => {
  const addresses = Array.from({ length: 255 }, (_, i) => ip(`10.0.1.${i}`));
  const payload = encodeAdvert(advert({ addresses }), HIGHER, groupOf("ipv4"));
  const found = decodeAdvert({ source: HIGHER, destination: groupOf("ipv4"), ttl: 255, payload });
  assert.ok(!("reason" in found) && found.addresses.length === 255);
});

Deno.test("ze: a timer that was cancelled must not fire", () => {
  const { it, ms } = master();
  it.take(ms + 900, heard(200));
  assert.deepEqual(it.take(ms + 1000, { kind: "deadline" }), [], "the advert's time has passed");
  it.take(ms + 1100, { kind: "stop" });
  assert.deepEqual(it.take(ms + 99_999, { kind: "deadline" }), []);
});

Deno.test("ze: 4095 centiseconds must be exact after a hundred adverts", () => {
  const interval = milliseconds(40_950);
  const { it, ms } = master(rules({ advertInterval: interval }));
  it.runTo(ms + 2 * 40_950);
  const first = it.deadline() ?? 0;
  it.runTo(first + 99 * 40_950);
  const state = it.state();
  assert.ok(state.kind === "master");
  assert.equal(state.advertAt, nanoseconds(first * 1e6) + 100 * interval);
});

Deno.test("ze: a reconfiguration must be in the very next advert", () => {
  const { it, ms } = master();
  it.replaceRules(ms + 100, rules({ priority: 42, addresses: [FLOATING, ip("10.0.0.101")] }));
  assert.ok(it.runTo(ms + 1000).includes(`${ms + 1000} advert 42`));
});
