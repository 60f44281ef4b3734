/** Which check asks what a vrrp_track_process or track_file asks? */
import { writeValue } from "../../config/toml_text.ts";
import type { TomlEntry } from "./toml.ts";
import { argumentsOf, type Statement } from "./statement.ts";
import { judgeUnknown } from "./tracker_script.ts";
import type { ImportContext } from "./context.ts";
import type { ScriptUser } from "./runner.ts";
import type { Tracker, Weighing } from "./trackers.ts";
import {
  type Directives,
  directivesOf,
  lastOf,
  secondsIn,
  valueOf,
  writeSeconds,
} from "./values.ts";
import { altered, carried, changed, needless, type Report, unsupported } from "./translation.ts";

/** keepalived is told by the kernel; floatip looks this often. */
const EVERY = 0.5;

/** The entries of a check that looks for a process, without its weight; undefined: there is none. */
export function processEntries(
  { statement }: Tracker,
  { reverse }: Weighing,
  context: ImportContext,
): readonly TomlEntry[] | undefined {
  const { report } = context;
  const directives = directivesOf(statement.block ?? []);
  judgeUnknown(statement, PROCESS_WORDS, context);
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

/** What floatip cannot turn round. */
function backwards(what: string) {
  return unsupported(
    `floatip has no check that is down because of ${what}`,
    "a command that answers the contrary",
  );
}

/** The name of the process; judges what keepalived looks at besides. */
function nameOf(written: Statement, report: Report): string | undefined {
  const [path = "", ...parameters] = argumentsOf(written);
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (!/^[^\s/\p{Cc}]+$/u.test(name)) {
    report(
      written,
      unsupported("it is no name of a process", "write its name as `ps -e` shows it"),
    );
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

/** One process is enough for floatip: another quorum cannot be said. */
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
  "floatip asks whether one such process runs, and does not count",
  "a command that counts: `pgrep -c -x NAME`, in a script that compares",
);

/** Delays become counts of looks: [fall, rise]. */
function delaysOf(directives: Directives, report: Report): readonly [number, number] {
  const both = lastOf(directives, "delay", report);
  const looks = (keyword: string, key: string): number => {
    const statement = lastOf(directives, keyword, report) ?? both;
    const delay = secondsIn(valueOf(statement), 0, 3600) ?? 0;
    const count = Math.min(1000, 1 + Math.ceil(delay / EVERY));
    if (statement !== undefined) {
      report(statement, changed(`floatip looks every ${writeSeconds(EVERY)}`, `${key} = ${count}`));
    }
    return count;
  };
  return [looks("terminate_delay", "fall"), looks("fork_delay", "rise")];
}

/** The entries of a check that reads a number, without its weight; undefined: there is none. */
export function fileEntries(
  { statement }: Tracker,
  { weight }: Weighing,
  runner: ScriptUser,
  context: ImportContext,
): readonly TomlEntry[] | undefined {
  const { report } = context;
  const directives = directivesOf(statement.block ?? []);
  judgeUnknown(statement, ["file", "weight", "init_file"], context);
  const written = lastOf(directives, "file", report);
  const path = valueOf(written);
  judgeInitial(directives, path ?? "FILE", report);
  if (written === undefined || path === undefined || !/^\/[^\p{Cc}]+$/u.test(path)) {
    const why = "it names no file by its whole path";
    report(written ?? statement, unsupported(why, "write the whole path"));
    return undefined;
  }
  const times: readonly TomlEntry[] = [["interval", writeSeconds(EVERY)], ["fall", 1], ["rise", 1]];
  if (weight !== 0) {
    report(written, carried(`file = ${writeValue(path)}, want = "value"`));
    return [["file", path], ["want", "value"], ...times];
  }
  const why = "without a weight any number but 0 means fault, which a command asks for";
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
    Number(value) === 0 ? carried(undefined, "a file that is not there counts as 0") : unsupported(
      "floatip writes no file, and one that is not there counts as 0",
      `write it when the machine starts: echo ${value} > ${path}`,
    ),
  );
}
