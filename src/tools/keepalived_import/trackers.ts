/** Trackers: vrrp_script, vrrp_track_process and track_file as checks. */
import { probeLike } from "../../config/tables/command.ts";
import { writeValue } from "../../config/toml_text.ts";
import { Block } from "./block.ts";
import {
  commandOf,
  type ImportedCommand,
  isCommand,
  type ScriptUser,
  scriptUserIn,
} from "./commands.ts";
import { reportOthers } from "./directives.ts";
import { scriptWordsOf } from "./parse.ts";
import { argumentsOf, keywordOf, type Statement } from "./statement.ts";
import type { TomlEntry } from "./toml.ts";
import {
  altered,
  carried,
  changed,
  type ImportContext,
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
export function trackersOf(
  root: readonly Statement[],
  context: ImportContext,
): readonly Tracker[] {
  const { report } = context;
  const trackers: Tracker[] = [];
  for (const statement of root.filter(isTracker)) {
    const tracker = toTracker(statement, context);
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

function toTracker(statement: Statement, context: ImportContext): Tracker | undefined {
  const name = valueOf(statement);
  const [kind, fallback] = isTracker(statement) ? KINDS[keywordOf(statement)] ?? [] : [];
  if (name === undefined || kind === undefined || statement.block === undefined) return undefined;
  const weighing = weighingIn(new Block(statement.block, context));
  return { kind, name, statement, weight: fallback ?? 0, reverse: false, ...weighing };
}

/** The weight of a definition; undefined: none, or an invalid one. */
function weighingIn(block: Block): Weighing | undefined {
  return block.read("weight", undefined, (_, written) => {
    const asked = weighingOf(argumentsOf(written), 2 ** 31 - 1);
    if (asked === undefined) {
      return [undefined, altered("it is not a whole number, and is ignored")];
    }
    const weight = Math.max(-MOST, Math.min(MOST, asked.weight));
    const to = weight === 0 ? undefined : `weight = ${asked.reverse ? -weight : weight}`;
    return [
      { ...asked, weight },
      weight === asked.weight ? carried(to) : altered(`the largest weight is ${MOST}`, to),
    ];
  });
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
  const block = new Block(statement.block ?? [], context);
  const script = block.last("script");
  reportOthers(block, KNOWN);
  if (script === undefined) {
    const why = "it has no script, and keepalived removes it";
    block.report(statement, unsupported(why, "remove it"));
    return undefined;
  }
  const command = commandOf(script, false, context.environment);
  if (!isCommand(command)) {
    block.report(script, command);
    return undefined;
  }
  const { user } = scriptUserIn(block, "user") ?? runner;
  return [
    ...probeEntries(command, reverse, script, user, context.report),
    ...timeEntries(block),
    ...countEntries(block),
  ];
}

const KNOWN = [
  ...["script", "interval", "timeout", "weight", "rise", "fall", "user", "init_fail"],
];

function probeEntries(
  command: ImportedCommand,
  reverse: boolean,
  script: Statement,
  user: string,
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
  const to = `command = ${writeValue(argv)}, user = ${writeValue(user)}`;
  report(script, { ...command.translation, to });
  return [["command", argv], ["user", user]];
}

function timeEntries(block: Block): readonly TomlEntry[] {
  const every = timeOf(block, "interval", 0.1) ?? 1;
  const most = timeOf(block, "timeout", 0.01);
  const entry = (key: string, time: number): TomlEntry => [key, writeSeconds(time)];
  return [
    entry("interval", every),
    ...(most === undefined ? [] : [entry("timeout", most)]),
  ];
}

/** A time in seconds. keepalived 2.2.7 and older read whole seconds only. */
function timeOf(block: Block, keyword: string, least: number): number | undefined {
  return block.read(keyword, undefined, (written) => {
    const value = secondsIn(written, 0, 86_400);
    if (value === undefined || value === 0) {
      const why = "it is not a time in seconds, and keepalived takes 1";
      return [1, altered(why, `${keyword} = "1s"`)];
    }
    const time = Math.max(least, Math.round(value * 1000) / 1000);
    const to = `${keyword} = "${writeSeconds(time)}"`;
    const translation = time !== value
      ? changed(`the shortest ${keyword} in floatip is ${least} s`, to)
      : Number.isInteger(value)
      ? carried(to)
      : changed("keepalived before 2.3.2 reads whole seconds only, and takes 1", to);
    return [time, translation];
  });
}

/** rise and fall, which have other defaults in floatip: they are always written. */
function countEntries(block: Block): readonly TomlEntry[] {
  const first = block.last("init_fail");
  if (first !== undefined) {
    block.report(first, needless("in floatip a check has no weight before its first result"));
  }
  return (["fall", "rise"] as const).map((key): TomlEntry => [
    key,
    block.read(key, 1, (written) => {
      const value = wholeNumberIn(written, 1, 2 ** 31 - 1);
      const count = Math.min(1000, value ?? 1);
      const to = `${key} = ${count}`;
      const translation = value === undefined
        ? altered("it is not a count, and keepalived takes 1", to)
        : count === value
        ? carried(to)
        : changed("floatip counts to 1000", to);
      return [count, translation];
    }),
  ]);
}

/** Interval of checks of processes and files, in seconds. The kernel notifies keepalived. */
const EVERY = 0.5;

/** The entries of a check for a process, without weight; undefined: none. */
export function processEntries(
  { statement }: Tracker,
  { reverse }: Weighing,
  context: ImportContext,
): readonly TomlEntry[] | undefined {
  const block = new Block(statement.block ?? [], context);
  reportOthers(block, PROCESS_WORDS);
  const name = nameOf(block);
  const counted = countsFit(block);
  if (name === undefined || !counted) return undefined;
  if (reverse) {
    block.report(statement, backwards("a process that runs"));
    return undefined;
  }
  const [fall, rise] = delaysOf(block);
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
function nameOf(block: Block): string | undefined {
  return block.read("process", undefined, (path = "", written) => {
    const [, ...parameters] = argumentsOf(written);
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (!/^[^\s/\p{Cc}]+$/u.test(name)) {
      const instead = "write its name as `ps -e` shows it";
      return [undefined, unsupported("it is not a process name", instead)];
    }
    const to = `process = ${writeValue(name)}`;
    const translation = parameters.length > 0
      ? altered("floatip looks at the name only, not at the parameters", to)
      : path === name
      ? carried(to)
      : changed("floatip looks at the name only, not at its path", to);
    return [name, translation];
  });
}

/** Whether the quorum is one process: floatip has no other. */
function countsFit(block: Block): boolean {
  const isOne = block.read(
    "quorum",
    true,
    (value) => value === "1" ? [true, carried(undefined, "one is enough")] : [false, COUNT],
  );
  const most = block.last("quorum_max");
  if (most !== undefined) block.report(most, COUNT);
  for (const keyword of ["full_command", "param_match"]) {
    const statement = block.last(keyword);
    if (statement !== undefined) {
      block.report(statement, needless("floatip looks at the name only"));
    }
  }
  return isOne && most === undefined;
}

const COUNT = unsupported(
  "floatip checks for one such process, and does not count them",
  "a command that counts: `pgrep -c -x NAME`, in a script that compares",
);

/** Delays as numbers of checks: [fall, rise]. */
function delaysOf(block: Block): readonly [number, number] {
  const both = block.last("delay");
  const looks = (keyword: string, key: string): number => {
    const statement = block.last(keyword) ?? both;
    const delay = secondsIn(valueOf(statement), 0, 3600) ?? 0;
    const count = Math.min(1000, 1 + Math.ceil(delay / EVERY));
    if (statement !== undefined) {
      const why = `floatip checks every ${writeSeconds(EVERY)}`;
      block.report(statement, changed(why, `${key} = ${count}`));
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
  const block = new Block(statement.block ?? [], context);
  reportOthers(block, ["file", "weight", "init_file"]);
  const written = block.last("file");
  const path = valueOf(written);
  judgeInitial(block, path ?? "FILE");
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

function judgeInitial(block: Block, path: string): void {
  const initial = block.last("init_file");
  if (initial === undefined) return;
  const value = argumentsOf(initial).find((word) => word !== "overwrite") ?? "0";
  block.report(
    initial,
    Number(value) === 0 ? carried(undefined, "a missing file counts as 0") : unsupported(
      "floatip does not write the file, and a missing file counts as 0",
      `write it when the machine starts: echo ${value} > ${path}`,
    ),
  );
}
