/** Probes of this machine: file, process and interface. */
import { readBeginning, readStart } from "../../files.ts";
import type { Probe } from "../../config/tables/check.ts";
import { NotAFile, PinnedFile } from "../../linux/regular_file.ts";
import { type Interfaces, linkNamed } from "../../net/interfaces.ts";
import type { ProbeOutcome } from "./outcome.ts";

/** Most bytes of a value: an integer, with white space. */
const MOST_OF_VALUE = 64;

/** Largest factor of a weight, as in track_file of keepalived. */
const LARGEST = 254;

/** Checks the file. Rejects with an error of Deno where it cannot be read. */
export async function probeFile(
  { path, want }: Extract<Probe, { kind: "file" }>,
): Promise<ProbeOutcome> {
  if (want === "value") return await lookInto(path);
  const isThere = await Deno.stat(path).catch(absent) !== undefined;
  const text = isThere ? "present" : want === "absent" ? "absent" : "no such file";
  return { ok: isThere === (want === "present"), text };
}

async function lookInto(path: string): Promise<ProbeOutcome> {
  try {
    const text = await beginningOf(path).catch(absent);
    return text === undefined ? { ok: false, text: "no such file" } : readValue(text);
  } catch (error) {
    if (error instanceof NotAFile) return { ok: false, text: "not a regular file" };
    throw error;
  }
}

function readValue(text: string): ProbeOutcome {
  const value = Number(text.trim());
  if (!/^\s*[+-]?\d+\s*$/.test(text)) return { ok: false, text: "no integer in it" };
  if (Math.abs(value) > LARGEST) {
    return { ok: false, text: `an integer beyond -${LARGEST} to ${LARGEST}` };
  }
  return { ok: true, text: `value ${value}`, value: value === 0 ? 0 : value };
}

/**
 * The start of the file, pinned first: opening a pipe that has just replaced it would wait for a
 * writer.
 */
async function beginningOf(path: string): Promise<string> {
  using pinned = await PinnedFile.follow(path);
  using file = await pinned.open({ read: true });
  return new TextDecoder().decode(await readStart(file, MOST_OF_VALUE));
}

function absent(error: unknown): undefined {
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return;
  throw error;
}

/** Longest /proc/PID/comm, in bytes (proc(5): TASK_COMM_LEN without the zero). */
const COMM_MOST = 15;

/**
 * Searches a process whose /proc/PID/comm, or base name of argv[0], is the name; zombies do not
 * count. `known`: the process found last, by name, which is checked first.
 */
export async function probeProcess(
  settings: Extract<Probe, { kind: "process" }>,
  known: Map<string, number>,
): Promise<ProbeOutcome> {
  const { name } = settings;
  const before = known.get(name);
  if (before !== undefined && await isCalled(before, name)) return running(before);
  known.delete(name);
  for await (const entry of Deno.readDir("/proc")) {
    const pid = Number(entry.name);
    if (!Number.isInteger(pid) || pid === Deno.pid || !await isCalled(pid, name)) continue;
    known.set(name, pid);
    return running(pid);
  }
  return { ok: false, text: "not running" };
}

function running(pid: number): ProbeOutcome {
  return { ok: true, text: `running, pid ${pid}`, pid };
}

async function isCalled(pid: number, name: string): Promise<boolean> {
  const stat = await readProc(`/proc/${pid}/stat`);
  // "PID (comm) STATE ...": comm may have any characters, parentheses too.
  const end = stat.lastIndexOf(")");
  const state = stat.charAt(end + 2);
  if (end === -1 || state === "Z" || state === "X") return false;
  const comm = stat.slice(stat.indexOf("(") + 1, end);
  if (comm === name && name.length < COMM_MOST) return true;
  const argv = await readProc(`/proc/${pid}/cmdline`);
  const argv0 = argv.slice(0, argv.includes("\0") ? argv.indexOf("\0") : argv.length);
  // "nginx: master process /usr/sbin/nginx": the name is before the colon.
  const base = argv0.slice(argv0.lastIndexOf("/") + 1);
  return base === name || comm === name;
}

/** Most that is read of a file in /proc/PID, in bytes. */
const MOST = 4096;

/** Empty: the process has ended. */
async function readProc(path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await readBeginning(path, MOST));
  } catch {
    return "";
  }
}

/** Checks that the interface exists, is up, and has carrier. */
export function probeInterface(
  settings: Extract<Probe, { kind: "interface" }>,
  interfaces: Interfaces,
): ProbeOutcome {
  const link = linkNamed(interfaces, settings.name);
  if (link === undefined) return { ok: false, text: "no such interface" };
  if (!link.up) return { ok: false, text: "switched off" };
  return link.running ? { ok: true, text: "up" } : { ok: false, text: "no carrier" };
}
