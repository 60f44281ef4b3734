import assert from "node:assert/strict";
import {
  addressesOf,
  type Interfaces,
  isNeighbour,
  type LinkAddress,
  linkAround,
  linkNamed,
  linkWith,
  primaryAddress,
} from "../../../src/net/interfaces.ts";
import { type Family, formatIp, ip } from "../../../src/net/ip.ts";
import { formatPrefix } from "../../../src/net/prefix.ts";
import { address, link } from "../../support/net/links.ts";

const LO = link("lo", 1);
const ETH0 = link("eth0", 2);
const ETH1 = link("eth1", 3);

function machine(...addresses: readonly LinkAddress[]): Interfaces {
  return { links: [LO, ETH0, ETH1], addresses };
}

Deno.test("a link by its name", () => {
  assert.equal(linkNamed(machine(), "eth1"), ETH1);
  assert.equal(linkNamed(machine(), "eth2"), undefined);
});

Deno.test("the addresses of a link, in the kernel's order", () => {
  const all = machine(
    address(2, "10.0.0.2/24"),
    address(3, "10.0.1.1/24"),
    address(2, "10.0.0.1/24"),
  );
  const own = addressesOf(all, ETH0).map(({ prefix }) => formatPrefix(prefix));
  assert.deepEqual(own, ["10.0.0.2/24", "10.0.0.1/24"]);
  assert.deepEqual(addressesOf(all, LO), []);
});

Deno.test("the link that has an address", () => {
  const all = machine(address(2, "10.0.0.1/24"), address(3, "10.0.0.2/32"));
  assert.equal(linkWith(all, ip("10.0.0.2")), ETH1);
  assert.equal(linkWith(all, ip("10.0.0.3")), undefined);
});

Deno.test("the link around an address: the longest subnet wins, own addresses do not count", () => {
  const all = machine(
    address(2, "10.0.0.1/8"),
    address(3, "10.1.0.1/16"),
    address(2, "10.1.2.3/24", { ours: true }),
  );
  assert.equal(linkAround(all, ip("10.1.2.100")), ETH1);
  assert.equal(linkAround(all, ip("10.2.0.1")), ETH0);
  assert.equal(linkAround(all, ip("192.168.1.1")), undefined);
  assert.equal(linkAround(all, ip("fe80::1")), undefined);
});

Deno.test("of two links with the same subnet the first is taken", () => {
  const all = machine(address(3, "10.0.0.2/24"), address(2, "10.0.0.1/24"));
  assert.equal(linkAround(all, ip("10.0.0.100")), ETH1);
});

/** Which address adverts leave eth0 with, given what it has. */
const PRIMARY: readonly (readonly [string, Family, readonly LinkAddress[], string | undefined])[] =
  [
    ["nothing", "ipv4", [], undefined],
    ["the first", "ipv4", [address(2, "10.0.0.1/24"), address(2, "10.9.0.2/24")], "10.0.0.1"],
    ["of another link", "ipv4", [address(3, "10.0.0.1/24")], undefined],
    ["of the other family", "ipv4", [address(2, "fe80::1/64")], undefined],
    [
      "a secondary after a primary",
      "ipv4",
      [address(2, "10.0.0.1/24", { secondary: true }), address(2, "10.0.0.2/24")],
      "10.0.0.2",
    ],
    ["a secondary alone", "ipv4", [address(2, "10.0.0.1/24", { secondary: true })], "10.0.0.1"],
    [
      "one of ours first (FRR#16002, floating address used as source)",
      "ipv4",
      [address(2, "10.0.0.50/32", { ours: true }), address(2, "10.0.0.1/24")],
      "10.0.0.1",
    ],
    [
      "a floating one that somebody else left",
      "ipv4",
      [address(2, "10.0.0.100/32"), address(2, "10.0.0.1/24")],
      "10.0.0.1",
    ],
    ["only a floating one", "ipv4", [address(2, "10.0.0.100/32")], undefined],
    [
      "link-local before global",
      "ipv6",
      [address(2, "fd00::1/64"), address(2, "fe80::1/64")],
      "fe80::1",
    ],
    ["no link-local", "ipv6", [address(2, "fd00::1/64")], undefined],
    ["tentative", "ipv6", [address(2, "fe80::1/64", { tentative: true })], undefined],
    ["a floating link-local", "ipv6", [address(2, "fe80::100/64")], undefined],
  ];

for (const [name, family, addresses, expected] of PRIMARY) {
  Deno.test(`primary ${family} address: ${name}`, () => {
    const floating = [ip("10.0.0.100"), ip("fe80::100")];
    const found = primaryAddress(machine(...addresses), ETH0, family, floating);
    assert.equal(found && formatIp(found), expected);
  });
}

Deno.test("a neighbour is in a subnet of a link with ARP, by the longest one", () => {
  const tunnel = { ...ETH0, index: 4, name: "wg0", arp: false };
  const loopback = { ...ETH0, index: 1, name: "lo", loopback: true };
  const here: Interfaces = {
    links: [loopback, ETH0, tunnel],
    addresses: [
      address(1, "127.0.0.1/8"),
      address(2, "10.0.0.1/24"),
      address(2, "172.16.0.1/12"),
      address(4, "10.8.0.1/24"),
      address(4, "172.16.5.1/24"),
      address(2, "fd00::1/64"),
      address(2, "203.0.113.5/32"),
      address(2, "198.51.100.50/24", { ours: true }),
    ],
  };
  const cases: readonly (readonly [string, boolean])[] = [
    ["10.0.0.2", true],
    ["fd00::2", true],
    ["172.17.0.1", true],
    ["172.16.5.2", false],
    ["10.8.0.2", false],
    ["192.0.2.1", false],
    ["fd01::2", false],
    ["203.0.113.6", false],
    ["198.51.100.7", false],
    ["127.0.0.2", false],
  ];
  for (const [text, expected] of cases) assert.equal(isNeighbour(here, ip(text)), expected, text);
});
