/** Commands of scripts and notifications, and the user that runs them. */
import { CHECK } from "../../config/tables/check.ts";
import { OPERATORS } from "../../config/tables/command.ts";
import { accepts } from "../../config/tables/types.ts";
import { showName, writeValue } from "../../config/toml_text.ts";
import type { Block } from "./block.ts";
import { argvOf, scriptWordsOf } from "./parse.ts";
import { argumentsOf, type Statement } from "./statement.ts";
import type { TomlEntry } from "./toml.ts";
import {
  altered,
  carried,
  changed,
  type ImportEnvironment,
  type Report,
  type Translation,
  unsupported,
} from "./translation.ts";

/** A command, its user, and its translation. */
export interface ImportedCommand {
  readonly argv: readonly [string, ...string[]];
  /** The user after the command; undefined: none. */
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** The line as keepalived takes it. */
  readonly line: string;
  readonly translation: Translation;
}

/** Words with a meaning for a shell only: pipes, redirections, ends of commands. */
const SHELL = /^(\|\|?|&&?|;|\d?>.*|\d?<.*)$|.;$/;

/** The command of `statement`, or why it is none. `withUser`: a user and a group may follow it. */
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
      "a quote is not closed: keepalived does not run it",
      "close the quote, or write the words as a list",
    );
  }
  const [program, ...rest] = argv;
  if (program === undefined) return unsupported("it names no program", "remove it");
  const rests = { user, group, line };
  if (user !== undefined && !isUser(user)) {
    return unsupported(
      `${showName(user)} is not a user name, and keepalived does not run it`,
      "correct it, or put the whole command in quotes",
    );
  }
  const shell = shellNeed(line, argv);
  if (shell !== undefined) return { ...rests, argv: ["/bin/sh", "-c", line], translation: shell };
  const found = environment.findProgram(program);
  if (program.startsWith("/")) {
    const translation = found === undefined
      ? changed("the program is not on this machine: keepalived ignores that, in floatip it fails")
      : carried(undefined);
    return { ...rests, argv: [program, ...rest], translation };
  }
  if (program.includes("/")) {
    return unsupported(
      `${program} is a relative path: which program runs depends on the folder`,
      "write its absolute path",
    );
  }
  const translation = found === undefined
    ? altered(
      `${program} is not on this machine, and floatip needs its absolute path`,
      undefined,
      `write the path that \`command -v ${program}\` prints on the node`,
    )
    : changed("floatip needs the absolute path of a program");
  return { ...rests, argv: [found ?? `/usr/bin/${program}`, ...rest], translation };
}

/** The translation of a line that only a shell can run; undefined: it needs none. */
function shellNeed(line: string, argv: readonly string[]): Translation | undefined {
  if (line.trimStart().startsWith("<")) return changed("keepalived runs such a line in a shell");
  const unquoted = line.replace(/"[^"]*"|'[^']*'/g, "Q").split(/\s+/);
  if (unquoted.some((word) => SHELL.test(word))) {
    return altered(
      "keepalived runs no shell: the program gets |, && and > as arguments; " +
        "here a shell runs the line, which was probably meant",
    );
  }
  return argv.some((word) => OPERATORS.has(word))
    ? changed("floatip rejects such an argument, so a shell runs the line")
    : undefined;
}

/** Whether it is a command. */
export function isCommand(read: ImportedCommand | Translation): read is ImportedCommand {
  return "argv" in read;
}

/** Whether a user can have this name. */
function isUser(name: string): boolean {
  return accepts(CHECK.user.type, name);
}

/** The user of commands. */
export interface ScriptUser {
  readonly user: string;
  readonly group: string | undefined;
}

/** The user and group of `user` or `script_user`; undefined: none, or an invalid name. */
export function scriptUserIn(
  block: Block,
  keyword: "user" | "script_user",
): ScriptUser | undefined {
  return block.read(keyword, undefined, (user = "", statement) => {
    const [, group] = argumentsOf(statement);
    return isUser(user)
      ? [{ user, group }, userVerdict(user, group)]
      : [undefined, altered(`${showName(user)} is not a user name, and is ignored`)];
  });
}

function userVerdict(user: string, group: string | undefined): Translation {
  const to = `user = ${writeValue(user)}`;
  return group === undefined || group === user
    ? carried(to)
    : changed("floatip runs it with the groups of the user", to);
}

/** Keywords of keepalived, and the keys of [notify]. */
const KEYS = {
  notify_master: "on_master",
  notify_backup: "on_backup",
  notify_fault: "on_fault",
  notify_stop: "on_stop",
  notify: "command",
} as const;

/** The keywords of commands. */
export const NOTIFIES: readonly string[] = [...Object.keys(KEYS), "notify_deleted"];

/** A command and its statement. */
interface NotifyHook {
  readonly key: string;
  readonly statement: Statement;
  readonly command: ImportedCommand;
  /** It is in the sync group. */
  readonly group: boolean;
}

/**
 * The entries of [notify] of an instance. `group`: the statements of its sync group, whose commands
 * this instance runs.
 */
export function notifyEntries(
  own: Block,
  group: Block | undefined,
  runner: ScriptUser,
): readonly TomlEntry[] {
  const { report } = own.context;
  const hooks = [...commandsOf(own, false), ...(group ? commandsOf(group, true) : [])];
  const kept: NotifyHook[] = [];
  for (const one of hooks) {
    if (kept.some(({ key }) => key === one.key)) report(one.statement, TAKEN);
    else kept.push(one);
  }
  const users = new Set(kept.map(({ command }) => command.user ?? runner.user));
  const [user = runner.user] = users;
  for (const one of kept) judgeOne(one, user, runner, report);
  const entries = kept.map(({ key, command }): TomlEntry => [key, command.argv]);
  return entries.length === 0 ? [] : [...entries, ["user", user]];
}

const TAKEN = unsupported(
  "the member of the group that runs it has such a command already",
  "call both from one script",
);

function commandsOf(block: Block, group: boolean): readonly NotifyHook[] {
  const deleted = block.last("notify_deleted");
  if (deleted !== undefined) {
    const why = "the removal of an instance by a reload is reported as STOP";
    block.report(deleted, changed(why, undefined, "on_stop"));
  }
  return Object.entries(KEYS).flatMap(([keyword, key]) => {
    const statement = block.last(keyword);
    if (statement === undefined) return [];
    const command = commandOf(statement, true, block.context.environment);
    if (isCommand(command)) return [{ key, statement, command, group }];
    block.report(statement, command);
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
    report(statement, changed("floatip runs it with the groups of the user"));
  }
  if (group) {
    const translation = key === "command"
      ? altered(
        "its arguments are INSTANCE and the name of the member, not GROUP and that of the group",
      )
      : carried(undefined, "the first member of the group runs it: all members change together");
    report(statement, translation);
  }
}
