/** Changes of what decides on leases which a reload must not make in one step. Pure. */
import { idsOf, listText, MAX_IDS, needOf, type VoterList } from "../../cluster/votes/voters.ts";
import type { Config } from "../config.ts";
import { error, type Problem } from "../problem.ts";
import { type EtcdPlan, etcdPlan } from "./etcd.ts";
import { hasExclusive, voterList } from "./exclusive.ts";

/**
 * Why `after` must not follow `before`, the last file in force with something exclusive;
 * undefined: it may. From votes to etcd, or to another etcd: while some machines have the one file
 * and some the other, two could hold. Among voters: the holder makes the change with a majority of
 * the old ones, which it has to reach by its file, and new machines alone must be no majority,
 * since they may take themselves for a new cluster (decision 0090).
 */
export function voterChangeProblem(before: Config, after: Config): Problem | undefined {
  if (![before, after].every(hasExclusive)) return undefined;
  const isSwitched = (before.cluster?.etcd === undefined) !== (after.cluster?.etcd === undefined);
  if (isSwitched) {
    return error(
      ["cluster"],
      "what decides on exclusive instances changes between votes and etcd",
      APART,
      STOP_ALL,
    );
  }
  const [old, next] = [before, after].map(({ cluster }) => cluster && etcdPlan(cluster));
  if (old !== undefined && next !== undefined) return etcdProblem(old, next);
  return listProblem(voterList(before), voterList(after));
}

const APART =
  "While some machines have the one file and some the other, two could hold an address.";
const STOP_ALL = "stop floatip on all machines, change the file there, and start it again";

/** Most of the new members have to be of one cluster: of the old one, if most of them are old. */
function etcdProblem(old: EtcdPlan, next: EtcdPlan): Problem | undefined {
  if (old.prefix !== next.prefix) {
    const what = `etcd_prefix changes from ${old.prefix} to ${next.prefix}`;
    return error(["cluster", "etcd_prefix"], what, APART, STOP_ALL);
  }
  const both = next.members.filter((member) => old.members.includes(member)).length;
  if (2 * both > next.members.length) return undefined;
  return error(
    ["cluster", "etcd"],
    `the members of etcd change from ${old.members.join(", ")} to ${next.members.join(", ")}`,
    `They could be another etcd cluster. ${APART}`,
    "replace fewer members at a time, and reload all machines before the next step; or " +
      STOP_ALL,
  );
}

function listProblem(old: VoterList, next: VoterList): Problem | undefined {
  const both = old.filter((id) => next.includes(id)).length;
  const isLong = JSON.stringify(idsOf({ lists: [old, next] })).length > MAX_IDS;
  const isReached = both >= needOf(old);
  const isLed = next.length - both < needOf(next);
  if (isReached && isLed && !isLong) return undefined;
  return error(
    ["cluster", "witnesses"],
    `the voters change from ${listText(old)} to ${listText(next)} in one step`,
    isLong
      ? "Votes name the old and the new voters, and these names are too long for one datagram."
      : isReached
      ? "The new ones alone would be a majority, and could take themselves for a new cluster."
      : "Those that stay are no majority of those that vote now, and could not make the change.",
    "add and remove fewer machines at a time, and reload all of them before the next step",
  );
}
