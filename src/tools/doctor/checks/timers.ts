/** Is this process woken in time? A timer of ten milliseconds, for a second, beside whatever else runs here. */
import { formatDuration, type Nanoseconds } from "../../../time.ts";
import type { DoctorCheck } from "../check.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";
import type { DoctorTarget } from "../target.ts";
import type { DaemonSeen } from "../environment.ts";

/** timers */
export const timers: DoctorCheck = {
  name: "timers",
  needs: "nothing",
  async run(target, environment) {
    const [lateness, daemon] = await Promise.all([environment.lateness(), environment.daemon()]);
    return judgeTimers(lateness, shortestInterval(target), daemon);
  },
};

function shortestInterval({ plan }: DoctorTarget): Nanoseconds | undefined {
  const intervals = (plan?.node.plans ?? []).map(({ rules }) => rules.advertInterval);
  return intervals.length === 0 ? undefined : Math.min(...intervals) as Nanoseconds;
}

/** sched(7), as status says it. */
const REAL_TIME = ["rr", "fifo"];

/**
 * `lateness` in order of size, of an ordinary program such as this one; `interval` the shortest between two adverts. A daemon
 * that runs with real-time scheduling is woken before ordinary programs are.
 */
export function judgeTimers(
  lateness: readonly Nanoseconds[],
  interval: Nanoseconds | undefined,
  daemon: DaemonSeen,
): readonly Finding[] {
  const worst = lateness.at(-1) ?? 0 as Nanoseconds;
  const middle = lateness[Math.floor(lateness.length / 2)] ?? worst;
  const what = `timers are ${formatDuration(middle)} late, ${formatDuration(worst)} at worst`;
  // A daemon of an older version does not say.
  const scheduling = daemon.kind === "running" ? daemon.status.scheduling : undefined;
  const first = REAL_TIME.includes(scheduling?.policy ?? "");
  if (first) return [ok(`${what}; the daemon runs before others (${scheduling?.policy})`)];
  if (interval === undefined || worst < interval / 4) {
    return [ok(daemon.kind === "running" ? `${what}; the daemon runs like any program` : what)];
  }
  const why = `Adverts are due every ${formatDuration(interval)}: after three of them backups ` +
    "take the address from a master that is only slow.";
  const fix = "systemctl edit floatip   # CPUSchedulingPolicy=rr; or a longer advert_interval";
  return [worst < interval ? warning(what, why, fix) : problem(what, why, fix)];
}
