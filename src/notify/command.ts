/** How is a program of the user's told? As keepalived does it, with the whole story on standard input besides. */
import type { TransitionRecord } from "../daemon/record.ts";
import {
  findCommandUser,
  findProgram,
  outcomeOf,
  reasonNotToRun,
} from "../health/probes/command.ts";
import { runChild } from "../process.ts";
import { type DeliveryResult, failure, type Sink, success } from "./sink.ts";

/**
 * keepalived's words for states. STOP is an orderly end: of the daemon, or of an instance that a reload took away (there
 * keepalived would say DELETED).
 */
export const STATE_WORDS = {
  master: "MASTER",
  backup: "BACKUP",
  fault: "FAULT",
  init: "STOP",
} as const satisfies Readonly<Record<TransitionRecord["to"], string>>;

/** Kept of what it says, in bytes: one line is shown. */
const OUTPUT_LIMIT = 1024;

/** The runner's own limit is only the second line of defence: a day, which no timeout reaches. */
const LONGEST_MS = 86_400_000;

/** Runs `argv` followed by INSTANCE, the instance's name, the state's word and the priority. */
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
 * Runs the program of the state that was entered, with nothing added to its arguments. All are one sink, so that the
 * program of an earlier state has ended before that of a later one begins.
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

/** FLOATIP_INSTANCE and the like: every field of the record, and the state's word as FLOATIP_STATE. */
export function environmentOf(record: TransitionRecord): Readonly<Record<string, string>> {
  const all = { ...record, state: STATE_WORDS[record.to] };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [`FLOATIP_${name.toUpperCase()}`, textOf(value)]),
  );
}

/** Lists with blanks between, null as nothing. No environment can hold a zero byte. */
function textOf(value: string | number | boolean | null | readonly string[]): string {
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
    // A program that starts something when this node becomes master means it to stay.
    leavesBackground: true,
    stop: deadline,
  });
  const { ok, text } = outcomeOf(outcome);
  return ok ? success(text) : failure(text, false);
}
