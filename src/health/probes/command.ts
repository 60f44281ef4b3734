/** The command probe, and the rules for running programs of the user. */
import type { Probe } from "../../config/tables/check.ts";
import {
  type Account,
  CHILD_PATH,
  type ChildOutcome,
  findAccount,
  runChild,
} from "../../process.ts";
import { firstLine, type ProbeOutcome } from "./outcome.ts";
import { shellWord } from "../../printable.ts";

/** Most output that is kept, in bytes: one line is shown. */
const OUTPUT_LIMIT = 1024;

/** Longer than any timeout, in milliseconds: the deadline kills first. */
const LONGEST_MS = 86_400_000;

/**
 * Runs the command as the script user, with the name of the check in FLOATIP_CHECK. At `deadline`
 * it is killed with all its children. Rejects where it cannot be started.
 */
export async function probeCommand(
  settings: Extract<Probe, { kind: "command" }>,
  check: string,
  deadline: AbortSignal,
): Promise<ProbeOutcome> {
  const [name = "", ...args] = settings.argv;
  const program = await findProgram(name);
  if ("refusal" in program) return { ok: false, text: program.refusal };
  const runner = await findCommandUser(settings.user);
  if ("refusal" in runner) return { ok: false, text: runner.refusal };
  const uid = runner.account?.uid ?? Deno.uid() ?? 0;
  const gid = runner.account?.gid ?? Deno.gid() ?? undefined;
  const refusal = await reasonNotToRun(program.path, uid, gid);
  if (refusal !== undefined) return { ok: false, text: refusal };
  const outcome = await runChild({
    argv: [program.path, ...args],
    env: { FLOATIP_CHECK: check },
    ...(runner.account === undefined ? {} : { account: runner.account }),
    timeoutMs: LONGEST_MS,
    outputLimit: OUTPUT_LIMIT,
    stop: deadline,
  });
  return outcomeOf(outcome);
}

/**
 * The outcome of an exit: 0 is ok. The text has the first line of standard error, else of standard
 * output.
 */
export function outcomeOf(outcome: ChildOutcome): ProbeOutcome {
  if (outcome.code === 0) return { ok: true, text: "exit 0" };
  const end = outcome.signal === undefined ? `exit ${outcome.code}` : `killed by ${outcome.signal}`;
  const said = firstLine(outcome.stderr) || firstLine(outcome.stdout);
  return { ok: false, text: said === "" ? end : `${end}: ${said}` };
}

/** The default user of commands, where the account exists. */
export const SCRIPT_USER = "floatip";

/** The user of a command: an account, the daemon (undefined), or why there is none. */
export type CommandUser =
  | { readonly account: Account | undefined }
  | { readonly refusal: string };

/**
 * The user of a command. `user` undefined: {@link SCRIPT_USER} if it exists and this is root, else
 * the daemon.
 */
export async function findCommandUser(user: string | undefined): Promise<CommandUser> {
  if (user === undefined) {
    return { account: Deno.uid() === 0 ? await findAccount(SCRIPT_USER) : undefined };
  }
  const account = await findAccount(user);
  if (account === undefined) return { refusal: `no user ${user} on this machine` };
  if (account.uid !== Deno.uid() && Deno.uid() !== 0) {
    return { refusal: `only root can run it as ${user}` };
  }
  return { account };
}

/** The file of a program, or why there is none. */
export async function findProgram(
  name: string,
): Promise<{ readonly path: string } | { readonly refusal: string }> {
  if (name.startsWith("/")) return { path: name };
  if (name.includes("/")) return { refusal: `${name}: not an absolute path` };
  for (const folder of CHILD_PATH.split(":")) {
    const path = `${folder}/${name}`;
    const info = await Deno.stat(path).catch(() => undefined);
    if (info?.isFile && ((info.mode ?? 0) & 0o111) !== 0) return { path };
  }
  return { refusal: `${name}: no such program in ${CHILD_PATH}` };
}

/** Most links that are followed, as in the kernel (path_resolution(7)). */
const MOST_LINKS = 40;

/** Longest first line of a script, as in the kernel (execve(2)), in bytes. */
const LONGEST_HEAD = 256;

/** Most nested interpreters, as in the kernel. */
const MOST_INTERPRETERS = 5;

/**
 * Why the file at `path` must not be run as the user `uid`, and the fix; undefined: it may. Checked
 * in the order of the kernel: each folder, each symbolic link and the folders on its way, the file,
 * and the same for the interpreter in its first line. Each must belong to root or that user, and be
 * writable by no one else, except by the group `gid` of that user (not 0). In a folder with the
 * sticky bit (/tmp) other users cannot replace a file. See decision 0068.
 */
export async function reasonNotToRun(
  path: string,
  uid: number,
  gid?: number,
): Promise<string | undefined> {
  let file = path;
  for (let depth = 0; depth < MOST_INTERPRETERS; depth++) {
    const reached = await walk(file, { uid, gid });
    if (typeof reached === "string") return depth === 0 ? reached : `${path}: ${reached}`;
    const interpreter = await interpreterOf(reached.real);
    if (interpreter === undefined) return undefined;
    file = interpreter;
  }
  return `${path}: too many interpreters, each a script itself`;
}

/**
 * Why a user other than root and `uid` could change the file at `path`, program or not; undefined:
 * none could.
 */
export async function changeableBy(path: string, uid: number): Promise<string | undefined> {
  const reached = await walk(path, { uid }, false);
  return typeof reached === "string" ? reached : undefined;
}

/** Follows `path` step by step: its name without links, or why it must not be run. */
async function walk(
  path: string,
  user: Trusted,
  isRun = true,
): Promise<{ readonly real: string } | string> {
  const ahead = partsOf(path);
  const behind: string[] = [];
  let links = 0;
  for (let part: string | undefined = ""; part !== undefined; part = ahead.shift()) {
    if (part === "..") behind.pop();
    else if (part !== "") behind.push(part);
    const place = `/${behind.join("/")}`;
    const info = await Deno.lstat(place).catch((error: unknown) => error);
    if (!isInfo(info)) return `${path}: ${absenceOf(info)}`;
    const isOther = !info.isFile && !info.isDirectory && !info.isSymlink;
    if (isOther) return `${path}: not a regular file`;
    const refusal = refusalOfPlace(place, info, user);
    if (refusal !== undefined) return refusal;
    if (info.isSymlink) {
      if (++links > MOST_LINKS) return `${path}: too many symbolic links`;
      const target = await Deno.readLink(place);
      behind.splice(target.startsWith("/") ? 0 : behind.length - 1);
      ahead.unshift(...partsOf(target));
    } else if (ahead.length === 0) {
      if (!info.isFile) return `${path}: not a regular file`;
      const isProgram = !isRun || ((info.mode ?? 0) & 0o111) !== 0;
      return isProgram ? { real: place } : `${path}: not executable: chmod +x ${shellWord(place)}`;
    } else if (!info.isDirectory) return `${path}: no such file`;
  }
  return `${path}: not a regular file`;
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function isInfo(value: unknown): value is Deno.FileInfo {
  return typeof value === "object" && value !== null && "isSymlink" in value;
}

function absenceOf(error: unknown): string {
  const absent = error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory;
  return absent ? "no such file" : "unreadable";
}

/**
 * The interpreter in the first line of a script (`#!`); undefined: none, or this process cannot
 * read it.
 */
async function interpreterOf(real: string): Promise<string | undefined> {
  const head = new Uint8Array(LONGEST_HEAD);
  let count: number | null;
  try {
    using file = await Deno.open(real);
    count = await file.read(head);
  } catch {
    return undefined;
  }
  const text = new TextDecoder().decode(head.subarray(0, count ?? 0));
  const name = /^#![ \t]*([^ \t\n\0]+)/.exec(text)?.[1];
  // Children start in the root folder.
  return name === undefined || name.startsWith("/") ? name : `/${name}`;
}

/** The user and group that may change the file, besides root. */
interface Trusted {
  readonly uid: number;
  readonly gid?: number | undefined;
}

function refusalOfPlace(
  place: string,
  info: Deno.FileInfo,
  { uid, gid }: Trusted,
): string | undefined {
  const owner = info.uid ?? 0;
  if (owner !== 0 && owner !== uid) {
    const trusted = uid === 0 ? "root" : "root and the user that it would run as";
    const fix = info.isFile
      ? `chown root ${shellWord(place)}`
      : "keep it where only root can write";
    return `${place} belongs to another user than ${trusted}: ${fix}`;
  }
  if (info.isSymlink) return undefined;
  const mode = info.mode ?? 0;
  const sticky = info.isDirectory && (mode & 0o1000) !== 0;
  if ((mode & 0o002) !== 0 && !sticky) {
    return `${place} is writable by everybody: chmod o-w ${shellWord(place)}`;
  }
  const isOwnGroup = (info.gid ?? 0) === 0 || (uid !== 0 && info.gid === gid);
  if ((mode & 0o020) !== 0 && !isOwnGroup && !sticky) {
    return `${place} is writable by its group: chmod g-w ${shellWord(place)}`;
  }
  return undefined;
}
