/** Invariant: no node is master in its first master-down interval, but for a restart in place. */
import type { Instant } from "../../../src/time.ts";
import { advertIn } from "../advert.ts";
import { fastest } from "../setup.ts";
import type { Checker, World } from "../world.ts";

/**
 * Watches every start. Three intervals of the fastest node are less than any master-down interval.
 */
export function listensFirst(world: World): Checker {
  const startedAt = new Map<string, Instant>();
  // Going on is told a moment later, in the same turn; whether it was right is looked at elsewhere.
  const goingOn = new Set<string>();
  const isNew = (node: string, at: Instant) => {
    const start = startedAt.get(node);
    return start !== undefined && at - start < 3 * fastest(world.setup);
  };
  return {
    see(seen, at) {
      if (seen.kind === "program" && seen.what === "started") {
        startedAt.set(seen.node, at);
        goingOn.delete(seen.node);
      }
      if (seen.kind === "journal" && seen.line.includes(": master still: ")) {
        goingOn.add(seen.node);
      }
      const claims = (seen.kind === "sent" && advertIn(seen.message).priority > 0) ||
        (seen.kind === "address" && seen.there && seen.byProgram);
      if (!claims || !isNew(seen.node, at) || world.node(seen.node)?.priority === 255) return;
      world.cluster.lan.at(at, () => {
        // Where the kernel refuses what it asks for, it does not go on after all.
        if (goingOn.has(seen.node) || world.refused) return;
        world.complain("listens_first", `${seen.node} claims at once after its start`);
      });
    },
  };
}
