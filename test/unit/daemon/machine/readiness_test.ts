/** Readiness names the right fault, and chooses the right endpoint and source. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Plan } from "../../../../src/config/plan/plan.ts";
import {
  type Known,
  linkPrint,
  missingAddresses,
  readiness,
} from "../../../../src/daemon/machine/readiness.ts";
import { formatIp, ip } from "../../../../src/net/ip.ts";
import type { Interfaces, Link, LinkAddress } from "../../../../src/net/interfaces.ts";
import { seconds } from "../../../../src/time.ts";
import { aPlan, PEER } from "../../../support/daemon/plans.ts";
import { address, link } from "../../../support/net/links.ts";

const eth0 = link("eth0", 2);
const own = address(2, "10.77.0.1/24");
const LO = link("lo", 1, { loopback: true });

interface Case {
  readonly name: string;
  readonly plan: Plan;
  readonly interfaces: Interfaces;
  readonly faults: readonly string[];
  readonly source?: string;
}

const CASES: readonly Case[] = [
  {
    name: "all there",
    plan: aPlan(),
    interfaces: { links: [eth0], addresses: [own] },
    faults: [],
    source: "10.77.0.1",
  },
  {
    name: "no interface",
    plan: aPlan(),
    interfaces: { links: [], addresses: [] },
    faults: ["interface-missing"],
  },
  {
    name: "switched off",
    plan: aPlan(),
    interfaces: { links: [link("eth0", 2, { up: false, running: false })], addresses: [own] },
    faults: ["link-down"],
    source: "10.77.0.1",
  },
  {
    name: "cable unplugged and no address",
    plan: aPlan(),
    interfaces: { links: [link("eth0", 2, { running: false })], addresses: [] },
    faults: ["no-carrier", "source-missing"],
  },
  {
    name: "the only address is the floating one",
    plan: aPlan(),
    interfaces: { links: [eth0], addresses: [address(2, "10.77.0.100/24")] },
    faults: ["own-address"],
  },
  {
    name: "an address of our own making is no source",
    plan: aPlan(),
    interfaces: { links: [eth0], addresses: [address(2, "10.77.0.9/24", { ours: true })] },
    faults: ["source-missing"],
  },
  {
    name: "written source not here",
    plan: aPlan({ source: ip("10.77.0.7") }),
    interfaces: { links: [eth0], addresses: [own] },
    faults: ["source-missing"],
  },
  {
    name: "an owner's floating address is its own",
    plan: aPlan({ priority: 255 }),
    interfaces: { links: [eth0], addresses: [address(2, "10.77.0.100/24")] },
    faults: [],
    source: "10.77.0.100",
  },
];

for (const { name, plan, interfaces, faults, source } of CASES) {
  Deno.test(`readiness: ${name}`, () => {
    const found = readiness(plan, interfaces);
    deepStrictEqual(found.faults.map((fault) => fault.kind), faults);
    strictEqual(found.source === undefined ? undefined : formatIp(found.source), source);
    strictEqual(found.endpoint === undefined, source === undefined);
  });
}

Deno.test("missing addresses: another prefix length or another link is not the address", () => {
  const links = [eth0, link("eth1", 3)];
  const there = (index: number, text: string) =>
    missingAddresses(aPlan(), { links, addresses: [address(index, text)] });
  deepStrictEqual(there(2, "10.77.0.100/24"), []);
  deepStrictEqual(there(2, "10.77.0.100/32"), ["10.77.0.100"]);
  deepStrictEqual(there(3, "10.77.0.100/24"), ["10.77.0.100"]);
});

Deno.test("readiness: all that share an address and a UDP port share the endpoint", () => {
  const links = [eth0, link("eth1", 3)];
  const interfaces = { links, addresses: [own, address(3, "10.78.0.1/24")] };
  const source = ip("10.77.0.1");
  const shared = { peers: [PEER], source, rules: { transport: "udp" } } as const;
  const expected = { kind: "udp", family: "ipv4", interface: "eth0", source, port: 336 };
  for (const name of ["eth0", "eth1"]) {
    const found = readiness({ ...aPlan(shared), interface: name }, interfaces);
    deepStrictEqual(found.endpoint, expected);
    strictEqual(found.linkIndex, 2);
  }
});

Deno.test("readiness: a link-local source of UDP is that of the instance's own link", () => {
  const links = [eth0, link("eth1", 3)];
  const both = [address(2, "fe80::1/64"), address(3, "fe80::1/64")];
  const source = ip("fe80::1");
  const plan: Plan = {
    ...aPlan({ peers: [ip("fe80::2")], source, rules: { transport: "udp" } }),
    family: "ipv6",
    interface: "eth1",
    virtualAddresses: [],
  };
  const found = readiness(plan, { links, addresses: both });
  strictEqual(found.endpoint?.interface, "eth1");
  strictEqual(found.linkIndex, 3);
});

Deno.test("readiness: UDP waits for its source like every transport", () => {
  const plan = aPlan({ peers: [PEER], source: ip("10.77.0.7"), rules: { transport: "udp" } });
  const found = readiness(plan, { links: [eth0], addresses: [own] });
  deepStrictEqual(found.faults.map(({ kind }) => kind), ["source-missing"]);
  strictEqual(found.endpoint, undefined);
});

Deno.test("readiness: what neighbours learn of a link changes its print, speed does not", () => {
  const print = (changes: Partial<Link>) =>
    linkPrint(aPlan(), { links: [link("eth0", 2, changes), link("eth1", 3)], addresses: [own] });
  const changes: readonly Partial<Link>[] = [
    { index: 7 },
    { mac: Uint8Array.of(2, 0, 0, 0, 0, 9) },
    { mac: undefined },
    { master: 4 },
    { activePort: 5 },
    { carrierUps: 3 },
    { forwards6: true },
  ];
  const prints = [{}, ...changes].map(print);
  strictEqual(new Set(prints).size, prints.length);
  strictEqual(print({ mtu: 9000 }), print({}));
});

Deno.test("readiness: own address or gateway is refused, a leftover or an owner's is not", () => {
  const faults = (
    there: readonly LinkAddress[],
    known: Known = {},
    changes: Parameters<typeof aPlan>[0] = {},
  ) => {
    const interfaces = { links: [eth0, link("eth1", 3), LO], addresses: [own, ...there] };
    return readiness(aPlan(changes), interfaces, known).faults.map(({ message: words }) => words);
  };
  const text = "10.77.0.100/24";
  const words = (name: string) => [
    `10.77.0.100 is this machine's own address on ${name}: it was not put there by floatip`,
  ];
  deepStrictEqual(faults([address(2, text)]), words("eth0"));
  deepStrictEqual(faults([address(2, "10.77.0.100/32")]), words("eth0"));
  deepStrictEqual(faults([address(3, text)]), words("eth1"));
  deepStrictEqual(faults([address(2, text, { validFor: seconds(86400) })]), words("eth0"));
  deepStrictEqual(faults([address(2, text)], {}, { rules: { lease: undefined } }), words("eth0"));
  for (
    const leftover of [
      address(2, text, { ours: true }),
      address(2, text, { validFor: seconds(3) }),
      address(2, text, { dadFailed: true, tentative: true }),
      address(1, "10.77.0.100/32"),
    ]
  ) deepStrictEqual(faults([leftover]), []);
  deepStrictEqual(faults([address(2, text)], { placed: new Map([["10.77.0.100", 2]]) }), []);
  const onAnotherCard = { placed: new Map([["10.77.0.100", 7]]) };
  deepStrictEqual(faults([address(2, text)], onAnotherCard), words("eth0"));
  deepStrictEqual(faults([address(2, text)], {}, { priority: 255 }), []);
  deepStrictEqual(faults([], { gateways: [ip("10.77.0.254"), ip("10.77.0.100")] }), [
    "10.77.0.100 is the gateway of this machine's default route",
  ]);
});

Deno.test("readiness: an IPv6 address on a link without IPv6 is not tried at all", () => {
  const plan = aPlan({ addresses: ["10.77.0.100/24", "fd77::100/64"] });
  const faults = (changes: Partial<Link>) =>
    readiness(plan, { links: [link("eth0", 2, changes)], addresses: [own] }).faults;
  deepStrictEqual(faults({}), []);
  deepStrictEqual(faults({ ipv6Off: true }), [{
    kind: "ipv6-off",
    message: "IPv6 is switched off on eth0, which is to have fd77::100",
  }]);
  const [small] = faults({ ipv6Off: true, mtu: 576 });
  strictEqual(
    small?.message,
    "IPv6 is switched off on eth0 (its MTU is 576, IPv6 needs 1280), which is to have fd77::100",
  );
});
