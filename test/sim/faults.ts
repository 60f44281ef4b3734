/** A table of faults, each with how it is done and how it is mended. */
import { after, milliseconds, nanoseconds } from "../../src/time.ts";
import { configFrom } from "./cluster.ts";
import { CLIENT } from "./checkers/neighbours.ts";
import type { Call } from "./machine.ts";
import type { Freeze } from "./machine_clock.ts";
import { handOver, maintain, restart } from "./orders.ts";
import { CALM } from "./paths.ts";
import type { Random } from "./random.ts";
import { fastest, longestDown, tomlOf } from "./setup.ts";
import { PROMPT } from "./promptness.ts";
import type { World } from "./world.ts";

/** Something that went wrong. */
export interface Damage {
  /** "unplug n1 eth0". */
  readonly words: string;
  /** Everything it touches is not to be trusted while it lasts. */
  readonly dirty: boolean;
  /** Puts it right; may be called twice, or when it has righted itself. */
  mend(): void;
}

/** Does one kind of damage to a node. */
export type Fault = (world: World, name: string, random: Random) => Damage;

/** All kinds, each as often as it should be picked. */
const FAULTS: readonly (readonly [number, Fault])[] = [
  [3, kill],
  [3, killAndRestart],
  [2, restart],
  [3, handOver],
  [2, maintain],
  [3, freeze],
  [2, stop],
  [2, powerOff],
  [4, pause],
  [3, unplug],
  [1, switchOff],
  [1, pullOut],
  [1, loseOwnAddress],
  [2, loseFloating],
  [3, refuse],
  [1, swapCard],
  [4, cutOneWay],
  [3, isolate],
  [3, part],
  [3, badWeather],
  [1, beSlow],
  [1, stepCalendar],
  [1, reloadSame],
];

/** Does some damage, and says which. */
export function damage(world: World, random: Random): Damage {
  const fault = random.weighed(FAULTS);
  const done = fault(world, random.pick(world.setup.nodes).name, random);
  world.cluster.lan.see({ kind: "act", words: done.words });
  return done;
}

/** Damage that a cluster is to live with: all is well on each side of it. */
export function lasting(world: World, random: Random): Damage {
  const name = random.pick(world.setup.nodes).name;
  const done = random.pick([stop, powerOff, part])(world, name, random);
  world.cluster.lan.see({ kind: "act", words: `${done.words}, for good` });
  return done;
}

/** See {@link FAULTS}. */
export function kill({ cluster }: World, name: string): Damage {
  cluster.lan.kill(name);
  return { words: `kill ${name}`, dirty: false, mend: () => cluster.start(name) };
}

/** The service manager notices, and starts it again. */
/** See {@link FAULTS}. */
export function killAndRestart({ cluster }: World, name: string, random: Random): Damage {
  const pause = nanoseconds(random.between(0.1e9, 5e9));
  cluster.lan.kill(name);
  cluster.startLater(name, pause);
  return {
    words: `kill ${name} for ${pause / 1e6} ms`,
    dirty: false,
    mend: () => cluster.start(name),
  };
}

/** The whole machine, kernel and clocks. */
function freeze({ cluster: { lan }, setup }: World, name: string, random: Random): Damage {
  const duration = nanoseconds(random.between(1, 5 * longestDown(setup)));
  const how = random.pick<Freeze>(["stopped", "suspended", "starved"]);
  lan.freeze(name, how);
  const mend = () => lan.thaw(name);
  lan.at(after(lan.now, duration), mend);
  return { words: `freeze ${name} (${how}) for ${duration / 1e6} ms`, dirty: false, mend };
}

/** See {@link FAULTS}. */
export function stop({ cluster }: World, name: string): Damage {
  cluster.stop(name);
  return {
    words: `stop ${name}`,
    dirty: false,
    mend() {
      // A slow or paused one may not have got round to it: then it is killed, as systemd would.
      cluster.lan.kill(name);
      cluster.start(name);
    },
  };
}

/** See {@link FAULTS}. */
export function powerOff({ cluster }: World, name: string): Damage {
  cluster.powerOff(name);
  return { words: `power off ${name}`, dirty: false, mend: () => cluster.powerOn(name) };
}

/** See {@link FAULTS}. */
export function pause({ cluster: { lan }, setup }: World, name: string, random: Random): Damage {
  const duration = nanoseconds(random.between(1, 5 * longestDown(setup)));
  const host = lan.program(name);
  lan.pause(name);
  const mend = () => {
    if (lan.program(name) === host && host?.paused === true) lan.resume(name);
  };
  lan.at(after(lan.now, duration), mend);
  return { words: `pause ${name} for ${duration / 1e6} ms`, dirty: false, mend };
}

/** See {@link FAULTS}. */
export function unplug({ cluster: { lan } }: World, name: string, random: Random): Damage {
  const machine = lan.machine(name);
  const card = cardOf(machine.ports(), random);
  machine.setCarrier(card, false);
  return {
    words: `unplug ${name} ${card}`,
    dirty: false,
    mend: () => machine.setCarrier(card, true),
  };
}

function switchOff({ cluster }: World, name: string, random: Random): Damage {
  const machine = cluster.lan.machine(name);
  const card = cardOf(machine.ports(), random);
  machine.setUp(card, false);
  return {
    words: `switch off ${name} ${card}`,
    dirty: false,
    mend() {
      if (machine.port(card)?.up === false) cluster.lan.switchOn(name, card);
      cluster.restoreAddresses(name, card);
    },
  };
}

function pullOut({ cluster }: World, name: string, random: Random): Damage {
  const machine = cluster.lan.machine(name);
  const card = cardOf(machine.ports(), random);
  machine.deletePort(card);
  return {
    words: `pull out ${name} ${card}`,
    dirty: false,
    mend: () => cluster.restoreCard(name, card),
  };
}

/** So fast that the program sees one change only. */
function swapCard({ cluster }: World, name: string, random: Random): Damage {
  const machine = cluster.lan.machine(name);
  const card = random.pick(cluster.cards(name)).name;
  machine.deletePort(card);
  cluster.restoreCard(name, card);
  return { words: `swap ${name} ${card}`, dirty: false, mend: () => {} };
}

function loseOwnAddress({ cluster }: World, name: string, random: Random): Damage {
  const machine = cluster.lan.machine(name);
  const card = random.pick(cluster.cards(name));
  const address = random.pick(card.addresses);
  machine.promotesSecondaries = random.chance(0.5);
  machine.deleteForeign(card.name, address);
  machine.promotesSecondaries = true;
  return {
    words: `delete ${address} on ${name}`,
    dirty: false,
    mend: () => cluster.restoreAddresses(name, card.name),
  };
}

/** See {@link FAULTS}. */
export function loseFloating({ cluster, setup }: World, name: string, random: Random): Damage {
  const instance = random.pick(setup.instances);
  const address = random.pick(instance.addresses);
  cluster.lan.machine(name).deleteForeign(instance.card, address);
  return { words: `delete ${address} on ${name}`, dirty: false, mend: () => {} };
}

function refuse({ cluster: { lan } }: World, name: string, random: Random): Damage {
  const machine = lan.machine(name);
  const call = random.pick<Call>(["add", "add", "send", "frame", "open"]);
  const count = random.between(1, 20);
  machine.refuse(call, count, "ENOBUFS");
  return {
    words: `refuse ${call} ${count} times on ${name}`,
    dirty: true,
    mend: () => machine.refuseNothing(),
  };
}

/** See {@link FAULTS}. */
export function cutOneWay(
  { cluster: { lan }, setup }: World,
  name: string,
  random: Random,
): Damage {
  const others = [...setup.nodes.map((node) => node.name), CLIENT].filter((one) => one !== name);
  const other = random.pick(others);
  const [from, to] = random.chance(0.5) ? [name, other] : [other, name];
  lan.paths.cut(from, to);
  return { words: `cut ${from} -> ${to}`, dirty: false, mend: () => lan.paths.heal(from, to) };
}

function isolate(world: World, name: string): Damage {
  const others = world.setup.nodes.map((node) => node.name).filter((one) => one !== name);
  return divide(world, [name], [...others, CLIENT]);
}

/** See {@link FAULTS}. */
export function part(world: World, _name: string, random: Random): Damage {
  const everybody = [...world.setup.nodes.map((node) => node.name), CLIENT];
  const left = everybody.filter(() => random.chance(0.5));
  return divide(world, left, everybody.filter((name) => !left.includes(name)));
}

function divide(
  { cluster: { lan } }: World,
  some: readonly string[],
  others: readonly string[],
): Damage {
  const ways = some.flatMap((a) => others.flatMap((b) => [[a, b], [b, a]] as const));
  for (const [from, to] of ways) lan.paths.cut(from, to);
  return {
    words: `part ${some.join(" ")} from ${others.join(" ")}`,
    dirty: false,
    mend() {
      for (const [from, to] of ways) lan.paths.heal(from, to);
    },
  };
}

function badWeather({ cluster: { lan }, setup }: World, _name: string, random: Random): Damage {
  const interval = fastest(setup);
  const weather = {
    delay: nanoseconds(random.between(0, interval / 10)),
    jitter: nanoseconds(random.between(0, interval / 4)),
    loss: random.between(0, 60) / 100,
    duplicate: random.between(0, 20) / 100,
    reorder: random.between(0, 50) / 100,
  };
  lan.paths.weather = weather;
  return {
    words: `weather ${JSON.stringify(weather)}`,
    dirty: true,
    mend() {
      lan.paths.weather = CALM;
    },
  };
}

function beSlow({ cluster, setup }: World, name: string, random: Random): Damage {
  const spread = nanoseconds(random.between(0, fastest(setup)));
  cluster.setPromptness(name, { least: milliseconds(0), spread });
  return {
    words: `slow ${name}: up to ${spread / 1e6} ms`,
    dirty: true,
    mend: () => cluster.setPromptness(name, PROMPT),
  };
}

function stepCalendar({ cluster: { lan } }: World, name: string, random: Random): Damage {
  const by = random.pick([-1, 1]) * random.between(1, 1e9);
  lan.machine(name).wallOffset += by;
  return { words: `step the calendar of ${name} by ${by} ms`, dirty: false, mend: () => {} };
}

function reloadSame({ cluster, setup }: World, name: string): Damage {
  const node = setup.nodes.find((one) => one.name === name);
  if (node !== undefined) cluster.reload(name, configFrom(tomlOf(setup, node)));
  return { words: `reload ${name}`, dirty: false, mend: () => {} };
}

/** One of the cards that are there; where none is, the first one's usual name. */
export function cardOf(ports: readonly { readonly name: string }[], random: Random): string {
  return ports.length === 0 ? "eth0" : random.pick(ports).name;
}
