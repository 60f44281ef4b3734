/** RFC 9568 section 7: receiving and sending packets. */
import assert from "node:assert/strict";
import { milliseconds } from "../../src/time.ts";
import { formatIp, ip } from "../../src/net/ip.ts";
import { REJECT_REASONS } from "../../src/wire/reject.ts";
import { type Advert, decodeAdvert, encodeAdvert, groupOf } from "../../src/wire/vrrp.ts";
import { validateAdvert } from "../../src/vrrp/validate_advert.ts";
import type { Rules } from "../../src/vrrp/rules.ts";
import { advert, HIGHER, OWN, rules } from "../support/vrrp/scene.ts";

const GROUP = groupOf("ipv4");
const CONTEXT = { source: HIGHER, destination: GROUP, own: OWN, transport: "multicast" } as const;

/** The kinds of the notices on an admitted advert; undefined where it was rejected. */
function notices(found: Advert, ours: Rules): readonly string[] | undefined {
  const admission = validateAdvert(found, CONTEXT, ours);
  return "notices" in admission ? admission.notices.map((notice) => notice.kind) : undefined;
}

Deno.test("RFC 9568 7.1: whatever fails a check is discarded under its name", () => {
  const good = encodeAdvert(advert(), HIGHER, GROUP);
  const edit = (offset: number, value: number) => good.with(offset, value);
  const cases: readonly (readonly [string, number, Uint8Array])[] = [
    ["ttl", 254, good],
    ["too-short", 255, good.subarray(0, 7)],
    ["version", 255, edit(0, 0x41)],
    ["type", 255, edit(0, 0x32)],
    ["count-zero", 255, edit(3, 0)],
    ["length", 255, good.subarray(0, 11)],
    ["length", 255, edit(3, 2)],
    ["checksum", 255, edit(2, 99)],
  ];
  for (const [reason, ttl, payload] of cases) {
    const found = decodeAdvert({ source: HIGHER, destination: GROUP, ttl, payload });
    assert.ok("reason" in found, reason);
    assert.equal(found.reason, reason);
  }
  // Interval 0 and the checksum made right for it: 100 centiseconds go from one field to the other.
  const sum = ((good[6] ?? 0) << 8 | (good[7] ?? 0)) + 100;
  const zero = good.with(5, 0).with(6, (sum >> 8) & 0xff).with(7, sum & 0xff);
  const found = decodeAdvert({ source: HIGHER, destination: GROUP, ttl: 255, payload: zero });
  assert.ok("reason" in found);
  assert.equal(found.reason, "interval-zero");
  const v2 = validateAdvert(advert({ version: 2 }), CONTEXT, rules());
  assert.ok("reject" in v2 && v2.reject.reason === "version");
});

Deno.test("RFC 9568 7.1: every reject has words for the log and a counter's name", () => {
  for (const [name, words] of Object.entries(REJECT_REASONS)) {
    assert.match(name, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(words.length > 10);
  }
});

Deno.test("RFC 9568 7.1: an owner that hears another master points it out", () => {
  const found = notices(advert({ priority: 255 }), rules({ priority: 255 }));
  assert.deepEqual(found, ["owner-contradicted"]);
});

Deno.test("RFC 9568 7.1: another interval is pointed out and obeyed", () => {
  assert.deepEqual(notices(advert({ interval: milliseconds(250) }), rules()), [
    "interval-differs",
  ]);
});

Deno.test("RFC 9568 7.1: another address list is pointed out; a stranger's is not obeyed", () => {
  const other = advert({ addresses: [ip("10.0.0.200")] });
  assert.deepEqual(notices(other, rules({ peers: [HIGHER] })), ["other-addresses"]);
  assert.equal(notices(other, rules()), undefined);
});

Deno.test("RFC 9568 7.2: an advert says what the rules say", () => {
  const own = rules({ priority: 150, addresses: [ip("10.0.0.100"), ip("10.0.0.101")] });
  const { vrid, priority, version, addresses, advertInterval: interval } = own;
  const said = { vrid, priority, version, addresses, interval };
  const payload = encodeAdvert(said, OWN, GROUP, "rfc9568");
  const found = decodeAdvert({ source: OWN, destination: GROUP, ttl: 255, payload });
  assert.deepEqual(found, { ...said, checksumForm: "rfc9568" });
});

Deno.test("RFC 9568 7.2: adverts go to 224.0.0.18 and ff02::12", () => {
  assert.equal(formatIp(groupOf("ipv4")), "224.0.0.18");
  assert.equal(formatIp(groupOf("ipv6")), "ff02::12");
});
