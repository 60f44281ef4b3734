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

/** A node that never heard of the change is left with a voter that did, and was restarted. */
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
  lan.restart("c");
  lan.ask("b");
  lan.run(10_000);
  ok(lan.holds("a"));
}

/** A voter has heard of a change, and loses its power before that is on its disk. */
function powerCut(protocol: Protocol): void {
  const lan = new VotingLan(["a", "b"], ["w"], TERMS, protocol);
  const file = listOf(["a", "w", "x"]);
  lan.add("x", file);
  lan.ask("a");
  until(lan, "a has numbered the voters", () => lan.promisedTo("w")?.stamp.epoch === 1);
  lan.run(5000);
  lan.passes = among("a", "w", "x");
  lan.slowDisks = ["w"];
  lan.reload("a", file);
  lan.run(5000);
  ok(lan.holds("a"));
  lan.passes = (flight) => among("a", "x")(flight) || among("b", "w")(flight);
  lan.restart("w");
  lan.slowDisks = [];
  lan.ask("b");
  lan.run(10_000);
  ok(lan.holds("b"));
}

Deno.test("votes: a change waits for disks, so that a power cut takes nothing back", () => {
  powerCut(PROTOCOL);
});

Deno.test("votes: a voter that knows the newer voters grants nothing to the older ones", () => {
  leftBehind(PROTOCOL);
});

Deno.test("votes: a holder that is cut off in the midst of a change does not go on alone", () => {
  halfReloaded(PROTOCOL);
});

Deno.test("votes: what an earlier holder left half made ends under the epoch of the next", () => {
  halfMade(PROTOCOL);
});

/** With other lists since their first starts: a and w by one, b by another one. */
function setUpApart(list: readonly string[], files: (lan: VotingLan) => void): VotingLan {
  const lan = new VotingLan(["a", "b"], ["w"]);
  lan.add("b", listOf(list));
  files(lan);
  return lan;
}

Deno.test("votes: nodes that were set up with other voters each hold by both lists", () => {
  for (const first of ["a", "b"]) {
    const file = listOf(["a", "b"]);
    const lan = setUpApart(file, (one) => one.reload("a", file));
    lan.passes = among("a", "b");
    lan.ask(first);
    until(lan, `${first} holds`, () => lan.holds(first));
    until(lan, "the list of the files is in force", () => {
      const { stamp, lists } = lan.voters(first);
      return stamp.epoch > 0 && lists.join("+") === file.join();
    });
  }
});

Deno.test("votes: a voter with a list of its own keeps no majority from voting", () => {
  const lan = setUpApart(["b", "x", "y"], () => {});
  // It meets the other list first, and asks by both.
  lan.passes = among("a", "b");
  lan.ask("a");
  lan.run(100);
  lan.passes = () => true;
  until(lan, "a holds", () => lan.holds("a"));
  // One that goes by a part of the others' list, but does not answer for long.
  const late = setUpApart(["a", "b"], () => {});
  late.ask("a");
  late.run(1);
  late.passes = among("a", "w");
  until(late, "a holds", () => late.holds("a"));
});

/** The file is changed on b, which has not promised anything, and x is set up with the new one. */
function reloadedFirst(protocol: Protocol): void {
  const lan = new VotingLan(["a", "b", "x"], ["w"], TERMS, protocol);
  const file = listOf(["a", "b", "x"]);
  for (const name of ["a", "b", "w"]) lan.add(name, listOf(["a", "b", "w"]));
  lan.add("x", file);
  lan.passes = (flight) => among("a", "w")(flight) || among("b", "x")(flight);
  lan.reload("b", file);
  lan.ask("x");
  lan.ask("a");
  lan.run(10_000);
  ok(lan.holds("a"));
  lan.passes = () => true;
  lan.reload("a", file);
  until(lan, "the change is made", () => lan.voters("a").lists.join("+") === file.join());
}

Deno.test("votes: a file that is changed before anything was promised is a wish alone", () => {
  reloadedFirst(PROTOCOL);
});

const SHOWN: Readonly<Record<string, (protocol: Protocol) => void>> = {
  "a voter says that it has written down what the disk has not": powerCut,
  "a voter goes by its file while no list has a number": reloadedFirst,
  "another list takes the place of one without both counting for a time": halfReloaded,
  "a change does not wait until the voters have written it down": halfReloaded,
  "a voter grants to voters that are not in force any more": leftBehind,
  "the voters in force are forgotten with the process": leftBehind,
  "what an earlier holder left half made counts as that of the next": halfMade,
};

for (const [name, story] of Object.entries(SHOWN)) {
  Deno.test(`votes: two answer where ${name}`, () => {
    const mutant = CHANGE_MUTANTS[name];
    ok(mutant !== undefined);
    throws(() => story(mutant), /a and [bx] answer/);
  });
}
