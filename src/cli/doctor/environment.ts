/** The real machine as the doctor sees it: files, programs, sockets and the daemon. */
import { systemMessage } from "../../error.ts";
import { ControlClient, ControlError, type ControlTrouble } from "../../control/client.ts";
import { socketPath } from "../../control/socket.ts";
import type { DaemonSeen, Environment, LanSeen } from "../../tools/doctor/environment.ts";
import type { Interfaces } from "../../net/interfaces.ts";
import { formatIp } from "../../net/ip.ts";
import { after, milliseconds, type Nanoseconds, nanoseconds } from "../../time.ts";
import { VERSION } from "../../version.ts";
import { pidBehind } from "./daemon_pid.ts";
import { askProgram } from "../programs.ts";
import { askMembers } from "./etcd_members.ts";

/** Larger ones are none of those that are looked at. */
const MOST_BYTES = 1024 * 1024;

/** A service on this very machine answers at once, or not at all. */
const CONNECT_MS = 2000;

/** The machine that this process runs on. `ask` and `listen` are called once at most. */
export function realSurroundings(
  interfaces: Interfaces,
  ask: () => Promise<DaemonSeen>,
  listen: () => Promise<LanSeen>,
): Environment {
  const daemon = once(ask);
  const lan = once(listen);
  const lateness = once(measureLateness);
  return {
    interfaces,
    runtime: {
      version: VERSION,
      arch: Deno.build.arch,
      standalone: Deno.build.standalone,
    },
    root: Deno.uid() === 0,
    year: new Date().getFullYear(),
    read: readSmall,
    list: listFolder,
    ask: askProgram,
    tryWriting,
    async tryConnecting(address, port) {
      const hostname = formatIp(address);
      try {
        const signal = AbortSignal.timeout(CONNECT_MS);
        (await Deno.connect({ hostname, port, signal })).close();
        return undefined;
      } catch (error) {
        return wordsOf(error);
      }
    },
    async tryFence() {
      const { tryFence } = await import("../../linux/fence.ts");
      return tryFence();
    },
    etcd: askMembers,
    daemon,
    lan,
    lateness,
  };
}

function once<T>(act: () => Promise<T>): () => Promise<T> {
  const results: Promise<T>[] = [];
  return () => results[0] ?? (results[0] = act());
}

async function readSmall(path: string): Promise<string | undefined> {
  try {
    const { size, isFile } = await Deno.stat(path);
    // Files of /proc and /sys say 0, whatever is in them.
    if (!isFile || size > MOST_BYTES) return undefined;
    return await Deno.readTextFile(path);
  } catch {
    return undefined;
  }
}

async function listFolder(folder: string): Promise<readonly string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).toSorted();
  } catch {
    return [];
  }
}

/** A disk that is full takes an empty file still: some bytes have to go in. */
const SAMPLE = new Uint8Array(4096);

async function tryWriting(folder: string): Promise<string | undefined> {
  const path = `${await firstExisting(folder)}/.floatip-${crypto.randomUUID()}`;
  try {
    // Made (O_EXCL) and written by one handle: its name may lead elsewhere a moment later.
    using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    if (await file.write(SAMPLE) < SAMPLE.length) return "no space left on device";
    await file.sync();
    return undefined;
  } catch (error) {
    return wordsOf(error);
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}

/** `folder`, or the nearest above it that is there: the daemon makes the rest. */
async function firstExisting(folder: string): Promise<string> {
  for (
    let path = folder;
    path !== "" && path !== "/";
    path = path.slice(0, path.lastIndexOf("/"))
  ) {
    if (await Deno.stat(path).then(() => true, () => false)) return path;
  }
  return "/";
}

const SILENCE = {
  "not-running": "stopped",
  "not-permitted": "secret",
  "no-answer": "sick",
  "hung-up": "sick",
  "bad-answer": "sick",
} as const satisfies Readonly<Record<ControlTrouble, unknown>>;

/** What the daemon says; of one that does not answer, after 5 s. */
export async function askDaemon(runDir: string): Promise<DaemonSeen> {
  using client = new ControlClient(runDir);
  try {
    const status = await client.status();
    return { kind: "running", status, pid: await pidBehind(socketPath(runDir)) };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return { kind: "silent", why: SILENCE[error.trouble], reason: error.message };
  }
}

const TICK = milliseconds(10);
const TICKS = 100;

/** A hundred timers of 10 ms, by the very clock and poll that the daemon waits with. */
async function measureLateness(): Promise<readonly Nanoseconds[]> {
  const { LinuxHost } = await import("../../linux/linux_host.ts");
  using host = new LinuxHost();
  const late: Nanoseconds[] = [];
  while (late.length < TICKS) {
    const due = after(host.now(), TICK);
    while (host.now() < due) await host.wait(due);
    late.push(nanoseconds(host.now() - due));
  }
  return late.toSorted((a, b) => a - b);
}

function wordsOf(error: unknown): string {
  if (error instanceof DOMException) return `no answer within ${CONNECT_MS / 1000} s`;
  return systemMessage(error).toLowerCase();
}
