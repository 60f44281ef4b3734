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
  written,
} from "../../../../src/cluster/votes/voter.ts";
import { markOf } from "../../../../src/cluster/votes/message.ts";
import { initialVoters, type VoterList } from "../../../../src/cluster/votes/voters.ts";
import { nanoseconds, seconds } from "../../../../src/time.ts";

const VOTERS = ["a", "b", "w"];
const FIRST = markOf(initialVoters(VOTERS), false);
const [A, B] = ["a".repeat(16), "b".repeat(16)];

/** After so many seconds since boot, by the one clock and by the other. */
function at(boot: number, raw = boot): Reading {
  return { boot: seconds(boot), raw: seconds(raw) };
}

function askOf(token: string, sent: number, more: Partial<Ask> = {}): Ask {
  const term = seconds(2.5);
  return {
    kind: "vote-ask",
    lease: "db",
    voters: FIRST,
    change: false,
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
  const transfer = {
    kind: "vote-transfer",
    lease: "db",
    voters: FIRST,
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
    { to: "b", message: { kind: "vote-grant", lease: "db", token: B, sent: 9, saved: null } },
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

/** Voters that a change has put in force. */
function markFor(epoch: number, step: number, ...lists: readonly VoterList[]) {
  return markOf({ stamp: { epoch, step }, lists }, false);
}

Deno.test("voter: before any change, files with other voters grant each other nothing", () => {
  const voters = markFor(0, 0, ["a", "b", "x"]);
  strictEqual(wordOf(asked(VOTERS, OLD, at(9), "a", askOf(A, 1, { voters }))), "other-voters 0");
  strictEqual(wordOf(asked(VOTERS, OLD, at(9), "x", askOf(A, 1))), "other-voters 0");
});

Deno.test("voter: what it has promised by stays, whatever its file says then", () => {
  const { voter } = asked(VOTERS, OLD, at(9), "a", askOf(A, 1));
  const other = ["a", "b", "x"];
  strictEqual(wordOf(asked(other, voter, at(20), "a", askOf(A, 2))), "granted");
  const voters = markFor(0, 0, other);
  const refused = asked(other, voter, at(20), "b", askOf(B, 2, { voters, epoch: 2 }));
  strictEqual(wordOf(refused), "other-voters 0");
  deepStrictEqual((answerOf(refused) as Refusal).voters, FIRST);
});

Deno.test("voter: newer voters are taken over with a promise, and older ones refused then", () => {
  const joint = markFor(4, 1, VOTERS, ["a", "b", "x"]);
  const voters = { voters: joint, epoch: 5 };
  const { voter } = asked(VOTERS, OLD, at(9), "a", askOf(A, 1, voters));
  deepStrictEqual(voter.votes.get("db")?.voters?.stamp, { epoch: 4, step: 1 });
  strictEqual(
    wordOf(asked(VOTERS, voter, at(20), "b", askOf(B, 2, { epoch: 9 }))),
    "other-voters 0",
  );
  // A name alone says nothing of lists that are not known.
  const { lists: _, ...bare } = markFor(6, 1, VOTERS);
  const unknown = asked(VOTERS, voter, at(9.1), "a", askOf(A, 2, { voters: bare, epoch: 6 }));
  strictEqual(wordOf(unknown), "other-voters 0");
  const known = askOf(A, 2, { voters: { ...joint, lists: undefined }, epoch: 6 });
  strictEqual(wordOf(asked(VOTERS, voter, at(9.1), "a", known)), "granted");
});

Deno.test("voter: of two first lists of a request one has to be its own, which it keeps", () => {
  const others = ["a", "b"];
  const stamp = { epoch: 0, step: 0 };
  const both = askOf(A, 1, { voters: markOf({ stamp, lists: [others, VOTERS] }, true) });
  const first = asked(VOTERS, OLD, at(10), "a", both);
  strictEqual(wordOf(first), "granted");
  deepStrictEqual(first.voter.votes.get("db")?.voters, initialVoters(VOTERS));
  strictEqual(wordOf(asked(["a", "b", "x"], OLD, at(10), "a", both)), "other-voters 0");
  const other = askOf(A, 2, { voters: markOf(initialVoters(others), false) });
  strictEqual(wordOf(asked(VOTERS, first.voter, at(10), "a", other)), "other-voters 0");
});

Deno.test("voter: newer voters of a request that it refuses change nothing", () => {
  const { voter } = asked(VOTERS, OLD, at(9), "a", askOf(A, 1, { epoch: 7 }));
  const voters = markFor(5, 1, VOTERS, ["a", "b", "x"]);
  const late = asked(VOTERS, voter, at(20), "b", askOf(B, 1, { voters, epoch: 7 }));
  strictEqual(wordOf(late), "old-epoch 0");
  deepStrictEqual(late.voter.votes.get("db")?.voters?.stamp, { epoch: 0, step: 0 });
  const silent = asked(VOTERS, startVoter(at(9)), at(10), "a", askOf(A, 1, { voters, epoch: 7 }));
  deepStrictEqual([wordOf(silent), silent.voter.votes.get("db")], ["silent 3", undefined]);
});

Deno.test("voter: it says what it has written down, once it has", () => {
  const savedOf = (voted: Voted) => (answerOf(voted) as Grant).saved;
  const first = asked(VOTERS, OLD, at(9), "a", askOf(A, 1));
  deepStrictEqual([savedOf(first), first.voter.votes.get("db")?.isUnsaved], [null, true]);
  const handed = { epoch: 1, voters: initialVoters(VOTERS) };
  const voter = written(first.voter, "db", handed);
  const second = asked(VOTERS, voter, at(9.5), "a", askOf(A, 2, { epoch: 3 }));
  deepStrictEqual(savedOf(second), { epoch: 0, step: 0, promised: 1 });
  strictEqual(second.voter.votes.get("db")?.isUnsaved, false);
  const third = asked(VOTERS, second.voter, at(10), "a", askOf(A, 3, { epoch: 3, change: true }));
  strictEqual(third.voter.votes.get("db")?.isUnsaved, true);
  const promisedAfter = (epoch: number) => {
    const next = written(third.voter, "db", { ...handed, epoch });
    return savedOf(asked(VOTERS, next, at(10.5), "a", askOf(A, 4, { epoch: 3 })))?.promised;
  };
  // What was handed over before it promised that is not that it did.
  deepStrictEqual([1, 3].map(promisedAfter), [1, 3]);
  const stamp = { epoch: 3, step: 1 };
  const voters = markOf({ stamp, lists: [VOTERS] }, false);
  const newer = asked(VOTERS, third.voter, at(11), "a", askOf(A, 5, { epoch: 3, voters }));
  const behind = written(newer.voter, "db", handed);
  deepStrictEqual(behind.votes.get("db")?.saved, { epoch: 0, step: 0, promised: 1 });
  strictEqual(behind.votes.get("db")?.isUnsaved, true);
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
