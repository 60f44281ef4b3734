/** What a voter promises, and to which of its clocks it keeps. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Reading } from "../../../../src/cluster/votes/clocks.ts";
import type { Ask, Grant, Refusal, VoteMessage } from "../../../../src/cluster/votes/message.ts";
import { LONGEST_TERM } from "../../../../src/cluster/votes/terms.ts";
import {
  asked,
  MAX_LEASES,
  released,
  startVoter,
  transferred,
  type Voted,
  type Voter,
} from "../../../../src/cluster/votes/voter.ts";
import { overlap, votersOf } from "../../../../src/cluster/votes/voters.ts";
import { nanoseconds, seconds } from "../../../../src/time.ts";

const VOTERS = votersOf(["a", "b", "w"]);
const [A, B] = ["a".repeat(16), "b".repeat(16)];

/** After so many seconds since boot, by the one clock and by the other. */
function at(boot: number, raw = boot): Reading {
  return { boot: seconds(boot), raw: seconds(raw) };
}

function askOf(token: string, sent: number, more: Partial<Ask> = {}): Ask {
  const { fingerprint: voters } = VOTERS;
  const term = seconds(2.5);
  return {
    kind: "vote-ask",
    lease: "db",
    voters,
    token,
    sent,
    term,
    epoch: 1,
    holding: false,
    ...more,
  };
}

function answerOf({ messages }: Voted): VoteMessage | undefined {
  return messages[0]?.message;
}

/** The reason and the rest in seconds, or that it is granted. */
function wordOf(voted: Voted): string {
  const answer = answerOf(voted) as Grant | Refusal | undefined;
  if (answer === undefined) return "nothing";
  return answer.kind === "vote-grant" ? "granted" : `${answer.reason} ${answer.rest / 1e9}`;
}

/** One that has run for long. */
const OLD: Voter = startVoter(at(0));

Deno.test("voter: after its start it is silent for longer than any promise", () => {
  const voter = startVoter(at(100));
  strictEqual(wordOf(asked(VOTERS, voter, at(101), "a", askOf(A, 1))), "silent 3");
  // Both clocks have to say so.
  strictEqual(wordOf(asked(VOTERS, voter, at(104.1, 103.9), "a", askOf(A, 1))), "silent 0.1");
  strictEqual(wordOf(asked(VOTERS, voter, at(104), "a", askOf(A, 1))), "granted");
  strictEqual(
    wordOf(asked(VOTERS, OLD, at(9), "a", askOf(A, 1, { term: LONGEST_TERM }))),
    "granted",
  );
  const longer = askOf(A, 1, { term: nanoseconds(LONGEST_TERM + 1) });
  strictEqual(wordOf(asked(VOTERS, OLD, at(9), "a", longer)), "too-long 0");
});

Deno.test("voter: one node at a time, from the receipt, by the slower clock", () => {
  const { voter } = asked(VOTERS, OLD, at(10), "a", askOf(A, 1));
  const other = askOf(B, 1, { epoch: 2 });
  strictEqual(wordOf(asked(VOTERS, voter, at(11), "b", other)), "promised 1.5");
  strictEqual(wordOf(asked(VOTERS, voter, at(13, 12.4), "b", other)), "promised 0.1");
  strictEqual(wordOf(asked(VOTERS, voter, at(12.5), "b", other)), "granted");
  const renewed = asked(VOTERS, voter, at(12), "a", askOf(A, 2));
  strictEqual(wordOf(asked(VOTERS, renewed.voter, at(13), "b", other)), "promised 1.5");
});

Deno.test("voter: another process of the same name is another one", () => {
  const { voter } = asked(VOTERS, OLD, at(10), "a", askOf(A, 1));
  strictEqual(wordOf(asked(VOTERS, voter, at(11), "a", askOf(B, 2, { epoch: 2 }))), "promised 1.5");
});

Deno.test("voter: the same request twice is one promise, an older one is nothing", () => {
  const first = asked(VOTERS, OLD, at(10), "a", askOf(A, 5)).voter;
  const second = asked(VOTERS, first, at(11), "a", askOf(A, 5));
  strictEqual(wordOf(second), "granted");
  deepStrictEqual(second.voter.votes.get("db")?.last?.end, first.votes.get("db")?.last?.end);
  strictEqual(wordOf(asked(VOTERS, first, at(11), "a", askOf(A, 4))), "nothing");
});

Deno.test("voter: a release frees what was asked for before it, and nothing else", () => {
  const release = { kind: "vote-release", lease: "db", token: A } as const;
  const { voter } = asked(VOTERS, OLD, at(10), "a", askOf(A, 5));
  const other = askOf(B, 1, { epoch: 2 });
  const word = (after: Voter) => wordOf(asked(VOTERS, after, at(11), "b", other));
  strictEqual(word(released(voter, "a", { ...release, sent: 4 })), "promised 1.5");
  strictEqual(word(released(voter, "a", { ...release, sent: 5 })), "promised 1.5");
  strictEqual(word(released(voter, "b", { ...release, sent: 6 })), "promised 1.5");
  strictEqual(word(released(voter, "a", { ...release, token: B, sent: 6 })), "promised 1.5");
  const free = released(voter, "a", { ...release, sent: 6 });
  strictEqual(word(free), "granted");
  strictEqual(wordOf(asked(VOTERS, free, at(11), "a", askOf(A, 5))), "nothing");
});

Deno.test("voter: a transfer is the promise of the successor, if the holder sent it", () => {
  const { voter } = asked(VOTERS, OLD, at(10), "a", askOf(A, 5));
  const next = { token: B, sent: 9, term: seconds(2.5), epoch: 2 };
  const { fingerprint } = VOTERS;
  const transfer = {
    kind: "vote-transfer",
    lease: "db",
    voters: fingerprint,
    token: A,
    to: "b",
    next,
  } as const;
  const early = transferred(VOTERS, voter, at(11), "a", { ...transfer, sent: 5 });
  strictEqual(wordOf(early), "promised 1.5");
  const foreign = transferred(VOTERS, voter, at(11), "w", { ...transfer, sent: 6 });
  strictEqual(wordOf(foreign), "promised 1.5");
  const done = transferred(VOTERS, voter, at(11), "a", { ...transfer, sent: 6 });
  deepStrictEqual(done.messages, [
    { to: "b", message: { kind: "vote-grant", lease: "db", token: B, sent: 9 } },
  ]);
  strictEqual(done.voter.votes.get("db")?.last?.to, "b");
  // One that does not know of a promise decides as for any request.
  const silent = transferred(VOTERS, startVoter(at(10)), at(11), "a", { ...transfer, sent: 6 });
  deepStrictEqual([silent.messages[0]?.to, wordOf(silent)], ["b", "silent 3"]);
});

Deno.test("voter: resumed in its silence, it renews only the promise it knows", () => {
  const { voter } = asked(VOTERS, OLD, at(10), "a", askOf(A, 5));
  const again = startVoter(at(11), voter.votes);
  strictEqual(wordOf(asked(VOTERS, again, at(12), "a", askOf(A, 6))), "granted");
  strictEqual(wordOf(asked(VOTERS, again, at(12.5), "a", askOf(A, 6))), "silent 2.5");
  strictEqual(wordOf(asked(VOTERS, again, at(12), "b", askOf(B, 1, { epoch: 2 }))), "promised 0.5");
});

Deno.test("voter: epochs only rise, also by what a refused holder says", () => {
  const { voter } = asked(VOTERS, OLD, at(10), "a", askOf(A, 5, { epoch: 7 }));
  const late = asked(VOTERS, voter, at(20), "b", askOf(B, 1, { epoch: 7 }));
  deepStrictEqual([wordOf(late), (answerOf(late) as Refusal).epoch], ["old-epoch 0", 7]);
  strictEqual(wordOf(asked(VOTERS, voter, at(20), "b", askOf(B, 1, { epoch: 8 }))), "granted");
  strictEqual(wordOf(asked(VOTERS, voter, at(20), "a", askOf(A, 6, { epoch: 7 }))), "granted");
  const silent = asked(
    VOTERS,
    startVoter(at(20)),
    at(21),
    "a",
    askOf(A, 6, {
      epoch: 9,
      holding: true,
    }),
  ).voter;
  strictEqual(wordOf(asked(VOTERS, silent, at(30), "b", askOf(B, 1, { epoch: 9 }))), "old-epoch 0");
});

Deno.test("voter: another list of voters, and a machine that is none of them, get nothing", () => {
  const voters = votersOf(["a", "b", "x"]).fingerprint;
  strictEqual(wordOf(asked(VOTERS, OLD, at(9), "a", askOf(A, 1, { voters }))), "other-voters 0");
  strictEqual(wordOf(asked(VOTERS, OLD, at(9), "x", askOf(A, 1))), "other-voters 0");
});

Deno.test("voter: it knows a bounded number of leases", () => {
  let voter = OLD;
  for (let n = 0; n <= MAX_LEASES + 3; n++) {
    voter = asked(VOTERS, voter, at(9), "a", askOf(A, n, { lease: `${n}`, holding: true })).voter;
  }
  strictEqual(voter.votes.size, MAX_LEASES);
  strictEqual(wordOf(asked(VOTERS, voter, at(9), "a", askOf(A, 1, { lease: "new" }))), "full 0");
  strictEqual(wordOf(asked(VOTERS, voter, at(9), "a", askOf(A, 9999, { lease: "5" }))), "granted");
});

Deno.test("voters: two lists overlap when they differ by one machine", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g"];
  for (let count = 1; count < 6; count++) {
    const list = names.slice(0, count);
    const more = names.slice(0, count + 1);
    const replaced = [...names.slice(0, count - 1), "x"];
    strictEqual(overlap(votersOf(list), votersOf(list.toReversed())), true);
    strictEqual(overlap(votersOf(list), votersOf(more)), true, `${count} and one more`);
    strictEqual(overlap(votersOf(more), votersOf(list)), true, `${count} and one more`);
    // Of an even number, a majority is one more than half of them.
    const isEven = count % 2 === 0;
    strictEqual(overlap(votersOf(list), votersOf(replaced)), isEven, `one of ${count} replaced`);
  }
  strictEqual(votersOf(["b", "a"]).fingerprint, votersOf(["a", "b", "a"]).fingerprint);
  strictEqual(votersOf(["a"]).need, 1);
  strictEqual(votersOf(["a", "b", "c", "d"]).need, 3);
});
