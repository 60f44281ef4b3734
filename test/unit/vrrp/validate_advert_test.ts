import assert from "node:assert/strict";
import fc from "fast-check";
import { milliseconds, seconds } from "../../../src/time.ts";
import { ip } from "../../../src/net/ip.ts";
import { type Advert, passwordBytes } from "../../../src/wire/vrrp.ts";
import { type AdvertContext, validateAdvert } from "../../../src/vrrp/validate_advert.ts";
import type { Rules } from "../../../src/vrrp/rules.ts";
import { advert, FLOATING, HIGHER, LOWER, OWN, rules } from "../../support/vrrp/scene.ts";

const GROUP = ip("224.0.0.18");
const STRANGE = ip("10.0.0.200");

const MULTICAST: AdvertContext = {
  source: HIGHER,
  destination: GROUP,
  own: OWN,
  transport: "multicast",
};
const UNICAST: AdvertContext = { source: HIGHER, destination: OWN, own: OWN, transport: "unicast" };

/** By UDP from a neighbour, save what `changes` says. */
function byUdp(
  changes: Partial<NonNullable<AdvertContext["udp"]>> = {},
  source = HIGHER,
): AdvertContext {
  const udp = { ttl: 255, sourcePort: 336, port: 336, neighbour: true, ...changes };
  return { source, destination: OWN, own: OWN, transport: "udp", udp };
}

/** The verdict in short: the reject's reason, or the kinds of the notices. */
function verdict(found: Advert, context: AdvertContext, ours: Rules): string {
  const admission = validateAdvert(found, context, ours);
  if ("reject" in admission) return `reject ${admission.reject.reason}`;
  return ["admitted", ...admission.notices.map((notice) => notice.kind)].join(" ");
}

const v2 = rules({ version: 2 });
const secret = rules({ version: 2, password: passwordBytes("secret12") });
const unicast = rules({ transport: "unicast", peers: [HIGHER] });
const udp = rules({ transport: "udp", peers: [HIGHER] });
const strange = advert({ addresses: [STRANGE] });
const overlapping = advert({ addresses: [STRANGE, FLOATING] });

function v2Advert(type: number, password: string, interval = seconds(1)): Advert {
  return advert({ version: 2, interval, auth: { type, data: passwordBytes(password) } });
}

const TABLE: readonly (readonly [string, Advert, AdvertContext, Rules, string])[] = [
  ["a plain v3 advert", advert(), MULTICAST, rules(), "admitted"],
  ["from a subnet", advert(), { ...MULTICAST, subnetEdge: true }, rules(), "reject source"],
  ["priority 0", advert({ priority: 0 }), MULTICAST, rules(), "admitted"],
  ["v2 to a v3 instance", v2Advert(0, ""), MULTICAST, rules(), "reject version"],
  ["v3 to a v2 instance", advert(), MULTICAST, v2, "reject version"],
  ["unicast to a multicast instance", advert(), UNICAST, rules(), "reject destination"],
  ["multicast to a unicast instance", advert(), MULTICAST, unicast, "reject destination"],
  ["our own, sent back", advert(), { ...MULTICAST, source: OWN }, rules(), "reject own-packet"],
  [
    "our own farewell, sent back",
    advert({ priority: 0 }),
    { ...MULTICAST, source: OWN },
    rules(),
    "reject own-packet",
  ],
  [
    "from our address, but not ours",
    advert({ priority: 99 }),
    { ...MULTICAST, source: OWN },
    rules(),
    "reject own-address",
  ],
  [
    "from our address with other addresses",
    strange,
    { ...MULTICAST, source: OWN },
    rules(),
    "reject own-address",
  ],
  ["no own address yet", advert(), { ...MULTICAST, own: undefined }, rules(), "admitted"],
  ["v2 without authentication", v2Advert(0, ""), MULTICAST, v2, "admitted"],
  ["v2, password where we have none", v2Advert(1, "secret12"), MULTICAST, v2, "reject auth-type"],
  ["v2, none where we have a password", v2Advert(0, ""), MULTICAST, secret, "reject auth-type"],
  ["v2, IPsec AH", v2Advert(2, ""), MULTICAST, v2, "reject auth-type"],
  ["v2, the right password", v2Advert(1, "secret12"), MULTICAST, secret, "admitted"],
  ["v2, a wrong one", v2Advert(1, "secret13"), MULTICAST, secret, "reject auth-password"],
  ["v2, its beginning", v2Advert(1, "secret"), MULTICAST, secret, "reject auth-password"],
  [
    "v2, another interval",
    v2Advert(0, "", seconds(2)),
    MULTICAST,
    v2,
    "reject interval-mismatch",
  ],
  [
    "v3, another interval",
    advert({ interval: milliseconds(100) }),
    MULTICAST,
    rules(),
    "admitted interval-differs",
  ],
  ["unicast from a peer", advert(), UNICAST, unicast, "admitted"],
  ["unicast from nobody", advert(), { ...UNICAST, source: LOWER }, unicast, "reject unknown-peer"],
  ["UDP from a peer", advert(), byUdp(), udp, "admitted"],
  ["UDP from nobody", advert(), byUdp({}, LOWER), udp, "reject unknown-peer"],
  ["UDP from a neighbour through a router", advert(), byUdp({ ttl: 254 }), udp, "reject ttl"],
  [
    "UDP from a peer behind a router",
    advert(),
    byUdp({ ttl: 60, neighbour: false }),
    udp,
    "admitted",
  ],
  [
    "UDP from another port",
    advert(),
    byUdp({ sourcePort: 40_000 }),
    udp,
    "reject source-port",
  ],
  [
    "UDP from our own address by anybody here",
    advert(),
    byUdp({ sourcePort: 40_000 }, OWN),
    udp,
    "reject source-port",
  ],
  ["our own UDP, sent back", advert(), byUdp({}, OWN), udp, "reject own-packet"],
  ["unicast to a UDP instance", advert(), UNICAST, udp, "reject destination"],
  ["UDP to a unicast instance", advert(), byUdp(), unicast, "reject destination"],
  ["v2 by UDP, a wrong password", v2Advert(1, "x"), byUdp(), {
    ...secret,
    transport: "udp",
    peers: [HIGHER],
  }, "reject auth-password"],
  ["a stranger's addresses", strange, MULTICAST, rules(), "reject addresses"],
  ["overlapping addresses", overlapping, MULTICAST, rules(), "admitted other-addresses"],
  [
    "some of our addresses",
    advert(),
    MULTICAST,
    rules({ addresses: [FLOATING, STRANGE] }),
    "admitted other-addresses",
  ],
  [
    "a known peer's other addresses",
    strange,
    MULTICAST,
    rules({ peers: [HIGHER] }),
    "admitted other-addresses",
  ],
  ["a unicast peer's other addresses", strange, UNICAST, unicast, "admitted other-addresses"],
  [
    "a stranger's, obeyed by order",
    strange,
    MULTICAST,
    rules({ addressMismatch: "obey" }),
    "admitted other-addresses",
  ],
  [
    "overlapping, ignored by order",
    overlapping,
    MULTICAST,
    rules({ addressMismatch: "ignore", peers: [HIGHER] }),
    "reject addresses",
  ],
  [
    "a stranger's farewell",
    advert({ addresses: [STRANGE], priority: 0 }),
    MULTICAST,
    rules(),
    "reject addresses",
  ],
  [
    "an owner hears of another master",
    advert({ priority: 255 }),
    MULTICAST,
    rules({ priority: 255 }),
    "admitted owner-contradicted",
  ],
  [
    "an owner hears a farewell",
    advert({ priority: 0 }),
    MULTICAST,
    rules({ priority: 255 }),
    "admitted",
  ],
];

for (const [name, found, context, ours, expected] of TABLE) {
  Deno.test(`receive: ${name}: ${expected}`, () => {
    assert.equal(verdict(found, context, ours), expected);
  });
}

Deno.test("receive: the first objection decides, in the order of the reject reasons", () => {
  const found = { ...v2Advert(0, "", seconds(2)), addresses: [STRANGE] };
  const context = { ...MULTICAST, source: LOWER };
  const ours = rules({ version: 2, password: passwordBytes("x"), transport: "unicast" });
  assert.equal(verdict({ ...found, version: 3 }, context, ours), "reject version");
  assert.equal(verdict(found, context, ours), "reject destination");
  const direct = { ...context, transport: "unicast" } as const;
  assert.equal(verdict(found, direct, ours), "reject auth-type");
  const wrong = { ...found, auth: { type: 1, data: passwordBytes("y") } };
  assert.equal(verdict(wrong, direct, ours), "reject auth-password");
  const right = { ...found, auth: { type: 1, data: passwordBytes("x") } };
  assert.equal(verdict(right, direct, ours), "reject interval-mismatch");
  assert.equal(verdict({ ...right, interval: seconds(1) }, direct, ours), "reject unknown-peer");
});

Deno.test("receive: the order of the addresses does not matter", () => {
  const many = [1, 2, 3, 4].map((last) => ip(`10.0.0.${last + 100}`));
  const ours = rules({ addresses: many });
  fc.assert(fc.property(fc.shuffledSubarray(many, { minLength: 4 }), (addresses) => {
    assert.equal(verdict(advert({ addresses }), MULTICAST, ours), "admitted");
  }));
});

Deno.test("receive: IPv6 without a link-local address in front is told, not refused", () => {
  const linkLocal = ip("fe80::100");
  const global = ip("fd00:99::100");
  const context = {
    source: ip("fe80::3"),
    destination: ip("ff02::12"),
    own: ip("fe80::2"),
    transport: "multicast",
  } as const;
  const ours = rules({ family: "ipv6", addresses: [linkLocal, global] });
  assert.equal(
    verdict(advert({ addresses: [linkLocal, global] }), context, ours),
    "admitted",
  );
  assert.equal(
    verdict(advert({ addresses: [global, linkLocal] }), context, ours),
    "admitted first-address-not-link-local",
  );
});

Deno.test("receive: details name what was found, and never a password", () => {
  const detail = (found: Advert, context: AdvertContext, ours: Rules) => {
    const admission = validateAdvert(found, context, ours);
    return "reject" in admission ? admission.reject.detail : admission.notices[0]?.detail;
  };
  assert.equal(
    detail(v2Advert(0, "", seconds(2)), MULTICAST, v2),
    "interval 2 s, ours is 1 s",
  );
  assert.equal(detail(strange, MULTICAST, rules()), "10.0.0.200, ours is 10.0.0.100");
  assert.equal(detail(advert(), UNICAST, rules()), "sent to 10.0.0.2, ours is multicast");
  assert.equal(detail(v2Advert(1, "hunter2"), MULTICAST, secret), "not ours");
});
