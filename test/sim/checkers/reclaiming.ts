/** Invariant: the winner announces again when a rival has yielded. */
import { after, nanoseconds } from "../../../src/time.ts";
import type { InstanceSetup } from "../setup.ts";
import { type Checker, HOP, type World } from "../world.ts";
import { CLIENT } from "./neighbours.ts";

/** The winner may just have announced: then the next time is a second later. */
const SOON = nanoseconds(1e9 + 2 * HOP);

/** Looks at the client's neighbour table a second after a node has yielded. */
export function reclaiming(world: World): Checker {
  const { lan } = world.cluster;
  const look = (loser: string, instance: InstanceSetup) => {
    const holders = world.setup.nodes.filter((node) => world.has(node.name, instance));
    const [holder] = holders;
    if (holder === undefined || holders.length !== 1) return;
    if (!world.areConnected(holder.name, loser, instance)) return;
    if (!lan.paths.isOpen(holder.name, CLIENT) || !lan.paths.isOpen(CLIENT, holder.name)) return;
    for (const text of instance.addresses) {
      const [address = ""] = text.split("/");
      const reached = lan.reaches(CLIENT, address) ?? "nobody";
      if (reached === holder.name) continue;
      const words = `a rival yielded to ${holder.name}, and ${address} leads to ${reached}`;
      world.complain("reclaiming", words);
    }
  };
  return {
    see(seen, at) {
      if (seen.kind !== "journal") return;
      const name = /^(\S+)(?: \(IPv6\))?: master -> backup: /.exec(seen.line)?.[1];
      // A succeeded node goes without a word: its successor has announced itself.
      if (seen.line.endsWith(" has taken over")) return;
      const instance = world.setup.instances.find((one) => one.name === name);
      // In a sync group a loser has no last word: it would set back the wait of one that takes over
      // for all members.
      if (instance === undefined || world.setup.grouped) return;
      lan.at(after(at, SOON), () => {
        if (world.undisturbedSince(at)) look(seen.node, instance);
      });
    },
  };
}
