/** What does one node cost that is master of many instances? CPU time and memory of a quiet stretch. */
import { setTimeout as pause } from "node:timers/promises";
import { Capture } from "../interop/capture.ts";
import { Floatip } from "../interop/floatip.ts";
import { Keepalived } from "../interop/keepalived.ts";
import { Lan } from "../lab/lan.ts";
import type { Program } from "./takeover.ts";
import { measureUse, type Use } from "./use.ts";

/** What was measured of one node. */
export interface Load extends Use {
  /** Adverts seen on the LAN per instance and second: 1 is right. */
  readonly advertsPerInstanceAndSecond: number;
  /** The longest pause between two adverts of one VRID, in milliseconds. */
  readonly longestGapMs: number;
}

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
  const since = Date.now();
  const use = await measureUse(daemon.child.pid ?? 0, stretchMs);
  const seen = capture.adverts.filter(({ at }) => at >= since && at < since + stretchMs);
  return {
    ...use,
    advertsPerInstanceAndSecond: seen.length / count / (stretchMs / 1000),
    longestGapMs: longestGap(seen.map(({ at, advert }) => ({ at, vrid: advert.vrid }))),
  };
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
