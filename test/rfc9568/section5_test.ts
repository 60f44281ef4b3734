/** RFC 9568 section 5: the packet, and what a receiver makes of it. */
import assert from "node:assert/strict";
import { milliseconds } from "../../src/time.ts";
import { type Interfaces, primaryAddress } from "../../src/net/interfaces.ts";
import { type Ip, ip } from "../../src/net/ip.ts";
import {
  type Advert,
  decodeAdvert,
  encodeAdvert,
  groupOf,
  VRRP_PROTOCOL,
} from "../../src/wire/vrrp.ts";
import { validateAdvert } from "../../src/vrrp/validate_advert.ts";
import { address, link } from "../support/net/links.ts";
import { advert, HIGHER, master, OWN, router, rules } from "../support/vrrp/scene.ts";

const GROUP = groupOf("ipv4");
const LINK_LOCAL = ip("fe80::2");

/** What a receiver says to `payload` from the peer: the reject's reason, or "accepted". */
function verdict(payload: Uint8Array, ttl = 255, source: Ip = HIGHER, to: Ip = GROUP): string {
  const found = decodeAdvert({ source, destination: to, ttl, payload });
  return "reason" in found ? found.reason : "accepted";
}

/**
 * The message of `advert` over IPv4 with one byte changed and its checksum (the RFC's form) made
 * right again.
 */
function changed(offset: number, value: number, from: Advert = advert()): Uint8Array {
  const message = encodeAdvert(from, HIGHER, GROUP, "rfc9568");
  message[offset] = value;
  message[6] = message[7] = 0;
  let sum = 0;
  for (let i = 0; i < message.length; i += 2) {
    sum += ((message[i] ?? 0) << 8) | (message[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  message[6] = (~sum >> 8) & 0xff;
  message[7] = ~sum & 0xff;
  return message;
}

const LINK = link("eth0", 2);

/** eth0 with these addresses, in the kernel's order. */
function eth0(...addresses: readonly string[]): Interfaces {
  return { links: [LINK], addresses: addresses.map((text) => address(2, text)) };
}

Deno.test("RFC 9568 5.1.1.1: the source is the interface's primary IPv4 address", () => {
  const seen = eth0("fd00::2/64", "10.0.0.2/24", "10.0.0.7/24");
  assert.deepEqual(primaryAddress(seen, LINK, "ipv4", []), ip("10.0.0.2"));
});

Deno.test("RFC 9568 5.1.2.1: the source is the interface's link-local address", () => {
  const seen = eth0("fd00::2/64", "fe80::2/64", "10.0.0.2/24");
  assert.deepEqual(primaryAddress(seen, LINK, "ipv6", []), ip("fe80::2"));
  assert.equal(primaryAddress(eth0("fd00::2/64"), LINK, "ipv6", []), undefined);
});

Deno.test("RFC 9568 5.1.1.3: an IPv4 packet that came through a router is discarded", () => {
  const message = encodeAdvert(advert(), HIGHER, GROUP);
  assert.equal(verdict(message, 255), "accepted");
  for (const ttl of [0, 1, 64, 254]) assert.equal(verdict(message, ttl), "ttl");
});

Deno.test("RFC 9568 5.1.2.3: an IPv6 packet that came through a router is discarded", () => {
  const group = groupOf("ipv6");
  const said = advert({ addresses: [ip("fe80::100")] });
  const message = encodeAdvert(said, LINK_LOCAL, group);
  assert.equal(verdict(message, 255, LINK_LOCAL, group), "accepted");
  assert.equal(verdict(message, 254, LINK_LOCAL, group), "ttl");
});

Deno.test("RFC 9568 5.1.1.4: the protocol is 112", () => {
  assert.equal(VRRP_PROTOCOL, 112);
});

Deno.test("RFC 9568 5.2.1: the version sent is 3", () => {
  assert.equal((encodeAdvert(advert(), OWN, GROUP)[0] ?? 0) >> 4, 3);
});

Deno.test("RFC 9568 5.2.2: whatever is no advertisement is discarded", () => {
  for (const type of [0, 2, 15]) assert.equal(verdict(changed(0, 0x30 | type)), "type");
});

Deno.test("RFC 9568 5.2.4: priority 255 is the owner's and claims at once", () => {
  assert.equal(router(rules({ priority: 255 })).state().kind, "master");
});

Deno.test("RFC 9568 5.2.4: any other priority listens first", () => {
  for (const priority of [1, 100, 254]) {
    assert.equal(router(rules({ priority })).state().kind, "backup");
  }
});

Deno.test("RFC 9568 5.2.4: priority 0 is sent on leaving and at no other time", () => {
  const { it, ms } = master();
  it.runTo(ms + 10_000);
  const sentZero = () =>
    it.effects().filter((effect) => effect.kind === "send-advert" && effect.priority === 0);
  assert.equal(sentZero().length, 0);
  it.take(ms + 10_500, { kind: "stop" });
  assert.equal(sentZero().length, 1);
});

Deno.test("RFC 9568 5.2.5: an advert without addresses is discarded", () => {
  assert.equal(verdict(changed(3, 0)), "count-zero");
});

Deno.test("RFC 9568 5.2.6: the reserved bits are sent as 0 and ignored", () => {
  const most = advert({ interval: milliseconds(40_950) });
  assert.equal((encodeAdvert(most, OWN, GROUP)[4] ?? 0xff) >> 4, 0);
  const payload = changed(4, 0xf0);
  const found = decodeAdvert({ source: HIGHER, destination: GROUP, ttl: 255, payload });
  assert.ok(!("reason" in found));
  assert.equal(found.interval, milliseconds(1000));
});

Deno.test("RFC 9568 5.2.7: intervals of 1 to 4095 centiseconds pass, 0 is discarded", () => {
  for (const centiseconds of [1, 100, 4095]) {
    const said = advert({ interval: milliseconds(10 * centiseconds) });
    const payload = encodeAdvert(said, HIGHER, GROUP);
    const found = decodeAdvert({ source: HIGHER, destination: GROUP, ttl: 255, payload });
    assert.ok(!("reason" in found));
    assert.equal(found.interval, said.interval);
  }
  assert.equal(verdict(changed(5, 0)), "interval-zero");
});

Deno.test("RFC 9568 5.2.8: over IPv6 the checksum covers both addresses", () => {
  const group = groupOf("ipv6");
  const message = encodeAdvert(advert({ addresses: [ip("fe80::100")] }), LINK_LOCAL, group);
  assert.equal(verdict(message, 255, LINK_LOCAL, group), "accepted");
  assert.equal(verdict(message, 255, ip("fe80::3"), group), "checksum");
  assert.equal(verdict(message, 255, LINK_LOCAL, ip("ff02::13")), "checksum");
});

Deno.test("RFC 9568 5.2.8: over IPv4 a checksum of the message alone is accepted and sent", () => {
  const message = encodeAdvert(advert(), HIGHER, GROUP, "rfc9568");
  assert.equal(verdict(message), "accepted");
  assert.equal(verdict(message, 255, ip("10.0.0.77")), "accepted", "the addresses do not matter");
  message[2] = 101;
  assert.equal(verdict(message), "checksum");
});

Deno.test("RFC 9568 5.2.9: addresses are of the packet's family", () => {
  assert.throws(() => encodeAdvert(advert({ addresses: [ip("fe80::1")] }), OWN, GROUP));
  const group = groupOf("ipv6");
  const found = decodeAdvert({
    source: LINK_LOCAL,
    destination: group,
    ttl: 255,
    payload: encodeAdvert(advert({ addresses: [ip("fe80::100")] }), LINK_LOCAL, group),
  });
  assert.ok(!("reason" in found));
  assert.ok(found.addresses.every((address) => address.family === "ipv6"));
});

Deno.test("RFC 9568 5.2.9: an advert whose first IPv6 address is not link-local is shown", () => {
  const addresses = [ip("fd00::100"), ip("fe80::100")];
  const context = {
    source: ip("fe80::3"),
    destination: groupOf("ipv6"),
    own: LINK_LOCAL,
    transport: "multicast",
  } as const;
  const admission = validateAdvert(
    advert({ addresses }),
    context,
    rules({ family: "ipv6", addresses }),
  );
  assert.ok("notices" in admission);
  assert.deepEqual(admission.notices.map((notice) => notice.kind), [
    "first-address-not-link-local",
  ]);
});
