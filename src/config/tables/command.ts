/** Can a command be run as it stands? A list, the program by its whole path, nothing that only a shell understands. */
import { probeLike } from "../own_probe.ts";
import type { Path, Problem } from "../problem.ts";
import type { Report } from "../problem_list.ts";
import { secretRanges } from "../secret.ts";
import { showValue, writeKey, writeValue } from "../toml_text.ts";

/** What only a shell makes something of. */
const SHELL = /[|&;<>$`*?~"'\\(){}]/;
/** Words that only a shell understands, and that a command cannot have. */
export const OPERATORS: ReadonlySet<string> = new Set([
  "|",
  "||",
  "&&",
  "&",
  ";",
  ">",
  ">>",
  "<",
  "2>",
  "2>&1",
  ">/dev/null",
]);
const WHY = "It is run without a shell: no pipes, variables, wildcards or quotes.";

/**
 * Takes the keys of `raw` that are called `names` and are texts instead of lists out of it, and reports each: the reader
 * of a table would only say that they must be lists.
 */
export function takeTextCommands(
  raw: Readonly<Record<string, unknown>>,
  names: readonly string[],
  path: Path,
  report: Report,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(raw).filter(([name, value]) => {
      if (!names.includes(name) || typeof value !== "string") return true;
      report(textCommand(name, value, [...path, name]));
      return false;
    }),
  );
}

function textCommand(name: string, text: string, path: Path): Problem {
  return {
    severity: "error",
    path,
    at: "value",
    what: `${name} must be a list, the program and its arguments, not ${showValue(text)}`,
    why: WHY,
    fix: (name === "command" && ownProbe(words(text), text)) || asList(name, text),
  };
}

/** In place of a line that would repeat a secret. */
const IN_WORDS =
  "write it as a list: the program with its whole path, then each argument, each in quotes";

function words(text: string): readonly [string, ...string[]] {
  const [program = "", ...rest] = text.trim().split(/\s+/);
  return [program, ...rest];
}

/** The line of floatip's own probe that asks the same; undefined: there is none, or it takes more than a line. */
function ownProbe(argv: readonly [string, ...string[]], line: string): string | undefined {
  const entries = probeLike({ argv, line }) ?? [];
  const [entry] = entries;
  return entry === undefined || entries.length > 1
    ? undefined
    : `${entry[0]} = ${writeValue(entry[1])}`;
}

/** `text` as the list that would do the same. */
function asList(name: string, text: string): string {
  const [program, ...rest] = words(text);
  if (program === "") return `${writeKey(name)} = ["/etc/floatip/check"]`;
  if (secretRanges(text).length > 0) return IN_WORDS;
  const argv = SHELL.test(text) ? ["/bin/sh", "-c", text.trim()] : [program, ...rest];
  return written(name, argv);
}

/** The line with `argv`; a program without a path gets a probable one, and a word on how to find out. */
function written(name: string, argv: readonly string[]): string {
  if (secretRanges(argv.join(" ")).length > 0) return IN_WORDS;
  const [program = "", ...rest] = argv;
  const base = program.split("/").at(-1) || "check";
  if (program.startsWith("/")) return `${writeKey(name)} = ${writeValue(argv)}`;
  return `${writeKey(name)} = ${writeValue([`/usr/bin/${base}`, ...rest])}  # the path that ` +
    `\`command -v ${base}\` prints`;
}

/**
 * A warning where the command of a check sends the signal 0: only root, and the user whose process it is, may. Undefined
 * where it runs as somebody who is named.
 */
export function signalProblem(
  argv: readonly (string | undefined)[],
  user: string | undefined,
  path: Path,
): Problem | undefined {
  const [program = "", ...rest] = argv.map((entry) => entry ?? "");
  const asked = [program.slice(program.lastIndexOf("/") + 1), ...rest].join(" ");
  const fix = ownProbe([program, ...rest], asked);
  if (user !== undefined || fix === undefined || !asked.startsWith("killall ")) return undefined;
  return {
    severity: "warning",
    path,
    at: "value",
    what: "killall asks by a signal, and the user `floatip` may send none to processes of others",
    why: "The check would never be up.",
    fix,
  };
}

/** Reports what keeps `argv`, the value of the key at `path`, from running. Entries that were reported already are undefined. */
export function checkCommand(
  argv: readonly (string | undefined)[],
  path: Path,
  report: Report,
): void {
  const name = String(path.at(-1));
  const known = argv.map((entry) => entry ?? "...");
  const error = (index: number, what: string, why: string, fix: string): void =>
    report({ severity: "error", path: [...path, index], at: "value", what, why, fix });
  const [program] = argv;
  if (program !== undefined && (/[|;&<>]/.test(program) || /\s-/.test(program))) {
    const what = `${name} has a whole command line as its program: ${showValue(program)}`;
    error(0, what, WHY, asList(name, known.join(" ")));
    return;
  }
  if (program !== undefined && !program.startsWith("/")) {
    const what = `${name} names its program without the whole path: ${showValue(program)}`;
    const why = "Which program runs would depend on the daemon's directory and search path.";
    error(0, what, why, written(name, known));
  }
  const shell = argv.findIndex((entry) => entry !== undefined && OPERATORS.has(entry));
  if (shell < 0) return;
  const what = `${name} has ${showValue(argv[shell])} among its arguments`;
  error(shell, what, WHY, written(name, ["/bin/sh", "-c", known.join(" ")]));
}
