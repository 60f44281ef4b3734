/** What does one node cost that is master of many instances? CPU time and memory of a quiet stretch. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Capture } from "../interop/capture.ts";
import { Floatip } from "../interop/floatip.ts";
import { Keepalived } from "../interop/keepalived.ts";
import { Lan } from "../lab/lan.ts";
import type { Program } from "./takeover.ts";

/** What was measured of one node. */
export interface Load {
  /** Seconds of CPU per minute, user and system, children included. */
  readonly cpuSecondsPerMinute: number;
  /** Resident memory of the program's processes together. */
  readonly residentMegabytes: number;
  /** Proportional share: pages that other processes map too count in part. */
  readonly proportionalMegabytes: number;
  /** Adverts seen on the LAN per instance and second: 1 is right. */
  readonly advertsPerInstanceAndSecond: number;
  /** The longest pause between two adverts of one VRID, in milliseconds. */
  readonly longestGapMs: number;
}

const CLOCK_TICKS_PER_SECOND = 100;

/** Runs `count` instances at 1 s adverts as master on one node and watches it for `stretchMs`. */
export async function measureLoad(
  program: Program,
  count: number,
  stretchMs: number,
): Promise<Load> {
  await using lan = await Lan.open({ hosts: ["a"], prefix: "10.64.0.0/12" });
  await using capture = await Capture.open(lan);
  const host = lan.host("a");
  const instances = Array.from({ length: count }, (_, i) => ({
    name: `i${i + 1}`,
    vrid: i + 1,
    priority: 200,
    version: 3 as const,
    intervalMs: 1000,
    addresses: [`10.70.0.${i + 1}/12`],
  }));
  await using daemon = program === "floatip"
    ? await Floatip.run(host, ...instances)
    : await Keepalived.start(host, ...instances);
  const heard = () => new Set(capture.adverts.map(({ advert }) => advert.vrid)).size;
  const limit = performance.now() + 60_000;
  while (heard() < count) {
    if (performance.now() > limit) throw new Error(`${program}: ${heard()} of ${count} are master`);
    await pause(100);
  }
  // The second burst of announcements, 5 s after the first, is part of the start.
  await pause(7000);
  const pids = familyOf(daemon.child.pid ?? 0);
  const since = Date.now();
  const before = cpuTicks(pids);
  await pause(stretchMs);
  const ticks = cpuTicks(pids) - before;
  const seen = capture.adverts.filter(({ at }) => at >= since && at < since + stretchMs);
  return {
    cpuSecondsPerMinute: ticks / CLOCK_TICKS_PER_SECOND * (60_000 / stretchMs),
    residentMegabytes: memory(pids, "Rss"),
    proportionalMegabytes: memory(pids, "Pss"),
    advertsPerInstanceAndSecond: seen.length / count / (stretchMs / 1000),
    longestGapMs: longestGap(seen.map(({ at, advert }) => ({ at, vrid: advert.vrid }))),
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

function longestGap(adverts: readonly { readonly at: number; readonly vrid: number }[]): number {
  const last = new Map<number, number>();
  let longest = 0;
  for (const { at, vrid } of adverts) {
    longest = Math.max(longest, at - (last.get(vrid) ?? at));
    last.set(vrid, at);
  }
  return longest;
}
