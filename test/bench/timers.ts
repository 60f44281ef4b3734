/** Lateness of the loop on a busy machine, with and without real-time scheduling. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { demand, withPlainKill } from "../support/lab/command.ts";

/** How the measured process is scheduled. */
export type Policy = "ordinary" | "real-time";

/** What else the machine does. */
export type Company = "idle" | "loops" | "busy";

/** One stretch of measuring. */
export interface Stretch {
  readonly policy: Policy;
  readonly company: Company;
  readonly intervalMs: number;
  readonly count: number;
}

/** Of stress-ng. Busy: two for each processor of a small machine, and one that touches memory. */
const HOGS = { loops: ["--cpu", "2"], busy: ["--cpu", "4", "--vm", "1"] } as const;

const CHILD = fileURLToPath(new URL("timer_child.ts", import.meta.url));

/** How late each wake-up was, in milliseconds, ascending. */
export async function measureTimers(stretch: Stretch): Promise<readonly number[]> {
  await using _company = await companyOf(stretch.company);
  const { policy, intervalMs, count } = stretch;
  const script = [Deno.execPath(), "run", "-A", "--no-check", CHILD];
  const args = [policy, String(intervalMs), String(count)];
  // A network namespace of its own: nothing that happens on the machine's own links wakes it.
  const argv = ["unshare", "-n", "chrt", "--other", "0", ...script, ...args];
  const text = await demand(argv, { timeoutMs: 2 * intervalMs * count + 30_000 });
  return (JSON.parse(text) as readonly number[]).toSorted((a, b) => a - b);
}

/** The value that `share` (0-1) of the ascending `values` do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  return values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN;
}

/** What `company` is, until it is disposed of. */
export async function companyOf(company: Company): Promise<AsyncDisposable> {
  if (company === "idle") return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const args = [...HOGS[company], "--quiet"];
  const child = withPlainKill(spawn("stress-ng", args, { stdio: "ignore" }));
  const ended = new Promise((resolve) => child.on("close", resolve));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
