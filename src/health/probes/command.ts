/** Does a program of the user's exit with 0? */
import { type ChildOutcome, runChild } from "../../process.ts";
import type { Probe } from "../../config/tables/check.ts";
import { firstLine, type ProbeOutcome } from "./outcome.ts";
import { findCommandUser, findProgram, reasonNotToRun } from "./script.ts";

/** Kept of what it says, in bytes: one line is shown. */
const OUTPUT_LIMIT = 1024;

/**
 * The runner's clock is only the second line of defence: the deadline comes first and kills. Its longest is a day, which
 * no timeout reaches.
 */
const LONGEST_MS = 86_400_000;

/**
 * Runs the command as the script user, with the check's name in FLOATIP_CHECK; killed with all its children when `deadline`
 * is aborted. Rejects where it cannot be started.
 */
export async function probe(
  settings: Extract<Probe, { kind: "command" }>,
  check: string,
  deadline: AbortSignal,
): Promise<ProbeOutcome> {
  const [name = "", ...args] = settings.argv;
  const program = await findProgram(name);
  if ("refusal" in program) return { ok: false, text: program.refusal };
  const runner = await findCommandUser(settings.user);
  if ("refusal" in runner) return { ok: false, text: runner.refusal };
  const uid = runner.account?.uid ?? Deno.uid() ?? 0;
  const gid = runner.account?.gid ?? Deno.gid() ?? undefined;
  const refusal = await reasonNotToRun(program.path, uid, gid);
  if (refusal !== undefined) return { ok: false, text: refusal };
  const outcome = await runChild({
    argv: [program.path, ...args],
    env: { FLOATIP_CHECK: check },
    ...(runner.account === undefined ? {} : { account: runner.account }),
    timeoutMs: LONGEST_MS,
    outputLimit: OUTPUT_LIMIT,
    stop: deadline,
  });
  return outcomeOf(outcome);
}

/** What an exit says: 0 is ok. Its own words are the first line of standard error, or else of standard output. */
export function outcomeOf(outcome: ChildOutcome): ProbeOutcome {
  if (outcome.code === 0) return { ok: true, text: "exit 0" };
  const end = outcome.signal === undefined ? `exit ${outcome.code}` : `killed by ${outcome.signal}`;
  const said = firstLine(outcome.stderr) || firstLine(outcome.stdout);
  return { ok: false, text: said === "" ? end : `${end}: ${said}` };
}
