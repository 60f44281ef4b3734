/** Sinks that run programs of the user, as keepalived does, with the record on standard input. */
import type { TransitionRecord } from "../daemon/journal/record.ts";
import {
  findCommandUser,
  findProgram,
  outcomeOf,
  reasonNotToRun,
} from "../health/probes/command.ts";
import { runChild } from "../process.ts";
import { type DeliveryResult, failure, type Sink, success } from "./sink.ts";

/**
 * States as keepalived names them. STOP: the daemon stops, or a reload removes the instance
 * (DELETED in keepalived).
 */
const STATE_WORDS = {
  master: "MASTER",
  backup: "BACKUP",
  fault: "FAULT",
  init: "STOP",
} as const satisfies Readonly<Record<TransitionRecord["to"], string>>;

/** Most output that is kept, in bytes: one line is shown. */
const OUTPUT_LIMIT = 1024;

/** Longer than any timeout, in milliseconds: the deadline kills first. */
const LONGEST_MS = 86_400_000;

/** Runs `argv` with the arguments INSTANCE, name, state and priority. */
export function commandSink(
  argv: readonly string[],
  user: string | undefined,
  timeoutMs: number,
): Sink {
  return {
    name: "command",
    timeoutMs,
    timeoutText: "it was ended, with all that it started",
    retries: 0,
    wants: () => true,
    deliver: (record, deadline) => {
      const { instance, to, priority } = record;
      const text = ["INSTANCE", instance, STATE_WORDS[to], `${priority}`];
      return run([...argv, ...text], user, record, deadline);
    },
  };
}

/**
 * Runs the program of the new state, without further arguments. They are one sink: the program of
 * an earlier state ends before that of a later one starts.
 */
export function stateSink(
  programs: Readonly<Partial<Record<TransitionRecord["to"], readonly string[]>>>,
  user: string | undefined,
  timeoutMs: number,
): Sink {
  return {
    name: Object.keys(programs).map((state) => `on_${state === "init" ? "stop" : state}`).join("/"),
    timeoutMs,
    timeoutText: "it was ended, with all that it started",
    retries: 0,
    wants: ({ to }) => programs[to] !== undefined,
    deliver: (record, deadline) => run(programs[record.to] ?? [], user, record, deadline),
  };
}

/**
 * FLOATIP_INSTANCE etc.: every field of the record, and the state for keepalived as FLOATIP_STATE.
 */
export function environmentOf(record: TransitionRecord): Readonly<Record<string, string>> {
  const all = { ...record, state: STATE_WORDS[record.to] };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [`FLOATIP_${name.toUpperCase()}`, textOf(value)]),
  );
}

/** Lists with spaces, null as "". An environment cannot have zero bytes. */
function textOf(value: string | number | boolean | null | undefined | readonly string[]): string {
  const text = Array.isArray(value) ? value.join(" ") : `${value ?? ""}`;
  return text.replaceAll("\0", "");
}

async function run(
  argv: readonly string[],
  user: string | undefined,
  record: TransitionRecord,
  deadline: AbortSignal,
): Promise<DeliveryResult> {
  const [name = "", ...args] = argv;
  const program = await findProgram(name);
  if ("refusal" in program) return failure(program.refusal, false);
  const runner = await findCommandUser(user);
  if ("refusal" in runner) return failure(runner.refusal, false);
  const uid = runner.account?.uid ?? Deno.uid() ?? 0;
  const gid = runner.account?.gid ?? Deno.gid() ?? undefined;
  const refusal = await reasonNotToRun(program.path, uid, gid);
  if (refusal !== undefined) return failure(refusal, false);
  const outcome = await runChild({
    argv: [program.path, ...args],
    env: environmentOf(record),
    input: `${JSON.stringify(record)}\n`,
    ...(runner.account === undefined ? {} : { account: runner.account }),
    timeoutMs: LONGEST_MS,
    outputLimit: OUTPUT_LIMIT,
    // What a program starts in the background at a transition goes on.
    leavesBackground: true,
    stop: deadline,
  });
  const { ok, text } = outcomeOf(outcome);
  return ok ? success(text) : failure(text, false);
}
