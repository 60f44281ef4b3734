/** Accuracy of takeovers: the master goes silent, the first advert of its successor is timed. */
import { Lan } from "../support/lab/lan.ts";
import { Capture } from "../support/interop/capture.ts";
import { Floatip } from "../support/interop/floatip.ts";
import { Keepalived } from "../support/interop/keepalived.ts";
import { milliseconds, toMilliseconds } from "../../src/time.ts";
import { masterDown } from "../../src/vrrp/intervals.ts";

/** The programs that are set side by side. */
export const PROGRAMS = ["floatip", "keepalived"] as const;
/** One of {@link PROGRAMS}. */
export type Program = typeof PROGRAMS[number];

/** What a pair runs: VRRPv3, multicast, priorities 200 and 100. */
export interface Pair {
  readonly program: Program;
  /** The nodes tell each other their state ([cluster]); floatip alone can. */
  readonly isCluster?: boolean;
  readonly intervalMs: number;
}

/** A node that yields more often is held down. */
const CALM_MS = 2200;
const MASTER = "10.77.0.1";
const BACKUP = "10.77.0.2";
const BACKUP_PRIORITY = 100;
const SECRET = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8";

/**
 * The protocol's figure: 3 intervals and the skew of priority 100, in milliseconds (RFC 9568 6.1).
 */
export function protocolFigure(intervalMs: number): number {
  return toMilliseconds(masterDown(3, BACKUP_PRIORITY, milliseconds(intervalMs)));
}

/**
 * Milliseconds from the last advert of a master that is cut off in silence to the first of its
 * backup, `runs` times, each after the master has come back. Timestamps are the kernel's, taken on
 * the bridge.
 */
export async function measureTakeovers(pair: Pair, runs: number): Promise<readonly number[]> {
  await using lan = await Lan.open({ hosts: ["a", "b"] });
  await using capture = await Capture.open(lan);
  await using backup = await start(lan, "b", BACKUP_PRIORITY, pair);
  await using master = await start(lan, "a", 200, pair);
  void [backup, master];
  const patience = 20 * pair.intervalMs + 20_000;
  const measured: number[] = [];
  for (let run = 0; run < runs; run++) {
    await capture.untilMaster(MASTER, patience, Date.now());
    // Three more beats: the backup has yielded and is at rest. And so long that no yield counts as
    // one of many in a row (src/vrrp/damping.ts).
    await beats(capture, pair.intervalMs, Math.max(3, CALM_MS / pair.intervalMs) + Math.random());
    await lan.host("a").isolate();
    const cutAt = Date.now();
    const first = await capture.untilMaster(BACKUP, patience, cutAt - pair.intervalMs);
    const last = capture.advertsOf(MASTER).findLast((advert) => advert.at < first.at);
    if (last === undefined) throw new Error("the master was never heard");
    measured.push(first.at - last.at);
    await lan.host("a").join();
  }
  return measured;
}

/**
 * Waits as long as `count` intervals take; an idle wait is what is wanted here, nothing is being
 * waited for.
 */
function beats(_capture: Capture, intervalMs: number, count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(50, count * intervalMs)));
}

function start(
  lan: Lan,
  name: string,
  priority: number,
  { program, intervalMs, isCluster }: Pair,
): Promise<AsyncDisposable> {
  const host = lan.host(name);
  const addresses = ["10.77.0.100/24"];
  const instance = { vrid: 51, priority, version: 3 as const, intervalMs, addresses };
  if (isCluster) {
    const nodes = `[nodes]\na = "${MASTER}"\nb = "${BACKUP}"\n[cluster]\nsecret = "${SECRET}"\n` +
      `[instance.web]\nvrid = 51\npriority = ${priority}\nadvert_interval = "${intervalMs}ms"\n` +
      `transport = "multicast"\naddresses = ${JSON.stringify(addresses)}\n`;
    return Floatip.start(host, nodes);
  }
  return program === "floatip" ? Floatip.run(host, instance) : Keepalived.start(host, instance);
}
