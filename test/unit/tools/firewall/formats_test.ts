/** Tests of the printed rules for each program. test/lab/firewall tests that they work. */
import assert from "node:assert/strict";
import {
  FIREWALL_FORMATS,
  type FirewallFormat,
} from "../../../../src/tools/firewall/format_names.ts";
import { type FilterSetup, firewallText } from "../../../../src/tools/firewall/formats.ts";
import { golden } from "../../../support/golden.ts";
import { ALL_KINDS, CLUSTER, nodeOf, trafficOf } from "../../../support/tools/firewall/nodes.ts";

/** A machine that is not known. */
const UNKNOWN_SETUP: FilterSetup = { chains: [], zones: new Map(), outgoing: false };

for (const format of FIREWALL_FORMATS) {
  Deno.test(`firewall rules for ${format}`, async () => {
    const incoming = textOf(ALL_KINDS, format, UNKNOWN_SETUP);
    const both = textOf(ALL_KINDS, format, { ...UNKNOWN_SETUP, outgoing: true });
    const cluster = textOf(CLUSTER, format, { ...UNKNOWN_SETUP, outgoing: true });
    const parts = [incoming, "=== and outgoing\n", both, "=== of a cluster\n", cluster];
    await golden(`firewall_${format}`, parts.join("\n"));
  });
}

Deno.test("nft rules go into the chains that this machine has, by family and direction", () => {
  const chains = [
    { family: "ip", table: "mine", chain: "IN", direction: "in" },
    { family: "ip6", table: "mine", chain: "IN6", direction: "in" },
    { family: "inet", table: "all", chain: "out", direction: "out" },
  ] as const;
  const lines = textOf(ALL_KINDS, "nft", {
    ...UNKNOWN_SETUP,
    chains,
    outgoing: true,
  }).split("\n").filter((line) => line.startsWith("insert"));
  const places = lines.map((line) => line.split(" ").slice(2, 6).join(" "));
  assert.deepEqual(
    new Set(places),
    new Set([
      "ip mine IN iifname",
      "ip6 mine IN6 iifname",
      "inet all out oifname",
    ]),
  );
  assert.ok(
    lines.filter((line) => line.includes(" ip6 mine ")).every((line) => /ip6|icmpv6/.test(line)),
  );
});

Deno.test("firewalld rules name the zone of their interface", () => {
  const zones = new Map([["eth0", "dmz"]]);
  const text = textOf(ALL_KINDS, "firewalld", { ...UNKNOWN_SETUP, zones });
  const rules = text.split("\n").filter((line) => line.includes("rich-rule"));
  assert.equal(rules.length, 6);
  assert.ok(rules.every((line) => line.startsWith("firewall-cmd --permanent --zone=dmz --add")));
});

Deno.test("an interface's odd name cannot become a command", () => {
  const file = ALL_KINDS.replace(
    "vrid = 51",
    'vrid = 51\nsource = "10.9.9.9"\ninterface = "e$(x)"',
  );
  for (const format of ["iptables", "ufw"] as const) {
    assert.match(textOf(file, format, UNKNOWN_SETUP), / 'e\$\(x\)' /);
  }
});

Deno.test("firewall: adverts of peers come in on the interface of the source", () => {
  const file = ALL_KINDS.replace("vrid = 54", 'vrid = 54\ninterface = "eth7"');
  const lines = textOf(file, "iptables", UNKNOWN_SETUP).split("\n");
  const accept = "-p udp --dport 336 -m comment --comment floatip -j ACCEPT";
  assert.deepEqual(lines.filter((line) => line.includes("udp")), [
    `iptables -I INPUT -i eth0 -s 192.168.1.12 ${accept}`,
    `iptables -I INPUT -i eth0 -s 192.168.1.13 ${accept}`,
  ]);
});

/** What pi-a is told of `file`. */
function textOf(file: string, format: FirewallFormat, setup: FilterSetup): string {
  const node = nodeOf(file);
  return firewallText(node, trafficOf(file), format, setup);
}
