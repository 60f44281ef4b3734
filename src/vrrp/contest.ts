/**
 * Two masters that know of each other by their reports, where adverts do not arrive: the worse one
 * yields (decision 0075).
 */
import { between, type Instant, type Nanoseconds, seconds } from "../time.ts";
import { sameIp } from "../net/ip.ts";
import { announceProvoked } from "./announcements.ts";
import { yielded } from "./damping.ts";
import { compareMasters } from "./election.ts";
import type { Effect, Event, Opinion } from "./event.ts";
import { skewOf } from "./intervals.ts";
import { lifeOf } from "./opinion.ts";
import type { Rules } from "./rules.ts";
import type { BackupState, Contest, MasterState, Step } from "./state.ts";
import { announced, newBackup, unchanged } from "./transitions.ts";

/**
 * Adverts that arrive decide within this: what was reported before a takeover is no second master.
 */
const PATIENCE = seconds(1);

/** Reports come once a second, and one may be lost. */
const BREAK = seconds(3);

type Reports = Extract<Event, { readonly kind: "reports" }>;
type Holder = Extract<Opinion, { readonly kind: "holds" }>;

/** What a master does with what the nodes report. */
export function hearReports(
  state: MasterState,
  { opinion, own }: Reports,
  now: Instant,
  rules: Rules,
): Step {
  if (opinion?.kind !== "holds") return isAlone(state, now, rules);
  const contested = contestOf(state, opinion);
  const lasts = between(contested.since, contested.at);
  if (lasts < PATIENCE) return unchanged({ ...state, contested });
  if (comesBefore(opinion, { priority: rules.priority, source: own })) {
    return yieldTo(state, opinion, now, rules);
  }
  const { source, priority } = opinion;
  const interval = Math.max(rules.advertInterval, PATIENCE) as Nanoseconds;
  return {
    state: { ...state, contested },
    effects: [{ kind: "rival", source, priority, interval }],
  };
}

/** The other one is master no more: the neighbours may have believed it. */
function isAlone(state: MasterState, now: Instant, rules: Rules): Step {
  if (state.contested === undefined) return unchanged(state);
  const more = announceProvoked(state, now, rules.addresses.length);
  return announced({ ...state, contested: undefined }, [], more);
}

function contestOf({ contested }: MasterState, { source, at }: Holder): Contest {
  const goesOn = contested !== undefined && sameIp(contested.source, source) &&
    between(contested.at, at) <= BREAK;
  return { source, since: goesOn ? contested.since : at, at };
}

/** As if its advert had arrived; where one of the two has lost LAN or gateway, the other one. */
function comesBefore(
  { source, priority, isBetterPlaced }: Holder,
  own: Parameters<typeof compareMasters>[0],
): boolean {
  const verdict = compareMasters(own, { priority, source });
  return isBetterPlaced || verdict === "better" || verdict === "tie-lost";
}

/** Its last advert is for a winner that hears it, which then announces itself again (RFC 9568). */
function yieldTo(state: MasterState, winner: Holder, now: Instant, rules: Rules): Step {
  const { source, priority, at } = winner;
  const damping = yielded(state.damping, now, rules);
  const backup = newBackup(now, rules);
  const waits = at + lifeOf(rules.advertInterval) + skewOf(rules, rules.advertInterval);
  const next: BackupState = {
    ...backup,
    acquaintance: state.acquaintance,
    damping,
    master: { kind: "reported", source, priority, at, heard: undefined, gone: undefined },
    listenUntil: damping.until,
    masterDownAt: Math.max(damping.until, waits) as Instant,
  };
  const lastWord: readonly Effect[] = rules.grouped
    ? []
    : [{ kind: "send-advert", priority: rules.priority }];
  return {
    state: next,
    effects: [{ kind: "remove-addresses" }, ...lastWord],
    transition: {
      from: "master",
      to: "backup",
      cause: { kind: "reported-master", master: source, priority },
    },
  };
}
