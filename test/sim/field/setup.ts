/**
 * Set-up of a field run: what people have, with adverts of a second at most, so that all times that
 * are judged are long enough.
 */
import { milliseconds, nanoseconds } from "../../../src/time.ts";
import type { Random } from "../random.ts";
import { withRoads } from "../roads/setup.ts";
import { drawSetup, type InstanceSetup, type NodeSetup, type Setup } from "../setup.ts";

/** In ms. */
const INTERVALS = [1000, 1000, 1000, 1000, 1000, 500, 200, 100];

/** Draws a set-up: two to four nodes, mostly with the same word for everything. */
export function drawFieldSetup(random: Random): Setup {
  const drawn = drawSetup(random);
  const v2 = drawn.instances.some(({ version }) => version === 2);
  const interval = milliseconds(v2 ? 1000 : random.pick(INTERVALS));
  const password = v2 && random.chance(0.5) ? "secret" : undefined;
  const elsewhere = random.chance(0.25);
  const lease = random.pick(["auto", "auto", "auto", "auto", "off", "2s"]);
  const delay = nanoseconds(random.pick([0, 0, 0, 2]) * interval);
  const nodes = drawn.nodes.slice(0, 4).map((node): NodeSetup => ({
    ...node,
    interval,
    lease,
    preemptDelay: delay,
  }));
  const instances = drawn.instances.map((instance, i): InstanceSetup => ({
    ...instance,
    addresses: elsewhere ? instance.addresses.map((one) => moved(one, i)) : instance.addresses,
    ...(password === undefined ? {} : { password }),
  }));
  return { ...drawn, nodes, instances };
}

/**
 * With [cluster] in every second one, and mostly a second road; `random` is a stream of its own, so
 * that what has none stays what it is. One file that says the same to all nodes.
 */
export function maybeTold(setup: Setup, random: Random): Setup {
  const [first, ...rest] = setup.nodes;
  // What has one instance, about two of three, can be told of by one file.
  if (first === undefined || setup.instances.length > 1 || !random.chance(0.75)) return setup;
  const { preempt, preemptDelay, initialState, lease, stop } = first;
  const same = { preempt, preemptDelay, initialState, lease, stop };
  const nodes = [first, ...rest.map((node) => ({ ...node, ...same }))];
  return withRoads({ ...setup, nodes, oneFile: true }, random.chance(0.7));
}

/**
 * "192.168.1.50/24" as "10.88.0.50/24": in subnet `number` of those that no machine has an address
 * of but by floatip.
 */
function moved(address: string, number: number): string {
  return address.includes(":")
    ? address.replace(/^.*:/, `fd88:${number + 1}::`)
    : address.replace(/^.*\./, `10.88.${number}.`);
}
