/** The engine's invariants under any events, in any order, at any distance. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Instant, milliseconds, seconds } from "../../src/time.ts";
import type { Effect, Event } from "../../src/vrrp/event.ts";
import {
  type HandoffState,
  heardOf,
  initial,
  isHolder,
  isOut,
  type MasterState,
  nameOf,
  type State,
  type Step,
} from "../../src/vrrp/state.ts";
import { nextDeadline, step } from "../../src/vrrp/step.ts";
import { masterDownOf } from "../../src/vrrp/intervals.ts";
import { sameIp } from "../../src/net/ip.ts";
import { isOwner, type Rules } from "../../src/vrrp/rules.ts";
import { arbitraryStory, eventOf, type Story } from "../support/vrrp/stories.ts";

/** FUZZ_RUNS in the environment makes it longer. */
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 1500);

const LONGEST_INTERVAL = seconds(40.95);
const BURST_SPACING = seconds(1);

/** What a checker sees of one step. */
interface Seen {
  readonly before: State;
  readonly event: Event;
  readonly now: Instant;
  readonly own: Rules;
  readonly answer: Step;
}

/** Plays a story and shows every step to `check`. */
function play(
  [firstRules, story]: Story,
  check: (seen: Seen) => void,
): void {
  let own = firstRules;
  let state = initial();
  let now = 1e9 as Instant;
  for (const [pause, happening] of story) {
    const deadline = nextDeadline(state);
    const target = pause === "deadline" ? deadline ?? now : now + pause;
    now = Math.max(now, target) as Instant;
    const event = eventOf(happening, now, own);
    if (happening.kind === "replace") own = happening.rules;
    const answer = step(state, event, now, own);
    check({ before: state, event, now, own, answer });
    state = answer.state;
  }
}

/** One property over all stories; `checker` makes a fresh check with its own memory for each. */
function always(name: string, checker: () => (seen: Seen) => void): void {
  Deno.test(`fuzz step: ${name}`, () => {
    fc.assert(fc.property(arbitraryStory, (story) => play(story, checker())), { numRuns: RUNS });
  });
}

function kinds(effects: readonly Effect[]): readonly string[] {
  return effects.map((effect) => effect.kind);
}

always("a deadline that was met is over", () => ({ event, now, answer }) => {
  const next = nextDeadline(answer.state);
  if (event.kind === "deadline") assert.ok(next === undefined || next > now);
  assert.ok(next === undefined || Number.isSafeInteger(next));
});

always("a deadline that has not come changes nothing", () => ({ before, event, now, answer }) => {
  const due = nextDeadline(before);
  if (event.kind !== "deadline" || (due !== undefined && due <= now)) return;
  assert.deepEqual(answer, { state: before, effects: [] });
});

always("transitions chain, and come only when the name changes", () => {
  let name = nameOf(initial());
  return ({ answer, event }) => {
    // The one step without a transition: a restart in place is none.
    if (event.kind === "resume" && answer.state.kind === "master") name = "master";
    const { transition } = answer;
    if (transition !== undefined) {
      assert.equal(transition.from, name);
      assert.notEqual(transition.to, name);
      name = transition.to;
    }
    assert.equal(nameOf(answer.state), name);
  };
});

always("addresses are held by a master and by nobody else, and announced only while held", () => {
  let held = false;
  return ({ answer }) => {
    for (const effect of answer.effects) {
      if (effect.kind === "add-addresses") held = true;
      if (effect.kind === "remove-addresses") held = false;
      if (effect.kind === "announce") assert.ok(held);
    }
    assert.equal(held, isHolder(answer.state));
  };
});

always(
  "only a master advertises; once the addresses are gone priority 0, or a loser's last word",
  () => {
    return ({ before, answer, event, own }) => {
      const leaves = isHolder(before) && !isHolder(answer.state);
      for (const [i, effect] of answer.effects.entries()) {
        if (effect.kind !== "send-advert") continue;
        if (leaves) {
          assert.equal(
            effect.priority,
            event.kind === "advert" || event.kind === "reports" ? own.priority : 0,
          );
          assert.equal(answer.effects[i - 1]?.kind, "remove-addresses");
        } else {
          assert.ok(isHolder(answer.state));
          assert.equal(effect.priority, spokenPriority(answer.state, own));
        }
      }
      const adverts = kinds(answer.effects).filter((kind) => kind === "send-advert");
      assert.ok(adverts.length <= 1, "never a burst of adverts");
    };
  },
);

function spokenPriority(state: MasterState | HandoffState, own: Rules): number {
  if (state.kind === "master") return own.priority;
  return state.phase === "solicit" ? 1 : 0;
}

always("a master has an advert ahead within its interval, or an overdue one", () => {
  return ({ answer, now, own }) => {
    const { state } = answer;
    if (!isHolder(state) || (state.kind === "handoff" && state.phase === "resign")) return;
    const { advertAt, announceAt } = state.kind === "master" ? state : state.master;
    // New rules may have a shorter interval than the one that the last beat was set for.
    assert.ok(advertAt <= now + Math.max(own.advertInterval, LONGEST_INTERVAL));
    assert.ok(Number.isSafeInteger(announceAt));
  };
});

always("the advert rhythm does not drift", () => ({ before, answer, now, event, own }) => {
  if (before.kind !== "master" || answer.state.kind !== "master") return;
  if (event.kind !== "deadline" || now < before.advertAt) return;
  const { advertInterval: interval } = own;
  const { advertAt } = answer.state;
  const beat = before.advertAt + interval;
  const latest = beat > now ? beat : now + interval;
  const isLate = answer.effects.some(({ kind }) => kind === "add-addresses");
  // Shared beats lie on quarters of the interval; one that does is followed by another.
  const shared = interval < milliseconds(100) || isLate ? interval : interval / 4;
  if (shared === interval) assert.equal(advertAt, latest);
  else assert.equal(advertAt % shared, 0);
  assert.ok(advertAt > now && advertAt <= now + interval && advertAt > latest - interval / 4);
});

always("bursts of one master are a second apart", () => {
  let last = -Infinity;
  return ({ before, answer, now }) => {
    if (!isHolder(before)) last = -Infinity;
    for (const effect of answer.effects) {
      if (effect.kind !== "announce" || effect.count === 1) continue;
      assert.ok(now - last >= BURST_SPACING);
      last = now;
    }
  };
});

always("a loser is followed by a burst within a second", () => ({ before, answer, event, now }) => {
  if (before.kind !== "master" || answer.state.kind !== "master") return;
  if (event.kind !== "advert" || event.advert.priority === 0) return;
  if (answer.state === before) return;
  const announced = kinds(answer.effects).includes("announce");
  assert.ok(announced || answer.state.announceAt <= now + BURST_SPACING);
});

always("nobody but an owner is master before it has listened", () => {
  let entered = -Infinity;
  return ({ before, answer, now, own, event }) => {
    if (isOut(before) && answer.state.kind === "backup") entered = now;
    // New rules change how long a master-down interval is.
    if (event.kind === "rules") entered = -Infinity;
    if (answer.state.kind !== "master" || isHolder(before) || isOwner(own)) return;
    // It has listened in its life before.
    if (event.kind === "resume") entered = -Infinity;
    if (event.kind === "resume") return;
    assert.equal(before.kind, "backup");
    assert.ok(now - entered >= masterDownOf(own, own.advertInterval));
  };
});

always("a backup never waits longer than the longest master-down", () => ({ answer, now }) => {
  if (answer.state.kind !== "backup" || answer.state.masterDownAt === undefined) return;
  // Twice, where a sync group asks for patience.
  assert.ok(answer.state.masterDownAt - now <= 2 * 4 * LONGEST_INTERVAL);
});

always(
  "a losing master does not put off the preemption",
  () => ({ before, answer, event, own }) => {
    if (
      before.kind !== "backup" || event.kind !== "advert" || answer.state.kind !== "backup"
    ) return;
    const { priority } = event.advert;
    if (priority === 0 || priority >= own.priority || !own.preempt || own.preemptDelay > 0) return;
    const { masterDownAt, listenUntil } = before;
    const after = answer.state.masterDownAt;
    assert.equal(after === undefined, masterDownAt === undefined);
    if (after === undefined || masterDownAt === undefined) return;
    const heard = heardOf(before);
    // One that was good enough until now and says that it has fallen, or that asks for it by
    // priority 1, may be relieved sooner.
    const fell = heard !== undefined && sameIp(heard.source, event.source) &&
      (heard.priority >= own.priority || priority === 1);
    if (!fell) return assert.equal(after, masterDownAt);
    assert.ok(after <= masterDownAt);
    assert.ok(after >= Math.min(masterDownAt, listenUntil));
  },
);

always("without a start nothing happens", () => ({ before, answer, event }) => {
  if (nameOf(before) !== "init" || event.kind === "start" || event.kind === "resume") return;
  assert.deepEqual(answer.effects, []);
});

always("the same question has the same answer, and asking changes nothing", () => (seen) => {
  const { before, event, now, own, answer } = seen;
  const copy = structuredClone(before);
  assert.deepEqual(step(before, event, now, own), answer);
  assert.deepEqual(before, copy);
});

always("without a second opinion reports change nothing but a contested master", () => {
  return ({ before, event, own, answer, now }) => {
    if (own.secondOpinion === true || before.kind !== "backup") return;
    if (event.kind === "reports" && before.master.kind !== "reported") {
      assert.deepEqual(answer, { state: before, effects: [] });
    }
    if (event.kind === "deadline") {
      assert.deepEqual(answer, step(before, { kind: "deadline" }, now, own));
    }
  };
});

always("a report puts a takeover off by less than its life and a skew", () => {
  return ({ before, event, now, own, answer }) => {
    if (before.kind !== "backup" || answer.state.kind !== "backup") return;
    const isTold = event.kind === "reports" || (event.kind === "deadline" && event.opinion);
    if (isTold === undefined || isTold === false || event.opinion?.kind !== "holds") return;
    if (answer.state.master.kind !== "reported" || answer.state === before) return;
    const { masterDownAt, listenUntil } = answer.state;
    if (masterDownAt === before.masterDownAt) return;
    // Its life has passed: nothing is put off, it waits for its sync group.
    if (masterDownAt === undefined) {
      assert.ok(own.grouped && before.masterDownAt !== undefined && now >= before.masterDownAt);
      return;
    }
    const skew = masterDownOf(own, answer.state.masterInterval) - 3 * answer.state.masterInterval;
    const latest = Math.max(listenUntil, event.opinion.at + seconds(3) + skew);
    assert.ok(masterDownAt <= latest && masterDownAt >= now);
  };
});
