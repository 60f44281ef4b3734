/** A machine that has not got what a check looks at is told before the daemon runs. */
import assert from "node:assert/strict";
import { plan } from "../../../../src/config/plan/plan_node.ts";
import { decode } from "../../../../src/config/decode.ts";
import { machine } from "../../../support/config/machines.ts";

const PI = machine({ eth0: ["192.168.1.12/24", "fe80::12/64"], wlan0: ["10.9.9.9/24"] });

const CASES: readonly (readonly [title: string, lines: string, expected: readonly string[]])[] = [
  ["an interface", 'interface = "wlan0"', []],
  ["an interface that is not here", 'interface = "wlan1"', [
    "machine check.x.interface: there is no interface wlan1 on this machine: it has eth0, wlan0",
  ]],
  ["a neighbour", 'ping = "192.168.1.1"\nby = "arp"', []],
  ["a neighbour by its link-local address", 'ping = "fe80::1"\nby = "arp"', []],
  ["somebody far away, by ICMP", 'ping = "198.51.100.1"', []],
  ["somebody far away, by ARP", 'ping = "198.51.100.1"\nby = "arp"', [
    "machine check.x.ping: no interface of this machine has an address in the network of " +
    "198.51.100.1",
  ]],
  ["a neighbour of nobody's, by Neighbor Discovery", 'ping = "2001:db8::1"\nby = "arp"', [
    "machine check.x.ping: no interface of this machine has an address in the network of " +
    "2001:db8::1",
  ]],
];

for (const [title, lines, expected] of CASES) {
  Deno.test(`a check of ${title}`, () => {
    const decoded = decode(
      '[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\nchecks = ["x"]\n' +
        `[check.x]\n${lines}\n`,
    );
    assert.ok(decoded.kind === "config", JSON.stringify(decoded));
    const { problems } = plan(decoded.config, PI, undefined, undefined);
    const told = problems.map(({ severity, path, what }) =>
      `${severity} ${path.join(".")}: ${what}`
    );
    assert.deepEqual(told, expected);
  });
}
