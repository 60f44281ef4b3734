/** Health of an instance as this node sees it at one moment, with its evidence. Pure. */
import type { Health } from "../control/api.ts";
import { nameIn } from "../config/plan.ts";
import { formatIp } from "../net/ip.ts";
import { after, between, type Instant, milliseconds, type Nanoseconds } from "../time.ts";
import type { BackupState } from "../vrrp/instance.ts";
import { LEAVING_PRIORITY } from "../vrrp/election.ts";
import { masterDownOf } from "../vrrp/intervals.ts";
import { type Heard, isLeaving, isRecent, type Router } from "./router.ts";

/** What {@link healthOf} found. */
export interface Diagnosis {
  readonly health: Health;
  /** Sentences without a full stop: why it is `two` or `nobody`; empty otherwise. */
  readonly evidence: readonly string[];
  /** Addresses of the others that hold the floating addresses too; empty unless it is `two`. */
  readonly rivals: readonly string[];
}

/** An advert may be on its way when a master yields, and a timer may be late: less than this proves nothing. */
const MARGIN = milliseconds(100);

/** How `router` is doing at `now`. */
export function healthOf(router: Router, now: Instant): Diagnosis {
  const { state } = router;
  switch (state.kind) {
    case "master": {
      const rivals = rivalsOf(router, now);
      return rivals.length === 0 ? well("held") : {
        health: "two",
        evidence: rivals.map((rival) => rivalWords(router, rival)),
        rivals: rivals.map(({ source }) => formatIp(source)),
      };
    }
    case "backup":
      return healthOfBackup(router, state, now);
    case "init":
      return healthOutside(router, state.faults.length > 0, now);
  }
}

/** The master that this node obeys or hears; undefined while it knows none, or is master itself. */
export function masterHeard(
  router: Router,
  now: Instant,
): Pick<Heard, "source" | "priority"> | undefined {
  const { state } = router;
  if (state.kind === "master") return undefined;
  if (state.kind === "backup") return state.heard;
  // A node that takes no part hears the adverts all the same.
  return [...router.heard.values()].filter(({ priority, at }) =>
    priority > LEAVING_PRIORITY && isRecent(at, router, now)
  ).at(-1);
}

/** Of a node that takes no part, for a fault or since it stands down: it hears the adverts all the same. */
function healthOutside(router: Router, isFault: boolean, now: Instant): Diagnosis {
  const waited = between(router.entered, now);
  if (
    masterHeard(router, now) !== undefined || isPatient(router, router.rules.advertInterval, waited)
  ) return well(isFault ? "fault" : "listening");
  return nobody(
    isFault
      ? "nobody is heard to hold it, and this node is in fault"
      : "nobody is heard to hold it, and this node stands down",
  );
}

function healthOfBackup(router: Router, state: BackupState, now: Instant): Diagnosis {
  const { heard, masterDownAt, awaitingGroup } = state;
  if (heard !== undefined && isPatient(router, heard.interval, between(heard.at, now))) {
    return well("held");
  }
  if (now <= after(masterDownAt, MARGIN) && !awaitingGroup) return well("listening");
  return nobody(
    awaitingGroup
      ? "nobody is heard to hold it; this node waits for the other members of its sync group"
      : "nobody is heard to hold it, and this node has not taken over",
  );
}

/** Is a silence so short that a master that advertises every `interval` may live? */
function isPatient({ rules }: Router, interval: Nanoseconds, silence: Nanoseconds): boolean {
  return silence <= masterDownOf(rules, interval) + MARGIN;
}

/** The others that have said that they are master since this node is it, and have not fallen silent. */
function rivalsOf(router: Router, now: Instant): readonly Heard[] {
  const { state } = router;
  if (state.kind !== "master" || isLeaving(router)) return [];
  return [...router.heard.values()].filter(({ priority, at }) =>
    priority !== 0 && isRecent(at, router, now) && between(state.since, at) > MARGIN
  );
}

function rivalWords({ plan }: Router, { source, priority }: Heard): string {
  return `${nameIn(plan, source)} claims to be master too, with priority ${priority}`;
}

function well(health: Health): Diagnosis {
  return { health, evidence: [], rivals: [] };
}

function nobody(words: string): Diagnosis {
  return { health: "nobody", evidence: [words], rivals: [] };
}
