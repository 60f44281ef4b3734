/** Commands that ask what a probe of floatip's own asks: `killall -0 nginx` is process = "nginx". */

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
  return [["tcp", host.includes(":") ? `[${host}]:${Number(port)}` : `${host}:${Number(port)}`]];
}

/** `nc -z HOST PORT`, with a waiting time or not. */
function netcat(program: string, args: readonly string[]): readonly string[] | undefined {
  if (!["nc", "ncat", "netcat"].includes(program)) return undefined;
  const words = args.join(" ").replace(/-w ?\d+ ?/, "");
  return /^-z ([\w.-]+) (\d{1,5})$/.exec(words) ?? undefined;
}
