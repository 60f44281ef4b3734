/** Does a master that hears a losing one answer at once, so that the loser gives up? */
import { after } from "../../../src/time.ts";
import { advertIn } from "../advert.ts";
import { outranks } from "../setup.ts";
import { type Checker, HOP, type World } from "../world.ts";

/** Watches every advert that a better master reads, where nothing stands between the two. */
export function answers(world: World): Checker {
  const { lan } = world.cluster;
  return {
    see(seen, at) {
      if (seen.kind !== "read") return;
      const advert = advertIn(seen.message);
      const instance = world.instanceOf(advert, seen.source);
      const [winner, loser] = [world.node(seen.node), world.node(seen.from)];
      if (instance === undefined || winner === undefined || loser === undefined) return;
      if (advert.priority === 0 || !outranks(instance, winner, loser)) return;
      if (!world.holds(winner.name, instance) || !world.holds(loser.name, instance)) return;
      lan.at(after(at, HOP), () => {
        const stillRivals = world.holds(winner.name, instance) &&
          world.holds(loser.name, instance) &&
          world.areConnected(winner.name, loser.name, instance) && world.undisturbedSince(at);
        if (!stillRivals) return;
        const both = `${winner.name} heard ${loser.name}, which has lost`;
        world.complain("answers", `${instance.name}: ${both}, and did not tell it so at once`);
      });
    },
  };
}
