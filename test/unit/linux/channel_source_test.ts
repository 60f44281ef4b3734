/** The own address that a datagram of the channel leaves from, and which ones are let in. */
import assert from "node:assert/strict";
import { channelFilter } from "../../../src/linux/channel_filter.ts";
import { sourceFor } from "../../../src/linux/channel_source.ts";
import { formatIp, type Ip, ip } from "../../../src/net/ip.ts";
import { encodeIpv4 } from "../../../src/wire/ipv4.ts";
import { address, link } from "../../support/net/links.ts";
import { accepts } from "../../support/linux/filter_machine.ts";

const HERE = {
  links: [link("eth0", 2), link("wg0", 3)],
  addresses: [
    address(2, "192.168.1.77/24"),
    address(2, "192.168.1.11/24"),
    address(2, "10.5.0.1/30", { tentative: true }),
    address(3, "100.64.0.11/32"),
    address(2, "fd00::11/64"),
    address(2, "fe80::11/64"),
  ],
};

/** Of the file: the last one is not on this machine. */
const OWN = ["192.168.1.11", "100.64.0.11", "10.5.0.1", "fd00::11", "fe80::11", "10.9.9.9"].map(ip);

/** The source for `to`, and its link, where the kernel would choose `preferred`. */
function chosen(to: string, preferred?: string, own: readonly Ip[] = OWN): string | undefined {
  const kernel = preferred === undefined ? undefined : ip(preferred);
  const source = sourceFor(ip(to), own, HERE, () => kernel);
  return source && `${formatIp(source.address)} ${source.scope}`;
}

Deno.test("channel: the source is the kernel's where the file gives it, else the nearest", () => {
  assert.equal(chosen("192.168.1.12", "192.168.1.11"), "192.168.1.11 0");
  // Another address of the LAN came first, which the other nodes do not know.
  assert.equal(chosen("192.168.1.12", "192.168.1.77"), "192.168.1.11 0");
  assert.equal(chosen("192.168.1.12"), "192.168.1.11 0");
  // Routed: by the tunnel, or as the kernel thinks.
  assert.equal(chosen("100.64.0.12", "100.64.0.11"), "100.64.0.11 0");
  assert.equal(chosen("172.16.0.1", "192.168.1.77"), "192.168.1.11 0");
  assert.equal(chosen("fd00::12"), "fd00::11 0");
});

Deno.test("channel: a link-local destination is on the link of the own link-local address", () => {
  assert.equal(chosen("fe80::12"), "fe80::11 2");
  assert.equal(chosen("fe80::12", undefined, [ip("fd00::11")]), undefined);
});

Deno.test("channel: without a usable own address nothing leaves", () => {
  assert.equal(chosen("10.5.0.2", undefined, [ip("10.5.0.1"), ip("10.9.9.9")]), undefined);
  assert.equal(chosen("192.168.1.12", undefined, [ip("fd00::11")]), undefined);
});

/** What the filter of a UDP socket sees. */
function passes(source: string, length: number, peers: readonly string[]): boolean {
  const datagram = new Uint8Array(8 + length);
  const packet = encodeIpv4({
    source: ip(source),
    destination: ip("192.168.1.11"),
    id: 1,
    payload: datagram,
  });
  return accepts(channelFilter(peers.map(ip)), datagram, { header: packet });
}

Deno.test("channel: the kernel lets in what comes from nodes and is not too long", () => {
  const peers = ["192.168.1.12", "100.64.0.12"];
  assert.ok(passes("192.168.1.12", 148, peers));
  assert.ok(passes("100.64.0.12", 1200, peers));
  assert.ok(!passes("192.168.1.12", 1201, peers));
  assert.ok(!passes("192.168.1.13", 148, peers));
  assert.ok(!passes("192.168.1.12", 148, []));
});
