/** Invariant: a client's packet for a floating address reaches the holder. */
import { after, type Instant } from "../../../src/time.ts";
import { patience } from "../setup.ts";
import type { Checker, World } from "../world.ts";

/** The client's name. */
export const CLIENT = "client";

/** Plays the client, and looks at its neighbour table when all is calm. */
export function neighbours(world: World): Checker {
  const unanswered = new Map<string, Instant>();
  const { lan } = world.cluster;
  const addresses = world.setup.instances.flatMap(({ card, addresses }) =>
    addresses.map((text) => ({ card, address: text.split("/", 1)[0] ?? "" }))
  );
  const look = () => {
    for (const instance of world.setup.instances) {
      const island = world.islands(instance).find(([first]) =>
        first !== undefined && lan.paths.isOpen(first.name, CLIENT) &&
        lan.paths.isOpen(CLIENT, first.name)
      );
      const holder = island?.find((node) => world.has(node.name, instance));
      if (holder === undefined) continue;
      for (const text of instance.addresses) {
        const [address = ""] = text.split("/");
        const reached = lan.reaches(CLIENT, address);
        if (reached === holder.name) continue;
        world.complain(
          "neighbours",
          `${address} leads to ${reached ?? "nobody"}, not to its holder ${holder.name}`,
        );
      }
    }
  };
  return {
    enter(phase) {
      if (phase === "calm") look();
    },
    see(seen) {
      if (world.phase === "calm" && seen.kind === "announced") look();
    },
    tick(at) {
      for (const { card, address } of addresses) {
        if (lan.reaches(CLIENT, address) !== undefined) {
          unanswered.delete(address);
          continue;
        }
        const since = unanswered.get(address) ?? at;
        unanswered.set(address, since);
        if (after(since, patience(world.setup)) > at) continue;
        unanswered.set(address, at);
        lan.ask(CLIENT, card, address);
      }
    },
  };
}
