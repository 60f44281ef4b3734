/** Members of etcd: whom a node asks, and which cluster it believes. */
import assert from "node:assert/strict";
import { Members } from "../../../../src/cluster/etcd/members.ts";
import type { Reading } from "../../../../src/cluster/votes/clocks.ts";
import { milliseconds, nanoseconds } from "../../../../src/time.ts";

const NAMES = ["10.0.0.1:2379", "10.0.0.2:2379", "10.0.0.3:2379"];

function at(ms: number): Reading {
  const now = nanoseconds(milliseconds(ms));
  return { boot: now, raw: now };
}

Deno.test("etcd: the member that answers is asked again, one that does not is left", () => {
  const members = new Members(NAMES);
  const first = members.next(at(0));
  members.answered(first, at(1), "x");
  assert.equal(members.next(at(1000)), first);
  // It has not answered for 250 ms.
  const second = members.next(at(1250));
  assert.notEqual(second, first);
  members.lost(second, "connection refused");
  const third = members.next(at(1251));
  assert.deepEqual([first, second, third].toSorted(), [0, 1, 2]);
  members.answered(third, at(1252), "x");
  assert.equal(members.next(at(1300)), third);
});

Deno.test("etcd: a cluster is believed when most members belong to it", () => {
  const members = new Members(NAMES);
  members.answered(0, at(0), "x");
  assert.equal(members.cluster, undefined);
  members.answered(1, at(1), "y");
  assert.equal(members.cluster, undefined);
  members.answered(2, at(2), "y");
  assert.equal(members.cluster, "y");
  members.answered(0, at(3), "x");
  assert.equal(members.cluster, "y");
  assert.deepEqual(members.view(at(4)), {
    have: 2,
    need: 2,
    of: NAMES,
    faults: ["etcd at 10.0.0.1:2379: belongs to another etcd cluster than the others"],
  });
});

Deno.test("etcd: members that are asked nothing are heard of all the same", () => {
  const members = new Members(NAMES);
  assert.deepEqual(members.toProbe(at(0)), [0, 1, 2]);
  for (const index of [0, 1, 2]) members.answered(index, at(1), "x");
  assert.deepEqual(members.toProbe(at(4000)), []);
  assert.equal(members.next(at(4900)), 0);
  assert.deepEqual(members.toProbe(at(5000)), [1, 2]);
  members.lost(1, "no answer within 1.5 s");
  const { have, faults } = members.view(at(6500));
  assert.deepEqual([have, faults], [2, ["etcd at 10.0.0.2:2379: no answer within 1.5 s"]]);
  assert.equal(members.view(at(14000)).have, 0);
});
