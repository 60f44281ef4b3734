/** Child programs: an own process group, a deadline, few rights and bounded output. */
import { sleep, withTimeout } from "./async.ts";
import { readBeginning } from "./files.ts";

/** Who a child runs as. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** What {@link runChild} is told. */
export interface ChildOptions {
  /** Program (absolute, or found on {@link CHILD_PATH}) and arguments; no shell. */
  readonly argv: readonly string[];
  /** Added to PATH and LANG; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input, which is then closed; undefined: it is empty. */
  readonly input?: string;
  /** Undefined: the daemon's own user. */
  readonly account?: Account;
  /**
   * It is this program itself: it keeps its rights, and real-time scheduling only where that cannot
   * be given up.
   */
  readonly own?: boolean;
  /** May it use the daemon's ambient capabilities? Default: false. Root keeps all in any case. */
  readonly privileged?: boolean;
  /** 1 or more. At the timeout it and all its children are killed (SIGKILL). */
  readonly timeoutMs: number;
  /**
   * Kept of standard output and of standard error, in bytes each; the rest is read and thrown away.
   */
  readonly outputLimit: number;
  /**
   * May what it started in the background go on after its end? Default: false. At the timeout
   * nothing does.
   */
  readonly leavesBackground?: boolean;
  /** Kills it before its time. */
  readonly stop?: AbortSignal;
}

/** What became of a child. */
export interface ChildOutcome {
  /** The exit code; undefined where a signal ended it. */
  readonly code: number | undefined;
  /** "SIGKILL" and the like; undefined where it exited. */
  readonly signal: string | undefined;
  /** Killed at the timeout. */
  readonly timedOut: boolean;
  /** Killed because `stop` was aborted. */
  readonly stopped: boolean;
  /** The first `outputLimit` bytes as text. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Where programs are looked for: the PATH of every child. */
export const CHILD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Marks a child and whatever comes of it, so that those who left its process group are found too.
 */
const MARK = "FLOATIP_CHILD";

/**
 * A service that is being started has left its starter, and is about to leave the group
 * (daemon(3)): it gets this time.
 */
const SETTLE_MS = 50;

/**
 * How long its streams may stay open after a child's end: what it left behind may hold them.
 */
const DRAIN_MS = 100;

/**
 * Pause after each 64 KiB that nobody wants: no more than 64 MB/s are read, so that a flood does
 * not take the thread.
 */
const THROTTLE_MS = 1;

/** The same of what goes on in the background: no more than 640 kB/s. */
const BACKGROUND_THROTTLE_MS = 100;

/**
 * Of so many programs the output is read on after their end, for what they left in the background.
 */
const MOST_BACKGROUNDS = 32;

/**
 * The output of what goes on in the background, oldest first: a pipe that nobody reads would end it
 * at its next word.
 */
const backgrounds = new Set<DisposableStack>();

/** One that was to be stopped before it began. */
const NOT_STARTED: ChildOutcome = {
  code: undefined,
  signal: undefined,
  timedOut: false,
  stopped: true,
  stdout: "",
  stderr: "",
};

/** Children that are being killed, with all that came of them. */
const dying = new Set<Promise<void>>();

/** How long a process that ends waits for that, in milliseconds: /proc is read for each child. */
const DYING_MS = 5000;

/**
 * Resolves when nothing is left of the children that were told to stop, or ran out of time; 5 s
 * later at most. Before the end of the process: what is alive then lives on.
 */
export async function killed(): Promise<void> {
  await withTimeout(Promise.all(dying), DYING_MS);
}

/**
 * Runs a program to its end, in a session and process group of its own, outside real-time
 * scheduling. What is left in its process group is killed when it ends, unless it
 * `leavesBackground`; one who made a session of his own is killed at the timeout only, since a
 * check may have started a service on purpose. Rejects (Deno.errors.NotFound, PermissionDenied)
 * where it cannot be started.
 */
export async function runChild(options: ChildOptions): Promise<ChildOutcome> {
  if (options.stop?.aborted) return NOT_STARTED;
  const mark = `${Deno.pid}.${crypto.randomUUID()}`;
  const child = spawn(options, mark);
  const end: Ending = { timedOut: false, stopped: false };
  const gone = Promise.withResolvers<void>();
  const kill = (why: keyof Ending) => (): void => {
    if (end.timedOut || end.stopped) return;
    end[why] = true;
    dying.add(gone.promise);
    killGroup(child.pid);
  };
  const timer = setTimeout(kill("timedOut"), options.timeoutMs);
  const stop = kill("stopped");
  options.stop?.addEventListener("abort", stop, { once: true });
  using readers = new DisposableStack();
  const stdout = readers.use(new BoundedReader(child.stdout, options.outputLimit));
  const stderr = readers.use(new BoundedReader(child.stderr, options.outputLimit));
  const read = Promise.all([stdout.done, stderr.done]);
  feed(child, options.input);
  try {
    const status = await child.status;
    if (end.timedOut || end.stopped) await killMarked(mark);
    else if (options.leavesBackground !== true) await clearGroup(child.pid);
    const isRead = await withTimeout(read.then(() => true), DRAIN_MS) ?? false;
    if (!isRead && options.leavesBackground === true) {
      for (const reader of [stdout, stderr]) reader.throttleMs = BACKGROUND_THROTTLE_MS;
      readOn(readers.move(), read);
    }
    const signal = status.signal ?? undefined;
    const code = signal === undefined ? status.code : undefined;
    return { code, signal, ...end, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    clearTimeout(timer);
    options.stop?.removeEventListener("abort", stop);
    dying.delete(gone.promise);
    gone.resolve();
  }
}

/**
 * The account called `name`: from /etc/passwd, else from where else this machine knows it
 * (getent(1): LDAP and the like). Undefined: there is none.
 */
export async function findAccount(name: string): Promise<Account | undefined> {
  const local = accountIn(await Deno.readTextFile("/etc/passwd").catch(() => ""), name);
  if (local !== undefined) return local;
  const argv = ["getent", "passwd", "--", name];
  const asked = await runChild({ argv, timeoutMs: 5000, outputLimit: 4096 }).catch(() => undefined);
  return asked?.code === 0 ? accountIn(asked.stdout, name) : undefined;
}

/** The account called `name` in text of the form of passwd(5). */
export function accountIn(passwd: string, name: string): Account | undefined {
  for (const line of passwd.split("\n")) {
    const [login, , uid, gid] = line.split(":");
    if (login !== name || !/^\d+$/.test(uid ?? "") || !/^\d+$/.test(gid ?? "")) continue;
    return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** Reads on until `read`, or until too many others are read on. */
function readOn(readers: DisposableStack, read: Promise<unknown>): void {
  backgrounds.add(readers);
  read.then(() => {
    backgrounds.delete(readers);
    readers.dispose();
  });
  const [oldest] = backgrounds;
  if (oldest === undefined || backgrounds.size <= MOST_BACKGROUNDS) return;
  backgrounds.delete(oldest);
  oldest.dispose();
}

interface Ending {
  timedOut: boolean;
  stopped: boolean;
}

function spawn(options: ChildOptions, mark: string): Deno.ChildProcess {
  const [program = "", ...args] = [...launcher(options), ...options.argv];
  return new Deno.Command(program, {
    args,
    cwd: "/",
    clearEnv: true,
    env: { PATH: CHILD_PATH, LANG: "C.UTF-8", ...options.env, [MARK]: mark },
    // setsid(2): a session and a process group of its own, numbered like the child.
    detached: true,
    stdin: options.input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** The service's sandbox may refuse another scheduling class; without chrt(1) there is none. */
const OWN_LAUNCHER = 'chrt --other --pid 0 $$ >/dev/null 2>&1; exec "$@"';

/**
 * What stands before the program: parts of coreutils and util-linux, which end by becoming the
 * program (exec).
 */
function launcher({ account, own = false, privileged = false }: ChildOptions): readonly string[] {
  if (own) return ["env", "--default-signal=USR1", "sh", "-c", OWN_LAUNCHER, "sh"];
  // Children inherit the daemon's real-time class (sched(7)), and the signal that
  // packaging/launcher.sh blocks.
  const ordinary = ["env", "--default-signal=USR1", "chrt", "--other", "0"];
  const rights = privileged ? [] : ["--ambient-caps=-all", "--inh-caps=-all"];
  const identity = account === undefined || account.uid === Deno.uid()
    ? []
    : [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--init-groups"];
  const flags = [...identity, ...rights];
  return flags.length === 0 ? ordinary : [...ordinary, "setpriv", ...flags, "--"];
}

function killGroup(pid: number): void {
  signalGroup(pid, "SIGKILL");
}

/**
 * False: none is in it (ESRCH), or what is there belongs to another user (EPERM) and is not ours to
 * end.
 */
function signalGroup(pid: number, signal: Deno.Signal): boolean {
  try {
    Deno.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Kills what an ended child left in its group. The number is not given to another group while
 * somebody is in this one; where nobody is, SIGCONT, which does nothing to those that run, says so
 * at once.
 */
async function clearGroup(pid: number): Promise<void> {
  if (!signalGroup(pid, "SIGCONT")) return;
  await sleep(SETTLE_MS);
  killGroup(pid);
}

/**
 * Kills those who carry `mark` in their environment (proc(5): /proc/PID/environ), until there is
 * nobody left.
 */
async function killMarked(mark: string): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const found = await markedBy(mark);
    for (const pid of found) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself between our look and our signal.
      }
    }
    if (found.length === 0) return;
  }
}

/**
 * Most that is read of a process's environment, in bytes: whose it is may have made it as long as
 * it likes.
 */
const MOST_ENVIRONMENT = 128 * 1024;

async function environmentOf(pid: string): Promise<string> {
  try {
    return new TextDecoder().decode(await readBeginning(`/proc/${pid}/environ`, MOST_ENVIRONMENT));
  } catch {
    return "";
  }
}

async function markedBy(mark: string): Promise<readonly number[]> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // One that ended, or is another user's, reads as nothing; so does a zombie.
    const environment = await environmentOf(name);
    if (`\0${environment}\0`.includes(`\0${MARK}=${mark}\0`)) found.push(Number(name));
  }
  return found;
}

/** Gives the child its input. One that does not read it, or ends early, is no failure of ours. */
function feed(child: Deno.ChildProcess, input: string | undefined): void {
  if (input === undefined) return;
  const writer = child.stdin.getWriter();
  writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
}

/** Reads a stream to its end and keeps the beginning. Disposing of it closes the stream. */
class BoundedReader implements Disposable {
  /** Resolves at the end of the stream; never rejects. */
  readonly done: Promise<void>;
  /** Pause after each piece that nobody wants. */
  throttleMs = THROTTLE_MS;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #kept: Uint8Array;
  #length = 0;

  constructor(stream: ReadableStream<Uint8Array>, limit: number) {
    this.#reader = stream.getReader();
    this.#kept = new Uint8Array(limit);
    this.done = this.#read().catch(() => {});
  }

  text(): string {
    return new TextDecoder().decode(this.#kept.subarray(0, this.#length));
  }

  [Symbol.dispose](): void {
    this.#reader.cancel().catch(() => {});
  }

  async #read(): Promise<void> {
    for (;;) {
      const { value } = await this.#reader.read();
      if (value === undefined) return;
      const wanted = value.subarray(0, this.#kept.length - this.#length);
      this.#kept.set(wanted, this.#length);
      this.#length += wanted.length;
      if (wanted.length < value.length) await sleep(this.throttleMs);
    }
  }
}
