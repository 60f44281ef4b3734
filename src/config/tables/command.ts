/** Commands: a list, the program by its whole path, nothing that only a shell understands. */
import { formatEndpoint } from "../../net/ip.ts";
import { error, type Path, type Problem, warning } from "../problem.ts";
import { secretRanges } from "../secret.ts";
import { showValue, writeKey, writeValue } from "../toml_text.ts";
import type { ValueType } from "./key.ts";
import { listOf, text } from "./types.ts";

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

/** A program and its arguments, as a list. */
export function argv(): ValueType<readonly string[]> {
  return {
    ...listOf(
      text(/^[^\0]+$/u, "a text"),
      "a list: the program with its whole path, then its arguments",
    ),
    // Arguments may be secrets.
    show: ([program = ""]) => writeValue(program),
    fault: (written, name) => {
      if (typeof written !== "string") return undefined;
      const probe = name === "command" ? ownProbe(words(written), written) : undefined;
      return { fix: probe ?? asList(name, written) };
    },
  };
}

/** In place of a line that would repeat a secret. */
const IN_WORDS =
  "write it as a list: the program with its whole path, then each argument, each in quotes";

function words(text: string): readonly [string, ...string[]] {
  const [program = "", ...rest] = text.trim().split(/\s+/);
  return [program, ...rest];
}

/**
 * The line of floatip's own probe that asks the same; undefined: there is none, or it takes more
 * than a line.
 */
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

/**
 * The line with `argv`; a program without a path gets a probable one, and a word on how to find
 * out.
 */
function written(name: string, argv: readonly string[]): string {
  if (secretRanges(argv.join(" ")).length > 0) return IN_WORDS;
  const [program = "", ...rest] = argv;
  const base = program.split("/").at(-1) || "check";
  if (program.startsWith("/")) return `${writeKey(name)} = ${writeValue(argv)}`;
  return `${writeKey(name)} = ${writeValue([`/usr/bin/${base}`, ...rest])}  # the path that ` +
    `\`command -v ${base}\` prints`;
}

/**
 * A warning where the command of a check sends the signal 0: only root, and the user whose process
 * it is, may. Undefined where it runs as a user that is named.
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
  return warning(
    path,
    "killall asks by a signal, and the user `floatip` may send none to processes of others",
    "The check would never be up.",
    fix,
  );
}

/**
 * What keeps `argv`, the value of the key at `path`, from running. Entries that were reported
 * already are undefined.
 */
export function commandProblems(
  argv: readonly (string | undefined)[],
  path: Path,
): readonly Problem[] {
  const name = String(path.at(-1));
  const known = argv.map((entry) => entry ?? "...");
  const [program] = argv;
  if (program !== undefined && (/[|;&<>]/.test(program) || /\s-/.test(program))) {
    const what = `${name} has a whole command line as its program: ${showValue(program)}`;
    return [error([...path, 0], what, WHY, asList(name, known.join(" ")))];
  }
  const problems: Problem[] = [];
  if (program !== undefined && !program.startsWith("/")) {
    const what = `${name} names its program without the whole path: ${showValue(program)}`;
    const why = "Which program runs would depend on the daemon's directory and search path.";
    problems.push(error([...path, 0], what, why, written(name, known)));
  }
  const shell = argv.findIndex((entry) => entry !== undefined && OPERATORS.has(entry));
  if (shell >= 0) {
    const what = `${name} has ${showValue(argv[shell])} among its arguments`;
    const fix = written(name, ["/bin/sh", "-c", known.join(" ")]);
    problems.push(error([...path, shell], what, WHY, fix));
  }
  return problems;
}

/** A key of a check and its value. */
type Entry = readonly [key: string, value: string];

/** What is run: a program and its arguments; `line`: as written, for a shell. */
interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly line: string;
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
  return [["tcp", formatEndpoint(host, Number(port))]];
}

/** `nc -z HOST PORT`, with a waiting time or not. */
function netcat(program: string, args: readonly string[]): readonly string[] | undefined {
  if (!["nc", "ncat", "netcat"].includes(program)) return undefined;
  const words = args.join(" ").replace(/-w ?\d+ ?/, "");
  return /^-z ([\w.-]+) (\d{1,5})$/.exec(words) ?? undefined;
}
