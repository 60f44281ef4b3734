/** Stories of leases on a LAN of two nodes and a witness. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Votes } from "../../../../src/cluster/votes/arbiter.ts";
import { decodeVote } from "../../../../src/cluster/votes/message.ts";
import { type Terms, termsOf } from "../../../../src/cluster/votes/terms.ts";
import { type Instant, milliseconds, seconds } from "../../../../src/time.ts";
import { TERMS, VotingLan } from "../../../support/cluster/votes/lan.ts";
import type { Flight } from "../../../support/cluster/votes/world.ts";

/** A LAN on which `a` holds. */
function held(): VotingLan {
  const lan = new VotingLan(["a", "b"], ["w"]);
  lan.ask("a");
  lan.run(20);
  strictEqual(lan.view("a").have, 3);
  return lan;
}

/** Loses all between `one` and the others of `names`. */
function without(one: string, names: readonly string[]): (flight: Flight) => boolean {
  return ({ from, to }) =>
    !(from === one && names.includes(to)) && !(to === one && names.includes(from));
}

/** From when to when, in milliseconds, none answered after `from`. */
function silences(lan: VotingLan, from: number): readonly number[] {
  const { answering } = lan;
  return answering.flatMap(({ at, names }, index) => {
    const next = answering[index + 1];
    return names.length === 0 && at >= from && next !== undefined ? [next.at - at] : [];
  });
}

Deno.test("votes: the numbers of 1 s adverts", () => {
  deepStrictEqual(TERMS, {
    term: seconds(2.5),
    hold: milliseconds(2485),
    renewEvery: milliseconds(500),
  });
  const lifetimes = termsOf(seconds(1), "lifetime");
  deepStrictEqual(lifetimes?.term, seconds(3));
  deepStrictEqual(lifetimes?.hold, milliseconds(2444));
  strictEqual(termsOf(seconds(40.95), "nftables")?.term, seconds(4));
  // Faster ones leave a busy machine 10 ms for an answer, not 5.
  deepStrictEqual(termsOf(milliseconds(10), "nftables"), termsOf(milliseconds(20), "nftables"));
  deepStrictEqual(termsOf(milliseconds(20), "nftables"), {
    term: milliseconds(50),
    hold: milliseconds(39.9),
    renewEvery: milliseconds(10),
  });
  strictEqual(termsOf(milliseconds(10), "lifetime"), undefined);
  strictEqual(termsOf(milliseconds(100), "lifetime"), undefined);
});

Deno.test("votes: a free lease is held a round trip after the request, and stays held", () => {
  const lan = new VotingLan(["a", "b"], ["w"]);
  lan.ask("a");
  lan.run(10);
  deepStrictEqual(lan.answering, [{ at: 1, names: ["a"] }]);
  lan.run(30_000);
  strictEqual(lan.answering.length, 1);
  const { remaining, epoch, have } = lan.view("a");
  ok(remaining !== undefined && remaining > milliseconds(1980));
  deepStrictEqual([epoch, have], [1, 3]);
  // Two requests to each of two others in a second, and their answers.
  ok(lan.sent.length <= 30 * 2 * 4 + 16, `${lan.sent.length} messages`);
});

Deno.test("votes: a successor that asks early has the lease when the promises end", () => {
  const lan = held();
  // Its third request reached the others 2.6 ms after the start; their promises last for 2.5 s.
  lan.run(470);
  lan.run(2440 - lan.now, ["a"]);
  lan.ask("b");
  lan.run(1000, ["a"]);
  const [gone, taken] = lan.answering.slice(1);
  deepStrictEqual([gone?.names, taken?.names], [[], ["b"]]);
  const at = taken?.at ?? 0;
  ok(at > 2502.6 && at < 2506, `${at} ms`);
  ok(at - (gone?.at ?? 0) < 18, "the hold ends shortly before the promise");
  strictEqual(lan.view("b").epoch, 2);
});

Deno.test("votes: a refusal says which node holds, says which voter, and for how long", () => {
  const lan = held();
  lan.ask("b");
  lan.run(2);
  const [first, ...rest] = lan.view("b").refusals;
  deepStrictEqual(first, "a holds it, says b, for 2.48 s more");
  strictEqual(rest.length, 2);
  strictEqual(lan.view("b").remaining, undefined);
});

Deno.test("votes: cut off from each other, the holder keeps it and the other is refused", () => {
  const lan = held();
  lan.passes = without("a", ["b"]);
  lan.ask("b");
  lan.run(20_000);
  strictEqual(lan.answering.length, 1);
  // Healed, the holder has all three again.
  lan.passes = () => true;
  lan.release("b");
  lan.run(3000);
  strictEqual(lan.view("a").have, 3);
  strictEqual(lan.view("a").epoch, 1);
});

Deno.test("votes: a holder that is cut off ends before another one begins", () => {
  const lan = held();
  lan.ask("b");
  lan.passes = without("a", ["b", "w"]);
  lan.run(6000);
  deepStrictEqual(lan.answering.map(({ names }) => names.join()), ["a", "", "b"]);
  deepStrictEqual(lan.view("b").have, 2);
});

Deno.test("votes: nothing moves when the witness dies and starts again", () => {
  const lan = held();
  lan.passes = without("w", ["a", "b"]);
  lan.run(5000);
  strictEqual(lan.view("a").have, 2);
  lan.restart("w");
  lan.passes = () => true;
  lan.run(600);
  ok(lan.view("a").refusals.some((text) => /^w has just started and votes in 3\./.test(text)));
  lan.run(4400);
  strictEqual(lan.view("a").have, 3);
  strictEqual(lan.answering.length, 1);
});

Deno.test("votes: of a refusal whose time is over no rest is told", () => {
  const lan = held();
  lan.restart("w");
  lan.ask("b");
  lan.run(600);
  const cut = { a: lan.view("a").refusals, b: lan.view("b").refusals };
  ok(cut.a.some((text) => /^w has just started and votes in 3\./.test(text)), cut.a.join());
  ok(cut.b.some((text) => /^a holds it, says a, for /.test(text)), cut.b.join());
  lan.passes = () => false;
  lan.run(6000, ["b"]);
  deepStrictEqual(lan.view("b").refusals, [
    "b had promised it to a, and is asked again",
    "a had promised it to a, and is asked again",
    "w had just started, and is asked again",
  ]);
});

Deno.test("votes: without witness and without the holder no node holds", () => {
  const lan = held();
  lan.ask("b");
  lan.passes = () => false;
  lan.run(10_000, ["a"]);
  deepStrictEqual(lan.answering.map(({ names }) => names.join()), ["a", ""]);
});

Deno.test("votes: a planned move is a silence of one message", () => {
  const lan = held();
  lan.offer("a", "b");
  lan.run(5);
  deepStrictEqual(lan.answering.map(({ names }) => names.join()), ["a", "", "b"]);
  const [silence = 0] = silences(lan, 0);
  ok(silence <= 0.7, `${silence} ms`);
  lan.run(5000);
  strictEqual(lan.view("b").have, 3);
  strictEqual(lan.view("b").epoch, 2);
});

Deno.test("votes: a planned move without the witness is as short", () => {
  const lan = held();
  lan.passes = without("w", ["a", "b"]);
  lan.offer("a", "b");
  lan.run(5);
  ok((silences(lan, 0)[0] ?? 99) <= 0.7);
});

Deno.test("votes: a node that wishes for the lease without its number is offered it", () => {
  const lan = held();
  lan.wish("b", "a");
  lan.run(5);
  deepStrictEqual(lan.answering.map(({ names }) => names.join()), ["a", "", "b"]);
});

Deno.test("votes: the holder that is wished to give it is not asked for it beside that", () => {
  const sent: string[] = [];
  const votes = new Votes(
    {
      ...{
        self: "b",
        now: () => 0 as Instant,
        clocks: () => ({ boot: seconds(9), raw: seconds(9) }),
      },
      randomBytes: (count) => new Uint8Array(count),
      send: (to, text) => void sent.push(`${to} ${decodeVote(text)?.kind}`),
      ...{ floorOf: () => 0, onChange() {}, onWish() {} },
      ...{ voters: undefined, saveVoters() {} },
    },
    ["a", "b", "w"],
    ["instance/web"],
  );
  votes.settle([{ lease: "instance/web", terms: TERMS }]);
  votes.wish("instance/web", "a");
  deepStrictEqual(sent, ["a vote-wish", "w vote-ask"]);
});

Deno.test("votes: a release frees the lease at once", () => {
  const lan = held();
  lan.release("a");
  lan.run(1);
  lan.ask("b");
  lan.run(5);
  deepStrictEqual(lan.answering.map(({ names }) => names.join()), ["a", "", "b"]);
  ok((silences(lan, 0)[0] ?? 99) <= 2.5);
});

Deno.test("votes: a process that is started again in place goes on, with one other voter", () => {
  const lan = held();
  lan.passes = without("b", ["a", "w"]);
  lan.run(300);
  const before = lan.view("a").remaining ?? 0;
  lan.run(200, ["a"]);
  lan.resume("a");
  ok((lan.view("a").remaining ?? 0) < before);
  lan.run(10_000);
  strictEqual(lan.answering.length, 1);
  deepStrictEqual([lan.view("a").have, lan.view("a").epoch], [2, 1]);
});

Deno.test("votes: a process that is started again too late holds nothing", () => {
  const lan = held();
  lan.run(3000, ["a"]);
  lan.resume("a");
  lan.run(10);
  deepStrictEqual(lan.answering.map(({ names }) => names.join()), ["a", ""]);
  strictEqual(lan.view("a").remaining, undefined);
});

Deno.test("votes: of two candidates one gets it", () => {
  for (const names of [["a", "b"], ["b", "a"]]) {
    const lan = new VotingLan(["a", "b"], ["c", "d"]);
    // Each voter but the candidates hears the one of its side first: two votes for each.
    const late = new Set(["ac", "bd"]);
    let isFirst = true;
    lan.passes = ({ from, to }) => !(isFirst && late.has(from + to));
    for (const name of names) lan.ask(name);
    lan.run(1);
    isFirst = false;
    lan.run(400);
    deepStrictEqual(lan.answering.at(-1)?.names.length, 1, names.join());
    ok((lan.answering.at(-1)?.at ?? 999) < 400);
  }
});

Deno.test("votes: of two candidates one gets it where the other voters are gone", () => {
  for (const apart of [0, 1, 20, 83, 84, 110]) {
    for (const [first, second] of [["a", "b"], ["b", "a"]] as const) {
      const lan = new VotingLan(["a", "b", "c"], []);
      lan.ask("c");
      lan.run(20);
      // The end of its lease finds both at asking; the lost holder never answers again.
      lan.run(2400, ["c"]);
      lan.ask(first);
      lan.run(apart, ["c"]);
      lan.ask(second);
      lan.run(1000, ["c"]);
      deepStrictEqual(lan.answering.at(-1)?.names.length, 1, `${first}, ${apart} ms before`);
    }
  }
});

Deno.test("votes: fast adverts are held by fast renewals", () => {
  const terms: Terms | undefined = termsOf(milliseconds(10), "nftables");
  ok(terms !== undefined);
  const lan = new VotingLan(["a", "b"], ["w"], terms);
  lan.ask("a");
  lan.run(2000);
  strictEqual(lan.answering.length, 1);
});
