/**
 * Floating addresses that are somebody's already, or that the kernel does not take: `floatip check`
 * says so, with what mends it.
 */
import assert from "node:assert/strict";
import { type Machine, plan } from "../../../../src/config/plan/plan_node.ts";
import { decode } from "../../../../src/config/decode.ts";
import { ip } from "../../../../src/net/ip.ts";
import type { Link } from "../../../../src/net/interfaces.ts";
import { machine } from "../../../support/config/machines.ts";

const OWN = ["10.77.0.11/24", "fe80::1/64"];

function problems(here: Machine, addresses: string, lines = "") {
  const text = `[instance.web]\ninterface = "eth0"\nvrid = 51\naddresses = ${addresses}\n${lines}`;
  const decoded = decode(text);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems, null, 2));
  return plan(decoded.config, here, undefined, undefined).problems;
}

function said(...args: Parameters<typeof problems>): readonly string[] {
  return problems(...args).map(({ severity, what, fix }) => `${severity}: ${what} | ${fix}`);
}

const OTHER = "give the instance an address that no machine has";

function ownOn(text: string): string {
  return `machine: ${text} is this machine's own address on eth0: it was not put there by floatip`;
}

Deno.test("the machine's only address is refused, instead of a complaint that it has none", () => {
  const here = machine({ eth0: OWN });
  assert.deepEqual(said(here, '["10.77.0.11/24"]'), [`${ownOn("10.77.0.11")} | ${OTHER}`]);
  assert.deepEqual(said(here, '["10.77.0.11/32"]'), [`${ownOn("10.77.0.11")} | ${OTHER}`]);
  assert.deepEqual(said(here, '["10.77.0.50/24", "10.77.0.11/24"]'), [
    `${ownOn("10.77.0.11")} | ${OTHER}`,
  ]);
  assert.deepEqual(said(here, '["10.77.0.11/24"]', "priority = 255"), []);
  const both = machine({ eth0: [...OWN, "fd77::11/64"] });
  assert.deepEqual(said(both, '["fd77::11/64"]'), [`${ownOn("fd77::11")} | ${OTHER}`]);
});

Deno.test("a likely leftover is told with the line that removes it, which works", () => {
  const here = machine({ eth0: [...OWN, "10.77.0.50/24"] });
  const [problem] = problems(here, '["10.77.0.50/24"]');
  assert.match(problem?.fix ?? "", /^ip address del 10\.77\.0\.50\/24 dev eth0 /);
  assert.deepEqual(said(machine({ eth0: OWN }), '["10.77.0.50/24"]'), []);
});

Deno.test("what others of the subnet rest on, and what DHCP gave, is no leftover", () => {
  const carrying = machine({ eth0: ["10.77.0.50/24", "10.77.0.11/24"] });
  const here = {
    ...carrying,
    interfaces: {
      ...carrying.interfaces,
      addresses: carrying.interfaces.addresses.map((entry, i) => ({ ...entry, secondary: i > 0 })),
    },
  };
  assert.deepEqual(said(here, '["10.77.0.50/24"]'), [`${ownOn("10.77.0.50")} | ${OTHER}`]);
});

Deno.test("an address that floatip put there is what it should be", () => {
  const here = machine({ eth0: [...OWN, "ours 10.77.0.50/24"] });
  assert.deepEqual(said(here, '["10.77.0.50/24"]'), []);
});

Deno.test("the gateway of the default route is refused", () => {
  const here = { ...machine({ eth0: OWN }), gateways: [ip("10.77.0.1")] };
  const words = "10.77.0.1 is the gateway of this machine's default route";
  assert.deepEqual(said(here, '["10.77.0.1/24"]'), [`machine: ${words} | ${OTHER}`]);
  assert.deepEqual(said(here, '["10.77.0.50/24"]'), []);
});

Deno.test("IPv6 that is switched off is told, with the setting that it is", () => {
  const off = (changes: Partial<Link>): Machine => {
    const { hostName, interfaces } = machine({ eth0: OWN });
    const links = interfaces.links.map((link) => ({ ...link, ipv6Off: true as const, ...changes }));
    return { hostName, interfaces: { ...interfaces, links } };
  };
  const addresses = '["10.77.0.50/24", { address = "fd77::50/64", advertise = false }]';
  const words = "machine: IPv6 is switched off on eth0, which is to have fd77::50";
  assert.deepEqual(said(off({}), addresses), [
    `${words} | sysctl -w net.ipv6.conf.eth0.disable_ipv6=0`,
  ]);
  assert.deepEqual(said(off({ mtu: 1000 }), addresses), [`${words} | ip link set eth0 mtu 1280`]);
});
