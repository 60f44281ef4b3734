/** Other voters in place of those in force: courses of events made against steps of a change. */
import { ok, throws } from "node:assert/strict";
import { listOf } from "../../../../src/cluster/votes/voters.ts";
import { CHANGE_MUTANTS } from "../../../support/cluster/votes/change_mutants.ts";
import { TERMS, VotingLan } from "../../../support/cluster/votes/lan.ts";
import { PROTOCOL, type Protocol } from "../../../support/cluster/votes/protocol.ts";
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

/**
 * Two machines made a change each, of which the third heard nothing. One of them goes on with its
 * own, and the third writes that down. The other one's was made later: may it be asked for yet?
 */
function halfMade(protocol: Protocol): void {
  const lan = new VotingLan(["a", "b"], ["v"], TERMS, protocol);
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
  ok(lan.promisedTo("v")?.lists.length === 1);

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
}

/** A witness is replaced by the holder, which is cut off from what has the old file right then. */
function halfReloaded(protocol: Protocol): void {
  const lan = new VotingLan(["a", "b"], ["w"], TERMS, protocol);
  const file = listOf(["a", "b", "x"]);
  lan.add("x", file);
  lan.ask("a");
  until(lan, "a has numbered the voters", () => lan.promisedTo("w")?.stamp.epoch === 1);
  lan.run(5000);
  const first = JSON.stringify(lan.voters("a"));
  lan.passes = (flight) =>
    among("a", "x")(flight) || among("b", "w")(flight) ||
    (among("a", "b", "w")(flight) && JSON.stringify(lan.voters("a")) === first);
  lan.reload("a", file);
  until(lan, "b hears no a", () => JSON.stringify(lan.voters("a")) !== first);
  lan.ask("b");
  lan.run(10_000);
  ok(lan.holds("b"));
}

/** A node that never heard of the change is left with a voter that did. */
function leftBehind(protocol: Protocol): void {
  const lan = new VotingLan(["a", "b"], ["c"], TERMS, protocol);
  const file = listOf(["a", "b", "c", "y", "z"]);
  for (const name of ["y", "z"]) lan.add(name, file);
  lan.ask("a");
  until(lan, "a has numbered the voters", () => lan.promisedTo("c")?.stamp.epoch === 1);
  lan.passes = among("a", "c", "y", "z");
  lan.reload("a", file);
  until(lan, "a has made its change", () => lan.voters("a").lists.join() === file.join());
  lan.passes = (flight) => among("a", "y", "z")(flight) || among("b", "c")(flight);
  lan.ask("b");
  lan.run(10_000);
  ok(lan.holds("a"));
}

Deno.test("votes: a voter that knows the newer voters grants nothing to the older ones", () => {
  leftBehind(PROTOCOL);
});

Deno.test("votes: a holder that is cut off in the midst of a change does not go on alone", () => {
  halfReloaded(PROTOCOL);
});

Deno.test("votes: what an earlier holder left half made ends under the epoch of the next", () => {
  halfMade(PROTOCOL);
});

const SHOWN: Readonly<Record<string, (protocol: Protocol) => void>> = {
  "another list takes the place of one without both counting for a time": halfReloaded,
  "a change does not wait until the voters have written it down": halfReloaded,
  "a voter grants to voters that are not in force any more": leftBehind,
  "what an earlier holder left half made counts as that of the next": halfMade,
};

for (const [name, story] of Object.entries(SHOWN)) {
  Deno.test(`votes: two answer where ${name}`, () => {
    const mutant = CHANGE_MUTANTS[name];
    ok(mutant !== undefined);
    throws(() => story(mutant), /a and b answer/);
  });
}
