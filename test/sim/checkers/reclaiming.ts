/** Does the winner tell the neighbours again when a rival has yielded, whoever of the two heard the other first? */
import { after, nanoseconds } from "../../../src/time.ts";
import { type Checker, HOP, type World } from "../world.ts";
import { CLIENT } from "./neighbours.ts";

/** The winner may just have announced: then the next time is a second later. */
const SOON = nanoseconds(1e9 + 2 * HOP);

/** Looks at the client's neighbour table a second after somebody has yielded. */
export function reclaiming(world: World): Checker {
  const { lan } = world.cluster;
  const look = () => {
    for (const instance of world.setup.instances) {
      const holders = world.setup.nodes.filter((node) => world.has(node.name, instance));
      const [holder] = holders;
      if (holder === undefined || holders.length !== 1) continue;
      if (!lan.paths.isOpen(holder.name, CLIENT) || !lan.paths.isOpen(CLIENT, holder.name)) {
        continue;
      }
      for (const text of instance.addresses) {
        const [address = ""] = text.split("/");
        const reached = lan.reaches(CLIENT, address) ?? "nobody";
        if (reached === holder.name) continue;
        const words = `a rival yielded to ${holder.name}, and ${address} leads to ${reached}`;
        world.complain("reclaiming", words);
      }
    }
  };
  return {
    see(seen, at) {
      if (seen.kind !== "journal" || !seen.line.includes(": master -> backup: ")) return;
      lan.at(after(at, SOON), () => {
        if (world.undisturbedSince(at)) look();
      });
    },
  };
}
