/** Invariant: nothing of ours remains on a machine after a stop, a fault, or mastership. */
import type { Checker, World } from "../world.ts";

/**
 * Looks whenever a program ends in order, and whenever an instance says that it is not master any
 * more.
 */
export function leftBehind(world: World): Checker {
  const refused = new Set<string>();
  return {
    see(seen) {
      if (seen.kind === "refused" && seen.call === "RTM_DELADDR") refused.add(seen.node);
      if (seen.kind === "program") {
        if (seen.what === "started") refused.delete(seen.node);
        const left = world.cluster.lan.machine(seen.node).left();
        if (seen.what !== "ended" || left.length === 0 || refused.has(seen.node)) return;
        // Another process goes on with them.
        if (seen.words === "restarting") return;
        world.complain("left_behind", `${seen.node} ended and left ${left.join(", ")}`);
      }
      if (seen.kind !== "journal" || refused.has(seen.node)) return;
      const transition = /^(\S+)(?: \(IPv6\))?: \S+ -> (init|backup|fault):/.exec(seen.line);
      const instance = world.setup.instances.find(({ name }) => name === transition?.[1]);
      if (instance === undefined || !world.has(seen.node, instance)) return;
      world.complain("left_behind", `${seen.node}: "${seen.line}", but the addresses are there`);
    },
  };
}
