/** Do the rules read as they were agreed, for each program? That they work is test/firewall/'s business. */
import assert from "node:assert/strict";
import { FIREWALL_FORMATS } from "../../../src/firewall/format_names.ts";
import { firewallText, UNKNOWN_SURFACES } from "../../../src/firewall/formats.ts";
import { golden } from "../../golden/golden.ts";
import { nodeOf, THREE_KINDS } from "./nodes.ts";

for (const format of FIREWALL_FORMATS) {
  Deno.test(`firewall rules for ${format}`, async () => {
    const node = nodeOf(THREE_KINDS);
    const incoming = firewallText(node, format, UNKNOWN_SURFACES);
    const both = firewallText(node, format, { ...UNKNOWN_SURFACES, outgoing: true });
    await golden(`firewall_${format}`, `${incoming}\n=== and outgoing\n\n${both}`);
  });
}

Deno.test("nft rules go into the chains that this machine has, by family and direction", () => {
  const chains = [
    { family: "ip", table: "mine", chain: "IN", direction: "in" },
    { family: "ip6", table: "mine", chain: "IN6", direction: "in" },
    { family: "inet", table: "all", chain: "out", direction: "out" },
  ] as const;
  const lines = firewallText(nodeOf(THREE_KINDS), "nft", {
    ...UNKNOWN_SURFACES,
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
  const text = firewallText(nodeOf(THREE_KINDS), "firewalld", { ...UNKNOWN_SURFACES, zones });
  const rules = text.split("\n").filter((line) => line.includes("rich-rule"));
  assert.equal(rules.length, 4);
  assert.ok(rules.every((line) => line.startsWith("firewall-cmd --permanent --zone=dmz --add")));
});

Deno.test("an interface's odd name cannot become a command", () => {
  const node = nodeOf(THREE_KINDS.replace("vrid = 51", 'vrid = 51\ninterface = "e$(x)"'));
  for (const format of ["iptables", "ufw"] as const) {
    assert.match(firewallText(node, format, UNKNOWN_SURFACES), / 'e\$\(x\)' /);
  }
});
