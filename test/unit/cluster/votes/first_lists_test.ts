/** By which list a machine goes from its first start on, and what its file has to do with it. */
import { deepStrictEqual } from "node:assert/strict";
import { Votes } from "../../../../src/cluster/votes/arbiter.ts";
import { decodeVote, encodeVote } from "../../../../src/cluster/votes/message.ts";
import { markOf, type VoteMessage } from "../../../../src/cluster/votes/message.ts";
import { encodeVotersNote, type VotersNote } from "../../../../src/cluster/votes/note.ts";
import { initialVoters, type VoterList } from "../../../../src/cluster/votes/voters.ts";
import { type Instant, seconds } from "../../../../src/time.ts";
import { TERMS } from "../../../support/cluster/votes/lan.ts";

const LEASE = "instance/web";
const [FIRST, OTHER] = [["a", "b", "w"], ["a", "b", "x"]];

function at(after: number): Instant {
  return after * 1e9 as Instant;
}

/** Node b, 9 s after the boot of its machine, and what it writes down and says. */
class NodeB {
  readonly votes: Votes;
  saved: VotersNote | undefined;
  /** Says what became of it. */
  written: (isWritten: boolean) => void = () => {};
  readonly #said: VoteMessage[] = [];
  #seconds = 9;

  constructor(file: VoterList, voters?: VotersNote) {
    const clocks = () => ({ boot: seconds(this.#seconds), raw: seconds(this.#seconds) });
    this.votes = new Votes(
      {
        ...{ self: "b", now: () => at(this.#seconds), clocks, voters },
        ...{ randomBytes: (count) => new Uint8Array(count), floorOf: () => 0 },
        ...{ onChange() {}, onWish() {} },
        send: (_, text) => void this.#said.push(decodeVote(text) ?? fail()),
        saveVoters: (note, done) => {
          this.saved = note;
          this.written = done;
        },
      },
      file,
      [LEASE],
    );
  }

  /** What its last promise says that it has written down; null: nothing. */
  told: unknown;

  /** The kinds of what it has said. */
  said(): readonly string[] {
    this.votes.tick(at(this.#seconds));
    return this.#said.splice(0).map((one) => {
      if (one.kind === "vote-grant") this.told = one.saved;
      return one.kind;
    });
  }

  /** After its silence: the kinds of what it answers a node that asks with these voters. */
  answersTo(list: VoterList): readonly string[] {
    this.#seconds = 20;
    this.said();
    this.written(true);
    this.said();
    return this.toldTo(list);
  }

  toldTo(list: VoterList, lease = LEASE): readonly string[] {
    this.#seconds = 20;
    const request = { token: "a".repeat(16), sent: 1, term: TERMS.term, epoch: 1 };
    this.votes.take(
      "a",
      encodeVote({
        ...{ kind: "vote-ask", lease, voters: markOf(initialVoters(list), false) },
        ...{ change: false, holding: false, ...request },
      }),
    );
    return this.said();
  }
}

function fail(): never {
  throw new Error("that is no message");
}

Deno.test("votes: what a machine goes by is written down at its first start", () => {
  const b = new NodeB(FIRST);
  b.votes.tick(at(9));
  deepStrictEqual(b.saved && encodeVotersNote(b.saved), {
    file: FIRST,
    leases: { [LEASE]: { epoch: 0, voters: initialVoters(FIRST) } },
  });
  b.votes.settleVoters(OTHER, [LEASE]);
  deepStrictEqual(b.answersTo(OTHER), ["vote-refusal"]);
  deepStrictEqual(new NodeB(OTHER, b.saved).answersTo(OTHER), ["vote-refusal"]);
  deepStrictEqual(new NodeB(OTHER, b.saved).answersTo(FIRST), ["vote-grant"]);
  deepStrictEqual(new NodeB(OTHER).answersTo(OTHER), ["vote-grant"]);
});

Deno.test("votes: a lease that comes with another list of voters goes by that list", () => {
  const b = new NodeB(FIRST);
  b.votes.settleVoters(OTHER, [LEASE, "instance/db"]);
  b.votes.tick(at(9));
  deepStrictEqual(b.saved?.leases.get("instance/db")?.voters, initialVoters(OTHER));
});

Deno.test("votes: the first promise is told when the voters are written down", () => {
  const b = new NodeB(FIRST);
  deepStrictEqual(b.said(), []);
  deepStrictEqual(b.toldTo(FIRST), []);
  b.written(true);
  deepStrictEqual(b.said(), ["vote-grant"]);
  deepStrictEqual(b.toldTo(FIRST), ["vote-grant"]);
  deepStrictEqual(b.told, { epoch: 0, step: 0, promised: 0 });
});

Deno.test("votes: a first promise waits until its own voters are written down", () => {
  const b = new NodeB(FIRST);
  const db = "instance/db";
  deepStrictEqual(b.said(), []);
  deepStrictEqual(b.toldTo(FIRST, db), []);
  b.written(true);
  deepStrictEqual([b.said(), b.saved?.leases.has(db)], [[], false]);
  deepStrictEqual([b.said(), b.saved?.leases.has(db)], [[], true]);
  b.written(true);
  deepStrictEqual(b.said(), ["vote-grant"]);
});

Deno.test("votes: a disk that takes nothing keeps no promise back", () => {
  const b = new NodeB(FIRST);
  b.said();
  b.written(false);
  // It has taken that in before it is asked.
  b.said();
  deepStrictEqual(b.toldTo(FIRST), ["vote-grant"]);
  deepStrictEqual(b.told, null, "and it says so of none that it was written down");
});
