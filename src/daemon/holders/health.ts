/** Health of an instance as this node sees it at one moment, with its evidence. Pure. */
import type { Health } from "../../control/api.ts";
import { formatIp } from "../../net/ip.ts";
import {
  after,
  between,
  type Instant,
  milliseconds,
  type Nanoseconds,
  seconds,
} from "../../time.ts";
import { type BackupState, heardOf, isHolder, masterOf } from "../../vrrp/state.ts";
import { LEAVING_PRIORITY } from "../../vrrp/election.ts";
import { masterDownOf } from "../../vrrp/intervals.ts";
import { isEvidence } from "./conflicts.ts";
import { describeAll } from "./evidence_text.ts";
import { IN_A_ROW } from "./look.ts";
import type { Neighbours } from "./neighbours.ts";
import { type Heard, isRecent, type VirtualRouter } from "../virtual_router.ts";

/** What {@link healthOf} found. */
export interface Diagnosis {
  readonly health: Health;
  /** Sentences without a full stop: why it is `two` or `nobody`; empty otherwise. */
  readonly evidence: readonly string[];
  /**
   * The others that hold the floating addresses too: names of nodes, addresses or MACs; empty
   * unless it is `two`.
   */
  readonly rivals: readonly string[];
}

/**
 * An advert may be on its way when a master yields, and a timer may be late: less than this proves
 * nothing.
 */
const MARGIN = milliseconds(100);

/** An answer tells for so long that another machine holds the addresses. */
const ANSWERED = seconds(25);

/** How `router` is doing at `now`. */
export function healthOf(router: VirtualRouter, now: Instant, neighbours: Neighbours): Diagnosis {
  const { state } = router;
  switch (state.kind) {
    case "master":
      return two(router, now, neighbours) ??
        well(isLooked(router, now) ? "held" : "listening");
    case "handoff":
      return two(router, now, neighbours) ?? well("held");
    case "backup":
      return two(router, now, neighbours) ?? healthOfBackup(router, state, now);
    case "init":
    case "fault":
      return healthOutside(router, state.faults.length > 0, now);
  }
}

/** The master that this node obeys or hears; undefined while it knows none, or is master itself. */
export function masterHeard(
  router: VirtualRouter,
  now: Instant,
): Pick<Heard, "source" | "priority"> | undefined {
  const { state } = router;
  if (isHolder(state)) return undefined;
  if (state.kind === "backup") return masterOf(state);
  // A node that takes no part hears the adverts all the same.
  return [...router.heard.values()].filter((heard) =>
    heard.priority > LEAVING_PRIORITY && isRecent(heard, router, now)
  ).at(-1);
}

/**
 * Of a node that takes no part, for a fault or since it stands down: it hears the adverts all the
 * same.
 */
function healthOutside(router: VirtualRouter, isFault: boolean, now: Instant): Diagnosis {
  const waited = between(router.entered, now);
  const { answeredAt } = router;
  const isAnswered = answeredAt !== undefined && between(answeredAt, now) <= ANSWERED;
  if (
    router.elsewhere !== undefined || isAnswered || masterHeard(router, now) !== undefined ||
    isPatient(router, router.rules.advertInterval, waited)
  ) return well(isFault ? "fault" : "listening");
  return nobody(
    isFault
      ? "no node is heard to hold it, and this node is in fault"
      : "no node is heard to hold it, and this node stands down",
  );
}

function healthOfBackup(router: VirtualRouter, state: BackupState, now: Instant): Diagnosis {
  const { masterDownAt, master } = state;
  if (master.kind === "reported" && master.gone === undefined) {
    // Where the LAN is cut it is there, and does not answer here.
    if (router.look.unanswered < IN_A_ROW) return well("held");
    return nobody("a master reports that it holds it, and no machine answers for the address");
  }
  const heard = heardOf(state);
  if (heard !== undefined && isPatient(router, heard.interval, between(heard.at, now))) {
    const { unanswered, mute } = router.look;
    if (unanswered >= IN_A_ROW) {
      return nobody("a master is heard, and no machine answers for the address");
    }
    if (mute >= IN_A_ROW && between(heard.at, now) > heard.interval + MARGIN) {
      return nobody("the master is not heard any more, and no machine answers for the address");
    }
    return well(isLooked(router, now) ? "held" : "listening");
  }
  if (masterDownAt !== undefined && now <= after(masterDownAt, MARGIN)) return well("listening");
  return nobody(
    masterDownAt === undefined
      ? "no node is heard to hold it; this node waits for the other members of its sync group"
      : "no node is heard to hold it, and this node has not taken over",
  );
}

/**
 * Is it known at `now` which machines answer for the addresses of `router`, or is none to be asked?
 */
function isLooked({ rules, look }: VirtualRouter, now: Instant): boolean {
  return !rules.duplicateCheck || (look.until !== undefined && now <= look.until);
}

/** Is a silence so short that a master that advertises every `interval` may live? */
function isPatient({ rules }: VirtualRouter, interval: Nanoseconds, silence: Nanoseconds): boolean {
  return silence <= masterDownOf(rules, interval) + MARGIN;
}

/** Whether two machines hold the addresses; undefined: nothing says so. */
function two(router: VirtualRouter, now: Instant, neighbours: Neighbours): Diagnosis | undefined {
  const { state } = router;
  const known = masterOf(state);
  const master = known && formatIp(known.source);
  // A packet that came to harm on its way from the master is none of another one.
  const conflicts = [...router.conflicts.values()]
    .filter((conflict) => isEvidence(conflict, router, now) && conflict.who !== master);
  if (conflicts.length === 0) return undefined;
  const all = describeAll(conflicts, router, neighbours, now);
  // One that is alone, as far as this node can tell.
  if (state.kind === "backup" && master === undefined && all.length < 2) return undefined;
  return {
    health: "two",
    evidence: all.map(({ words }) => words),
    rivals: [...new Set(all.map(({ name }) => name))],
  };
}

function well(health: Health): Diagnosis {
  return { health, evidence: [], rivals: [] };
}

function nobody(words: string): Diagnosis {
  return { health: "nobody", evidence: [words], rivals: [] };
}
