/** Changes of those that vote which a reload must not make in one step (decision 0081). Pure. */
import { overlap, votersOf } from "../../cluster/votes/voters.ts";
import type { Config } from "../config.ts";
import { error, type Problem } from "../problem.ts";
import { voterNames } from "./exclusive.ts";

/**
 * Why `after` must not follow `before` in one step; undefined: it may. While some machines have the
 * one file and some the other, two could have a majority each.
 */
export function voterChangeProblem(before: Config, after: Config): Problem | undefined {
  const areExclusive = [before, after].every(({ instances }) =>
    instances.some(({ exclusive }) => exclusive)
  );
  if (!areExclusive) return undefined;
  const isSwitched = (before.cluster?.etcd === undefined) !== (after.cluster?.etcd === undefined);
  if (isSwitched) {
    return error(
      ["cluster"],
      "what decides on exclusive instances changes between votes and etcd",
      "While some machines have the one file and some the other, two could hold an address.",
      "stop floatip on all machines, change the file there, and start it again",
    );
  }
  if (after.cluster?.etcd !== undefined) return undefined;
  const [old, next] = [before, after].map((config) => votersOf(voterNames(config)));
  if (old === undefined || next === undefined || overlap(old, next)) return undefined;
  const gone = old.names.filter((name) => !next.names.includes(name));
  const both = votersOf([...old.names, ...next.names]);
  return error(
    ["cluster", "witnesses"],
    `the voters change from ${old.names.join(", ")} to ${next.names.join(", ")} in one step`,
    "While some machines have the one file and some the other, two could have a majority each.",
    overlap(old, both) && overlap(both, next)
      ? `first reload all machines with ${both.names.join(", ")}; then remove ${gone.join(", ")}`
      : "add and remove one machine at a time, on all machines before the next step",
  );
}
