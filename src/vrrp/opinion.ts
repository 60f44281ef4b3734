/**
 * A second opinion on a silent master: before a backup takes over, it asks what the other nodes
 * report (decision 0075). A report that the master made lately proves that it lives, and that its
 * adverts are lost on the way.
 */
import { sameIp } from "../net/ip.ts";
import {
  after,
  between,
  type Instant,
  milliseconds,
  type Nanoseconds,
  nanoseconds,
  seconds,
} from "../time.ts";
import type { Opinion } from "./event.ts";
import { skewOf } from "./intervals.ts";
import { isOwner, type Rules } from "./rules.ts";
import type { BackupState, Heard, KnownMaster } from "./state.ts";

/** So long before it takes over a backup asks; with fast adverts one interval. */
const AHEAD = milliseconds(150);

/** A report that keeps a backup waiting counts for one interval, at least for this... */
const SHORTEST_LIFE = milliseconds(300);

/** ... and at most for this: nodes report once a second. */
export const LONGEST_LIFE = seconds(3);

/** How often a backup asks again within the life of a report: one question may be lost. */
const ASKS_AGAIN = 2;

/** How often a backup under `rules` asks; an owner takes what is its own. */
export function asksBeforeTakeover(rules: Rules): number {
  return rules.secondOpinion === true && !isOwner(rules) ? 1 : 0;
}

/** When the other nodes are to be asked next; undefined: not before something else happens. */
export function askAt(state: BackupState): Instant | undefined {
  const { asksLeft, master, masterDownAt, masterInterval } = state;
  if (asksLeft === 0 || masterDownAt === undefined) return undefined;
  if (master.kind === "reported") return nthAsk(master.at, asksLeft, masterInterval);
  // One that is heard is preempted: no report of its can say more than its adverts do.
  if (master.kind === "outranked" && !isSilent(master.heard, masterDownAt)) return undefined;
  return (masterDownAt - Math.min(AHEAD, masterInterval)) as Instant;
}

/** `state` after the other nodes were asked at `now`: what was missed is not made up for. */
export function asked(state: BackupState, now: Instant): BackupState {
  const { master, masterInterval } = state;
  const asksLeft = master.kind === "reported" ? asksAhead(master.at, masterInterval, now) : 0;
  return { ...state, asksLeft };
}

/** How many of the questions after a report of `at` are ahead at `now`. */
function asksAhead(at: Instant, interval: Nanoseconds, now: Instant): number {
  let left = ASKS_AGAIN;
  while (left > 0 && nthAsk(at, left, interval) <= now) left--;
  return left;
}

/** When they are asked after a report of `at`, with `asksLeft` more questions to come. */
function nthAsk(at: Instant, asksLeft: number, interval: Nanoseconds): Instant {
  const nth = ASKS_AGAIN + 1 - asksLeft;
  return after(at, nanoseconds(nth * lifeOf(interval) / (ASKS_AGAIN + 1)));
}

/**
 * The state of a backup whose master-down has passed at `now`, and that stays all the same;
 * undefined: nothing keeps it. A report counts that is at most an interval old: with the adverts
 * of a dead master its reports have stopped for longer, so none puts the takeover off.
 */
export function stayed(
  state: BackupState,
  opinion: Opinion | undefined,
  now: Instant,
  rules: Rules,
): BackupState | undefined {
  const { master, masterInterval } = state;
  if (opinion?.kind !== "holds" || isOwner(rules) || rules.secondOpinion !== true) return undefined;
  const { source, priority, at } = opinion;
  const age = between(at, now);
  const life = lifeOf(masterInterval);
  const isFirst = master.kind !== "reported";
  if (age > (isFirst ? Math.min(masterInterval, LONGEST_LIFE) : life)) return undefined;
  if (isFirst && !isContradicted(master, at, now)) return undefined;
  const ended = after(after(at, life), skewOf(rules, masterInterval));
  const masterDownAt = Math.max(ended, state.listenUntil) as Instant;
  if (!isFirst && master.at === at && master.gone === undefined) {
    return state.masterDownAt === masterDownAt ? state : { ...state, masterDownAt };
  }
  const heard = lastHeard(master);
  // The same object as long as it is the same node.
  const same = !isFirst && sameIp(master.source, source) ? master.source : source;
  return {
    ...state,
    master: { kind: "reported", source: same, priority, at, heard, gone: undefined },
    masterDownAt,
    asksLeft: asksAhead(at, masterInterval, now),
  };
}

/** Does a report of `at` contradict what made the time of `master` pass? */
function isContradicted(master: KnownMaster, at: Instant, now: Instant): boolean {
  switch (master.kind) {
    case "resigned":
      return at > master.at;
    case "outranked":
      return isSilent(master.heard, now);
    default:
      return true;
  }
}

/** The last advert of the master before. */
export function lastHeard(master: KnownMaster): Heard | undefined {
  return master.kind === "unknown" || master.kind === "resigned" ? undefined : master.heard;
}

/** Are three of its adverts missing at `now`? */
function isSilent({ at, interval }: Heard, now: Instant): boolean {
  return between(at, now) >= 3 * interval;
}

/** How long a report of a master that advertises every `interval` keeps a backup waiting. */
export function lifeOf(interval: Nanoseconds): Nanoseconds {
  return Math.min(LONGEST_LIFE, Math.max(SHORTEST_LIFE, interval)) as Nanoseconds;
}
