/** Random faults of a cluster: what is cut, stopped or killed, and for how long. */
import type { Random } from "../sim/random.ts";
import { type CutLab, FREEZER } from "./lab.ts";

/** From machine to machine. */
export type Way = readonly [string, string];

/** One fault. `ways` are cut, and `act` is done to `machine`, for `lengthMs`. */
export interface Fault {
  readonly kind: string;
  readonly words: string;
  readonly afterMs: number;
  readonly lengthMs: number;
  readonly ways: readonly Way[];
  readonly delayMs?: number;
  readonly act?: "kill" | "stop" | "freeze";
  readonly machine?: string;
}

const KINDS = [
  "cut",
  "one-way",
  "alone",
  "deaf",
  "mute",
  "delay",
  "kill",
  "stop",
  "freeze",
] as const;

/** Each third course has a second fault, which begins before the first has ended. */
const SECOND = 1 / 3;

/** What happens in one course; times count from its start. */
export function drawFaults(random: Random, lab: CutLab): readonly Fault[] {
  const first = drawFault(random, lab, 0);
  if (!random.chance(SECOND)) return [first];
  return [first, drawFault(random, lab, random.between(0, first.lengthMs))];
}

function drawFault(random: Random, lab: CutLab, afterMs: number): Fault {
  const { machines, settings: { intervalMs } } = lab;
  const kind = random.pick(KINDS.filter((one) => one !== "freeze" || FREEZER !== undefined));
  const one = random.pick(machines);
  const others = machines.filter((name) => name !== one);
  const other = random.pick(others);
  const lengthMs = random.between(intervalMs / 10, 6 * intervalMs);
  const base = { kind, afterMs, lengthMs };
  const to = others.map((name): Way => [one, name]);
  const from = others.map((name): Way => [name, one]);
  const told = (words: string) => `${words} for ${lengthMs} ms after ${afterMs} ms`;
  switch (kind) {
    case "cut":
      return { ...base, words: told(`${one}-${other} cut`), ways: [[one, other], [other, one]] };
    case "one-way":
      return { ...base, words: told(`${one} to ${other} cut`), ways: [[one, other]] };
    case "alone":
      return { ...base, words: told(`${one} alone`), ways: [...to, ...from] };
    case "deaf":
      return { ...base, words: told(`${one} hears none`), ways: from };
    case "mute":
      return { ...base, words: told(`${one} is not heard`), ways: to };
    case "delay": {
      const delayMs = random.between(5, 3 * intervalMs);
      const words = told(`${one} to ${other} ${delayMs} ms late`);
      return { ...base, words, ways: [[one, other]], delayMs };
    }
    default:
      return { ...base, words: told(`${kind} of ${one}`), ways: [], act: kind, machine: one };
  }
}

/** Begins the fault; the ways of all that are under way are cut by the caller. */
export async function begin(lab: CutLab, { act, machine = "", ways, delayMs }: Fault) {
  const [way] = ways;
  if (delayMs !== undefined && way !== undefined) await lab.delay(way, delayMs);
  if (act === "kill") await lab.crash(machine);
  else if (act === "stop") lab.signal(machine, "SIGSTOP");
  else if (act === "freeze" && lab.runs(machine)) await lab.freeze(machine);
}

/** Ends it. */
export async function end(lab: CutLab, { act, machine = "", ways, delayMs }: Fault) {
  const [way] = ways;
  if (delayMs !== undefined && way !== undefined) lab.hurry(way);
  if (act === "stop") lab.signal(machine, "SIGCONT");
  else if (act === "freeze") lab.thaw(machine);
  else if (act === "kill") await lab.start(machine);
}
