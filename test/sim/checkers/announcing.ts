/** Invariant: a new master tells the neighbours at once where its addresses are. */
import { after, type Instant, nanoseconds } from "../../../src/time.ts";
import type { InstanceSetup } from "../setup.ts";
import { type Checker, HOP, type World } from "../world.ts";
import { CLIENT } from "./neighbours.ts";

/** A rival that has yielded may have announced last: the winner's word comes within a second. */
const AFTER_RIVALS = nanoseconds(1e9 + 2 * HOP);

/** A winner that does not hear that rival says it again five seconds after its takeover. */
const AFTER_UNHEARD = nanoseconds(5e9 + AFTER_RIVALS);

/** Looks at the client's neighbour table shortly after each takeover. */
export function announcing(world: World): Checker {
  const { lan } = world.cluster;
  const lastAnnouncer = new Map<string, string>();
  const lookAtTakeover = (name: string, instance: InstanceSetup, at: Instant, waited: number) => {
    const others = world.setup.nodes.filter((node) => node.name !== name);
    // The fence of one that leaves may shut before it has gone.
    const alone = world.holds(name, instance) && !world.isLeaving(name, instance) &&
      !others.some((other) => world.has(other.name, instance)) &&
      lan.paths.isOpen(name, CLIENT) && lan.paths.isOpen(CLIENT, name);
    if (!alone || !world.undisturbedSince(at)) return;
    for (const text of instance.addresses) {
      const [address = ""] = text.split("/");
      const reached = lan.reaches(CLIENT, address);
      const last = lastAnnouncer.get(address) ?? name;
      const patience = last === name
        ? HOP
        : lan.paths.isOpen(last, name)
        ? AFTER_RIVALS
        : AFTER_UNHEARD;
      if (reached === name || waited < patience) continue;
      const where = `${address} leads to ${reached ?? "nobody"}`;
      world.complain("announcing", `${name} took over and did not say so: ${where}`);
    }
  };
  return {
    see(seen, at) {
      if (seen.kind === "announced") lastAnnouncer.set(seen.address, seen.node);
      if (seen.kind !== "journal") return;
      const told = /^(\S+)(?: \(IPv6\))?: \S+ -> master:/.exec(seen.line);
      const instance = world.setup.instances.find(({ name }) => name === told?.[1]);
      if (instance === undefined) return;
      for (const waited of [HOP, AFTER_RIVALS, AFTER_UNHEARD]) {
        lan.at(after(at, waited), () => lookAtTakeover(seen.node, instance, at, waited));
      }
    },
  };
}
