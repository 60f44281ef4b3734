/** Invariant: two holders of which one hears the other are one within a round trip. */
import { after, nanoseconds } from "../../../src/time.ts";
import { advertIn } from "../advert.ts";
import { type Checker, HOP, type World } from "../world.ts";

/**
 * Watches every advert of a holder that another holder reads, where nothing stands between the two.
 */
export function contact(world: World): Checker {
  const { lan } = world.cluster;
  return {
    see(seen, at) {
      if (seen.kind !== "read") return;
      const instance = world.instanceOf(advertIn(seen.message), seen.source);
      if (instance === undefined) return;
      const areTwo = () =>
        world.holds(seen.node, instance) && world.holds(seen.from, instance) &&
        world.areConnected(seen.node, seen.from, instance) &&
        !world.bothLeave(seen.node, seen.from, instance);
      if (!areTwo()) return;
      const parting = world.partingTime(seen.node, seen.from, instance);
      lan.at(after(at, nanoseconds(HOP + parting)), () => {
        if (!areTwo() || !world.undisturbedSince(at)) return;
        const both = `${seen.node} heard ${seen.from}`;
        world.complain("contact", `${instance.name}: ${both}, and both hold it still`);
      });
    },
  };
}
