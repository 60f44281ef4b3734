import assert from "node:assert/strict";
import { capabilityHint, missingFrom, purposesOf } from "../../src/capabilities.ts";

const BOTH = ["CAP_NET_ADMIN", "CAP_NET_RAW"] as const;

const TABLE: readonly (readonly [string, readonly string[]])[] = [
  ["Name:\tdeno\nCapEff:\t000001ffffffffff\n", []],
  ["CapEff:\t0000000000003000\n", []],
  ["CapEff:\t0000000000001000\n", ["CAP_NET_RAW"]],
  ["CapEff:\t0000000000002000\n", ["CAP_NET_ADMIN"]],
  ["CapPrm:\t0000000000003000\nCapEff:\t0000000000000000\n", BOTH],
  ["nothing of the kind", []],
];

for (const [status, missing] of TABLE) {
  Deno.test(`missing by ${JSON.stringify(status)}`, () =>
    assert.deepEqual(missingFrom(status, BOTH), missing));
}

Deno.test("root is not told to become root, and others are", () => {
  assert.match(capabilityHint(["CAP_NET_RAW"], "listen", 1000), /`sudo floatip listen`/);
  const root = capabilityHint(BOTH, "run", 0);
  assert.match(root, /--cap-add NET_ADMIN --cap-add NET_RAW; .*CAP_NET_ADMIN and CAP_NET_RAW in/);
  assert.doesNotMatch(root, /sudo/);
});

Deno.test("what they are for is said in words", () =>
  assert.equal(
    purposesOf(BOTH),
    "add and remove addresses (CAP_NET_ADMIN) and send and receive VRRP (CAP_NET_RAW)",
  ));
