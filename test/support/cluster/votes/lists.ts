/** Lists of voters that change in a random course. */
import { votersFor } from "../../../../src/cluster/votes/voter.ts";
import { listOf, type VoterList } from "../../../../src/cluster/votes/voters.ts";
import { viewOf } from "../../../../src/cluster/votes/words.ts";
import { contestOf, LEASE, type Machine, type Rules } from "./world.ts";

/** A machine that may come in beside the first voters, or in the place of one. */
const NEWCOMER = "y";

/** One more machine than in `list`, one less, or another one in the place of one. */
export function otherList(list: VoterList, random: () => number): VoterList {
  const kind = random();
  const without = list.filter((name) => name !== (list.length > 3 ? "c" : list.at(-1)));
  if (kind < 0.3) return listOf([...list, NEWCOMER]);
  return kind < 0.5 ? without : listOf([...without, NEWCOMER]);
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
