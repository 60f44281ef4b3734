/** Trackers: vrrp_script, vrrp_track_process and track_file as checks. */
import { probeLike } from "../../config/tables/command.ts";
import { writeValue } from "../../config/toml_text.ts";
import {
  commandOf,
  type ImportedCommand,
  isCommand,
  type ScriptUser,
  scriptUserIn,
} from "./commands.ts";
import { scriptWordsOf } from "./parse.ts";
import { argumentsOf, keywordOf, type Statement } from "./statement.ts";
import type { TomlEntry } from "./toml.ts";
import {
  altered,
  carried,
  changed,
  type Directives,
  directivesOf,
  type ImportContext,
  lastOf,
  needless,
  type Report,
  reportAll,
  secondsIn,
  unsupported,
  valueOf,
  wholeNumberIn,
  writeSeconds,
} from "./translation.ts";

/** A weight. */
export interface Weighing {
  /** Added to the priority; 0: down means fault. */
  readonly weight: number;
  /** Up counts as down, and down as up. */
  readonly reverse: boolean;
}

/** A vrrp_script, vrrp_track_process or track_file. */
export interface Tracker extends Weighing {
  readonly kind: "script" | "process" | "file";
  readonly name: string;
  readonly statement: Statement;
}

/** The blocks that define trackers, their kind and default weight. */
const KINDS: Readonly<Record<string, readonly [kind: Tracker["kind"], weight: number]>> = {
  vrrp_script: ["script", 0],
  vrrp_track_process: ["process", 0],
  track_file: ["file", 1],
  vrrp_track_file: ["file", 1],
};

/** Whether the statement defines a tracker. */
function isTracker(statement: Statement): boolean {
  return Object.hasOwn(KINDS, keywordOf(statement));
}

/** The largest weight; keepalived accepts larger ones in a definition. */
const MOST = 253;

/** A weight: `-20` or `-20 reverse`; undefined: it is none. */
export function weighingOf(words: readonly string[], most = MOST): Weighing | undefined {
  const weight = wholeNumberIn(words[0], -most, most);
  return weight === undefined ? undefined : { weight, reverse: words[1] === "reverse" };
}

/**
 * The trackers of the file. Of two with one name keepalived takes the first; the others are
 * reported.
 */
export function trackersOf(root: readonly Statement[], report: Report): readonly Tracker[] {
  const trackers: Tracker[] = [];
  for (const statement of root.filter(isTracker)) {
    const tracker = toTracker(statement, report);
    const first = trackers.find(({ kind, name }) =>
      kind === tracker?.kind && name === tracker.name
    );
    if (tracker === undefined) {
      reportAll(statement, unsupported("it has no name or no block", "give it both"), report);
    } else if (first !== undefined) {
      const { file, line } = first.statement.place;
      const why = `${first.name} is in ${file}:${line} already, and keepalived takes the first`;
      reportAll(statement, altered(why), report);
    } else trackers.push(tracker);
  }
  return trackers;
}

function toTracker(statement: Statement, report: Report): Tracker | undefined {
  const name = valueOf(statement);
  const [kind, fallback] = isTracker(statement) ? KINDS[keywordOf(statement)] ?? [] : [];
  if (name === undefined || kind === undefined || statement.block === undefined) return undefined;
  const weighing = weighingIn(statement.block, report);
  return { kind, name, statement, weight: fallback ?? 0, reverse: false, ...weighing };
}

/** The weight of a definition; undefined: none, or an invalid one. */
function weighingIn(block: readonly Statement[], report: Report): Weighing | undefined {
  const written = lastOf(directivesOf(block), "weight", report);
  if (written === undefined) return undefined;
  const asked = weighingOf(argumentsOf(written), 2 ** 31 - 1);
  if (asked === undefined) {
    report(written, altered("it is not a whole number, and is ignored"));
    return undefined;
  }
  const weight = Math.max(-MOST, Math.min(MOST, asked.weight));
  const to = weight === 0 ? undefined : `weight = ${asked.reverse ? -weight : weight}`;
  report(
    written,
    weight === asked.weight ? carried(to) : altered(`the largest weight is ${MOST}`, to),
  );
  return { ...asked, weight };
}

/**
 * The entries of the check for a script, without weight; undefined: none, and its note says why.
 */
export function scriptEntries(
  { statement }: Tracker,
  { reverse }: Weighing,
  runner: ScriptUser,
  context: ImportContext,
): readonly TomlEntry[] | undefined {
  const { environment, report } = context;
  const directives = directivesOf(statement.block ?? []);
  const script = lastOf(directives, "script", report);
  reportUnknown(statement, KNOWN, context);
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

/** Reports the statements of a block that are not `known`. */
function reportUnknown(
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
  const extra = (scriptWordsOf(script.text)?.length ?? 0) > 2
    ? changed("keepalived takes the first word or the quoted text, and ignores the rest")
    : undefined;
  if (extra !== undefined) report(script, extra);
  if (probe !== undefined) {
    const to = probe.map(([key, value]) => `${key} = ${writeValue(value)}`).join(", ");
    report(script, changed("floatip does the same test without a program", to));
    return probe;
  }
  const argv = reverse ? ["/bin/sh", "-c", '! "$0" "$@"', ...command.argv] : command.argv;
  const to = `command = ${writeValue(argv)}, user = ${writeValue(runner.user)}`;
  report(script, { ...command.translation, to });
  return [["command", argv], ["user", runner.user]];
}

/** The user that runs the script. */
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

/** A time in seconds. keepalived 2.2.7 and older read whole seconds only. */
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
      altered("it is not a time in seconds, and keepalived takes 1", `${keyword} = "1s"`),
    );
    return 1;
  }
  const time = Math.max(least, Math.round(value * 1000) / 1000);
  const to = `${keyword} = "${writeSeconds(time)}"`;
  const translation = time !== value
    ? changed(`the shortest ${keyword} in floatip is ${least} s`, to)
    : Number.isInteger(value)
    ? carried(to)
    : changed("keepalived before 2.3.2 reads whole seconds only, and takes 1", to);
  report(statement, translation);
  return time;
}

/** rise and fall, which have other defaults in floatip: they are always written. */
function countEntries(directives: Directives, report: Report): readonly TomlEntry[] {
  const first = lastOf(directives, "init_fail", report);
  if (first !== undefined) {
    report(first, needless("in floatip a check has no weight before its first result"));
  }
  return (["fall", "rise"] as const).map((key): TomlEntry => {
    const statement = lastOf(directives, key, report);
    if (statement === undefined) return [key, 1];
    const value = wholeNumberIn(valueOf(statement), 1, 2 ** 31 - 1);
    const count = Math.min(1000, value ?? 1);
    const to = `${key} = ${count}`;
    if (value === undefined) {
      report(statement, altered("it is not a count, and keepalived takes 1", to));
    } else report(statement, count === value ? carried(to) : changed("floatip counts to 1000", to));
    return [key, count];
  });
}

/** Interval of checks of processes and files, in seconds. The kernel notifies keepalived. */
const EVERY = 0.5;

/** The entries of a check for a process, without weight; undefined: none. */
export function processEntries(
  { statement }: Tracker,
  { reverse }: Weighing,
  context: ImportContext,
): readonly TomlEntry[] | undefined {
  const { report } = context;
  const directives = directivesOf(statement.block ?? []);
  reportUnknown(statement, PROCESS_WORDS, context);
  const written = lastOf(directives, "process", report);
  const name = written && nameOf(written, report);
  const counted = countsFit(directives, report);
  if (written === undefined || name === undefined || !counted) return undefined;
  if (reverse) {
    report(statement, backwards("a process that runs"));
    return undefined;
  }
  const [fall, rise] = delaysOf(directives, report);
  return [["process", name], ["interval", writeSeconds(EVERY)], ["fall", fall], ["rise", rise]];
}

const PROCESS_WORDS = [
  ...["process", "param_match", "weight", "quorum", "quorum_max"],
  ...["fork_delay", "terminate_delay", "delay", "full_command"],
];

/** A reversed check, which floatip does not have. */
function backwards(what: string) {
  return unsupported(
    `floatip has no check that is down because of ${what}`,
    "a command with the opposite result",
  );
}

/** The name of the process. */
function nameOf(written: Statement, report: Report): string | undefined {
  const [path = "", ...parameters] = argumentsOf(written);
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (!/^[^\s/\p{Cc}]+$/u.test(name)) {
    report(written, unsupported("it is not a process name", "write its name as `ps -e` shows it"));
    return undefined;
  }
  const to = `process = ${writeValue(name)}`;
  const translation = parameters.length > 0
    ? altered("floatip looks at the name only, not at the parameters", to)
    : path === name
    ? carried(to)
    : changed("floatip looks at the name only, not at its path", to);
  report(written, translation);
  return name;
}

/** Whether the quorum is one process: floatip has no other. */
function countsFit(directives: Directives, report: Report): boolean {
  const quorum = lastOf(directives, "quorum", report);
  const most = lastOf(directives, "quorum_max", report);
  const one = quorum === undefined || valueOf(quorum) === "1";
  if (quorum !== undefined) report(quorum, one ? carried(undefined, "one is enough") : COUNT);
  if (most !== undefined) report(most, COUNT);
  for (const keyword of ["full_command", "param_match"]) {
    const statement = lastOf(directives, keyword, report);
    if (statement !== undefined) report(statement, needless("floatip looks at the name only"));
  }
  return one && most === undefined;
}

const COUNT = unsupported(
  "floatip checks for one such process, and does not count them",
  "a command that counts: `pgrep -c -x NAME`, in a script that compares",
);

/** Delays as numbers of checks: [fall, rise]. */
function delaysOf(directives: Directives, report: Report): readonly [number, number] {
  const both = lastOf(directives, "delay", report);
  const looks = (keyword: string, key: string): number => {
    const statement = lastOf(directives, keyword, report) ?? both;
    const delay = secondsIn(valueOf(statement), 0, 3600) ?? 0;
    const count = Math.min(1000, 1 + Math.ceil(delay / EVERY));
    if (statement !== undefined) {
      report(
        statement,
        changed(`floatip checks every ${writeSeconds(EVERY)}`, `${key} = ${count}`),
      );
    }
    return count;
  };
  return [looks("terminate_delay", "fall"), looks("fork_delay", "rise")];
}

/** The entries of a check that reads a number from a file, without weight; undefined: none. */
export function fileEntries(
  { statement }: Tracker,
  { weight }: Weighing,
  runner: ScriptUser,
  context: ImportContext,
): readonly TomlEntry[] | undefined {
  const { report } = context;
  const directives = directivesOf(statement.block ?? []);
  reportUnknown(statement, ["file", "weight", "init_file"], context);
  const written = lastOf(directives, "file", report);
  const path = valueOf(written);
  judgeInitial(directives, path ?? "FILE", report);
  if (written === undefined || path === undefined || !/^\/[^\p{Cc}]+$/u.test(path)) {
    const why = "it has no absolute path";
    report(written ?? statement, unsupported(why, "write the absolute path"));
    return undefined;
  }
  const times: readonly TomlEntry[] = [["interval", writeSeconds(EVERY)], ["fall", 1], ["rise", 1]];
  if (weight !== 0) {
    report(written, carried(`file = ${writeValue(path)}, want = "value"`));
    return [["file", path], ["want", "value"], ...times];
  }
  const why = "without a weight any number but 0 means fault: a command tests that";
  const test = '[ "$(cat "$0" 2>/dev/null || echo 0)" -eq 0 ]';
  report(written, changed(why, `command = ["/bin/sh", "-c", ...]`));
  return [["command", ["/bin/sh", "-c", test, path]], ["user", runner.user], ...times];
}

function judgeInitial(directives: Directives, path: string, report: Report): void {
  const initial = lastOf(directives, "init_file", report);
  if (initial === undefined) return;
  const value = argumentsOf(initial).find((word) => word !== "overwrite") ?? "0";
  report(
    initial,
    Number(value) === 0 ? carried(undefined, "a missing file counts as 0") : unsupported(
      "floatip does not write the file, and a missing file counts as 0",
      `write it when the machine starts: echo ${value} > ${path}`,
    ),
  );
}
