/** Which check asks what a vrrp_script asks? Its command, or floatip's own probe, with keepalived's times and counts. */
import { writeValue } from "../../config/toml_text.ts";
import { probeLike } from "../../config/own_probe.ts";
import { type Command, commandOf, isCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { type Runner, runnerIn } from "./runner.ts";
import { argumentsOf, keywordOf, type Statement } from "./statement.ts";
import type { Entry } from "./toml.ts";
import type { Tracker, Weighing } from "./trackers.ts";
import {
  type Bag,
  bagOf,
  lastOf,
  secondsIn,
  valueOf,
  wholeNumberIn,
  writeSeconds,
} from "./values.ts";
import {
  altered,
  carried,
  changed,
  type Judge,
  judgeAll,
  needless,
  unsupported,
} from "./translation.ts";

/** The entries of the check, without its weight; undefined: there is none, and the script's block says why. */
export function scriptEntries(
  { statement }: Tracker,
  { reverse }: Weighing,
  runner: Runner,
  context: Context,
): readonly Entry[] | undefined {
  const { around, judge } = context;
  const bag = bagOf(statement.block ?? []);
  const script = lastOf(bag, "script", judge);
  judgeUnknown(statement, KNOWN, context);
  if (script === undefined) {
    judge(statement, unsupported("it has no script, and keepalived removes it", "remove it"));
    return undefined;
  }
  const command = commandOf(script, false, around);
  if (!isCommand(command)) {
    judge(script, command);
    return undefined;
  }
  return [
    ...probeEntries(command, reverse, script, runnerOf(bag, runner, judge), judge),
    ...timeEntries(bag, judge),
    ...countEntries(bag, judge),
  ];
}

const KNOWN = [
  ...["script", "interval", "timeout", "weight", "rise", "fall", "user", "init_fail"],
];

/** Judges what stands in a block and is none of `known`. */
export function judgeUnknown(
  statement: Statement,
  known: readonly string[],
  { judge, unknown }: Context,
): void {
  for (const inner of statement.block ?? []) {
    if (!known.includes(keywordOf(inner))) judgeAll(inner, unknown(inner, known), judge);
  }
}

function probeEntries(
  command: Command,
  reverse: boolean,
  script: Statement,
  runner: Runner,
  judge: Judge,
): readonly Entry[] {
  const probe = reverse ? undefined : probeLike(command);
  const extra = argumentsOf(script).length > 1
    ? changed("keepalived takes the first word, or what is in quotes; the others say nothing")
    : undefined;
  if (extra !== undefined) judge(script, extra);
  if (probe !== undefined) {
    const to = probe.map(([key, value]) => `${key} = ${writeValue(value)}`).join(", ");
    judge(script, changed("floatip asks the same by itself, without running a program", to));
    return probe;
  }
  const argv = reverse ? ["/bin/sh", "-c", '! "$0" "$@"', ...command.argv] : command.argv;
  const to = `command = ${writeValue(argv)}, user = ${writeValue(runner.user)}`;
  judge(script, { ...command.verdict, to });
  return [["command", argv], ["user", runner.user]];
}

/** Who runs the script; judges `user`. */
function runnerOf(bag: Bag, fallback: Runner, judge: Judge): Runner {
  const written = lastOf(bag, "user", judge);
  return written === undefined ? fallback : runnerIn(written, judge) ?? fallback;
}

function timeEntries(bag: Bag, judge: Judge): readonly Entry[] {
  const interval = lastOf(bag, "interval", judge);
  const timeout = lastOf(bag, "timeout", judge);
  const every = timeOf(interval, 0.1, judge) ?? 1;
  const most = timeOf(timeout, 0.01, judge);
  const entry = (key: string, time: number): Entry => [key, writeSeconds(time)];
  return [
    entry("interval", every),
    ...(most === undefined ? [] : [entry("timeout", most)]),
  ];
}

/** Judges a time of whole or broken seconds; keepalived 2.2.7 and older take whole ones only. */
function timeOf(
  statement: Statement | undefined,
  least: number,
  judge: Judge,
): number | undefined {
  if (statement === undefined) return undefined;
  const keyword = keywordOf(statement);
  const value = secondsIn(valueOf(statement), 0, 86_400);
  if (value === undefined || value === 0) {
    judge(
      statement,
      altered(`it is no time in seconds, and keepalived takes 1`, `${keyword} = "1s"`),
    );
    return 1;
  }
  const time = Math.max(least, Math.round(value * 1000) / 1000);
  const to = `${keyword} = "${writeSeconds(time)}"`;
  const verdict = time !== value
    ? changed(`floatip's shortest ${keyword} is ${least} s`, to)
    : Number.isInteger(value)
    ? carried(to)
    : changed("keepalived before 2.3.2 reads whole seconds only, and takes 1", to);
  judge(statement, verdict);
  return time;
}

/** rise and fall have other defaults in floatip: they are always written. */
function countEntries(bag: Bag, judge: Judge): readonly Entry[] {
  const first = lastOf(bag, "init_fail", judge);
  if (first !== undefined) {
    judge(first, needless("before its first result a check of floatip's adds nothing"));
  }
  return (["fall", "rise"] as const).map((key): Entry => {
    const statement = lastOf(bag, key, judge);
    if (statement === undefined) return [key, 1];
    const value = wholeNumberIn(valueOf(statement), 1, 2 ** 31 - 1);
    const count = Math.min(1000, value ?? 1);
    const to = `${key} = ${count}`;
    if (value === undefined) {
      judge(statement, altered("it is no count, and keepalived takes 1", to));
    } else judge(statement, count === value ? carried(to) : changed("floatip counts to 1000", to));
    return [key, count];
  });
}
