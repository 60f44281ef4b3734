/** Does a node listen before it claims: never master in its first master-down interval? */
import type { Instant } from "../../../src/time.ts";
import { advertIn } from "../advert.ts";
import { fastest } from "../setup.ts";
import type { Checker, World } from "../world.ts";

/** Watches every start. Three intervals of the fastest node are less than any master-down interval. */
export function listensFirst(world: World): Checker {
  const startedAt = new Map<string, Instant>();
  const isNew = (node: string, at: Instant) => {
    const start = startedAt.get(node);
    return start !== undefined && at - start < 3 * fastest(world.setup);
  };
  return {
    see(seen, at) {
      if (seen.kind === "program" && seen.what === "started") startedAt.set(seen.node, at);
      const claims = (seen.kind === "sent" && advertIn(seen.message).priority > 0) ||
        (seen.kind === "address" && seen.there && seen.byProgram);
      if (!claims || !isNew(seen.node, at) || world.node(seen.node)?.priority === 255) return;
      world.complain("listens_first", `${seen.node} claims at once after its start`);
    },
  };
}
