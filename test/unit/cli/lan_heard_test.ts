/**
 * What init and the doctor keep of a LAN: VRIDs that are used by whatever packets, and no more than
 * fits.
 */
import assert from "node:assert/strict";
import { usedVrids } from "../../../src/cli/init/run.ts";
import { Heard } from "../../../src/cli/lan_heard.ts";
import { judgeVrid } from "../../../src/tools/doctor/checks/vrid.ts";
import { type Ip, ip } from "../../../src/net/ip.ts";
import { parseMac } from "../../../src/net/mac.ts";
import { seconds } from "../../../src/time.ts";
import { encodeEthernet, ETHERTYPE } from "../../../src/wire/ethernet.ts";
import { encodeIpv4 } from "../../../src/wire/ipv4.ts";
import { encodeAdvert, groupOf } from "../../../src/wire/vrrp.ts";
import { HERE, lanWith, PAIR, subjectOf } from "../../support/tools/doctor/world.ts";
import { hex } from "../../support/wire/captured.ts";

const GROUP = groupOf("ipv4");
const CARP = hex(`21330007 00014a53 ${"5c".repeat(28)}`);
/** Captured from keepalived 2.4.3; the source is covered by the checksum's pseudo-header. */
const SIGNED = hex(`31336401006474ad 0a630064 010100006b011316834c0000 ${"5c".repeat(16)}`);
const SIGNER = ip("10.99.0.1");

function frame(source: Ip, payload: Uint8Array): Uint8Array {
  const packet = encodeIpv4({ source, destination: GROUP, id: 1, payload });
  const mac = parseMac("02:00:00:00:00:01");
  assert(mac !== undefined);
  return encodeEthernet({
    destination: mac,
    source: mac,
    etherType: ETHERTYPE.ipv4,
    payload: packet,
  });
}

function advertOf(source: Ip, vrid = 51): Uint8Array {
  const addresses = [ip("192.168.1.80")];
  const advert = { version: 3, vrid, priority: 100, interval: seconds(1), addresses } as const;
  return encodeAdvert(advert, source, GROUP);
}

Deno.test("a VRID is used by a machine that sends its number by protocol 112", () => {
  const heard = new Heard({ asked: [] });
  heard.take("eth0", frame(ip("10.99.0.9"), CARP), false);
  heard.take("eth0", frame(SIGNER, hex(SIGNED.toHex().replace(/^3133/, "3134"))), false);
  heard.take("eth0", frame(ip("10.99.0.8"), Uint8Array.of(0x41, 53)), false);
  heard.take("eth0", frame(ip("10.99.0.7"), advertOf(ip("10.99.0.7"), 54)), false);
  heard.take("eth1", frame(ip("10.99.0.6"), Uint8Array.of(0x41, 55)), false);
  heard.take("eth0", frame(ip("10.99.0.5"), Uint8Array.of(0x41, 56)), true);
  const used = [...usedVrids(heard.seen(), "eth0")].toSorted(([a], [b]) => a - b);
  assert.deepEqual(used, [
    [51, "10.99.0.9 (CARP)"],
    [52, "10.99.0.1"],
    [53, "10.99.0.8"],
    [54, "10.99.0.7"],
  ]);
});

Deno.test("60,000 senders: nothing grows, and those that were asked for are kept", () => {
  const peer = ip("192.168.1.12");
  const heard = new Heard({ asked: [peer] });
  for (let i = 0; i < 60_000; i++) {
    const source = ip(`10.1.${i >> 8}.${i & 255 || 1}`);
    heard.take("eth0", frame(source, i % 2 === 0 ? advertOf(source) : CARP), false);
  }
  heard.take("eth0", frame(peer, advertOf(peer)), false);
  const { adverts, unread } = heard.seen();
  assert.equal(adverts.length, 257);
  assert.equal(unread.length, 256);
  assert.deepEqual(adverts[0]?.source, peer);
  const found = judgeVrid(
    subjectOf(PAIR),
    { interfaces: HERE.interfaces },
    lanWith({ adverts, unread }),
  );
  assert.equal(found.length, 16);
});

Deno.test("the doctor names CARP and auth_hmac on our VRID", () => {
  const from = (source: string, reason: "carp" | "auth-hmac") => {
    const mac = "02:00:00:00:00:01";
    return { interface: "eth0", source: ip(source), mac, vrid: 51, reason, outgoing: false };
  };
  const unread = [from("192.168.1.9", "carp"), from("192.168.1.12", "auth-hmac")];
  const found = judgeVrid(
    subjectOf(PAIR),
    { interfaces: HERE.interfaces },
    lanWith({ unread }),
  );
  const texts = found.map((one) => `${one.mark} ${one.what} ${one.fix ?? ""}`);
  assert.match(texts[0] ?? "", /^problem VRID 51 is used by 192.168.1.9 .* for CARP: .*vrid = 52/);
  assert.match(texts[1] ?? "", /^problem .*192.168.1.12 .*auth_hmac signs.*remove auth_hmac/);
});
