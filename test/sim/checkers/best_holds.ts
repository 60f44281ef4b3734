/** Invariant: a healthy node that may preempt holds the addresses once no better one is there. */
import type { Checker, World } from "../world.ts";

/** Looks when all is calm. */
export function bestHolds(world: World): Checker {
  /**
   * Refused an address by their kernels: they leave a living master alone until something changes.
   */
  const refused = new Set<string>();
  return {
    see(seen) {
      if (seen.kind === "refused" && seen.call === "RTM_NEWADDR") refused.add(seen.node);
      if (seen.kind === "program" && seen.what === "started") refused.delete(seen.node);
    },
    enter(phase) {
      if (phase !== "calm") return;
      for (const instance of world.setup.instances) {
        for (const island of world.islands(instance)) {
          const holder = island.find((node) => world.has(node.name, instance));
          if (holder === undefined) continue;
          for (const node of island) {
            if (refused.has(node.name)) continue;
            if (!node.preempt || node.priority <= holder.priority) continue;
            world.complain(
              "best_holds",
              `${instance.name}: ${holder.name} (${holder.priority}) holds it, ` +
                `not ${node.name} (${node.priority}), which may preempt`,
            );
          }
        }
      }
    },
  };
}
