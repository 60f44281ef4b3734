/** The doctor's look at etcd: who answers, of one cluster, with room. */
import assert from "node:assert/strict";
import { milliseconds } from "../../../../src/time.ts";
import { etcd, judgeEtcd } from "../../../../src/tools/doctor/checks/etcd.ts";
import type { EtcdSeen } from "../../../../src/tools/doctor/environment.ts";
import { emptyWorld, PAIR, subjectOf } from "../../../support/tools/doctor/world.ts";

function seen(member: string, changes: Partial<EtcdSeen> = {}): EtcdSeen {
  return { member, words: undefined, took: milliseconds(3), cluster: "x", ...changes };
}

function told(...members: readonly EtcdSeen[]): readonly string[] {
  return judgeEtcd(members).map(({ mark, what }) => `${mark} ${what}`);
}

Deno.test("doctor: members of etcd that answer, and those that do not", () => {
  const refused = { words: "connection refused" };
  assert.deepEqual(told(seen("a:2379"), seen("b:2379", { took: milliseconds(8) })), [
    "ok 2 of 2 members of etcd answer, the slowest in 8 ms",
  ]);
  assert.deepEqual(told(seen("a:2379"), seen("b:2379", refused), seen("c:2379")), [
    "warning etcd at b:2379: connection refused",
  ]);
  assert.deepEqual(told(seen("a:2379"), seen("b:2379", refused), seen("c:2379", refused)), [
    "problem 1 of 3 members of etcd answer, and 2 have to: etcd at b:2379: connection refused; " +
    "etcd at c:2379: connection refused",
  ]);
});

Deno.test("doctor: members of two etcd clusters, one without room, one that is almost full", () => {
  const members = [
    seen("a:2379", { size: 1.7 * 1024 ** 3 }),
    seen("b:2379", { cluster: "y", size: 1e6 }),
    seen("c:2379", { alarms: ["memberID:1 alarm:NOSPACE "] }),
  ];
  assert.deepEqual(told(...members), [
    "problem the members of etcd are of 2 etcd clusters",
    "warning the database of etcd at a:2379 has 1.7 GiB",
    "problem etcd at c:2379 says: memberID:1 alarm:NOSPACE ",
  ]);
});

Deno.test("doctor: etcd is asked as the file says, and not where the file names none", async () => {
  const world = emptyWorld({
    etcd: ({ members, settings }) =>
      Promise.resolve(members.map((member) => seen(member, { words: settings.user?.name }))),
  });
  const none = await etcd.run(subjectOf(PAIR), world);
  assert.deepEqual(none.map(({ what }) => what), [
    "the file names no etcd",
  ]);
  const cluster = `[cluster]
secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
etcd = ["https://10.0.0.1", "https://[fd00::1]:443"]
etcd_user = "us"
etcd_password = "abcdefgh"
`;
  const [found] = await etcd.run(subjectOf(PAIR + cluster), world);
  assert.equal(
    found?.what,
    "0 of 2 members of etcd answer, and 2 have to: etcd at 10.0.0.1:2379: us; " +
      "etcd at [fd00::1]:443: us",
  );
});
