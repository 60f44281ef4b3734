/** A fix for what does not fit this machine is right as well. */
import assert from "node:assert/strict";
import { plan } from "../../../src/config/plan/plan_node.ts";
import { decode } from "../../../src/config/decode.ts";
import { locate } from "../../../src/config/locate.ts";
import { follow, readFix } from "../../support/config/apply_fix.ts";
import { machine } from "../../support/config/machines.ts";
import { NODES, WEB, web } from "../../support/config/misuse.ts";

const PI_A = machine({ lo: ["127.0.0.1/8"], eth0: ["192.168.1.11/24"], eth1: ["10.0.0.1/24"] });

const LINKED = `[nodes]
pi-a = { address = "192.168.1.11", {} }
pi-b = "192.168.1.12"

[cluster]
secret = { credential = "cluster" }

`;

async function told(toml: string) {
  const decoded = decode(toml);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems));
  return await locate(plan(decoded.config, PI_A, undefined, undefined).problems, toml, "f");
}

const wrong: readonly (readonly [toml: string, where: string, fix: string])[] = [
  [`${NODES}[node]\nname = "pi-b"\n${WEB}`, "node.name", 'name = "pi-a"'],
  [
    `${LINKED.replace("{}", 'links = ["10.0.0.9"]')}${WEB}`,
    "nodes.pi-a.links.0",
    "give this machine the address 10.0.0.9, or write the one that it has",
  ],
  [
    `${LINKED.replace("{}", "only_vrrp = true")}${WEB}`,
    "nodes.pi-a.only_vrrp",
    "only_vrrp = false",
  ],
  [web('interface = "eht0"'), "instance.web.interface", 'interface = "eth0"'],
  [web('interface = "wan"'), "instance.web.interface", "write the name of one that is there"],
  [
    web('interface = "lo"'),
    "instance.web.interface",
    "remove it, or write the interface that the LAN is on",
  ],
  [
    web('interface = "eth0"', 'source = "192.168.1.99"'),
    "instance.web.source",
    'source = "192.168.1.11"',
  ],
  [web('interface = "eth1"'), "instance.web.addresses.0", 'interface = "eth0"'],
  [
    NODES.replace(".11", ".21").replace(".12", ".22") + `[node]\nname = "pi-a"\n${WEB}`,
    "nodes.pi-a",
    "give this machine the address 192.168.1.21, or write the one that it has: " +
    "192.168.1.11, 10.0.0.1",
  ],
];

for (const [toml, where, fix] of wrong) {
  Deno.test(`of ${JSON.stringify(toml.replace(WEB, ""))} the fix is ${fix}`, async () => {
    const problems = await told(toml);
    const problem = problems.find(({ path }) => path.join(".") === where);
    assert.equal(problem?.fix, fix, JSON.stringify(problems, undefined, 2));
    if (problem === undefined || readFix(fix).kind === "words") return;
    const results = follow(toml, problem).filter((one) => decode(one).kind === "config");
    const afterwards = await Promise.all(results.map(told));
    const others = problems.filter((one) => one !== problem).map(({ what }) => what);
    assert.ok(
      afterwards.some((after) => after.every(({ what }) => others.includes(what))),
      JSON.stringify(afterwards, undefined, 2),
    );
  });
}
