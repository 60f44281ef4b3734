/**
 * Truth of the status: never "all is well" while two machines answer for an address, or none does.
 */
import { type Instant, milliseconds, seconds } from "../../../src/time.ts";
import type { Machine } from "../machine.ts";
import type { InstanceSetup } from "../setup.ts";
import type { Checker } from "../world.ts";
import { isGreen } from "./green.ts";
import type { FieldWorld } from "./world.ts";

/** What is wrong with an address, and how long a status may not know it. */
const LIMITS = { two: seconds(15), nobody: seconds(5) } as const;

/**
 * A daemon that has just started, and claims before a slow machine's answer came, takes no answer
 * for none for so long: its next question finds the machine.
 */
const SLOW = seconds(2);

interface Episode {
  readonly wrong: keyof typeof LIMITS;
  readonly since: Instant;
}

/** An address on the segment where it floats. */
type Place = Pick<InstanceSetup, "segment"> & { readonly address: string };

/** From one look to the next. */
const PACE = milliseconds(250);

/**
 * Judges each node by the addresses of its own file. Two are two for a node where it and each of
 * them hear each other's ARP and ND; nobody is nobody where it hears nothing of any machine that
 * answers.
 *
 * The clock runs whatever becomes of the node: through starts, changes of state, pauses, other
 * files and refusals of its kernel. What has not looked yet must not say that all is well.
 */
export function truthful(world: FieldWorld): Checker {
  // By "n1 192.168.1.50".
  const episodes = new Map<string, Episode>();
  const started = new Map<string, Instant>();
  const note = (name: string, place: Place, answering: readonly Machine[], at: Instant) => {
    const key = keyOf(name, place.address);
    const wrong = wrongWith(world, name, place, answering);
    if (wrong === undefined) episodes.delete(key);
    else if (episodes.get(key)?.wrong !== wrong) episodes.set(key, { wrong, since: at });
  };
  const judge = (name: string, address: string, at: Instant) => {
    const episode = episodes.get(keyOf(name, address));
    if (episode === undefined) return;
    const elapsed = at - episode.since;
    if (elapsed <= LIMITS[episode.wrong]) return;
    if (!isGreen(world, name, world.statusAtTick(name))) return;
    const isNew = at - (started.get(name) ?? -SLOW) < SLOW;
    if (isNew && world.cluster.lan.machines().some(({ answers }) => answers.after > 0)) return;
    const facts = `${factsOf[episode.wrong]} for ${address} for ${(elapsed / 1e9).toFixed(1)} s`;
    world.complain("truthful", `${name} says that all is well, and ${facts} (${causes(world)})`);
  };
  let lookedAt = 0;
  return {
    see(seen, at) {
      if (seen.kind === "program" && seen.what === "started") started.set(seen.node, at);
      // Between two looks it was there.
      if (seen.kind !== "address" || !seen.there) return;
      for (const [key, { wrong }] of episodes) {
        if (wrong === "nobody" && key.endsWith(` ${addressOf(seen.prefix)}`)) episodes.delete(key);
      }
    },
    tick(at) {
      if (at - lookedAt < PACE) return;
      lookedAt = at;
      const names = world.setup.nodes.map(({ name }) => name);
      for (const place of placesOf(world)) {
        const answering = answeringFor(world, place);
        for (const name of names) note(name, place, answering, at);
      }
      for (const name of names) {
        for (const { addresses } of world.fileOf(name).setup.instances) {
          for (const text of addresses) judge(name, addressOf(text), at);
        }
      }
    },
  };
}

const factsOf = { two: "two have answered", nobody: "nobody has answered" } as const;

/** Everything that is wrong at the moment. */
export function causes(world: FieldWorld): string {
  return world.present.length === 0 ? "nothing is wrong" : world.present.join("; ");
}

/**
 * The addresses of all files, so that the clock of one does not begin when it enters another file.
 */
function placesOf(world: FieldWorld): readonly Place[] {
  const all = world.setup.nodes.flatMap(({ name }) => world.fileOf(name).setup.instances);
  const places = all.flatMap(({ addresses, segment }) =>
    addresses.map((text) => [addressOf(text), { address: addressOf(text), segment }] as const)
  );
  return [...new Map(places).values()];
}

/** The machines that answer for an address there, whoever asks. */
function answeringFor(
  { cluster: { lan } }: FieldWorld,
  { address, segment }: Place,
): readonly Machine[] {
  return lan.machines().filter((machine) => machine.answersFor(address, segment) !== undefined);
}

function wrongWith(
  { cluster: { lan: { paths } } }: FieldWorld,
  name: string,
  { segment }: Place,
  answering: readonly Machine[],
): Episode["wrong"] | undefined {
  const heard = answering.filter((machine) => paths.isOpen(machine.name, name, segment));
  if (heard.length === 0) return "nobody";
  const asked = heard.filter((machine: Machine) => paths.isOpen(name, machine.name, segment));
  return asked.length > 1 ? "two" : undefined;
}

function addressOf(text: string): string {
  return text.split("/", 1)[0] ?? "";
}

function keyOf(name: string, address: string): string {
  return `${name} ${address}`;
}
