/** Who is told of changes? The notify commands of an instance, and of the sync group that it stands for. */
import { writeValue } from "../../config/toml_text.ts";
import { type Command, commandOf, isCommand } from "./command.ts";
import type { Context } from "./context.ts";
import type { Runner } from "./runner.ts";
import type { Statement } from "./statement.ts";
import type { Entry } from "./toml.ts";
import { type Bag, lastOf } from "./values.ts";
import { altered, carried, changed, type Judge, unsupported } from "./translation.ts";

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
interface Told {
  readonly key: string;
  readonly statement: Statement;
  readonly command: Command;
  /** It stands in the sync group. */
  readonly group: boolean;
}

/**
 * The entries of the instance's [notify]; empty: nobody is told. `group`: the statements of a sync group whose commands
 * this instance runs, since its members change together.
 */
export function notifyEntries(
  own: Bag,
  group: Bag | undefined,
  runner: Runner,
  context: Context,
): readonly Entry[] {
  const told = [...commandsOf(own, false, context), ...commandsOf(group, true, context)];
  const kept: Told[] = [];
  for (const one of told) {
    if (kept.some(({ key }) => key === one.key)) context.judge(one.statement, TAKEN);
    else kept.push(one);
  }
  const users = new Set(kept.map(({ command }) => command.user ?? runner.user));
  const [user = runner.user] = users;
  for (const one of kept) judgeOne(one, user, runner, context.judge);
  const entries = kept.map(({ key, command }): Entry => [key, command.argv]);
  return entries.length === 0 ? [] : [...entries, ["user", user]];
}

const TAKEN = unsupported(
  "the member of the group that would run it has such a command already",
  "call both from one script",
);

function commandsOf(bag: Bag | undefined, group: boolean, context: Context): readonly Told[] {
  if (bag === undefined) return [];
  const deleted = lastOf(bag, "notify_deleted", context.judge);
  if (deleted !== undefined) {
    context.judge(
      deleted,
      changed("an instance that a reload takes away is told of as STOP", undefined, "on_stop"),
    );
  }
  return Object.entries(KEYS).flatMap(([keyword, key]) => {
    const statement = lastOf(bag, keyword, context.judge);
    if (statement === undefined) return [];
    const command = commandOf(statement, true, context.around);
    if (isCommand(command)) return [{ key, statement, command, group }];
    context.judge(statement, command);
    return [];
  });
}

function judgeOne(
  { key, statement, command, group }: Told,
  user: string,
  runner: Runner,
  judge: Judge,
): void {
  const to = `notify.${key} = ${writeValue(command.argv)}, user = ${writeValue(user)}`;
  judge(statement, { ...command.verdict, to });
  if ((command.user ?? runner.user) !== user) {
    judge(statement, altered("all commands of an instance run as one user"));
  }
  if (command.group !== undefined && command.group !== user) {
    judge(statement, changed("floatip runs it with the user's own groups"));
  }
  if (group) {
    const words = key === "command"
      ? altered("it hears INSTANCE and the member's name, not GROUP and the group's")
      : carried(undefined, "the group's first member runs it: all members change together");
    judge(statement, words);
  }
}
