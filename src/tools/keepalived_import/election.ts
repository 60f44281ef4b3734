/** Who becomes master, and when? State, priority, preempting and the interval, as keepalived takes them together. */
import { type Nanoseconds, seconds } from "../../time.ts";
import { V3_INTERVAL } from "../../config/tables/instance.ts";
import { keywordOf } from "./statement.ts";
import type { Entry } from "./toml.ts";
import { type Bag, lastOf, secondsIn, valueOf, wholeNumberIn, writeSeconds } from "./values.ts";
import { altered, carried, changed, type Judge, type Verdict } from "./translation.ts";

/** What was found. */
export interface Election {
  readonly entries: readonly Entry[];
  /** Priority 255. */
  readonly owner: boolean;
}

/** Reads state, priority, advert_int, preempt, nopreempt and preempt_delay of an instance, and judges them. */
export function electionOf(bag: Bag, version: 2 | 3, strict: boolean, judge: Judge): Election {
  const wanted = stateOf(bag, judge);
  const priority = priorityOf(bag, wanted, judge);
  const owner = priority === 255;
  const master = wanted === "master" && (owner || !strict);
  judgeState(bag, wanted, master, owner, judge);
  const preempt = preemptOf(bag, master, owner, judge);
  const delay = delayOf(bag, { preempt, master, owner, strict }, judge);
  return {
    owner,
    entries: [
      ["priority", priority],
      ["advert_interval", intervalOf(bag, version, judge)],
      ...(preempt ? [] : [["preempt", false] as const]),
      ...(delay === undefined ? [] : [["preempt_delay", delay] as const]),
      ...(master ? [["initial_state", "master"] as const] : []),
    ],
  };
}

function stateOf(bag: Bag, judge: Judge): "master" | "backup" {
  const statement = lastOf(bag, "state", judge);
  const value = valueOf(statement);
  if (statement === undefined || value === "BACKUP") return "backup";
  if (value === "MASTER") return "master";
  judge(statement, changed("it is neither MASTER nor BACKUP: keepalived takes BACKUP"));
  return "backup";
}

function judgeState(
  bag: Bag,
  wanted: "master" | "backup",
  master: boolean,
  owner: boolean,
  judge: Judge,
): void {
  const statement = bag.get("state")?.at(-1);
  if (statement === undefined) return;
  if (master) judge(statement, carried('initial_state = "master"'));
  else if (wanted === "master") {
    judge(statement, changed("because of vrrp_strict keepalived takes BACKUP: it is no owner"));
  } else if (owner) {
    judge(
      statement,
      changed("an owner of floatip's claims the address at once, without listening"),
    );
  } else judge(statement, carried(undefined, "every node listens first"));
}

function priorityOf(bag: Bag, state: "master" | "backup", judge: Judge): number {
  const statement = lastOf(bag, "priority", judge);
  if (statement === undefined) {
    if (state === "backup") return 100;
    const [said] = bag.get("state") ?? [];
    const why = "without a priority keepalived makes state MASTER an owner, with priority 255";
    if (said !== undefined) judge(said, altered(why, "priority = 255"));
    return 255;
  }
  const value = wholeNumberIn(valueOf(statement), 1, 255);
  const to = `priority = ${value ?? 100}`;
  judge(
    statement,
    value === undefined
      ? altered("it is no whole number from 1 to 255: keepalived takes 100", to)
      : carried(to),
  );
  return value ?? 100;
}

function preemptOf(bag: Bag, master: boolean, owner: boolean, judge: Judge): boolean {
  const both = [...bag.get("preempt") ?? [], ...bag.get("nopreempt") ?? []]
    .toSorted((a, b) => a.order - b.order);
  const last = both.at(-1);
  for (const statement of both.slice(0, -1)) {
    judge(statement, changed("the last of preempt and nopreempt holds"));
  }
  if (last === undefined) return true;
  if (keywordOf(last) === "preempt") {
    judge(last, carried(undefined, "as it is without a word"));
    return true;
  }
  if (!master && !owner) {
    judge(last, carried("preempt = false"));
    return false;
  }
  const reason = owner ? "priority 255" : "state MASTER";
  judge(last, changed(`keepalived takes it back because of ${reason}`));
  return true;
}

interface Standing {
  readonly preempt: boolean;
  readonly master: boolean;
  readonly owner: boolean;
  readonly strict: boolean;
}

function delayOf(bag: Bag, standing: Standing, judge: Judge): string | undefined {
  const statement = lastOf(bag, "preempt_delay", judge);
  if (statement === undefined) return undefined;
  const value = secondsIn(valueOf(statement), 0, 1000);
  const { preempt, master, owner, strict } = standing;
  const reason = master
    ? "state MASTER"
    : !preempt
    ? "nopreempt"
    : strict
    ? "vrrp_strict"
    : undefined;
  if (value === undefined) {
    judge(statement, altered("it is no time from 0 to 1000 seconds: keepalived ignores it"));
    return undefined;
  }
  if (reason !== undefined) {
    judge(statement, changed(`it says nothing because of ${reason}`));
    return undefined;
  }
  if (owner) {
    judge(statement, altered("an owner of floatip's claims the address at once"));
    return undefined;
  }
  if (value === 0) {
    judge(statement, carried(undefined, "as it is without a word"));
    return undefined;
  }
  const delay = writeSeconds(Math.round(value * 1e6) / 1e6);
  judge(statement, carried(`preempt_delay = "${delay}"`));
  return delay;
}

function intervalOf(bag: Bag, version: 2 | 3, judge: Judge): string {
  const statement = lastOf(bag, "advert_int", judge);
  const written = secondsIn(valueOf(statement), 0.01, 255);
  const interval = version === 2 ? wholeSeconds(written ?? 1) : hundredths(written ?? 1);
  const text = writeSeconds(interval / 1e9);
  if (statement !== undefined) judge(statement, intervalVerdict(written, interval, text, version));
  return text;
}

function intervalVerdict(
  written: number | undefined,
  interval: Nanoseconds,
  text: string,
  version: 2 | 3,
): Verdict {
  const to = `advert_interval = "${text}"`;
  if (written === undefined) {
    return altered("it is no time from 0.01 to 255 seconds: keepalived takes 1", to);
  }
  if (seconds(written) === interval) return carried(to);
  return version === 2
    ? changed("VRRPv2 has whole seconds only, and keepalived rounds", to)
    : changed("VRRPv3 has hundredths of a second up to 40.95 s, and keepalived rounds", to);
}

function wholeSeconds(written: number): Nanoseconds {
  return seconds(Math.min(255, Math.max(1, Math.round(written))));
}

function hundredths(written: number): Nanoseconds {
  const { least, most } = V3_INTERVAL;
  const rounded = Math.round(seconds(written) / least) * least;
  return Math.min(most, Math.max(least, rounded)) as Nanoseconds;
}

/** The keywords that {@link electionOf} reads. */
export const ELECTION: readonly string[] = [
  ...["state", "priority", "advert_int", "preempt", "nopreempt", "preempt_delay"],
];
