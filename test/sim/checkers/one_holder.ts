/**
 * Invariant: exactly one holder, with all addresses, where nodes hear each other and nothing is
 * wrong.
 */
import type { Checker, World } from "../world.ts";

/** Looks when all is calm, and at every change while it stays so. */
export function oneHolder(world: World): Checker {
  const look = () => {
    for (const instance of world.setup.instances) {
      for (const island of world.islands(instance)) {
        const names = island.map((node) => node.name);
        const holders = names.filter((name) => world.has(name, instance));
        if (holders.length === 1) continue;
        const who = holders.length === 0 ? "nobody" : holders.join(" and ");
        world.complain("one_holder", `${instance.name}: ${who} of ${names.join(" ")} holds it`);
      }
    }
  };
  const lookInside = () => {
    for (const instance of world.setup.instances) {
      for (const { name } of world.setup.nodes) {
        if (!world.isAble(name, instance)) continue;
        const held = world.has(name, instance);
        const status = world.cluster.status(name)?.instances.find((one) =>
          one.name === instance.name
        );
        const says = status?.state ?? "nothing";
        if (held === (says === "master")) continue;
        const has = held ? "has the addresses" : "has no address";
        world.complain("one_holder", `${name} says ${says} for ${instance.name}, but ${has}`);
      }
    }
  };
  return {
    enter(phase) {
      if (phase !== "calm") return;
      look();
      lookInside();
    },
    see(seen) {
      if (world.phase === "calm" && seen.kind === "address") look();
    },
    tick() {
      if (world.phase === "calm") look();
    },
  };
}
