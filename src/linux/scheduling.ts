/** Scheduling classes (sched(7)), set for each thread alone. */
import type { HostError, Scheduling } from "../host.ts";
import { SCHED_PARAM } from "./abi.ts";
import {
  SCHED_BATCH,
  SCHED_DEADLINE,
  SCHED_FIFO,
  SCHED_IDLE,
  SCHED_OTHER,
  SCHED_RESET_ON_FORK,
  SCHED_RR,
} from "./constants.ts";
import { ESRCH } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { refusal } from "./refusal.ts";

const THREADS = "/proc/self/task";

/** Above everything ordinary, below the kernel's own threads (50 and up). */
const PRIORITY = 10;

/**
 * New threads inherit from those that make them: one more look finds none, unless they are made
 * that fast.
 */
const MOST_ROUNDS = 5;

/** By urgency: who comes later is let run first. */
const POLICIES: readonly (readonly [number, Scheduling["policy"]])[] = [
  [SCHED_IDLE, "idle"],
  [SCHED_BATCH, "batch"],
  [SCHED_OTHER, "other"],
  [SCHED_RR, "rr"],
  [SCHED_FIFO, "fifo"],
  [SCHED_DEADLINE, "deadline"],
];

/** What every thread of this process has at least: the least urgent of them all. */
export function schedulingOf(libc: Libc): Scheduling {
  const threads = threadsOf(libc).toSorted((a, b) =>
    isRealTime(a) && isRealTime(b) ? a.priority - b.priority : urgency(a) - urgency(b)
  );
  const { policy, priority } = threads[0] ?? { policy: "other", priority: 0 };
  return { policy, priority };
}

/**
 * Puts every thread under SCHED_RR at priority 10, but for those that are real-time already:
 * somebody chose that. Gives the kernel's no (EPERM: it takes CAP_SYS_NICE or RLIMIT_RTPRIO); then
 * all is as it was, as far as it could be put back.
 */
export function takeRealTime(libc: Libc): "got" | HostError {
  const changed: Thread[] = [];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const ordinary = threadsOf(libc).filter((thread) => !isRealTime(thread));
    if (ordinary.length === 0) return "got";
    for (const thread of ordinary) {
      const result = set(libc, thread.id, SCHED_RR, PRIORITY);
      if (result === -ESRCH) continue;
      if (result < 0) {
        for (const { id, number } of changed) set(libc, id, number, 0);
        return refusal("sched_setscheduler", `thread ${thread.id}`, result);
      }
      changed.push(thread);
    }
  }
  return "got";
}

interface Thread extends Scheduling {
  readonly id: number;
  /** SCHED_OTHER and the like. */
  readonly number: number;
}

/** All that are there; one that ends while we look has nothing to say. */
function threadsOf(libc: Libc): readonly Thread[] {
  return [...Deno.readDirSync(THREADS)].flatMap(({ name }) => {
    const id = Number(name);
    const param = new Uint8Array(SCHED_PARAM.size);
    const found = libc.schedGetscheduler(id);
    if (found < 0 || libc.schedGetparam(id, param) < 0) return [];
    const number = found & ~SCHED_RESET_ON_FORK;
    const policy = POLICIES.find(([other]) => other === number)?.[1] ?? "other";
    return [{ id, number, policy, priority: SCHED_PARAM.read(param).priority }];
  });
}

function set(libc: Libc, id: number, policy: number, priority: number): number {
  const param = new Uint8Array(SCHED_PARAM.size);
  SCHED_PARAM.write({ priority }, param);
  return libc.schedSetscheduler(id, policy, param);
}

function isRealTime({ policy }: Scheduling): boolean {
  return policy === "rr" || policy === "fifo" || policy === "deadline";
}

function urgency({ policy }: Scheduling): number {
  return POLICIES.findIndex(([, name]) => name === policy);
}
