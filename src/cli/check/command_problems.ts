/**
 * The programs of checks and hooks that could not be run here, judged for the user that each would
 * run as.
 */
import type { Config } from "../../config/config.ts";
import type { NodePlan } from "../../config/plan/plan.ts";
import { machine, type Path, type Problem, warning } from "../../config/problem.ts";
import type { NotifySettings } from "../../config/tables/notify.ts";
import { changeableBy, reasonNotToRun, SCRIPT_USER } from "../../health/probes/command.ts";
import { type Account, findAccount, runChild } from "../../process.ts";
import { shellWord } from "../../printable.ts";

/** A command of the file. */
interface Command {
  readonly path: Path;
  /** "check nginx", "on_master of web". */
  readonly title: string;
  readonly why: string;
  readonly argv: readonly string[];
  readonly user: string | undefined;
}

/** What is in the way, and what to do about it. */
interface Trouble {
  readonly what: string;
  readonly fix: string;
}

/** How long a look as another user may take, in milliseconds. */
const LOOK_MS = 5000;

/**
 * A problem for each command of `node` and of its hooks that cannot be run. What this user may not
 * look at is left out.
 */
export async function commandProblems(
  config: Config,
  node: NodePlan,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const known = new Map<string, Trouble | undefined>();
  for (const { path, title, why, argv: [program = ""], user } of commandsOf(config, node)) {
    const key = JSON.stringify([program, user]);
    if (!known.has(key)) known.set(key, await troubleOf(program, user));
    const trouble = known.get(key);
    if (trouble === undefined) continue;
    const { what, fix } = trouble;
    problems.push(machine(path, `${title} cannot be run: ${what}`, why, fix));
  }
  return problems;
}

/**
 * A warning where another user than root can change the file: commands run as whom it names, as
 * root too. None where another user than root asks, for whom it is probably a try.
 */
export async function fileProblem(file: string): Promise<Problem | undefined> {
  if (Deno.uid() !== 0) return undefined;
  const path = file.startsWith("/") ? file : `${Deno.cwd()}/${file}`;
  const what = await changeableBy(path, 0);
  const [, who = "", command] =
    /^(.*? (?:belongs to|is writable by) .*?): (.*)$/.exec(what ?? "") ?? [];
  if (command === undefined) return undefined;
  return warning([], who, "Whoever can change the file can have commands run as root.", command);
}

function commandsOf(config: Config, { checks }: NodePlan): readonly Command[] {
  return [
    ...checks.flatMap(({ name, probe }): readonly Command[] =>
      probe.kind !== "command" ? [] : [{
        path: ["check", name, "command"],
        title: `check ${name}`,
        why: "The check is down until it can.",
        argv: probe.argv,
        user: probe.user,
      }]
    ),
    ...hooksOf(config.notify, ["notify"], ""),
    ...config.instances.flatMap(({ name, notify }) =>
      hooksOf(notify, ["instance", name, "notify"], ` of ${name}`)
    ),
  ];
}

function hooksOf(
  settings: NotifySettings | undefined,
  path: Path,
  owner: string,
): readonly Command[] {
  if (settings === undefined) return [];
  const { command, onMaster, onBackup, onFault, onStop, user } = settings;
  const hooks = [
    ["command", command],
    ["on_master", onMaster],
    ["on_backup", onBackup],
    ["on_fault", onFault],
    ["on_stop", onStop],
  ] as const;
  return hooks.flatMap(([key, argv]): readonly Command[] =>
    argv === undefined ? [] : [{
      path: [...path, key],
      title: `${key}${owner}`,
      why: "Nobody is told by it.",
      argv,
      user,
    }]
  );
}

/**
 * Why the program at `path` could not be run as `user` by a daemon that root or systemd started.
 */
async function troubleOf(path: string, user: string | undefined): Promise<Trouble | undefined> {
  const account = await findAccount(user ?? SCRIPT_USER);
  if (account === undefined && user !== undefined) {
    return { what: `there is no user ${user} on this machine`, fix: `useradd --system ${user}` };
  }
  const refusal = await reasonNotToRun(path, account?.uid ?? 0, account?.gid);
  const isRoot = Deno.uid() === 0;
  // The daemon's runner is root and sees more.
  if (refusal?.endsWith(": unreadable") && !isRoot) return undefined;
  if (refusal !== undefined) return ofRefusal(refusal, path);
  // Only root can look as another user does.
  if (account === undefined || !isRoot) return undefined;
  return await ofAccess(path, account);
}

/** A refusal says what mends it behind its last colon, where there is such a command. */
function ofRefusal(refusal: string, path: string): Trouble {
  const command = /^(.*): (ch(?:mod|own) .*)$/.exec(refusal);
  const [, what, fix] = command ?? [];
  if (what !== undefined && fix !== undefined) return { what, fix };
  return { what: refusal, fix: `put the program at ${path}, or name another one` };
}

/** Asks the kernel: may `account` go to the file, read it where it is a script, and run it? */
async function ofAccess(path: string, account: Account): Promise<Trouble | undefined> {
  const may = (flag: "-x" | "-r", place: string): Promise<boolean> => test(flag, place, account);
  const isScript = await startsAsScript(path);
  if (await may("-x", path) && (!isScript || await may("-r", path))) return undefined;
  const real = await Deno.realPath(path).catch(() => path);
  for (const folder of [...foldersOf(path), ...foldersOf(real)]) {
    if (await may("-x", folder)) continue;
    const what = `user ${account.name} may not enter ${folder}`;
    return { what, fix: `chmod o+x ${shellWord(folder)}` };
  }
  const [verb, right] = await may("-x", path) ? ["read", "r"] : ["run", isScript ? "rx" : "x"];
  return {
    what: `user ${account.name} may not ${verb} ${path}`,
    fix: `chmod o+${right} ${shellWord(path)}`,
  };
}

async function test(flag: string, place: string, account: Account): Promise<boolean> {
  const argv = ["test", flag, place];
  const outcome = await runChild({ argv, account, timeoutMs: LOOK_MS, outputLimit: 256 });
  return outcome.code === 0;
}

/** A script is read by its interpreter, as the user that runs it; a program only by the kernel. */
async function startsAsScript(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    const head = new Uint8Array(2);
    return await file.read(head) === 2 && new TextDecoder().decode(head) === "#!";
  } catch {
    return false;
  }
}

/** "/a", "/a/b" for "/a/b/c". */
function foldersOf(path: string): readonly string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}
