/** What does a master do: when does it advertise, whom does it yield to, whom does it answer? (RFC 9568 6.4.3) */
import { after, between, type Instant, milliseconds } from "../time.ts";
import { sameIp } from "../net/ip.ts";
import { announceAgain, type Announced, announceDue } from "./announcements.ts";
import { compareMasters } from "./election.ts";
import type { Cause, Effect } from "./effect.ts";
import type { BackupState, Event, MasterState, Step } from "./instance.ts";
import { learntInterval, masterDownOf, skewOf } from "./intervals.ts";
import { groupFault, leaveWillingly, restingBackup, unchanged, withdraw } from "./passage.ts";
import type { Rules } from "./rules.ts";

/**
 * A losing master's further adverts within this time were sent before our answer reached it, or queued up while this node was
 * stalled: one answer is enough. Half of the shortest interval, so that each living rival's every advert is answered.
 */
const ANSWER_SPACING = milliseconds(5);

type AdvertEvent = Extract<Event, { kind: "advert" }>;

/** {@link ./instance.ts} `step` in master. */
export function stepMaster(state: MasterState, event: Event, now: Instant, rules: Rules): Step {
  switch (event.kind) {
    case "advert":
      return hear(state, event, now, rules);
    case "deadline":
      return meetDeadline(state, now, rules);
    case "addresses-lost":
      return announced(state, [{ kind: "add-addresses" }], announceAgain(state, now));
    case "rules":
      return adaptToRules(state, event.before, now, rules);
    case "stop":
      return withdraw("master", [], event.cause ?? { kind: "stop" });
    case "faults":
      if (event.faults.length === 0) return unchanged(state);
      return withdraw("master", event.faults, { kind: "fault", faults: event.faults });
    case "group-fault": {
      if (event.member === undefined) return unchanged(state);
      const faults = [groupFault(event.member)];
      return withdraw("master", faults, { kind: "fault", faults });
    }
    case "group-release":
      return followGroup(event.member, event.patience ?? 1, now, rules);
    case "release":
      return release(event.cause, now, rules);
    case "start":
    case "group-claim":
      return unchanged(state);
  }
}

function meetDeadline(state: MasterState, now: Instant, rules: Rules): Step {
  const due = now >= state.advertAt;
  const adverts: readonly Effect[] = due ? [advertNow(rules)] : [];
  const advertAt = due ? nextBeat(state.advertAt, now, rules) : state.advertAt;
  return announced({ ...state, advertAt }, adverts, announceDue(state, now));
}

/** The rhythm does not drift: one interval after the last beat. Missed beats are not made up for. */
function nextBeat(beat: Instant, now: Instant, rules: Rules): Instant {
  const next = after(beat, rules.advertInterval);
  return next > now ? next : after(now, rules.advertInterval);
}

function hear(state: MasterState, event: AdvertEvent, now: Instant, rules: Rules): Step {
  const { advert, source, own } = event;
  if (advert.priority === 0) {
    return {
      state: { ...state, advertAt: after(now, rules.advertInterval) },
      effects: [advertNow(rules)],
    };
  }
  const ours = { priority: rules.priority, source: own };
  switch (compareMasters(ours, { priority: advert.priority, source })) {
    case "better":
      return yieldTo("better-master", event, now, rules);
    case "tie-lost":
      return yieldTo("tie-lost", event, now, rules);
    case "worse":
      return answer(state, now, rules);
    case "same":
      return unchanged(state);
  }
}

function yieldTo(
  kind: "better-master" | "tie-lost",
  event: AdvertEvent,
  now: Instant,
  rules: Rules,
): Step {
  const { source, advert: { priority, interval } } = event;
  const masterInterval = learntInterval(rules, interval);
  const cause: Cause = { kind, master: source, priority };
  return {
    state: {
      ...restingBackup(now, rules),
      masterInterval,
      masterDownAt: after(now, masterDownOf(rules, masterInterval)),
      heard: { source, priority, interval, at: now },
    },
    effects: [
      { kind: "remove-addresses" },
      { kind: "transition", from: "master", to: "backup", cause },
    ],
  };
}

/** The loser hears at once that it has lost (the regular rhythm goes on), and the neighbours whom to believe. */
function answer(state: MasterState, now: Instant, rules: Rules): Step {
  const { answeredAt } = state;
  const answered = answeredAt !== undefined && between(answeredAt, now) < ANSWER_SPACING;
  const adverts: readonly Effect[] = answered ? [] : [advertNow(rules)];
  const heardOut = answered ? state : { ...state, answeredAt: now };
  return announced(heardOut, adverts, announceAgain(state, now));
}

/**
 * Another member of the sync group is not master any more: leave with it, willingly. Who shall have patience cannot be hurried,
 * neither by the farewells nor by the last adverts of others who leave for the same reason.
 */
function followGroup(member: string, patience: number, now: Instant, rules: Rules): Step {
  const wait = patience * masterDownOf(rules, rules.advertInterval);
  const masterDownAt = (now + wait) as Instant;
  const listenUntil = patience > 1 ? masterDownAt : now;
  const backup = { ...restingBackup(now, rules), listenUntil, masterDownAt };
  return leaveFor(backup, { kind: "group", member });
}

/** For a better node. After priority 0 everyone alive claims within an interval: so long, and a skew, it lets them go first. */
function release(cause: Cause, now: Instant, rules: Rules): Step {
  const { advertInterval } = rules;
  const masterDownAt = after(after(now, advertInterval), skewOf(rules, advertInterval));
  return leaveFor({ ...restingBackup(now, rules), masterDownAt }, cause);
}

function leaveFor(state: BackupState, cause: Cause): Step {
  return {
    state,
    effects: [
      ...leaveWillingly(),
      { kind: "transition", from: "master", to: "backup", cause },
    ],
  };
}

/** Whatever adverts carry is told at once if it changed; the rhythm goes on, faster from now on where it shall. */
function adaptToRules(state: MasterState, before: Rules, now: Instant, rules: Rules): Step {
  const addressesChanged = !sameAddresses(before, rules);
  if (!addressesChanged && sameHeader(before, rules)) return unchanged(state);
  const advertAt = Math.min(state.advertAt, now + rules.advertInterval) as Instant;
  const adapted = { ...state, advertAt };
  if (!addressesChanged) return { state: adapted, effects: [advertNow(rules)] };
  return announced(
    adapted,
    [advertNow(rules), { kind: "add-addresses" }],
    announceAgain(state, now),
  );
}

function sameHeader(before: Rules, rules: Rules): boolean {
  return before.version === rules.version && before.priority === rules.priority &&
    before.advertInterval === rules.advertInterval &&
    String(before.password ?? "") === String(rules.password ?? "");
}

/** The same addresses in the same order, as adverts carry them? */
function sameAddresses(before: Rules, rules: Rules): boolean {
  return before.addresses.length === rules.addresses.length &&
    before.addresses.every((address, i) => {
      const other = rules.addresses[i];
      return other !== undefined && sameIp(address, other);
    });
}

function advertNow(rules: Rules): Effect {
  return { kind: "send-advert", priority: rules.priority };
}

function announced(state: MasterState, effects: readonly Effect[], more: Announced): Step {
  // One by one: a whole state is an Announcements, too, and would bring its old advertAt along.
  const { announceAt, announceNext, burstAt } = more.announcements;
  return {
    state: { ...state, announceAt, announceNext, burstAt },
    effects: [...effects, ...more.effects],
  };
}
