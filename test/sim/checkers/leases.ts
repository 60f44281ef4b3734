/** Invariant: a holder that does not run any more loses its addresses in time. */
import { after, nanoseconds } from "../../../src/time.ts";
import { latestEnd } from "../leases.ts";
import { leaseOf } from "../setup.ts";
import { type Checker, HOP, type World } from "../world.ts";

/** Linux looks once a second at most, and two instances renew each at its own time. */
const OTHER_RENEWALS = nanoseconds(1e9);

/**
 * Watches every kill and every stop (SIGSTOP). A machine that stands still altogether takes nothing
 * away.
 */
export function leases(world: World): Checker {
  const { lan } = world.cluster;
  // How often each node's program began or ended, stood still or went on.
  const turns = new Map<string, number>();
  return {
    see(seen, at) {
      if (seen.kind !== "program") return;
      const turn = (turns.get(seen.node) ?? 0) + 1;
      turns.set(seen.node, turn);
      const node = world.node(seen.node);
      const lease = node && leaseOf(node);
      const machine = lan.machine(seen.node);
      if (seen.what !== "killed" && seen.what !== "paused") return;
      if (lease === undefined || machine.clock.frozen) return;
      const others = world.setup.instances.length > 1 ? OTHER_RENEWALS : 0;
      const end = nanoseconds(lease + latestEnd(lease) + others + HOP);
      lan.at(after(at, end), () => {
        if (turns.get(seen.node) !== turn || machine.clock.frozen) return;
        const left = machine.left();
        if (left.length === 0) return;
        const words = `${seen.node} was ${seen.what} ${end / 1e6} ms ago, and still has`;
        world.complain("leases", `${words} ${left.join(", ")}`);
      });
    },
  };
}
