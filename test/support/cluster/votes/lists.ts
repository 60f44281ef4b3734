/** Lists of voters that change in a random course. */
import { votersFor } from "../../../../src/cluster/votes/voter.ts";
import { isMajority, listOf, type VoterList } from "../../../../src/cluster/votes/voters.ts";
import { viewOf } from "../../../../src/cluster/votes/words.ts";
import { contestOf, LEASE, type Machine, type Rules } from "./world.ts";

/** Machines that may come in beside the first voters, or in the place of one. */
const NEWCOMERS = ["y", "z"] as const;

/** The lists of voters of files in a course: of a few, two or more where they `change`. */
export function drawLists(
  list: VoterList,
  random: () => number,
  changes: boolean,
): readonly VoterList[] {
  if (!changes) return [list, random() < 0.5 ? list : otherList(list, random, NEWCOMERS[0])];
  const more = listOf([...list, ...NEWCOMERS]);
  const [one, other] = NEWCOMERS.map((name) => otherList(list, random, name));
  const others = [one ?? list, random() < 0.5 ? other ?? list : more];
  // A reload is refused where those that stay are no majority of the list before.
  const stays = (a: VoterList, b: VoterList) => isMajority([a], (id) => b.includes(id));
  return others.reduce<readonly VoterList[]>(
    (lists, next) =>
      lists.every((a) => stays(a, next) && stays(next, a)) ? [...lists, next] : lists,
    [list],
  );
}

/** One more machine than in `list`, one less, or another one in the place of one. */
function otherList(list: VoterList, random: () => number, newcomer: string): VoterList {
  const kind = random();
  const without = list.filter((name) => name !== (list.length > 3 ? "c" : list.at(-1)));
  if (kind < 0.3) return listOf([...list, newcomer]);
  return kind < 0.5 ? without : listOf([...without, newcomer]);
}

/** Of two groups of machines, each that is to hear one of the other group no more. */
export function partedIn(names: readonly string[], random: () => number) {
  const isLeft = new Map(names.map((name) => [name, random() < 0.5]));
  return names.flatMap((one) =>
    names.filter((other) => isLeft.get(one) !== isLeft.get(other))
      .map((other) => [one, other] as const)
  );
}

/** Are the voters by which one of them asks or promises others, or newly written down? */
export function hasOtherVoters(before: Machine, after: Machine): boolean {
  if (before.holder.voters !== after.holder.voters) return true;
  const [was, is] = [before, after].map(({ voter }) => voter.votes.get(LEASE));
  return was?.voters !== is?.voters || was?.saved !== is?.saved;
}

/** By which voters each machine goes. */
export function viewsOf(rules: Rules, machines: readonly Machine[]): string {
  return machines.map((machine) => {
    const { name, file, voter, holder, now, isWish } = machine;
    const { refusals } = viewOf(contestOf(rules, machine), holder, now);
    const { stamp, lists } = votersFor(voter, LEASE, file);
    return `${name}: file ${file}${isWish ? " wished for" : ""}, votes by ${stamp.epoch}.` +
      `${stamp.step} ${lists.join("+")}, asks by ${holder.voters.lists.join("+")}: ${refusals}`;
  }).join("; ");
}
