import assert from "node:assert/strict";
import fc from "fast-check";
import { ip, ipFromBytes } from "../../../src/net/ip.ts";
import { compareMasters, isObeyedByBackup } from "../../../src/vrrp/election.ts";

const MASTERS: readonly (readonly [number, string, number, string, string])[] = [
  // own priority and address, their priority and address, how they stand
  [100, "10.0.0.2", 101, "10.0.0.1", "better"],
  [100, "10.0.0.2", 99, "10.0.0.3", "worse"],
  [100, "10.0.0.2", 100, "10.0.0.3", "tie-lost"],
  [100, "10.0.0.2", 100, "10.0.0.1", "worse"],
  [100, "10.0.0.2", 100, "10.0.0.2", "same"],
  [255, "10.0.0.2", 255, "10.0.0.3", "tie-lost"],
  // Unsigned, byte by byte from the left; not as text, not as signed numbers.
  [100, "10.0.0.9", 100, "10.0.0.10", "tie-lost"],
  [100, "127.0.0.1", 100, "128.0.0.1", "tie-lost"],
  [100, "9.255.255.255", 100, "10.0.0.0", "tie-lost"],
  [100, "fe80::9", 100, "fe80::10", "tie-lost"],
  [100, "fe80::8000:0:0:0", 100, "fe80::7fff:ffff:ffff:ffff", "worse"],
];

for (const [priority, source, theirPriority, theirSource, expected] of MASTERS) {
  Deno.test(`election: ${priority} ${source} against ${theirPriority} ${theirSource}`, () => {
    const own = { priority, source: ip(source) };
    const theirs = { priority: theirPriority, source: ip(theirSource) };
    assert.equal(compareMasters(own, theirs), expected);
  });
}

Deno.test("election: a backup obeys a master that is not worse", () => {
  assert.deepEqual([99, 100, 101].map((priority) => isObeyedByBackup(100, priority)), [
    false,
    true,
    true,
  ]);
});

Deno.test("election: of two different masters exactly one yields", () => {
  const candidate = fc.record({
    priority: fc.integer({ min: 1, max: 255 }),
    source: fc.uint8Array({ minLength: 4, maxLength: 4 }).map(ipFromBytes),
  });
  fc.assert(fc.property(candidate, candidate, (a, b) => {
    const views = [compareMasters(a, b), compareMasters(b, a)];
    if (views.includes("same")) return assert.deepEqual(views, ["same", "same"]);
    assert.equal(views.filter((view) => view === "worse").length, 1);
  }));
});
