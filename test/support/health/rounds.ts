/** A program that makes many attempts with the heap of the daemon, and prints its memory. */
import { runProbe } from "../../../src/health/probe.ts";
import type { Probe } from "../../../src/config/tables/check.ts";
import { check, tools } from "./checks.ts";

/** Resident memory in bytes after so many rounds, and after twice as many. */
export interface Figures {
  readonly once: number;
  readonly twice: number;
}

/** The daemon's own bounds, so that what V8 has not yet collected does not count as lost. */
const HEAP = "--v8-flags=--max-old-space-size=64,--max-semi-space-size=1";

/** Makes twice `rounds` attempts at each of `probes` in turn in a process of its own. */
export async function figuresOf(
  probes: readonly Probe[],
  rounds: number,
  timeoutMs: number,
): Promise<Figures> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "--no-check", HEAP, new URL(import.meta.url).pathname],
      ...[JSON.stringify(probes), `${rounds}`, `${timeoutMs}`],
    ],
  }).output();
  const said = new TextDecoder().decode(stdout);
  if (said === "") throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(said);
}

if (import.meta.main) {
  const [probes = "[]", rounds = "1", timeoutMs = "1000"] = Deno.args;
  const settings: readonly Probe[] = JSON.parse(probes);
  const make = async (count: number): Promise<number> => {
    for (let round = 0; round < count; round++) {
      const probe = settings[round % settings.length];
      if (probe !== undefined) await runProbe(check(probe, Number(timeoutMs)), tools());
    }
    return Deno.memoryUsage().rss;
  };
  const once = await make(Number(rounds));
  console.log(JSON.stringify({ once, twice: await make(Number(rounds)) }));
}
