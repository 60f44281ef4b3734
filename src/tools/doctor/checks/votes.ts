/** Check of the votes by which exclusive instances are held: is there a majority for this node? */
import { type Electorate, electorateOf, hasExclusive } from "../../../config/plan/exclusive.ts";
import type { InstanceStatus, StatusDocument, VotesStatus } from "../../../control/api.ts";
import { formatDuration, milliseconds } from "../../../time.ts";
import { type DoctorCheck, type Finding, ok, problem, unknown, warning } from "../check.ts";
import type { DaemonSeen } from "../environment.ts";

/** An exclusive address is held only with a majority of votes. */
export const votes: DoctorCheck = {
  name: "votes",
  needs: "file",
  async run({ plan }, environment) {
    const config = plan?.config;
    if (config === undefined || !hasExclusive(config)) {
      return [ok("nothing is exclusive")];
    }
    if (config.cluster?.etcd !== undefined) return [ok("etcd decides, in place of votes")];
    return judgeVotes(await environment.daemon(), electorateOf(config));
  },
};

/** One finding for each thing that is wrong. */
export function judgeVotes(daemon: DaemonSeen, electorate: Electorate): readonly Finding[] {
  if (daemon.kind === "silent") {
    return [unknown("no daemon says how many votes there are", "systemctl start floatip")];
  }
  const { status } = daemon;
  if (status.witness === true) return [judgeReach(status, electorate, "votes, and holds nothing")];
  const found = status.instances.flatMap((one) =>
    one.votes === null ? [] : [...judgeRefusals(one, one.votes), ...judgeHold(one, one.votes)]
  );
  const isBackup = status.instances.some(({ votes, state }) =>
    votes !== null && state !== "master"
  );
  const all = isBackup ? [...found, judgeReach(status, electorate, "does not hold it")] : found;
  // Two families of one instance say the same.
  return [...new Map(all.map((one) => [one.what, one])).values()];
}

/** How the text of a voter with another list, and of one that has just started, reads. */
const OTHER_LIST = "knows other voters", STARTED = "has just started";

function judgeRefusals({ name }: InstanceStatus, { refusals }: VotesStatus): readonly Finding[] {
  return refusals.flatMap((words) => {
    if (words.includes(OTHER_LIST)) {
      return [problem(
        `${name}: ${words}`,
        "Machines whose files name other voters do not vote for each other.",
        "the same [nodes] and witnesses in all files, then on each machine: floatip reload",
      )];
    }
    if (!words.includes(STARTED)) return [];
    const why = "A voter that has just started does not know what it promised before.";
    return [warning(`${name}: ${words}`, why, "wait for a few seconds")];
  });
}

function judgeHold(instance: InstanceStatus, votes: VotesStatus): readonly Finding[] {
  const { name, state, fence, lease_remaining_ms: kept } = instance;
  const { have, need, of, remaining_ms: left } = votes;
  if (state !== "master" || left === null) return [];
  const rest = formatDuration(milliseconds(left));
  const count = `${name}: ${have} of ${of.length} votes`;
  if (fence !== "nftables" && (kept === null || kept > left)) {
    const long = kept === null ? "for ever" : formatDuration(milliseconds(kept));
    return [problem(
      `${name}: the kernel keeps the addresses for ${long}, and the votes last for ${rest}`,
      "Were the daemon to die now, another node could hold them at the same time.",
      "see the row of the fence",
    )];
  }
  if (have >= of.length) return [ok(`${count}, ${need} are needed`)];
  return [warning(
    `${count}, ${need} are needed`,
    have > need ? "Some machines do not vote." : "With one vote less no node holds the addresses.",
    "floatip status   # names those that are gone; start floatip there, or open its port",
  )];
}

/** Does this node reach as many as are needed, by the channel, itself counted? */
function judgeReach(
  { node, nodes }: StatusDocument,
  { voters, need }: Electorate,
  what: string,
): Finding {
  const reached = voters.filter((name) =>
    name === node ||
    nodes.some((one) => one.name === name && ["up", "maintenance"].includes(one.state))
  );
  const untold = voters.filter((name) => name !== node && !nodes.some((one) => one.name === name));
  const words = `this machine ${what}; it reaches ${reached.length} of ${voters.length} ` +
    `that vote, and ${need} are needed`;
  if (reached.length >= need) return ok(words);
  if (reached.length + untold.length >= need) {
    return unknown(
      `${words}; of ${untold.join(" and ")} it knows nothing while it asks for no votes`,
      "floatip doctor   # on the holder: it knows all votes",
    );
  }
  const gone = voters.filter((name) => !reached.includes(name) && !untold.includes(name));
  return problem(
    words,
    "Without a majority it cannot take over.",
    `start floatip on ${gone.join(" and ")}, or open its port: floatip firewall`,
  );
}
