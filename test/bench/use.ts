/** What do processes use? Time of the processor, and memory, as /proc says. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** What a program and its children used for a stretch. */
export interface Use {
  /** Seconds of CPU per minute, user and system, children included. */
  readonly cpuSecondsPerMinute: number;
  /** Resident memory of the program's processes together. */
  readonly residentMegabytes: number;
  /** Proportional share: pages that other processes map too count in part. */
  readonly proportionalMegabytes: number;
}

const CLOCK_TICKS_PER_SECOND = 100;

/** Watches `pid` and its descendants for `stretchMs`. */
export async function measureUse(pid: number, stretchMs: number): Promise<Use> {
  const pids = familyOf(pid);
  const before = cpuTicks(pids);
  await pause(stretchMs);
  const ticks = cpuTicks(pids) - before;
  return {
    cpuSecondsPerMinute: ticks / CLOCK_TICKS_PER_SECOND * (60_000 / stretchMs),
    residentMegabytes: memory(pids, "Rss"),
    proportionalMegabytes: memory(pids, "Pss"),
  };
}

/** The process and all its descendants. */
function familyOf(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter((text) =>
      text.trim() !== ""
    ).map(Number)
  );
  return [pid, ...children.flatMap(familyOf)];
}

/** utime + stime of proc_pid_stat(5), fields 14 and 15. */
function cpuTicks(pids: readonly number[]): number {
  return pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  }).reduce((sum, ticks) => sum + ticks, 0);
}

function memory(pids: readonly number[], what: "Rss" | "Pss"): number {
  const kilobytes = pids.map((pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return Number(new RegExp(`^${what}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
  });
  return kilobytes.reduce((sum, size) => sum + size, 0) / 1024;
}
