/**
 * What this node knows of the others by what they said, each with its age. Pure: messages and
 * instants in, views out. Nothing stays as it was told when no more is told.
 */
import type { Family } from "../net/ip.ts";
import { after, between, type Instant, milliseconds, seconds } from "../time.ts";
import { nodeLater, routerLater } from "./later.ts";
import type { Outcome } from "./outcome.ts";
import type { NodeReport, ReportPart, RouterReport } from "./report.ts";
import type { PeerView } from "./peer.ts";

/** What was told of a virtual router, and when. */
export interface ToldRouter {
  readonly report: RouterReport;
  /** The number of the report that it was in. */
  readonly number: number;
  readonly at: Instant;
}

/** What one node has told. */
export interface Told {
  readonly node: NodeReport;
  /** The latest report that a part of came, which of its parts came, and how many it has. */
  readonly number: number;
  readonly parts: ReadonlySet<number>;
  readonly count: number | undefined;
  /** The session it came by. */
  readonly session: bigint;
  /** When it last said so, or that it still holds. */
  readonly at: Instant;
  /** By instance and family. */
  readonly routers: Map<string, ToldRouter>;
}

/** A report, or a BEAT, comes once a second. A node that is silent for longer is asked. */
export const ASK_AFTER = milliseconds(1200);
/** Asked and silent: what it told is old, and it counts as gone. */
export const FRESH = milliseconds(1800);
/** Virtual routers of one node that are remembered. */
const MOST_ROUTERS = 2048;
/**
 * Of more virtual routers there is a report each time, which is no longer said to hold: they are
 * compared, and moved on, in one turn.
 */
export const MOST_HELD = 32;
/** Datagrams overtake each other by so many reports, and by this time, at most. */
const LATE = 64, LATE_FOR = seconds(1);

/** How a virtual router is called. */
export function routerKey(name: string, family: Family): string {
  return `${name}/${family}`;
}

/**
 * What is known of a node after a part of a report came by `session`. `before` is used up: a report
 * of many virtual routers comes in many parts, and they are not copied for each.
 */
export function learn(
  before: Told | undefined,
  part: ReportPart,
  session: bigint,
  at: Instant,
): Told {
  const known = before !== undefined && isOfOneProcess(before, part, at) ? before : undefined;
  if (known !== undefined && part.number < known.number) return known;
  const isSame = known?.number === part.number;
  const parts = new Set(isSame ? known.parts : []).add(part.index);
  const count = part.last ? part.index + 1 : isSame ? known.count : undefined;
  const routers = known?.routers ?? new Map<string, ToldRouter>();
  for (const report of part.routers) {
    const key = routerKey(report.name, report.family);
    if (routers.size >= MOST_ROUTERS && !routers.has(key)) continue;
    routers.set(key, { report, number: part.number, at });
  }
  // What a whole report does not name is not there any more, from its last part on.
  if (isWhole({ count, parts }) && !(isSame && isWhole(known))) {
    for (const [key, { number }] of routers) if (number !== part.number) routers.delete(key);
  }
  const { node, number } = part;
  return { node, number, parts, count, session, at, routers };
}

/** Does the latest report name all virtual routers, and have all its parts come? */
function isWhole({ count, parts }: Pick<Told, "count" | "parts">): boolean {
  return count !== undefined && parts.size >= count;
}

/** That a report still holds. */
export type Beat = Pick<Extract<Outcome, { kind: "beat" }>, "session" | "number">;

/**
 * The same after that session has said that its report `number` still holds, ages included;
 * undefined: that is not the latest one, it did not come as a whole, or it is one of those that
 * are not said to hold.
 */
export function hold(
  told: Told | undefined,
  { session, number }: Beat,
  at: Instant,
): Told | undefined {
  if (told === undefined || told.session !== session || told.number !== number) return undefined;
  if (!isWhole(told) || told.routers.size > MOST_HELD) return undefined;
  const routers = new Map(
    [...told.routers].map(([key, known]) => {
      return [key, { ...known, report: routerLater(known.report, known.at, at), at }] as const;
    }),
  );
  return { ...told, node: nodeLater(told.node, told.at, at), at, routers };
}

/** Numbers start again with each process: a low one is late, or a new process's. */
function isOfOneProcess(before: Told, { number }: ReportPart, at: Instant): boolean {
  if (number >= before.number) return true;
  return before.number - number <= LATE && between(before.at, at) <= LATE_FOR;
}

/** How a node stands by what it said. */
export type Standing =
  /** Its reports come. */
  | "up"
  | "maintenance"
  /** It said goodbye. */
  | "left"
  /** Its reports came, and stopped without a word. */
  | "lost"
  /** Nothing of it came. */
  | "never-heard"
  /** It speaks, and this node does not know its secret. */
  | "other-secret"
  /** It speaks, and calls itself by another name than this node's file does. */
  | "other-name"
  /** Two machines have its name. */
  | "twice"
  /** It speaks, and its reports cannot be read. */
  | "unread";

/** How the node with `told` and `peer` stands at `now`. */
export function standingOf(
  told: Told | undefined,
  peer: PeerView | undefined,
  now: Instant,
): Standing {
  if (peer?.isTwice) return "twice";
  const isOtherSecret = isOfLate(peer?.otherSecret, now);
  const other = isOtherSecret ? "other-secret" : hasOtherName(peer, now) ? "other-name" : undefined;
  if (told === undefined) {
    if (other !== undefined) return other;
    return peer !== undefined && hasSpoken(peer, now) && isSettled(peer, now)
      ? "unread"
      : "never-heard";
  }
  if (told.node.leaving) return "left";
  if (!isFresh(told.at, now)) return other ?? "lost";
  return told.node.maintenance === null ? "up" : "maintenance";
}

/** A node without a session says hello once a second. */
const GREETED = seconds(3);

function isOfLate(at: Instant | undefined, now: Instant): boolean {
  return at !== undefined && between(at, now) <= GREETED;
}

function hasOtherName(peer: PeerView | undefined, now: Instant): boolean {
  return isOfLate(peer?.otherName?.at, now);
}

/** Do its HELLOs come, though it has no session? Then what this node says does not reach it. */
export function isUnanswered({ greeted, hasSession }: PeerView, now: Instant): boolean {
  return !hasSession && isOfLate(greeted, now);
}

/** Is what came at `at` not yet old? */
export function isFresh(at: Instant, now: Instant): boolean {
  return after(at, FRESH) >= now;
}

/** Is its session so old that a report ought to have come? */
function isSettled({ since }: PeerView, now: Instant): boolean {
  return since !== undefined && between(since, now) > SETTLED;
}

const SETTLED = seconds(3);

/** Did anything of its session come of late, readable or not? */
function hasSpoken({ heard }: PeerView, now: Instant): boolean {
  return heard !== undefined && isFresh(heard, now);
}

/** What one node says of a virtual router. */
export interface Word {
  readonly node: string;
  readonly report: RouterReport;
  readonly at: Instant;
  /** It is about to end. */
  readonly isLeaving: boolean;
}

/** Could this virtual router hold its addresses, or does it? Which node it is does not matter. */
export function couldHold({ state, link }: Pick<RouterReport, "state" | "link">): boolean {
  return (state === "master" || state === "backup") && link !== false;
}
