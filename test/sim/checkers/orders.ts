/** Invariant: every command is answered, within the time that it may take. */
import { after, nanoseconds } from "../../../src/time.ts";
import { fastest, slowest } from "../setup.ts";
import type { Checker, World } from "../world.ts";

/** No node is asked to take over for longer; then it is told to. */
const LONGEST_ASKING = 10e9;

/** For timers, ways and answers. */
const SLACK = 2e9;

/** So many steps may each come late on a slow machine, by up to the fastest interval. */
const STEPS = 4;

/** Watches every order, unless its program ends or stands still before the answer. */
export function orders(world: World): Checker {
  const open = new Map<number, string>();
  return {
    see(seen, at) {
      if (seen.kind === "program" && seen.what !== "started") {
        for (const [number, node] of open) if (node === seen.node) open.delete(number);
      }
      if (seen.kind !== "order") return;
      if (seen.outcome !== undefined) {
        open.delete(seen.number);
        return;
      }
      if (world.cluster.host(seen.node)?.paused === true) return;
      open.set(seen.number, seen.node);
      const unit = Math.max(slowest(world.setup), 1e9);
      const late = STEPS * fastest(world.setup);
      const limit = Math.min(4 * unit, LONGEST_ASKING) + unit + SLACK + late;
      world.cluster.lan.at(after(at, nanoseconds(limit)), () => {
        if (!open.delete(seen.number)) return;
        world.complain("orders", `${seen.node}: ${seen.what} is not answered in ${limit / 1e9} s`);
      });
    },
  };
}
