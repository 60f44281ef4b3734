/** Check of the etcd cluster that decides on exclusive instances: do its members answer? */
import { etcdPlan } from "../../../config/plan/etcd.ts";
import { formatDuration } from "../../../time.ts";
import { type DoctorCheck, type Finding, ok, problem, warning } from "../check.ts";
import type { EtcdSeen } from "../environment.ts";

/** An exclusive address is held only by a node that can ask etcd. */
export const etcd: DoctorCheck = {
  name: "etcd",
  needs: "file",
  async run({ plan }, environment) {
    const cluster = plan?.config.cluster;
    const asked = cluster && etcdPlan(cluster);
    if (asked === undefined) return [ok("the file names no etcd")];
    return judgeEtcd(await environment.etcd(asked));
  },
};

/** Of a database that has this size, a quarter is left (quota-backend-bytes, 2 GiB). */
const LARGE = 1.5 * 1024 ** 3;

/** One finding for each thing that is wrong. */
export function judgeEtcd(members: readonly EtcdSeen[]): readonly Finding[] {
  const answering = members.filter(({ words }) => words === undefined);
  const need = Math.floor(members.length / 2) + 1;
  const clusters = new Set(answering.map(({ cluster }) => cluster));
  const silent = members.flatMap(({ member, words }) =>
    words === undefined ? [] : [`etcd at ${member}: ${words}`]
  );
  const findings: Finding[] = [];
  if (answering.length < need) {
    findings.push(problem(
      `${answering.length} of ${members.length} members of etcd answer, and ${need} have to` +
        `: ${silent.join("; ")}`,
      "No node can hold an exclusive address while it cannot ask etcd.",
      "etcdctl endpoint health --cluster   # on a member; what it needs, [cluster] has to say",
    ));
  } else if (silent.length > 0) {
    findings.push(warning(
      silent.join("; "),
      "When another one fails, no node may hold an exclusive address.",
      "start it, open its port, or correct etcd in [cluster]",
    ));
  }
  if (clusters.size > 1) {
    findings.push(problem(
      `the members of etcd are of ${clusters.size} etcd clusters`,
      "Two nodes that ask two clusters may hold one address both.",
      "write the members of one etcd cluster into [cluster], the same on all nodes",
    ));
  }
  for (const { member, size = 0, alarms = [] } of answering) {
    if (alarms.length > 0) {
      findings.push(problem(
        `etcd at ${member} says: ${alarms.join(", ")}`,
        "With an alarm etcd takes nothing in, and no node can hold an exclusive address.",
        "make room, then: etcdctl compact ..., etcdctl defrag, etcdctl alarm disarm",
      ));
    } else if (size > LARGE) {
      findings.push(warning(
        `the database of etcd at ${member} has ${(size / 1024 ** 3).toFixed(1)} GiB`,
        "With 2 GiB, if it was not given more, it takes nothing in.",
        "ETCD_AUTO_COMPACTION_RETENTION=1 in /etc/default/etcd, and: etcdctl defrag",
      ));
    }
  }
  if (findings.length > 0) return findings;
  const slowest = answering.toSorted((a, b) => b.took - a.took)[0];
  const took = slowest === undefined ? "" : `, the slowest in ${formatDuration(slowest.took)}`;
  return [ok(`${answering.length} of ${members.length} members of etcd answer${took}`)];
}
