/**
 * Cost of running, by size: a master and its backup of one program, watched while nothing happens.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Floatip, writeFloatipToml } from "../support/interop/floatip.ts";
import { Keepalived } from "../support/interop/keepalived.ts";
import { run } from "../support/lab/command.ts";
import type { LabHost } from "../support/lab/lab_host.ts";
import { Lan } from "../support/lab/lan.ts";
import { until } from "../support/until.ts";
import type { Program } from "./takeover.ts";
import { familyOf, measureUse, type Use } from "./use.ts";

/** What one node runs. */
export interface Size {
  readonly instances: number;
  /** Of each instance. */
  readonly addresses: number;
  /** Of each instance; 0: multicast, and a backup that hears it. */
  readonly peers: number;
  readonly intervalMs: number;
  /** Do the instances become master one after the other within an interval, or all at once? */
  readonly spread: boolean;
}

/** One instance with one address, adverts each second. */
export const SMALLEST: Size = {
  instances: 1,
  addresses: 1,
  peers: 0,
  intervalMs: 1000,
  spread: true,
};

/** What was measured of one node, a value for each stretch. */
export interface Cost {
  readonly role: "master" | "backup";
  readonly uses: readonly Use[];
  /** Packets that left the node, and system calls, per second; undefined: could not be counted. */
  readonly sentPerSecond: number | undefined;
  readonly callsPerSecond: number | undefined;
}

/** How long is looked, and how often. */
export interface Patience {
  readonly stretchMs: number;
  readonly stretches: number;
}

/** The programs of the two nodes; each has files of its own, so that they share no memory. */
export type Builds = readonly [a: string, b: string];

/** The second burst of announcements, 5 s after the first, is part of the start. */
const SETTLED_MS = 8000;

const CALLS_FOR_S = 5;

/** As /run is: a file that is replaced costs a millisecond on a disk. */
const TMPFS = "/dev/shm";

/** Starts `program` on a node, and on another one as its backup, and watches both. */
export async function measureCost(
  program: Program,
  size: Size,
  { stretchMs, stretches }: Patience,
  builds: Builds,
): Promise<readonly Cost[]> {
  await using lan = await Lan.open({ hosts: ["a", "b"], prefix: "10.64.0.0/12" });
  await using stack = new AsyncDisposableStack();
  const [a, b] = [lan.host("a"), lan.host("b")];
  for (const peer of peersOf(size)) {
    // No machine is there, but none is looked for either.
    await a.ip("neigh", "replace", peer, "lladdr", "02:00:00:00:00:01", "dev", "eth0");
  }
  const master = stack.use(await start(program, a, size, builds[0]));
  const total = size.instances * size.addresses;
  await until(`${total} addresses of ${program}`, async () => {
    const held = await a.addresses("eth0");
    return held.filter(({ address }) => address.startsWith("10.7")).length >= total;
  }, 60_000);
  const backup = size.peers > 0 ? [] : [stack.use(await start(program, b, size, builds[1]))];
  await pause(SETTLED_MS);
  const watched = [
    { role: "master", host: a, pid: master.child.pid ?? 0 },
    ...backup.map(({ child }) => ({ role: "backup", host: b, pid: child.pid ?? 0 }) as const),
  ] as const;
  return await Promise.all(watched.map(async ({ role, host, pid }) => {
    const sent = await sentBy(host);
    const since = performance.now();
    const uses: Use[] = [];
    for (let i = 0; i < stretches; i++) uses.push(await measureUse(pid, stretchMs));
    const seconds = (performance.now() - since) / 1000;
    const sentPerSecond = (await sentBy(host) - sent) / seconds;
    return { role, uses, sentPerSecond, callsPerSecond: await callsOf(pid) };
  }));
}

async function start(
  program: Program,
  host: LabHost,
  size: Size,
  build: string,
): Promise<Floatip | Keepalived> {
  const isMaster = host.name === "a";
  const peers = peersOf(size);
  const instances = Array.from({ length: size.instances }, (_, i) => ({
    name: `i${i + 1}`,
    interface: host.interface,
    vrid: i + 1,
    // The lower one's is the longer time until it becomes master (RFC 9568 6.1, Skew_Time).
    priority: !isMaster ? 1 : size.spread ? 2 + Math.round(i * 252 / size.instances) : 200,
    version: 3 as const,
    intervalMs: size.intervalMs,
    addresses: Array.from({ length: size.addresses }, (_, j) => addressOf(i * size.addresses + j)),
    unicast: peers.length === 0 ? undefined : { source: host.address, peers },
  }));
  if (program === "keepalived") return await Keepalived.start(host, ...instances);
  const options = { program: [build], parent: TMPFS };
  return await Floatip.start(host, writeFloatipToml(host.name, instances), options);
}

function addressOf(number: number): string {
  return `10.70.${number >> 8}.${number & 255}/12`;
}

function peersOf({ peers }: Size): readonly string[] {
  return Array.from({ length: peers }, (_, i) => `10.66.0.${i + 1}`);
}

async function sentBy(host: LabHost): Promise<number> {
  const [link] = JSON.parse(await host.ip("-j", "-s", "link", "show", host.interface)) as readonly {
    readonly stats64: { readonly tx: { readonly packets: number } };
  }[];
  return link?.stats64.tx.packets ?? NaN;
}

/**
 * System calls per second of all threads, where strace(1) is there; it slows the program down, so
 * it comes last.
 */
async function callsOf(pid: number): Promise<number | undefined> {
  const traced = familyOf(pid).flatMap((one) => ["-p", String(one)]);
  const limit = ["timeout", "--signal=INT", String(CALLS_FOR_S)];
  const { stderr } = await run([...limit, "strace", "-c", "-f", ...traced]).catch(() => ({
    stderr: "",
  }));
  const total = /^\s*100\.00\s+\S+\s+\d+\s+(\d+)\s+(?:\d+\s+)?total$/m.exec(stderr)?.[1];
  return total === undefined ? undefined : Number(total) / CALLS_FOR_S;
}
