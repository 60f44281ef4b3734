/** Is this process woken in time? A timer of ten milliseconds, for a second, beside whatever else runs here. */
import { formatDuration, type Nanoseconds } from "../../time.ts";
import type { Examination } from "../examination.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";
import type { Subject } from "../subject.ts";
import type { Surroundings } from "../surroundings.ts";

/** timers */
export const timers: Examination = {
  name: "timers",
  needs: "nothing",
  async examine(subject, world) {
    const [lateness, scheduling] = await Promise.all([world.lateness(), schedulingOf(world)]);
    return [judgeLateness(lateness, shortestInterval(subject)), ...scheduling];
  },
};

function shortestInterval({ plan }: Subject): Nanoseconds | undefined {
  const intervals = (plan?.node.plans ?? []).map(({ rules }) => rules.advertInterval);
  return intervals.length === 0 ? undefined : Math.min(...intervals) as Nanoseconds;
}

/** `lateness` in order of size; `interval` the shortest between two adverts. */
export function judgeLateness(
  lateness: readonly Nanoseconds[],
  interval: Nanoseconds | undefined,
): Finding {
  const worst = lateness.at(-1) ?? 0 as Nanoseconds;
  const middle = lateness[Math.floor(lateness.length / 2)] ?? worst;
  const what = `timers are ${formatDuration(middle)} late, ${formatDuration(worst)} at worst`;
  if (interval === undefined || worst < interval / 4) return ok(what);
  const why = `Adverts are due every ${formatDuration(interval)}: after three of them backups ` +
    "take the address from a master that is only slow.";
  const fix = "systemctl edit floatip   # CPUSchedulingPolicy=rr; or a longer advert_interval";
  return worst < interval ? warning(what, why, fix) : problem(what, why, fix);
}

async function schedulingOf(world: Surroundings): Promise<readonly Finding[]> {
  const daemon = await world.daemon();
  if (daemon.kind !== "running" || daemon.pid === undefined) return [];
  const threads = await world.list(`/proc/${daemon.pid}/task`);
  const texts = await Promise.all(
    threads.map((thread) => world.read(`/proc/${daemon.pid}/task/${thread}/stat`)),
  );
  return [judgeScheduling(texts.flatMap((text) => text === undefined ? [] : [text]))];
}

/** sched(7): SCHED_FIFO and SCHED_RR. */
const REAL_TIME = ["1", "2"];

/** By the lines of /proc/PID/task/TID/stat (proc_pid_stat(5)): field 41 is the policy, 40 the real-time priority. */
export function judgeScheduling(stats: readonly string[]): Finding {
  // The name in parentheses may have blanks; what follows it begins with field 3.
  const fields = stats.map((stat) => stat.slice(stat.lastIndexOf(")") + 2).split(" "));
  const real = fields.filter((field) => REAL_TIME.includes(field[38] ?? ""));
  if (real.length === 0) return ok("the daemon runs with normal scheduling");
  const all = real.length === fields.length ? "" : ` on ${real.length} of ${fields.length} threads`;
  return ok(`the daemon runs with real-time scheduling, priority ${real[0]?.[37]}${all}`);
}
