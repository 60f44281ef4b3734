/** Does a process of this name run? */
import { readBeginning } from "../../beginning.ts";
import type { Probe } from "../../config/tables/check.ts";
import type { ProbeOutcome } from "./outcome.ts";

/** /proc/PID/comm holds no more, in bytes (proc(5): TASK_COMM_LEN without the zero). */
const COMM_MOST = 15;

/**
 * Looks for a process whose /proc/PID/comm, or base name of argv[0], is the name; zombies do not count. `known`
 * remembers by name the process that was found, so that the next look is at one process and not at all.
 */
export async function probe(
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
  const stat = await read(`/proc/${pid}/stat`);
  // "PID (comm) STATE ...", where comm may hold anything, parentheses too.
  const end = stat.lastIndexOf(")");
  const state = stat.charAt(end + 2);
  if (end === -1 || state === "Z" || state === "X") return false;
  const comm = stat.slice(stat.indexOf("(") + 1, end);
  if (comm === name && name.length < COMM_MOST) return true;
  const argv = await read(`/proc/${pid}/cmdline`);
  const argv0 = argv.slice(0, argv.includes("\0") ? argv.indexOf("\0") : argv.length);
  // "nginx: master process /usr/sbin/nginx": what stands before the colon is the name.
  const base = argv0.slice(argv0.lastIndexOf("/") + 1);
  return base === name || comm === name;
}

/** Most that is read of a process's own words, in bytes: it may have made its command line as long as it likes. */
const MOST = 4096;

/** Empty where the process has ended meanwhile. */
async function read(path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await readBeginning(path, MOST));
  } catch {
    return "";
  }
}
