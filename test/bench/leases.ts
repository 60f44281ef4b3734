/**
 * Addresses that the kernel deletes though they are renewed, while others hold its lock (RTNL), as
 * on a container host.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { VirtualAddress } from "../../src/net/interfaces.ts";
import { ip } from "../../src/net/ip.ts";
import { after, milliseconds, seconds } from "../../src/time.ts";
import { Floatip, writeFloatipToml } from "../support/interop/floatip.ts";
import { AddressWatch } from "../support/interop/holders.ts";
import { hostIn } from "../support/kernel/netns.ts";
import { demand } from "../support/lab/command.ts";
import { Lan } from "../support/lab/lan.ts";
import { FLOATIP } from "../support/lab/program.ts";
import { realTimeWords } from "../support/lab/real_time.ts";
import { wallNow } from "../support/lab/wall_clock.ts";

const LEASE = seconds(3);
const RENEWED_EVERY = seconds(1);

/** Each makes and deletes so many pairs of veth again and again, in a namespace of its own. */
const CROWD = ["crowd1", "crowd2", "crowd3"];
const PAIRS = 60;

/**
 * How often an address went that was renewed within the last second: `count` of them, for
 * `stretchMs`.
 */
export async function measureDeletions(count: number, stretchMs: number): Promise<number> {
  await using lan = await Lan.open({ hosts: ["master", ...CROWD] });
  await using _crowd = crowdOf(lan);
  using host = hostIn(lan.host("master").namespace);
  const held = Array.from({ length: count }, (_, i): VirtualAddress => ({
    interface: "eth0",
    prefix: { address: ip(`10.88.${Math.floor(i / 200)}.${1 + i % 200}`), length: 32 },
  }));
  // Instances that became master at all sorts of moments.
  let due = held.map((_, i) => after(host.now(), milliseconds(i * 1000 / count)));
  const end = after(host.now(), milliseconds(stretchMs));
  const known = new Set<VirtualAddress>();
  let gone = 0;
  while (host.now() < end) {
    const now = host.now();
    due = due.map((at, i) => {
      const one = held[i];
      if (at > now || one === undefined) return at;
      if (host.addAddress(one, LEASE) === "added" && known.has(one)) gone++;
      known.add(one);
      return after(at, RENEWED_EVERY);
    });
    await host.wait(due.reduce((a, b) => a < b ? a : b, end));
  }
  return gone;
}

/** What became of the addresses of a daemon beside the crowd. */
export interface Kept {
  /** How often the kernel deleted one. */
  readonly deleted: number;
  /** How often an instance became master; once each is the start. */
  readonly takeovers: number;
}

/** The same with a whole daemon: `count` instances that became master within a second. */
export async function measureKept(count: number, stretchMs: number): Promise<Kept> {
  await using lan = await Lan.open({ hosts: ["master", ...CROWD], prefix: "10.64.0.0/12" });
  const host = lan.host("master");
  const instances = Array.from({ length: count }, (_, i) => ({
    name: `i${i + 1}`,
    interface: host.interface,
    vrid: i + 1,
    // The lower one's is the longer time until it becomes master (RFC 9568 6.1, Skew_Time).
    priority: 2 + Math.round(i * 252 / count),
    version: 3 as const,
    intervalMs: 1000,
    addresses: [`10.70.${Math.floor(i / 200)}.${1 + i % 200}/12`],
  }));
  await using watch = await AddressWatch.open(host);
  const program = [...await realTimeWords(10), ...FLOATIP];
  await using floatip = await Floatip.start(host, writeFloatipToml(host.name, instances), {
    program,
  });
  for (const { name } of instances) await floatip.untilState("master", 30_000, name);
  const since = wallNow();
  await using _crowd = crowdOf(lan);
  await pause(stretchMs);
  const status = await floatip.status();
  const takeovers = status.instances.reduce(
    (sum, { counters }) => sum + counters.master_transitions,
    0,
  );
  return { deleted: watch.removals(since), takeovers };
}

/** Programs that make and delete veth pairs, until disposed. */
function crowdOf(lan: Lan): AsyncDisposable {
  const stop = new AbortController();
  const crowd = CROWD.map((name) => disturb(lan.host(name).namespace, stop.signal));
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(crowd);
    },
  };
}

async function disturb(namespace: string, stop: AbortSignal): Promise<void> {
  const numbers = Array.from({ length: PAIRS }, (_, i) => i);
  const input = [
    ...numbers.map((i) => `link add a${i} type veth peer name b${i}`),
    ...numbers.map((i) => `link del a${i}`),
  ].join("\n");
  while (!stop.aborted) {
    await demand(["ip", "-n", namespace, "-batch", "-"], { input: `${input}\n` });
  }
}
