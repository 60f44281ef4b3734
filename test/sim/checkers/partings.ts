/** Invariant: an address is given up for a successor only when the successor has it. */
import type { Instant } from "../../../src/time.ts";
import { advertIn } from "../advert.ts";
import type { InstanceSetup } from "../setup.ts";
import { type Checker, HOP, type World } from "../world.ts";

/** Watches every master that leaves while it is the only one, and names its successor. */
export function partings(world: World): Checker {
  // Since when a node leaves ("n1 web"); undefined: it was not alone when it began to.
  const leaving = new Map<string, Instant | undefined>();
  // When each node last claimed to be master.
  const claims = new Map<string, Instant>();
  const begins = (name: string, instance: InstanceSetup, priority: number, at: Instant) => {
    const key = `${name} ${instance.name}`;
    const asks = priority === 1 && world.node(name)?.priority !== 1;
    if (priority > 0 && !asks) leaving.delete(key);
    if ((priority > 0 && !asks) || leaving.has(key)) return;
    const others = world.setup.nodes.filter((one) => one.name !== name);
    // For one with priority 1 the asking node is an equal.
    const isClear = others.every((one) => {
      // The last word of one that yields may be on its way still.
      const claimedAt = claims.get(`${one.name} ${instance.name}`);
      const isSilent = claimedAt === undefined || at - claimedAt > HOP;
      return one.priority > 1 && isSilent && !world.has(one.name, instance);
    });
    leaving.set(key, isClear ? at : undefined);
  };
  return {
    see(seen, at) {
      if (seen.kind === "sent") {
        const advert = advertIn(seen.message);
        const instance = world.instanceOf(advert, seen.source);
        if (instance !== undefined && advert.priority > 0) {
          claims.set(`${seen.node} ${instance.name}`, at);
        }
        if (instance !== undefined && world.has(seen.node, instance)) {
          begins(seen.node, instance, advert.priority, at);
        }
      }
      if (seen.kind !== "journal") return;
      const told = /^(\S+)(?: \(IPv6\))?: master -> \S+: .*: \S+ has taken over$/.exec(seen.line);
      const instance = world.setup.instances.find(({ name }) => name === told?.[1]);
      if (instance === undefined) return;
      const key = `${seen.node} ${instance.name}`;
      const since = leaving.get(key);
      leaving.delete(key);
      if (since === undefined) return;
      if (world.refused || !world.undisturbedSince(since)) return;
      // The successor may have lost it to a third already.
      if (world.setup.nodes.some(({ name }) => world.holds(name, instance))) return;
      world.complain("partings", `${seen.node}: "${seen.line}", but nobody has the addresses`);
    },
  };
}
