/** How is a command of keepalived's run without keepalived? The list of its words, or the check of floatip's that asks the same. */
import { OPERATORS } from "../sound_command.ts";
import { showName } from "../toml_text.ts";
import { isUser } from "./runner.ts";
import type { Surroundings } from "./context.ts";
import { argvOf, scriptWordsOf } from "./lexer.ts";
import type { Statement } from "./statement.ts";
import type { Entry } from "./toml.ts";
import { altered, carried, changed, unsupported, type Verdict } from "./verdict.ts";

/** A command: its words, who runs it, and what is to be said about it. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** As written behind it; undefined: nobody is named. */
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** The line as keepalived takes it. */
  readonly line: string;
  readonly verdict: Verdict;
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
  around: Surroundings,
): Command | Verdict {
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
  if (shell !== undefined) return { ...rests, argv: ["/bin/sh", "-c", line], verdict: shell };
  const found = around.findProgram(program);
  if (program.startsWith("/")) {
    const verdict = found === undefined
      ? changed(
        "the program is not on this machine: keepalived ignores one that is missing, with floatip it fails",
      )
      : carried(undefined);
    return { ...rests, argv: [program, ...rest], verdict };
  }
  if (program.includes("/")) {
    return unsupported(
      `${program} is no whole path: which program runs depends on the folder`,
      "name it by its whole path",
    );
  }
  const verdict = found === undefined
    ? altered(
      `${program} is not on this machine, and floatip wants its whole path`,
      undefined,
      `put the path there that \`command -v ${program}\` prints where it runs`,
    )
    : changed("floatip wants the program's whole path");
  return { ...rests, argv: [found ?? `/usr/bin/${program}`, ...rest], verdict };
}

/** What is said where only a shell can run the line; undefined: none is needed. */
function shellNeed(line: string, argv: readonly string[]): Verdict | undefined {
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
export function isCommand(read: Command | Verdict): read is Command {
  return "argv" in read;
}

/** The probe of floatip's own that asks what the command asks; undefined: there is none. */
export function probeLike({ argv, line }: Command): readonly Entry[] | undefined {
  const [path, ...args] = argv;
  const program = path.slice(path.lastIndexOf("/") + 1);
  return processLike(program, args) ?? fileLike(program, args) ?? portLike(program, args, line);
}

function processLike(program: string, args: readonly string[]): readonly Entry[] | undefined {
  const name = args.at(-1) ?? "";
  const asked = [program, ...args.slice(0, -1)].join(" ");
  const known = ["killall -0", "killall -s 0", "pidof", "pidof -s", "pgrep -x"];
  if (!known.includes(asked) || !/^[^\s/\p{Cc}-][^\s/\p{Cc}]*$/u.test(name)) return undefined;
  return [["process", name]];
}

function fileLike(program: string, args: readonly string[]): readonly Entry[] | undefined {
  if (program !== "test" && program !== "[") return undefined;
  const [first, ...rest] = program === "[" ? args.slice(0, -1) : args;
  if (program === "[" && args.at(-1) !== "]") return undefined;
  const [operator, path, more] = first === "!" ? rest : [first, ...rest];
  if (!["-e", "-f"].includes(operator ?? "") || more !== undefined) return undefined;
  if (path === undefined || !/^\/[^\p{Cc}]*$/u.test(path)) return undefined;
  return first === "!" ? [["file", path], ["want", "absent"]] : [["file", path]];
}

function portLike(
  program: string,
  args: readonly string[],
  line: string,
): readonly Entry[] | undefined {
  const shell = ["sh", "bash"].includes(program) && args[0] === "-c" && args.length === 2;
  const device = /^\s*(?:exec\s+\d)?<>?\s*\/dev\/tcp\/([\w.:-]+)\/(\d{1,5})\s*$/.exec(
    shell ? args[1] ?? "" : line,
  );
  const [, host, port] = device ?? netcat(program, args) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65535) return undefined;
  return [["tcp", host.includes(":") ? `[${host}]:${Number(port)}` : `${host}:${Number(port)}`]];
}

/** `nc -z HOST PORT`, with a waiting time or not. */
function netcat(program: string, args: readonly string[]): readonly string[] | undefined {
  if (!["nc", "ncat", "netcat"].includes(program)) return undefined;
  const words = args.join(" ").replace(/-w ?\d+ ?/, "");
  return /^-z ([\w.-]+) (\d{1,5})$/.exec(words) ?? undefined;
}
