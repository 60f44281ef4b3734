/** The election of an instance: state, priority, preempting and advert interval. */
import { V3_INTERVAL } from "../../config/tables/instance.ts";
import { type Nanoseconds, seconds } from "../../time.ts";
import { keywordOf } from "./statement.ts";
import type { TomlEntry } from "./toml.ts";
import {
  altered,
  carried,
  changed,
  type Directives,
  lastOf,
  type Report,
  secondsIn,
  type Translation,
  valueOf,
  wholeNumberIn,
  writeSeconds,
} from "./translation.ts";

/** The entries about the election. */
interface Election {
  readonly entries: readonly TomlEntry[];
  /** Priority 255. */
  readonly owner: boolean;
}

/** Reads state, priority, advert_int, preempt, nopreempt and preempt_delay of an instance. */
export function electionOf(
  directives: Directives,
  version: 2 | 3,
  strict: boolean,
  report: Report,
): Election {
  const wanted = stateOf(directives, report);
  const priority = priorityOf(directives, wanted, report);
  const owner = priority === 255;
  const master = wanted === "master" && (owner || !strict);
  judgeState(directives, wanted, master, owner, report);
  const preempt = preemptOf(directives, master, owner, report);
  const delay = delayOf(directives, { preempt, master, owner, strict }, report);
  return {
    owner,
    entries: [
      ["priority", priority],
      ["advert_interval", intervalOf(directives, version, report)],
      ...(preempt ? [] : [["preempt", false] as const]),
      ...(delay === undefined ? [] : [["preempt_delay", delay] as const]),
      ...(master ? [["initial_state", "master"] as const] : []),
    ],
  };
}

function stateOf(directives: Directives, report: Report): "master" | "backup" {
  const statement = lastOf(directives, "state", report);
  const value = valueOf(statement);
  if (statement === undefined || value === "BACKUP") return "backup";
  if (value === "MASTER") return "master";
  report(statement, changed("it is neither MASTER nor BACKUP: keepalived takes BACKUP"));
  return "backup";
}

function judgeState(
  directives: Directives,
  wanted: "master" | "backup",
  master: boolean,
  owner: boolean,
  report: Report,
): void {
  const statement = directives.get("state")?.at(-1);
  if (statement === undefined) return;
  if (master) report(statement, carried('initial_state = "master"'));
  else if (wanted === "master") {
    report(statement, changed("with vrrp_strict keepalived takes BACKUP: it is not the owner"));
  } else if (owner) {
    report(statement, changed("in floatip an owner becomes master at once, without listening"));
  } else report(statement, carried(undefined, "every node listens first"));
}

function priorityOf(directives: Directives, state: "master" | "backup", report: Report): number {
  const statement = lastOf(directives, "priority", report);
  if (statement === undefined) {
    if (state === "backup") return 100;
    const [said] = directives.get("state") ?? [];
    const why = "without a priority keepalived makes state MASTER an owner, with priority 255";
    if (said !== undefined) report(said, altered(why, "priority = 255"));
    return 255;
  }
  const value = wholeNumberIn(valueOf(statement), 1, 255);
  const to = `priority = ${value ?? 100}`;
  report(
    statement,
    value === undefined
      ? altered("it is not a whole number from 1 to 255: keepalived takes 100", to)
      : carried(to),
  );
  return value ?? 100;
}

function preemptOf(
  directives: Directives,
  master: boolean,
  owner: boolean,
  report: Report,
): boolean {
  const both = [...directives.get("preempt") ?? [], ...directives.get("nopreempt") ?? []]
    .toSorted((a, b) => a.order - b.order);
  const last = both.at(-1);
  for (const statement of both.slice(0, -1)) {
    report(statement, changed("the last of preempt and nopreempt counts"));
  }
  if (last === undefined) return true;
  if (keywordOf(last) === "preempt") {
    report(last, carried(undefined, "it is the default"));
    return true;
  }
  if (!master && !owner) {
    report(last, carried("preempt = false"));
    return false;
  }
  const reason = owner ? "priority 255" : "state MASTER";
  report(last, changed(`keepalived ignores it because of ${reason}`));
  return true;
}

interface DelaySettings {
  readonly preempt: boolean;
  readonly master: boolean;
  readonly owner: boolean;
  readonly strict: boolean;
}

function delayOf(
  directives: Directives,
  settings: DelaySettings,
  report: Report,
): string | undefined {
  const statement = lastOf(directives, "preempt_delay", report);
  if (statement === undefined) return undefined;
  const value = secondsIn(valueOf(statement), 0, 1000);
  const { preempt, master, owner, strict } = settings;
  const reason = master
    ? "state MASTER"
    : !preempt
    ? "nopreempt"
    : strict
    ? "vrrp_strict"
    : undefined;
  if (value === undefined) {
    report(statement, altered("it is not a time from 0 to 1000 seconds: keepalived ignores it"));
    return undefined;
  }
  if (reason !== undefined) {
    report(statement, changed(`it has no effect because of ${reason}`));
    return undefined;
  }
  if (owner) {
    report(statement, altered("in floatip an owner becomes master at once"));
    return undefined;
  }
  if (value === 0) {
    report(statement, carried(undefined, "it is the default"));
    return undefined;
  }
  const delay = writeSeconds(Math.round(value * 1e6) / 1e6);
  report(statement, carried(`preempt_delay = "${delay}"`));
  return delay;
}

function intervalOf(directives: Directives, version: 2 | 3, report: Report): string {
  const statement = lastOf(directives, "advert_int", report);
  const written = secondsIn(valueOf(statement), 0.01, 255);
  const interval = version === 2 ? wholeSeconds(written ?? 1) : hundredths(written ?? 1);
  const text = writeSeconds(interval / 1e9);
  if (statement !== undefined) report(statement, intervalVerdict(written, interval, text, version));
  return text;
}

function intervalVerdict(
  written: number | undefined,
  interval: Nanoseconds,
  text: string,
  version: 2 | 3,
): Translation {
  const to = `advert_interval = "${text}"`;
  if (written === undefined) {
    return altered("it is not a time from 0.01 to 255 seconds: keepalived takes 1", to);
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
