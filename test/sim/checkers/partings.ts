/** Who lets an address go because somebody has taken over: has anybody got it? So that no packet finds nobody. */
import { advertIn } from "../advert.ts";
import type { InstanceSetup } from "../setup.ts";
import type { Checker, World } from "../world.ts";

/** Watches every master that leaves while it is the only one, and names its successor. */
export function partings(world: World): Checker {
  // Who leaves, and was alone when it began to: "n1 web".
  const leaving = new Set<string>();
  const begins = (name: string, instance: InstanceSetup, priority: number) => {
    const key = `${name} ${instance.name}`;
    const asks = priority === 1 && world.node(name)?.priority !== 1;
    if (priority > 0 && !asks) leaving.delete(key);
    else if (
      world.setup.nodes.every((one) => one.name === name || !world.has(one.name, instance))
    ) {
      leaving.add(key);
    }
  };
  return {
    see(seen, at) {
      if (seen.kind === "sent") {
        const advert = advertIn(seen.message);
        const instance = world.instanceOf(advert, seen.source);
        if (instance !== undefined && world.has(seen.node, instance)) {
          begins(seen.node, instance, advert.priority);
        }
      }
      if (seen.kind !== "journal") return;
      const told = /^(\S+)(?: \(IPv6\))?: master -> \S+: .*: \S+ has taken over$/.exec(seen.line);
      const instance = world.setup.instances.find(({ name }) => name === told?.[1]);
      if (instance === undefined) return;
      if (!leaving.delete(`${seen.node} ${instance.name}`)) return;
      if (world.refused || !world.undisturbedSince(at)) return;
      // The successor may have lost it to a third already.
      if (world.setup.nodes.some(({ name }) => world.holds(name, instance))) return;
      world.complain("partings", `${seen.node}: "${seen.line}", but nobody has the addresses`);
    },
  };
}
