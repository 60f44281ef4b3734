/** The election of an instance: state, priority, preempting and advert interval. */
import { V3_INTERVAL } from "../../config/tables/instance.ts";
import { type Nanoseconds, seconds } from "../../time.ts";
import type { Block } from "./block.ts";
import { keywordOf } from "./statement.ts";
import type { TomlEntry } from "./toml.ts";
import {
  altered,
  carried,
  changed,
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
export function electionOf(instance: Block, version: 2 | 3, strict: boolean): Election {
  const wanted = stateOf(instance);
  const priority = priorityOf(instance) ?? absentPriority(instance, wanted);
  const owner = priority === 255;
  const master = wanted === "master" && (owner || !strict);
  judgeState(instance, wanted, master, owner);
  const preempt = preemptOf(instance, master, owner);
  const delay = delayOf(instance, { preempt, master, owner, strict });
  return {
    owner,
    entries: [
      ["priority", priority],
      ["advert_interval", intervalOf(instance, version)],
      ...(preempt ? [] : [["preempt", false] as const]),
      ...(delay === undefined ? [] : [["preempt_delay", delay] as const]),
      ...(master ? [["initial_state", "master"] as const] : []),
    ],
  };
}

function stateOf(instance: Block): "master" | "backup" {
  const statement = instance.last("state");
  const value = valueOf(statement);
  if (statement === undefined || value === "BACKUP") return "backup";
  if (value === "MASTER") return "master";
  const why = "it is neither MASTER nor BACKUP: keepalived takes BACKUP";
  instance.report(statement, changed(why));
  return "backup";
}

function judgeState(
  instance: Block,
  wanted: "master" | "backup",
  master: boolean,
  owner: boolean,
): void {
  const statement = instance.all("state").at(-1);
  if (statement === undefined) return;
  const translation = master
    ? carried('initial_state = "master"')
    : wanted === "master"
    ? changed("with vrrp_strict keepalived takes BACKUP: it is not the owner")
    : owner
    ? changed("in floatip an owner becomes master at once, without listening")
    : carried(undefined, "every node listens first");
  instance.report(statement, translation);
}

function priorityOf(instance: Block): number | undefined {
  return instance.read("priority", undefined, (written) => {
    const value = wholeNumberIn(written, 1, 255);
    const to = `priority = ${value ?? 100}`;
    const why = "it is not a whole number from 1 to 255: keepalived takes 100";
    return [value ?? 100, value === undefined ? altered(why, to) : carried(to)];
  });
}

function absentPriority(instance: Block, state: "master" | "backup"): number {
  if (state === "backup") return 100;
  const [said] = instance.all("state");
  const why = "without a priority keepalived makes state MASTER an owner, with priority 255";
  if (said !== undefined) instance.report(said, altered(why, "priority = 255"));
  return 255;
}

function preemptOf(instance: Block, master: boolean, owner: boolean): boolean {
  const both = [...instance.all("preempt"), ...instance.all("nopreempt")]
    .toSorted((a, b) => a.order - b.order);
  const last = both.at(-1);
  for (const statement of both.slice(0, -1)) {
    instance.report(statement, changed("the last of preempt and nopreempt counts"));
  }
  if (last === undefined) return true;
  if (keywordOf(last) === "preempt") {
    instance.report(last, carried(undefined, "it is the default"));
    return true;
  }
  if (!master && !owner) {
    instance.report(last, carried("preempt = false"));
    return false;
  }
  const reason = owner ? "priority 255" : "state MASTER";
  instance.report(last, changed(`keepalived ignores it because of ${reason}`));
  return true;
}

interface DelaySettings {
  readonly preempt: boolean;
  readonly master: boolean;
  readonly owner: boolean;
  readonly strict: boolean;
}

function delayOf(
  instance: Block,
  { preempt, master, owner, strict }: DelaySettings,
): string | undefined {
  const reason = master
    ? "state MASTER"
    : !preempt
    ? "nopreempt"
    : strict
    ? "vrrp_strict"
    : undefined;
  return instance.read("preempt_delay", undefined, (written) => {
    const value = secondsIn(written, 0, 1000);
    if (value === undefined) {
      return [undefined, altered("it is not a time from 0 to 1000 seconds: keepalived ignores it")];
    }
    if (reason !== undefined) {
      return [undefined, changed(`it has no effect because of ${reason}`)];
    }
    if (owner) return [undefined, altered("in floatip an owner becomes master at once")];
    if (value === 0) return [undefined, carried(undefined, "it is the default")];
    const delay = writeSeconds(Math.round(value * 1e6) / 1e6);
    return [delay, carried(`preempt_delay = "${delay}"`)];
  });
}

function intervalOf(instance: Block, version: 2 | 3): string {
  return instance.read("advert_int", writeSeconds(1), (value) => {
    const written = secondsIn(value, 0.01, 255);
    const interval = version === 2 ? wholeSeconds(written ?? 1) : hundredths(written ?? 1);
    const text = writeSeconds(interval / 1e9);
    return [text, intervalVerdict(written, interval, text, version)];
  });
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
