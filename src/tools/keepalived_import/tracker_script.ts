/** Which check asks what a vrrp_script asks? Its command, or floatip's own probe, with keepalived's times and counts. */
import { writeValue } from "../../config/toml_text.ts";
import { probeLike } from "../../config/own_probe.ts";
import { commandOf, type ImportedCommand, isCommand } from "./command.ts";
import type { ImportContext } from "./context.ts";
import { type ScriptUser, scriptUserIn } from "./runner.ts";
import { argumentsOf, keywordOf, type Statement } from "./statement.ts";
import type { TomlEntry } from "./toml.ts";
import type { Tracker, Weighing } from "./trackers.ts";
import {
  type Directives,
  directivesOf,
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
  needless,
  type Report,
  reportAll,
  unsupported,
} from "./translation.ts";

/** The entries of the check, without its weight; undefined: there is none, and the script's block says why. */
export function scriptEntries(
  { statement }: Tracker,
  { reverse }: Weighing,
  runner: ScriptUser,
  context: ImportContext,
): readonly TomlEntry[] | undefined {
  const { environment, report } = context;
  const directives = directivesOf(statement.block ?? []);
  const script = lastOf(directives, "script", report);
  judgeUnknown(statement, KNOWN, context);
  if (script === undefined) {
    report(statement, unsupported("it has no script, and keepalived removes it", "remove it"));
    return undefined;
  }
  const command = commandOf(script, false, environment);
  if (!isCommand(command)) {
    report(script, command);
    return undefined;
  }
  return [
    ...probeEntries(command, reverse, script, runnerOf(directives, runner, report), report),
    ...timeEntries(directives, report),
    ...countEntries(directives, report),
  ];
}

const KNOWN = [
  ...["script", "interval", "timeout", "weight", "rise", "fall", "user", "init_fail"],
];

/** Judges what stands in a block and is none of `known`. */
export function judgeUnknown(
  statement: Statement,
  known: readonly string[],
  { report, unknown }: ImportContext,
): void {
  for (const inner of statement.block ?? []) {
    if (!known.includes(keywordOf(inner))) reportAll(inner, unknown(inner, known), report);
  }
}

function probeEntries(
  command: ImportedCommand,
  reverse: boolean,
  script: Statement,
  runner: ScriptUser,
  report: Report,
): readonly TomlEntry[] {
  const probe = reverse ? undefined : probeLike(command);
  const extra = argumentsOf(script).length > 1
    ? changed("keepalived takes the first word, or what is in quotes; the others say nothing")
    : undefined;
  if (extra !== undefined) report(script, extra);
  if (probe !== undefined) {
    const to = probe.map(([key, value]) => `${key} = ${writeValue(value)}`).join(", ");
    report(script, changed("floatip asks the same by itself, without running a program", to));
    return probe;
  }
  const argv = reverse ? ["/bin/sh", "-c", '! "$0" "$@"', ...command.argv] : command.argv;
  const to = `command = ${writeValue(argv)}, user = ${writeValue(runner.user)}`;
  report(script, { ...command.translation, to });
  return [["command", argv], ["user", runner.user]];
}

/** Who runs the script; judges `user`. */
function runnerOf(directives: Directives, fallback: ScriptUser, report: Report): ScriptUser {
  const written = lastOf(directives, "user", report);
  return written === undefined ? fallback : scriptUserIn(written, report) ?? fallback;
}

function timeEntries(directives: Directives, report: Report): readonly TomlEntry[] {
  const interval = lastOf(directives, "interval", report);
  const timeout = lastOf(directives, "timeout", report);
  const every = timeOf(interval, 0.1, report) ?? 1;
  const most = timeOf(timeout, 0.01, report);
  const entry = (key: string, time: number): TomlEntry => [key, writeSeconds(time)];
  return [
    entry("interval", every),
    ...(most === undefined ? [] : [entry("timeout", most)]),
  ];
}

/** Judges a time of whole or broken seconds; keepalived 2.2.7 and older take whole ones only. */
function timeOf(
  statement: Statement | undefined,
  least: number,
  report: Report,
): number | undefined {
  if (statement === undefined) return undefined;
  const keyword = keywordOf(statement);
  const value = secondsIn(valueOf(statement), 0, 86_400);
  if (value === undefined || value === 0) {
    report(
      statement,
      altered(`it is no time in seconds, and keepalived takes 1`, `${keyword} = "1s"`),
    );
    return 1;
  }
  const time = Math.max(least, Math.round(value * 1000) / 1000);
  const to = `${keyword} = "${writeSeconds(time)}"`;
  const translation = time !== value
    ? changed(`floatip's shortest ${keyword} is ${least} s`, to)
    : Number.isInteger(value)
    ? carried(to)
    : changed("keepalived before 2.3.2 reads whole seconds only, and takes 1", to);
  report(statement, translation);
  return time;
}

/** rise and fall have other defaults in floatip: they are always written. */
function countEntries(directives: Directives, report: Report): readonly TomlEntry[] {
  const first = lastOf(directives, "init_fail", report);
  if (first !== undefined) {
    report(first, needless("before its first result a check of floatip's adds nothing"));
  }
  return (["fall", "rise"] as const).map((key): TomlEntry => {
    const statement = lastOf(directives, key, report);
    if (statement === undefined) return [key, 1];
    const value = wholeNumberIn(valueOf(statement), 1, 2 ** 31 - 1);
    const count = Math.min(1000, value ?? 1);
    const to = `${key} = ${count}`;
    if (value === undefined) {
      report(statement, altered("it is no count, and keepalived takes 1", to));
    } else report(statement, count === value ? carried(to) : changed("floatip counts to 1000", to));
    return [key, count];
  });
}
