/** The disk of a machine in a random course: how slow it is, and what a restart finds on it. */
import { milliseconds, seconds } from "../../../../src/time.ts";
import { BOOT, epochOf, type Machine, restarted, resumed, type Rules } from "./world.ts";

/** How long it takes to write: as long as a message, or for longer than a promise lasts. */
export function drawWrite(random: () => number): number {
  return random() * (random() < 0.8 ? milliseconds(5) : seconds(5));
}

/** The next process of `machine`, which may go on where the last one was, or be of another boot. */
export function nextProcess(rules: Rules, machine: Machine, random: () => number): Machine {
  const { disk, writing = disk } = machine;
  // What is being written is there or not, and nobody was told.
  const found = { ...machine, disk: random() < 0.5 ? writing : disk };
  const epoch = epochOf(machine);
  const kind = random();
  if (kind < 0.4) return resumed(rules, found, epoch);
  // Its clocks may begin anew, and its kernel know nothing.
  const reset = kind < 0.8 ? {} : { now: BOOT, fence: undefined };
  return restarted(rules, { ...found, ...reset }, epoch);
}
