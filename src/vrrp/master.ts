/**
 * Master: when it advertises, which masters it yields to and which it answers (RFC 9568 6.4.3;
 * numbers are the steps of RFC 5798).
 */
import { probesBeforeTakeover } from "./acd.ts";
import { affordableAt, affords, type Limits, spend } from "../budget.ts";
import { after, between, type Instant, milliseconds, seconds } from "../time.ts";
import { type Ip, sameIp, sameIps } from "../net/ip.ts";
import { announceAgain, announceDue, announceProvoked } from "./announcements.ts";
import { compareMasters } from "./election.ts";
import type { Cause, Effect, Event } from "./event.ts";
import { hearAsBackup } from "./backup.ts";
import { hearReports } from "./contest.ts";
import { yielded } from "./damping.ts";
import type { BackupState, Heard, MasterState, State, Step } from "./state.ts";
import { beatBefore, learntInterval, masterDown, masterDownOf, skewOf } from "./intervals.ts";
import { isRenewalDue, nextRenewal } from "./lease.ts";
import {
  acquainted,
  announced,
  beginHandoff,
  fail,
  groupFault,
  leave,
  newBackup,
  remainMaster,
  RESIGN,
  restoreAddresses,
  stop,
  unchanged,
} from "./transitions.ts";
import { isOwner, type Rules } from "./rules.ts";

/**
 * A losing master's further adverts within this time were sent before our answer reached it, or
 * queued up while this node was stalled: one answer is enough. Half of the shortest interval, so
 * that each living rival's every advert is answered. Another rival, which may have woken up just
 * now and not have heard that answer, gets one when this time is over: many together get no more.
 */
const ANSWER_SPACING = milliseconds(5);

/**
 * Answers to losing masters and farewells: as many as one rival's adverts can be; more are
 * collapsed into the next.
 */
const ANSWERS: Limits = { most: 8, every: milliseconds(10) };

/** From one answer to a conflicting claim to the next (RFC 5227 1.1, DEFEND_INTERVAL). */
const DEFEND_INTERVAL = seconds(10);

type AdvertEvent = Extract<Event, { kind: "advert" }>;

/** {@link ./step.ts} `step` in master. */
export function stepMaster(state: MasterState, event: Event, now: Instant, rules: Rules): Step {
  switch (event.kind) {
    case "advert": // (700)
      return hear(state, event, now, rules);
    case "deadline":
      return onDeadline(state, now, rules);
    case "addresses-lost":
      return isOverdue(state, now, rules) ? unchanged(state) : restoreAddresses(state, now, rules);
    case "link-changed":
      return isOverdue(state, now, rules)
        ? unchanged(state)
        : announced(state, [], announceAgain(state, now));
    case "address-conflict":
      return defend(state, now, rules);
    case "reports":
      return hearReports(state, event, now, rules);
    case "hand-over":
      return beginHandoff(state, event.why, now, rules);
    case "rules":
      return adaptToRules(state, event.before, rules.priority, now, rules);
    case "stop": // (655)
      return stop("master", event.cause ?? { kind: "stop" });
    case "faults":
      return event.faults.length === 0 ? unchanged(state) : fail("master", event.faults);
    case "group-fault":
      return event.member === undefined
        ? unchanged(state)
        : fail("master", [groupFault(event.member)]);
    case "group-release":
      return followGroup(event.member, event.patience ?? 1, now, rules);
    case "release":
      return release(event.cause, now, rules);
    case "lease-ended":
      return resign(newBackup(now, rules), event);
    case "wished":
      // Without an advert: it would keep that node busy, and others would ask in vain.
      return leave(newBackup(now, rules), event);
    default:
      return unchanged(state);
  }
}

function onDeadline(state: MasterState, now: Instant, rules: Rules): Step {
  if (isOverdue(state, now, rules)) return remainMaster(state, now, rules);
  const due = now >= state.advertAt;
  const renew = isRenewalDue(state.renewAt, due, now, rules);
  const next = {
    ...state,
    advertAt: due ? nextBeat(state.advertAt, now, rules) : state.advertAt,
    answersPaid: due ? spend(state.answersPaid, ANSWERS, now) : state.answersPaid,
    renewAt: renew ? nextRenewal(now, rules) : state.renewAt,
  };
  const effects: readonly Effect[] = [
    ...(due ? [advertOf(rules.priority)] : []), // (685)
    ...(renew ? [{ kind: "renew-addresses" } as const] : []),
  ];
  return announced(next, effects, announceDue(state, now, rules.addresses.length));
}

/**
 * Is this node so late with an advert that a backup may have taken over? It was frozen, suspended
 * or starved. Adverts come before the deadline in every batch of events, so whatever a new master
 * has said is looked at first.
 */
function isOverdue(state: MasterState, now: Instant, rules: Rules): boolean {
  const { version, advertInterval } = rules;
  const wait = masterDown(version, 255, advertInterval) - advertInterval;
  return between(state.advertAt, now) >= wait;
}

/**
 * RFC 5227 2.4 (c): tell the neighbours once more, but not again and again where the other one does
 * the same.
 */
function defend(state: MasterState, now: Instant, rules: Rules): Step {
  const { defendedAt } = state;
  const just = defendedAt !== undefined && between(defendedAt, now) < DEFEND_INTERVAL;
  if (just) return unchanged(state);
  return announced(
    { ...state, defendedAt: now },
    [],
    announceProvoked(state, now, rules.addresses.length),
  );
}

/**
 * The rhythm does not drift: one interval after the last beat, but the first time less, so that
 * routers of one interval share their turns. Missed beats are not made up for.
 */
function nextBeat(beat: Instant, now: Instant, { advertInterval }: Rules): Instant {
  const next = beatBefore(after(beat, advertInterval), advertInterval);
  return next > now ? next : beatBefore(after(now, advertInterval), advertInterval);
}

function hear(state: MasterState, event: AdvertEvent, now: Instant, rules: Rules): Step {
  const { advert, source, own } = event;
  if (advert.priority === 0) return onPriorityZero(state, now, rules); // (705)
  const ours = { priority: rules.priority, source: own };
  const verdict = event.isUnproved === true && !isOwner(rules)
    ? "better" // It does not hear us: one has to yield.
    : compareMasters(ours, { priority: advert.priority, source }); // (720)
  if (verdict !== "same" && isOverdue(state, now, rules)) {
    return giveWay(state, event, now, rules);
  }
  switch (verdict) {
    case "better": // (725)
      return yieldTo("better-master", state, event, now, rules);
    case "tie-lost": // (735)
      return yieldTo("tie-lost", state, event, now, rules);
    case "worse": // (770)
      return observed(answer(state, source, now, rules), rivalry(state, event, now, rules));
    case "same":
      return observed(unchanged(state), rivalry(state, event, now, rules));
  }
}

/**
 * Another master; less than an interval after the takeover it may be the last word of the one
 * before.
 */
function rivalry(
  state: MasterState,
  { source, advert: { priority, interval } }: AdvertEvent,
  now: Instant,
  rules: Rules,
): readonly Effect[] {
  return isNewMaster(state, now, rules) ? [] : [{ kind: "rival", source, priority, interval }];
}

/**
 * Has it become master less than an interval ago? Then the master before it may still say that it
 * is.
 */
export function isNewMaster(state: State, now: Instant, rules: Rules): boolean {
  return state.kind === "master" && between(state.since, now) < rules.advertInterval;
}

function observed(step: Step, effects: readonly Effect[]): Step {
  return { ...step, effects: [...step.effects, ...effects] };
}

/** (710), (715): one that resigns was master beside us, and the neighbours may have believed it. */
function onPriorityZero(state: MasterState, now: Instant, rules: Rules): Step {
  if (!affords(state.answersPaid, ANSWERS, now)) return answerLater(state, now, rules);
  const next = {
    ...state,
    advertAt: after(now, rules.advertInterval),
    answersPaid: spend(state.answersPaid, ANSWERS, now),
  };
  return announced(
    next,
    [advertOf(rules.priority)],
    announceProvoked(state, now, rules.addresses.length),
  );
}

/** With the next advert, which goes as soon as may be; that answers all that came until then. */
function answerLater(state: MasterState, now: Instant, rules: Rules): Step {
  const soon = affordableAt(state.answersPaid, ANSWERS);
  const next = { ...state, advertAt: Math.min(state.advertAt, soon) as Instant };
  return announced(next, [], announceProvoked(state, now, rules.addresses.length, 0));
}

/**
 * Another node took over while this one did not run. Whether this one comes back is a matter of
 * preemption.
 */
function giveWay(state: MasterState, event: AdvertEvent, now: Instant, rules: Rules): Step {
  const { source, advert: { priority } } = event;
  const silence = between(state.advertAt, after(now, rules.advertInterval));
  const cause: Cause = { kind: "stalled", master: source, priority, silence };
  const { acquaintance, damping } = state;
  const backup = { ...newBackup(now, rules), acquaintance, damping };
  return {
    state: hearAsBackup(backup, event, now, rules),
    effects: [{ kind: "remove-addresses" }],
    transition: { from: "master", to: "backup", cause },
  };
}

/**
 * (740) to (765). The loser's last advert, at the winner's interval, is for the winner: it may not
 * know yet that another node told the neighbours something different, and announces itself again.
 * Not in a sync group, whose members may be of different minds about who is better: there it would
 * set back the wait of one who is about to take over for all of them.
 */
function yieldTo(
  kind: "better-master" | "tie-lost",
  state: MasterState,
  event: AdvertEvent,
  now: Instant,
  rules: Rules,
): Step {
  const { source, advert: { priority, interval } } = event;
  const acquaintance = acquainted(state.acquaintance, source, now);
  const masterInterval = learntInterval(rules, interval, between(acquaintance.since, now));
  const cause: Cause = { kind, master: source, priority };
  const damping = yielded(state.damping, now, rules);
  const lastWord: readonly Effect[] = rules.grouped
    ? []
    : [{ kind: "send-advert", priority: rules.priority, interval: masterInterval }];
  const heard: Heard = { source, priority, interval, at: now };
  const masterDownAt = after(now, masterDownOf(rules, masterInterval));
  return {
    state: {
      ...newBackup(now, rules),
      acquaintance,
      damping,
      master: { kind: "obeyed", heard, probesLeft: probesBeforeTakeover(rules) },
      masterInterval,
      listenUntil: damping.until,
      masterDownAt: Math.max(damping.until, masterDownAt) as Instant,
    },
    effects: [{ kind: "remove-addresses" }, ...lastWord],
    transition: { from: "master", to: "backup", cause },
  };
}

/**
 * The loser hears at once that it has lost (the regular rhythm goes on), and the neighbours whom to
 * believe.
 */
function answer(state: MasterState, source: Ip, now: Instant, rules: Rules): Step {
  const { answered: last, answersPaid } = state;
  if (!affords(answersPaid, ANSWERS, now)) return answerLater(state, now, rules);
  if (last === undefined || between(last.at, now) >= ANSWER_SPACING) {
    const next = {
      ...state,
      answered: { source, at: now },
      answersPaid: spend(answersPaid, ANSWERS, now),
    };
    return announced(
      next,
      [advertOf(rules.priority)],
      announceProvoked(state, now, rules.addresses.length),
    );
  }
  const soon = after(last.at, ANSWER_SPACING);
  const next = sameIp(last.source, source)
    ? state
    : { ...state, advertAt: Math.min(state.advertAt, soon) as Instant };
  return announced(next, [], announceProvoked(state, now, rules.addresses.length, 0));
}

/**
 * A member of the sync group is not master any more: resign too. With patience > 1, priority-0
 * adverts and last adverts of other nodes that leave for the same reason must not shorten the wait.
 */
function followGroup(member: string, patience: number, now: Instant, rules: Rules): Step {
  const wait = patience * masterDownOf(rules, rules.advertInterval);
  const masterDownAt = (now + wait) as Instant;
  const listenUntil = patience > 1 ? masterDownAt : now;
  const backup = { ...newBackup(now, rules), listenUntil, masterDownAt };
  return resign(backup, { kind: "group", member });
}

/**
 * For a better node. After priority 0 every living node claims within an interval: so long, and a
 * skew, it lets them go first.
 */
function release(cause: Cause, now: Instant, rules: Rules): Step {
  const { advertInterval } = rules;
  const masterDownAt = after(after(now, advertInterval), skewOf(rules, advertInterval));
  return resign({ ...newBackup(now, rules), masterDownAt }, cause);
}

function resign(state: BackupState, cause: Cause): Step {
  return { state, effects: RESIGN, transition: { from: "master", to: "backup", cause } };
}

/**
 * What adverts carry is told at once if it changed, with `priority`; the rhythm goes on, faster
 * from now on where the interval is shorter.
 */
export function adaptToRules(
  state: MasterState,
  before: Rules,
  priority: number,
  now: Instant,
  rules: Rules,
): Step {
  const newAddresses = !sameIps(before.addresses, rules.addresses);
  const newLease = before.lease !== rules.lease;
  const tells = newAddresses || !sameHeader(before, rules);
  const advert: readonly Effect[] = tells ? [advertOf(priority)] : [];
  const adapted = {
    ...state,
    advertAt: tells
      ? Math.min(state.advertAt, now + rules.advertInterval) as Instant
      : state.advertAt,
    renewAt: newLease ? nextRenewal(now, rules) : state.renewAt,
  };
  if (newAddresses) {
    const effects: readonly Effect[] = [...advert, { kind: "add-addresses" }];
    return announced(adapted, effects, announceAgain(state, now));
  }
  if (newLease) return { state: adapted, effects: [...advert, { kind: "renew-addresses" }] };
  return tells ? { state: adapted, effects: advert } : unchanged(state);
}

function sameHeader(before: Rules, rules: Rules): boolean {
  return before.version === rules.version && before.vrid === rules.vrid &&
    before.priority === rules.priority &&
    before.advertInterval === rules.advertInterval &&
    String(before.password ?? "") === String(rules.password ?? "");
}

function advertOf(priority: number): Effect {
  return { kind: "send-advert", priority };
}
