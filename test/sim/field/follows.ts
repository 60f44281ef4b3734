/**
 * A holder whose MAC changes tells the neighbours at once: they would wait until they ask again.
 */
import { after, type Instant, nanoseconds } from "../../../src/time.ts";
import { CLIENT } from "../checkers/neighbours.ts";
import type { InstanceSetup } from "../setup.ts";
import { type Checker, HOP } from "../world.ts";
import { causes } from "./truthful.ts";
import type { FieldWorld } from "./world.ts";

/** It may just have announced. */
const SOON = nanoseconds(1e9 + 2 * HOP);

/** Looks at the client's neighbour table a second later, where nothing else has happened. */
export function follows(world: FieldWorld): Checker {
  const { lan } = world.cluster;
  const look = (name: string, instance: InstanceSetup, at: Instant) => {
    const isHeard = lan.paths.isOpen(name, CLIENT);
    if (!isHeard || !world.undisturbedSince(after(at, HOP))) return;
    if (!holdsAlone(world, name, instance)) return;
    const own = lan.machine(name).port(instance.card)?.macText;
    for (const text of instance.addresses) {
      const [address = ""] = text.split("/");
      const mac = lan.machine(CLIENT).neighbours.get(address);
      if (mac === own) continue;
      const words = `${name} has another MAC, and ${address} is still at ${mac}`;
      world.complain("follows", `${words} (${causes(world)})`);
    }
  };
  return {
    see(seen, at) {
      if (seen.kind !== "link" || !seen.words.endsWith("has another MAC")) return;
      for (const instance of world.setup.instances) {
        if (!seen.words.startsWith(`${instance.card} `)) continue;
        if (!holdsAlone(world, seen.node, instance)) continue;
        lan.at(after(at, SOON), () => look(seen.node, instance, at));
      }
    },
  };
}

function holdsAlone(world: FieldWorld, name: string, instance: InstanceSetup): boolean {
  const machines = world.cluster.lan.machines();
  return world.isAble(name, instance) &&
    instance.addresses.every((text) => {
      const [address = ""] = text.split("/");
      const answering = machines.filter((machine) =>
        machine.answersFor(address, instance.segment) !== undefined
      );
      return answering.length === 1 && answering[0]?.name === name;
    });
}
