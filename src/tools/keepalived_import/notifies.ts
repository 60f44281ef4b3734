/** Who is told of changes? The notify commands of an instance, and of the sync group that it stands for. */
import { writeValue } from "../../config/toml_text.ts";
import { commandOf, type ImportedCommand, isCommand } from "./command.ts";
import type { ImportContext } from "./context.ts";
import type { ScriptUser } from "./runner.ts";
import type { Statement } from "./statement.ts";
import type { TomlEntry } from "./toml.ts";
import { type Directives, lastOf } from "./values.ts";
import { altered, carried, changed, type Report, unsupported } from "./translation.ts";

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
