/** Invariant: two holders that hear each other are two for one advert at most. */
import type { Instant } from "../../../src/time.ts";
import type { InstanceSetup } from "../setup.ts";
import type { Checker, World } from "../world.ts";

/**
 * Watches every pair of nodes, also in the midst of chaos, as long as nothing is wrong with the
 * pair.
 */
export function rivals(world: World): Checker {
  const since = new Map<string, Instant>();
  const both = pairs(world);
  const look = (at: Instant) => {
    for (const instance of world.setup.instances) {
      for (const [a, b] of both) {
        const rivals = areRivals(world, instance, a, b);
        if (!rivals && since.size === 0) continue;
        const key = `${instance.name}: ${a} and ${b}`;
        if (!rivals) {
          since.delete(key);
          continue;
        }
        const start = since.get(key) ?? at;
        since.set(key, start);
        if (at - start <= world.rivalryTime(a, b, instance)) continue;
        const ms = ((at - start) / 1e6).toFixed(1);
        world.complain("rivals", `${key} both hold it for ${ms} ms and hear each other`);
        since.set(key, at);
      }
    }
  };
  return {
    see(seen, at) {
      const matters = seen.kind === "address" || seen.kind === "link" || seen.kind === "program";
      if (matters || seen.kind === "act") look(at);
    },
    tick: look,
  };
}

function areRivals(world: World, instance: InstanceSetup, a: string, b: string): boolean {
  return world.holds(a, instance) && world.holds(b, instance) &&
    !world.bothLeave(a, b, instance) &&
    world.cleanFor(world.rivalryTime(a, b, instance)) && world.areConnected(a, b, instance);
}

function pairs(world: World): readonly (readonly [string, string])[] {
  const names = world.setup.nodes.map((node) => node.name);
  return names.flatMap((a, i) => names.slice(i + 1).map((b) => [a, b] as const));
}
