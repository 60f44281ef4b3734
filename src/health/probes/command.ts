/** Does a program of the user's exit with 0? */
import type { Probe } from "../../config/tables/check.ts";
import {
  type Account,
  CHILD_PATH,
  type ChildOutcome,
  findAccount,
  runChild,
} from "../../process.ts";
import { firstLine, type ProbeOutcome } from "./outcome.ts";

/** Kept of what it says, in bytes: one line is shown. */
const OUTPUT_LIMIT = 1024;

/**
 * The runner's clock is only the second line of defence: the deadline comes first and kills. Its longest is a day, which
 * no timeout reaches.
 */
const LONGEST_MS = 86_400_000;

/**
 * Runs the command as the script user, with the check's name in FLOATIP_CHECK; killed with all its children when `deadline`
 * is aborted. Rejects where it cannot be started.
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

/** What an exit says: 0 is ok. Its own words are the first line of standard error, or else of standard output. */
export function outcomeOf(outcome: ChildOutcome): ProbeOutcome {
  if (outcome.code === 0) return { ok: true, text: "exit 0" };
  const end = outcome.signal === undefined ? `exit ${outcome.code}` : `killed by ${outcome.signal}`;
  const said = firstLine(outcome.stderr) || firstLine(outcome.stdout);
  return { ok: false, text: said === "" ? end : `${end}: ${said}` };
}

/** Runs commands where no user is named and such an account exists. */
export const SCRIPT_USER = "floatip";

/** Who a command runs as: an account, the daemon itself (undefined), or nobody because of a reason in words. */
export type CommandUser =
  | { readonly account: Account | undefined }
  | { readonly refusal: string };

/**
 * Who runs the commands of `user`; undefined: {@link SCRIPT_USER} where that account exists and the daemon is root, else
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

/** The program's file, or why there is none, in words. */
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

/** Links are followed so often, as in the kernel (path_resolution(7)). */
const MOST_LINKS = 40;

/** A script's first line counts so far, as in the kernel (execve(2)), in bytes. */
const LONGEST_HEAD = 256;

/** An interpreter may be a script itself; the kernel goes five deep. */
const MOST_INTERPRETERS = 5;

/**
 * Why the file at `path` must not be run as the user `uid`, with what mends it; undefined: it may. Everything that leads to
 * it is looked at, in the kernel's order: each folder, each symbolic link, each folder on the link's way, the file, and the
 * same for the interpreter that its first line names. Each must belong to root or to that user, and may be written by nobody
 * else but that user's own group `gid` (not root's: 0 is none); in a folder with the sticky bit (/tmp) nobody can replace what belongs to another. Then it is safe to run it by its
 * name (decision 0068).
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
 * Why somebody else than root and the user `uid` could change the file at `path`, which need not be a program; undefined:
 * nobody could.
 */
export async function changeableBy(path: string, uid: number): Promise<string | undefined> {
  const reached = await walk(path, { uid }, false);
  return typeof reached === "string" ? reached : undefined;
}

/** Goes to the file at `path` step by step. Answers its name without links, or why it must not be run. */
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
      return isProgram ? { real: place } : `${path}: not executable: chmod +x ${quote(place)}`;
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

/** The interpreter in the first line of a script (`#!`); undefined: it has none, or may not be read by this process. */
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

/** Who may change the file besides root: the user that it runs as, and (not of root) its own group. */
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
    const trusted = uid === 0 ? "root" : "root and the one that it would run as";
    const mend = info.isFile ? `chown root ${quote(place)}` : "keep it where only root can write";
    return `${place} belongs to another user than ${trusted}: ${mend}`;
  }
  if (info.isSymlink) return undefined;
  const mode = info.mode ?? 0;
  const sticky = info.isDirectory && (mode & 0o1000) !== 0;
  if ((mode & 0o002) !== 0 && !sticky) {
    return `${place} is writable by everybody: chmod o-w ${quote(place)}`;
  }
  const isOwnGroup = (info.gid ?? 0) === 0 || (uid !== 0 && info.gid === gid);
  if ((mode & 0o020) !== 0 && !isOwnGroup && !sticky) {
    return `${place} is writable by its group: chmod g-w ${quote(place)}`;
  }
  return undefined;
}

/** For a shell, so that the command can be copied. */
function quote(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
