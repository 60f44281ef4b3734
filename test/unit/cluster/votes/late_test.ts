/** Grants that come too late to be relied on. */
import { strictEqual } from "node:assert/strict";
import type { Contest } from "../../../../src/cluster/votes/candidacy.ts";
import { mayBeOver, type Reading } from "../../../../src/cluster/votes/clocks.ts";
import { ask, granted, holds, startHolder, tick } from "../../../../src/cluster/votes/holder.ts";
import type { Grant } from "../../../../src/cluster/votes/message.ts";
import { initialVoters } from "../../../../src/cluster/votes/voters.ts";
import { milliseconds } from "../../../../src/time.ts";
import { TERMS } from "../../../support/cluster/votes/lan.ts";

const FILE = ["a", "b", "w"];
const CONTEST: Contest = {
  ...{ self: "b", lease: "instance/web", terms: TERMS },
  ...{ file: FILE, isWish: false },
};
const START = startHolder("0123456789abcdef", initialVoters(FILE));

function at(ms: number): Reading {
  return { boot: milliseconds(ms), raw: milliseconds(ms) };
}

Deno.test("votes: a grant that comes too late has the voter asked again at once", () => {
  const { holder: asking } = ask(CONTEST, START, at(1000));
  const grant: Grant = {
    kind: "vote-grant",
    ...{ lease: CONTEST.lease, token: asking.token, sent: asking.lastSent, saved: null },
  };
  // The next request is due 125 ms after the first; this is one of later.
  const again = tick(CONTEST, asking, at(1450)).holder;
  const late = granted(CONTEST, again, at(1501), "a", grant);
  strictEqual(holds(late, at(1501)), false);
  strictEqual(late.askAt !== undefined && mayBeOver(late.askAt, at(1501)), true);
  strictEqual(tick(CONTEST, late, at(1501)).messages.length, 3);
  const others = granted(CONTEST, again, at(1501), "a", { ...grant, token: "f".repeat(16) });
  strictEqual(others, again, "a promise to another process");
});

Deno.test("votes: late grants have voters asked four times in a renewal period at most", () => {
  let { holder } = ask(CONTEST, START, at(1000));
  const grant: Grant = {
    kind: "vote-grant",
    ...{ lease: CONTEST.lease, token: holder.token, sent: holder.lastSent, saved: null },
  };
  let asked = 0;
  for (let ms = 1501; ms < 1600; ms++) {
    holder = granted(CONTEST, holder, at(ms), "a", grant);
    const step = tick(CONTEST, holder, at(ms));
    asked += step.messages.length / 3;
    holder = step.holder;
  }
  strictEqual(asked, 4);
});
