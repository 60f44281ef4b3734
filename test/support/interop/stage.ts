/** A small LAN with a capture for tests of one daemon, and cases that run a few at a time. */
import assert from "node:assert/strict";
import type { LabHost } from "../lab/lab_host.ts";
import { Lan, type LanOptions } from "../lab/lan.ts";
import { Capture, type CapturedAdvert } from "./capture.ts";
import { Floatip, type FloatipInstance } from "./floatip.ts";
import { playEach } from "./play_each.ts";
import { wallNow } from "../lab/wall_clock.ts";
import { until } from "../until.ts";

/** The floating address of {@link WEB}. */
export const ADDRESS = "10.77.0.100";
/** One IPv4 instance at 100 ms. */
export const WEB: FloatipInstance = {
  vrid: 51,
  version: 3,
  intervalMs: 100,
  priority: 100,
  addresses: [`${ADDRESS}/24`],
};

/** Where a case plays. */
export interface Stage {
  readonly lan: Lan;
  readonly capture: Capture;
  readonly a: LabHost;
}

/** One step: a LAN of its own and what is done there. */
export interface Case {
  readonly name: string;
  readonly lan?: Partial<LanOptions>;
  readonly play: (stage: Stage) => Promise<void>;
}

/** Starts floatip with `instances`; resolves when it is master of all of them. */
export async function startMaster(
  host: LabHost,
  ...instances: FloatipInstance[]
): Promise<Floatip> {
  const floatip = await Floatip.run(host, ...instances);
  for (const { name = "web" } of instances) await floatip.untilState("master", 5000, name);
  return floatip;
}

/**
 * {@link WEB}'s interval thrice: a busy machine is not as late as that, and an election takes
 * longer.
 */
export const MISSED_MS = 300;

/** The longest time between two adverts of `vrid` since `start`, in milliseconds. */
export function longestGap(
  adverts: readonly CapturedAdvert[],
  vrid: number,
  start: number,
): number {
  const times = adverts.filter(({ at, advert }) => advert.vrid === vrid && at >= start)
    .map(({ at }) => at);
  return Math.max(...times.slice(1).map((at, i) => at - (times[i] ?? NaN)));
}

/** Resolves when `host` holds `address`, or does not any more. */
export async function untilHeld(host: LabHost, address: string, held = true): Promise<void> {
  await until(
    `${address} ${held ? "on" : "off"} ${host.name}`,
    async () => await host.holds(address) === held,
    5000,
  );
}

/** It falls into fault with words that match, holds nothing then, and comes back after `mend`. */
export async function assertFaultAndReturn(
  { a, capture }: Stage,
  floatip: Floatip,
  words: RegExp,
  mend: () => Promise<unknown>,
): Promise<void> {
  await floatip.untilState("fault");
  // A deleted interface is switched off first: the kernel says both, one after the other.
  await until(
    () => `a fault like ${words}\n${floatip.log.text}`,
    async () => words.test((await floatip.instance()).faults.join("; ")),
  );
  assert.ok(!await a.holds(ADDRESS), "a node in fault holds nothing");
  const mended = wallNow();
  await mend();
  await floatip.untilState("master");
  await capture.untilMaster(a.address, 5000, mended);
  assert.ok(await a.holds(ADDRESS));
}

/**
 * Declares one test whose steps are `cases`, each on a LAN of its own with the hosts "a" and
 * "client".
 */
export function playAll(title: string, cases: readonly Case[]): void {
  const programs = ["tcpdump", "ping"];
  playEach(`daemon: ${title}`, programs, cases, async ({ lan: options, play }) => {
    await using lan = await Lan.open({ hosts: ["a", "client"], ...options });
    await using capture = await Capture.open(lan);
    await play({ lan, capture, a: lan.host("a") });
  });
}
