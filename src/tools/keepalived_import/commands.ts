/** How is a command of keepalived's run without keepalived? The list of its words, or the check of floatip's that asks the same. */
import { CHECK } from "../../config/tables/check.ts";
import { OPERATORS } from "../../config/tables/command.ts";
import { accepts } from "../../config/tables/types.ts";
import { showName, writeValue } from "../../config/toml_text.ts";
import { argvOf, scriptWordsOf } from "./parse.ts";
import { argumentsOf, type Statement } from "./statement.ts";
import type { TomlEntry } from "./toml.ts";
import {
  altered,
  carried,
  changed,
  type Directives,
  type ImportContext,
  type ImportEnvironment,
  lastOf,
  type Report,
  type Translation,
  unsupported,
} from "./translation.ts";

/** A command: its words, who runs it, and what is to be said about it. */
export interface ImportedCommand {
  readonly argv: readonly [string, ...string[]];
  /** As written behind it; undefined: nobody is named. */
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** The line as keepalived takes it. */
  readonly line: string;
  readonly translation: Translation;
}

/** What only a shell makes something of: pipes, redirections, the ends of commands. */
const SHELL = /^(\|\|?|&&?|;|\d?>.*|\d?<.*)$|.;$/;

/**
 * Reads the command that `statement` names behind its keyword, or says why it is none. `withUser`: a user and a group may
 * follow it.
 */
export function commandOf(
  statement: Statement,
  withUser: boolean,
  environment: ImportEnvironment,
): ImportedCommand | Translation {
  const words = scriptWordsOf(statement.text);
  const [, line = "", ...account] = words ?? [];
  const [user, group] = withUser ? account : [];
  const argv = argvOf(line);
  if (words === undefined || argv === undefined) {
    return unsupported(
      "a quote in it is not closed, so that keepalived does not run it",
      "close the quote, or write the words as a list",
    );
  }
  const [program, ...rest] = argv;
  if (program === undefined) return unsupported("it names no program", "remove it");
  const rests = { user, group, line };
  if (user !== undefined && !isUser(user)) {
    return unsupported(
      `${showName(user)} is no name of a user, and keepalived does not run it`,
      "correct it, or put the whole command in quotes",
    );
  }
  const shell = shellNeed(line, argv);
  if (shell !== undefined) return { ...rests, argv: ["/bin/sh", "-c", line], translation: shell };
  const found = environment.findProgram(program);
  if (program.startsWith("/")) {
    const translation = found === undefined
      ? changed(
        "the program is not on this machine: keepalived ignores one that is missing, with floatip it fails",
      )
      : carried(undefined);
    return { ...rests, argv: [program, ...rest], translation };
  }
  if (program.includes("/")) {
    return unsupported(
      `${program} is no whole path: which program runs depends on the folder`,
      "name it by its whole path",
    );
  }
  const translation = found === undefined
    ? altered(
      `${program} is not on this machine, and floatip wants its whole path`,
      undefined,
      `put the path there that \`command -v ${program}\` prints where it runs`,
    )
    : changed("floatip wants the program's whole path");
  return { ...rests, argv: [found ?? `/usr/bin/${program}`, ...rest], translation };
}

/** What is said where only a shell can run the line; undefined: none is needed. */
function shellNeed(line: string, argv: readonly string[]): Translation | undefined {
  if (line.trimStart().startsWith("<")) return changed("keepalived leaves such a line to a shell");
  const unquoted = line.replace(/"[^"]*"|'[^']*'/g, "Q").split(/\s+/);
  if (unquoted.some((word) => SHELL.test(word))) {
    return altered(
      "keepalived runs no shell: it hands |, && and > to the program as words; " +
        "here a shell runs the line, as it was probably meant",
    );
  }
  return argv.some((word) => OPERATORS.has(word))
    ? changed("floatip takes no such sign for an argument, a shell does")
    : undefined;
}

/** Is it a command, and not the reason why it is none? */
export function isCommand(read: ImportedCommand | Translation): read is ImportedCommand {
  return "argv" in read;
}

/** Can a user have this name? */
export function isUser(name: string): boolean {
  return accepts(CHECK.user.type, name);
}

/** Who runs commands. */
export interface ScriptUser {
  readonly user: string;
  readonly group: string | undefined;
}

/** The user and group behind `user` or `script_user`, judged; undefined: none that could be. */
export function scriptUserIn(statement: Statement, report: Report): ScriptUser | undefined {
  const [user = "", group] = argumentsOf(statement);
  if (!isUser(user)) {
    report(statement, altered(`${showName(user)} is no name of a user, and does not count`));
    return undefined;
  }
  report(statement, userVerdict(user, group));
  return { user, group };
}

function userVerdict(user: string, group: string | undefined): Translation {
  const to = `user = ${writeValue(user)}`;
  return group === undefined || group === user
    ? carried(to)
    : changed("floatip runs it with the user's own groups", to);
}

/** keepalived's keywords, and floatip's keys of a [notify]. */
const KEYS = {
  notify_master: "on_master",
  notify_backup: "on_backup",
  notify_fault: "on_fault",
  notify_stop: "on_stop",
  notify: "command",
} as const;

/** The keywords of commands. */
export const NOTIFIES: readonly string[] = [...Object.keys(KEYS), "notify_deleted"];

/** A command with the statement that names it. */
interface NotifyHook {
  readonly key: string;
  readonly statement: Statement;
  readonly command: ImportedCommand;
  /** It stands in the sync group. */
  readonly group: boolean;
}

/**
 * The entries of the instance's [notify]; empty: nobody is told. `group`: the statements of a sync group whose commands
 * this instance runs, since its members change together.
 */
export function notifyEntries(
  own: Directives,
  group: Directives | undefined,
  runner: ScriptUser,
  context: ImportContext,
): readonly TomlEntry[] {
  const told = [...commandsOf(own, false, context), ...commandsOf(group, true, context)];
  const kept: NotifyHook[] = [];
  for (const one of told) {
    if (kept.some(({ key }) => key === one.key)) context.report(one.statement, TAKEN);
    else kept.push(one);
  }
  const users = new Set(kept.map(({ command }) => command.user ?? runner.user));
  const [user = runner.user] = users;
  for (const one of kept) judgeOne(one, user, runner, context.report);
  const entries = kept.map(({ key, command }): TomlEntry => [key, command.argv]);
  return entries.length === 0 ? [] : [...entries, ["user", user]];
}

const TAKEN = unsupported(
  "the member of the group that would run it has such a command already",
  "call both from one script",
);

function commandsOf(
  directives: Directives | undefined,
  group: boolean,
  context: ImportContext,
): readonly NotifyHook[] {
  if (directives === undefined) return [];
  const deleted = lastOf(directives, "notify_deleted", context.report);
  if (deleted !== undefined) {
    context.report(
      deleted,
      changed("an instance that a reload takes away is told of as STOP", undefined, "on_stop"),
    );
  }
  return Object.entries(KEYS).flatMap(([keyword, key]) => {
    const statement = lastOf(directives, keyword, context.report);
    if (statement === undefined) return [];
    const command = commandOf(statement, true, context.environment);
    if (isCommand(command)) return [{ key, statement, command, group }];
    context.report(statement, command);
    return [];
  });
}

function judgeOne(
  { key, statement, command, group }: NotifyHook,
  user: string,
  runner: ScriptUser,
  report: Report,
): void {
  const to = `notify.${key} = ${writeValue(command.argv)}, user = ${writeValue(user)}`;
  report(statement, { ...command.translation, to });
  if ((command.user ?? runner.user) !== user) {
    report(statement, altered("all commands of an instance run as one user"));
  }
  if (command.group !== undefined && command.group !== user) {
    report(statement, changed("floatip runs it with the user's own groups"));
  }
  if (group) {
    const words = key === "command"
      ? altered("it hears INSTANCE and the member's name, not GROUP and the group's")
      : carried(undefined, "the group's first member runs it: all members change together");
    report(statement, words);
  }
}
