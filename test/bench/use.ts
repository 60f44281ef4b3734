/** Processor time, wake-ups and memory of a program and its children, as /proc has them. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Clock } from "../../src/linux/clock.ts";
import { Libc } from "../../src/linux/libc.ts";

/** What a program and its children used for a stretch. */
export interface Use {
  /** Seconds of processor per minute, user and system, of all threads. */
  readonly cpuSecondsPerMinute: number;
  /** Times per second that a thread slept and was woken. */
  readonly wakeUpsPerSecond: number;
  readonly threads: number;
  /** Written by the program itself, in no other process: what its end would give back. */
  readonly privateMegabytes: number;
  /** Proportional share: pages that other processes map too count in part. */
  readonly proportionalMegabytes: number;
  readonly residentMegabytes: number;
}

/** Watches `pid` and its descendants for `stretchMs`. */
export async function measureUse(pid: number, stretchMs: number): Promise<Use> {
  const pids = familyOf(pid);
  const before = countersOf(pids);
  const start = performance.now();
  await pause(stretchMs);
  const after = countersOf(pids);
  const seconds = (performance.now() - start) / 1000;
  // What threads did that have ended since is not known any more.
  const sleeps = [...after.sleeps].map(([thread, count]) =>
    count - (before.sleeps.get(thread) ?? 0)
  );
  return {
    cpuSecondsPerMinute: (after.cpuSeconds - before.cpuSeconds) * 60 / seconds,
    wakeUpsPerSecond: sum(sleeps) / seconds,
    threads: after.sleeps.size,
    privateMegabytes: memory(pids, "Private_Dirty"),
    proportionalMegabytes: memory(pids, "Pss"),
    residentMegabytes: memory(pids, "Rss"),
  };
}

/** Seconds of processor that `pid` and its descendants have used until now. */
export function cpuSecondsOf(pid: number): number {
  return countersOf(familyOf(pid)).cpuSeconds;
}

/** The process and all its descendants. */
export function familyOf(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter((text) =>
      text.trim() !== ""
    ).map(Number)
  );
  return [pid, ...children.flatMap(familyOf)];
}

interface Counters {
  readonly cpuSeconds: number;
  /** Of each thread, by its folder in /proc. */
  readonly sleeps: ReadonlyMap<string, number>;
}

function countersOf(pids: readonly number[]): Counters {
  const threads = pids.flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}`)
  );
  const sleeps = new Map(threads.map((thread) => {
    const status = readFileSync(`${thread}/status`, "utf8");
    return [thread, Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? 0)];
  }));
  return { cpuSeconds: sum(pids.map(cpuSeconds)), sleeps };
}

/**
 * The clock of the process (clock_getcpuclockid(3)): nanoseconds of all threads, those that have
 * ended included.
 */
function cpuSeconds(pid: number): number {
  using libc = new Libc();
  const { sec, nsec } = new Clock(libc, (~pid << 3) | 2).read();
  return sec + nsec / 1e9;
}

function memory(pids: readonly number[], what: "Rss" | "Pss" | "Private_Dirty"): number {
  const kilobytes = pids.map((pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return Number(new RegExp(`^${what}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
  });
  return sum(kilobytes) / 1024;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
