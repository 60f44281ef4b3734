/** Which nodes can tell each other something, from outside, without asking the daemons. */
import type { Instant } from "../../../src/time.ts";
import { LINK, type NodeSetup, type Setup, tomlOf } from "../setup.ts";
import type { FieldWorld } from "./world.ts";

/** Does floatip run on `name`, and has the processor? */
export function isAwake({ cluster }: FieldWorld, name: string): boolean {
  return cluster.isRunning(name) && cluster.host(name)?.paused !== true;
}

/** The machines that call themselves `name`, and speak. */
export function speakersOf(world: FieldWorld, name: string): readonly string[] {
  return world.setup.nodes.map((node) => node.name)
    .filter((one) => world.fileOf(one).name === name && isAwake(world, one));
}

/** Can anything that a node called `speaker` tells get to `listener` and be believed there? */
export function canHear(world: FieldWorld, listener: string, speaker: string): boolean {
  return speakersOf(world, speaker).some((machine) =>
    machine !== listener && haveOneSecret(world, listener, machine) &&
    segmentsOf(world).some((segment) => carries(world, segment, machine, listener))
  );
}

/** Have both a secret, and the same? */
export function haveOneSecret(world: FieldWorld, a: string, b: string): boolean {
  const [one, other] = [a, b].map((name) => world.fileOf(name).setup.cluster);
  return one !== undefined && other !== undefined && one.secret === other.secret;
}

/** Have both a secret, and not the same? */
export function haveTwoSecrets(world: FieldWorld, a: string, b: string): boolean {
  const [one, other] = [a, b].map((name) => world.fileOf(name).setup.cluster);
  return one !== undefined && other !== undefined && one.secret !== other.secret;
}

/**
 * Can datagrams get from each of both to the other: there is one machine of each name, awake, its
 * addresses are those of the other's file, and one road is open both ways?
 */
export function haveRoad(world: FieldWorld, a: string, b: string): boolean {
  const areThemselves = [a, b].every((name) => {
    const speakers = speakersOf(world, name);
    return speakers.length === 1 && speakers[0] === name;
  });
  return areThemselves && isKnown(world, a, b) && isKnown(world, b, a) &&
    segmentsOf(world).some((segment) =>
      carries(world, segment, a, b) && carries(world, segment, b, a) &&
      [a, b].every((name) => isAlone(world, segment, name))
    );
}

/** Do the files of `a` and `b` say the same to all nodes? */
export function haveOneFile(world: FieldWorld, a: string, b: string): boolean {
  const node = world.setup.nodes[0];
  const [one, other] = [a, b].map((name) => node && textOf(world, name, node));
  return one === other;
}

/** What a set-up says to the first node of a run, worked out once. */
const TEXTS = new WeakMap<Setup, { readonly node: NodeSetup; readonly text: string }>();

function textOf(world: FieldWorld, name: string, node: NodeSetup): string {
  const { setup } = world.fileOf(name);
  const known = TEXTS.get(setup);
  if (known?.node === node) return known.text;
  // By the same node, so that [node] is no difference; which of them it is changes nothing else.
  // Of a password it counts alone whether it is written (src/config/fingerprint.ts).
  const instances = setup.instances.map((one) =>
    one.password === undefined ? one : { ...one, password: "written" }
  );
  const text = tomlOf({ ...setup, instances }, { ...node, ...pickSaid(setup.nodes[0] ?? node) });
  TEXTS.set(setup, { node, text });
  return text;
}

function pickSaid({ interval, preempt, preemptDelay, initialState, lease, stop }: NodeSetup) {
  return { interval, preempt, preemptDelay, initialState, lease, stop };
}

/** When each fact about a pair of nodes became true, for as long as it is. */
export class Since<Fact extends string> {
  readonly #since = new Map<string, Map<Fact, Instant>>();

  /** `isTrue` of the pair at `at`. */
  note(pair: string, fact: Fact, isTrue: boolean, at: Instant): void {
    const facts = this.#since.get(pair);
    if (!isTrue) facts?.delete(fact);
    else if (facts === undefined) this.#since.set(pair, new Map([[fact, at]]));
    else if (!facts.has(fact)) facts.set(fact, at);
  }

  /** Counts anew. */
  forget(pair: string, fact: Fact): void {
    this.#since.get(pair)?.delete(fact);
  }

  /** For how long it has been true, in ns; undefined: it is not. */
  age(pair: string, fact: Fact, at: Instant): number | undefined {
    const since = this.#since.get(pair)?.get(fact);
    return since === undefined ? undefined : at - since;
  }
}

/** The address of `name` there, as all files say that are not wrong. */
function addressOn({ setup }: FieldWorld, segment: string, name: string): string {
  const isIpv6 = segment !== LINK.segment && setup.instances[0]?.family === "ipv6";
  const cards = setup.nodes.find((one) => one.name === name)?.cards ?? [];
  const card = cards.find((one) => one.segment === segment);
  return card?.addresses.find((one) => one.includes(":") === isIpv6)?.split("/")[0] ?? "";
}

function segmentsOf({ setup }: FieldWorld): readonly string[] {
  return setup.cluster?.linked === true ? ["outside", LINK.segment] : ["outside"];
}

function carries(world: FieldWorld, segment: string, from: string, to: string): boolean {
  const { lan } = world.cluster;
  const isOpen = lan.paths.isOpen(from, to, segment) &&
    [from, to].every((name) => {
      const machine = lan.machine(name);
      return machine.ports().some((port) => port.segment === segment && machine.isLive(port));
    });
  return isOpen &&
    (segment !== LINK.segment ||
      [from, to].every((name) => world.fileOf(name).setup.cluster?.linked === true));
}

/** Has it its own address there, and no other machine? */
function isAlone(world: FieldWorld, segment: string, name: string): boolean {
  const address = addressOn(world, segment, name);
  const having = world.cluster.lan.machines().filter((machine) => machine.has(address));
  return having.length === 1 && having[0]?.name === name;
}

/** Does the file of `a` name `b`, with its address? */
function isKnown(world: FieldWorld, a: string, b: string): boolean {
  const there = world.fileOf(a).setup.nodes.find(({ name }) => name === b);
  return there !== undefined && there.number === world.node(b)?.number;
}
