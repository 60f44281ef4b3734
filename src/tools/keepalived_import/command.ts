/** How is a command of keepalived's run without keepalived? The list of its words, or the check of floatip's that asks the same. */
import { OPERATORS } from "../../config/tables/command.ts";
import { showName } from "../../config/toml_text.ts";
import { isUser } from "./runner.ts";
import type { ImportEnvironment } from "./context.ts";
import { argvOf, scriptWordsOf } from "./lexer.ts";
import type { Statement } from "./statement.ts";
import { altered, carried, changed, type Translation, unsupported } from "./translation.ts";

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
