/** Runs a program and reads its output: an awaited child, never through a shell. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";

/**
 * What a finished program left behind. `code` is 128 + the signal's number where a signal ended it.
 */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How {@link run} starts a program. */
export interface RunOptions {
  /** Written to its standard input, which is then closed; default: empty. */
  readonly input?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Killed by SIGKILL after so many milliseconds; default: 60,000. */
  readonly timeoutMs?: number;
}

/** Runs a program to its end. Rejects only where it cannot be started. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  return outcomeOf(child, options);
}

/**
 * Runs a program to its end and rejects with its own words unless it succeeded; returns its
 * standard output.
 */
export async function demand(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const outcome = await run(argv, options);
  if (outcome.code === 0) return outcome.stdout;
  throw new Error(`${argv.join(" ")}: exit ${outcome.code}: ${outcome.stderr.trim()}`);
}

/** The same without an event loop, for cleaning up while the process ends. Never throws. */
export function runNow(argv: readonly string[], input = ""): Outcome {
  const [program = "", ...args] = argv;
  const result = spawnSync(program, args, { input, encoding: "utf8", timeout: 20_000 });
  return { code: result.status ?? 127, stdout: result.stdout ?? "", stderr: result.stderr ?? "" };
}

/** Signals a process we started by its pid; false: it is gone already. */
export function kill(pid: number, signal: NodeJS.Signals | number): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // ESRCH: it ended by itself between our look and our signal.
  }
}

/**
 * Makes `child.kill` say no more than kill(2). Deno's own makes "exit" report the signal even where
 * the program caught it and ended with a code of its choice.
 */
export function withPlainKill(child: ChildProcess): ChildProcess {
  child.kill = (signal = "SIGTERM") =>
    child.pid !== undefined && child.exitCode === null && child.signalCode === null &&
    kill(child.pid, signal);
  return child;
}

function outcomeOf(child: ChildProcess, options: RunOptions): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 60_000);
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => stdout += text);
  child.stderr?.setEncoding("utf8").on("data", (text: string) => stderr += text);
  // A child that does not read its input and ends early is no failure of ours.
  child.stdin?.on("error", () => {});
  child.stdin?.end(options.input ?? "");
  child.on("error", (cause) => {
    clearTimeout(timer);
    reject(cause);
  });
  child.on("close", (code, signal) => {
    clearTimeout(timer);
    resolve({ code: code ?? 128 + signalNumber(signal), stdout, stderr });
  });
  return promise;
}

function signalNumber(signal: string | null): number {
  return constants.signals[signal as keyof typeof constants.signals] ?? 0;
}
