/** Other voters in place of those in force: courses of events made against steps of a change. */
import { ok, strictEqual } from "node:assert/strict";
import { listOf } from "../../../../src/cluster/votes/voters.ts";
import { VotingLan } from "../../../support/cluster/votes/lan.ts";
import type { Flight } from "../../../support/cluster/votes/world.ts";

/** Only what goes between two of `names` passes. */
function among(...names: readonly string[]): (flight: Flight) => boolean {
  return ({ from, to }) => names.includes(from) && names.includes(to);
}

/** Runs until `is` so, a second at a time, and fails after a minute. */
function until(lan: VotingLan, what: string, is: () => boolean): void {
  for (let tenth = 0; tenth < 60_000 && !is(); tenth++) lan.run(1);
  ok(is(), `never: ${what}`);
}

/** `lan` until `name` goes by two lists, of which it tells those of `others` nothing. */
function halfChanged(lan: VotingLan, name: string, others: readonly string[]): void {
  const { passes } = lan;
  lan.passes = (flight) => {
    const isNews = lan.voters(name).lists.length > 1 && others.includes(flight.to);
    return passes(flight) && !(flight.from === name && isNews);
  };
  until(lan, `${name} goes by two lists`, () => lan.voters(name).lists.length > 1);
  until(lan, `${name} holds no more`, () => !lan.holds(name));
}

Deno.test("votes: what an earlier holder left half made ends under the epoch of the next", () => {
  // Two machines made a change each, of which the third heard nothing. One of them goes on with its
  // own, and the third writes that down. The other one's was made later: may it be asked for yet?
  const lan = new VotingLan(["a", "b"], ["v"]);
  const [byA, byB] = [listOf(["a", "b", "v", "y"]), listOf(["a", "b", "v", "w", "x"])];
  lan.add("y", byA);
  for (const name of ["w", "x"]) lan.add(name, byB);
  lan.ask("b");
  until(lan, "b has numbered the voters", () => lan.promisedTo("v")?.stamp.epoch === 1);

  lan.reload("b", byB);
  halfChanged(lan, "b", ["a", "v"]);
  lan.passes = among("a", "v", "y");
  lan.ask("a");
  until(lan, "a holds", () => lan.holds("a"));
  lan.reload("a", byA);
  halfChanged(lan, "a", ["b", "v"]);
  strictEqual(lan.promisedTo("v")?.lists.length, 1);

  const isDone = () => lan.voters("b").lists.join() === byB.join();
  lan.passes = (flight) => among("b", "w", "x", ...isDone() ? [] : ["v"])(flight);
  lan.run(5000);
  lan.passes = (flight) => among("b", "w", "x")(flight) || among("a", "v", "y")(flight);
  lan.run(10_000);

  lan.passes = () => true;
  until(lan, "one of their lists is in force", () => {
    const [one, other] = [lan.voters("a").lists.join(), lan.voters("b").lists.join()];
    return one === other && [byA.join(), byB.join()].includes(one) &&
      lan.holds("a") !== lan.holds("b");
  });
});
