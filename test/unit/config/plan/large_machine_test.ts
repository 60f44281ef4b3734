/** With thousands of addresses of our own, a plan and a look at the network cost what changed. */
import assert from "node:assert/strict";
import { decode } from "../../../../src/config/decode.ts";
import { planNode } from "../../../../src/config/plan/plan_node.ts";
import { networkDifference } from "../../../../src/daemon/machine/network_difference.ts";
import {
  addressEntries,
  type Interfaces,
  type LinkAddress,
} from "../../../../src/net/interfaces.ts";
import { ip } from "../../../../src/net/ip.ts";
import { address, link } from "../../../support/net/links.ts";
import { atOnce } from "../../../../src/async.ts";

const COUNT = 2000;

const NODE = address(2, "10.77.0.11/24");

const CONFIG = `[nodes]
pi-a = "10.77.0.11"
pi-b = "10.77.0.12"
[instance.web]
vrid = 51
addresses = ["10.88.1.1/16", "10.88.1.2/16"]
`;

/** Addresses of our own, and how often one was looked at. */
function counted(): { readonly all: readonly LinkAddress[]; looks: number } {
  const counter = { all: [] as LinkAddress[], looks: 0 };
  for (let i = 0; i < COUNT; i++) {
    const one = { ...address(2, `10.88.${i >> 8}.${i & 255}/16`), ours: true };
    const { prefix } = one;
    counter.all.push({
      ...one,
      get prefix() {
        counter.looks++;
        return prefix;
      },
    });
  }
  return counter;
}

function machine(running: boolean, ours: readonly LinkAddress[]): Interfaces {
  return {
    links: [{ ...link("eth0", 2), running }],
    addresses: [NODE, ...ours],
  };
}

function planFor(interfaces: Interfaces): void {
  const decoded = decode(CONFIG);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems));
  const here = { hostName: "pi-a", interfaces };
  const { node } = atOnce(planNode(decoded.config, here, undefined, undefined));
  assert.equal(node.plans[0]?.interface, "eth0");
}

Deno.test("a cable that is pulled has none of our addresses looked at, however many", () => {
  const ours = counted();
  const before = machine(true, ours.all);
  planFor(before);
  assert.equal(addressEntries(before, ip("10.88.0.7")).length, 1);
  ours.looks = 0;
  const after = machine(false, ours.all);
  assert.deepEqual(networkDifference(before, after), {
    links: new Set(["eth0"]),
    addresses: [],
    isOwnDoing: false,
  });
  planFor(after);
  assert.equal(addressEntries(after, ip("10.88.0.7")).length, 1);
  assert.equal(ours.looks, 0);
});

Deno.test("addresses that are all taken away are not looked at one by one", () => {
  const ours = counted();
  assert.equal(addressEntries(machine(true, ours.all), ip("10.88.0.7")).length, 1);
  ours.looks = 0;
  assert.equal(addressEntries(machine(true, []), ip("10.88.0.7")).length, 0);
  assert.equal(ours.looks, 0);
});

Deno.test("of addresses of which some are taken away, only those are looked at", () => {
  const ours = counted();
  assert.equal(addressEntries(machine(true, ours.all), ip("10.88.0.7")).length, 1);
  ours.looks = 0;
  const left = machine(true, ours.all.filter((_, i) => i % 10 !== 7));
  assert.equal(addressEntries(left, ip("10.88.0.7")).length, 0);
  assert.equal(addressEntries(left, ip("10.88.0.8")).length, 1);
  assert.equal(ours.looks, COUNT / 10);
});
