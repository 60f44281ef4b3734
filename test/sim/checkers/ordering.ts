/**
 * Invariant: only present addresses are announced, and they go soon after another node was invited.
 */
import { advertIn } from "../advert.ts";
import { after, type Instant, nanoseconds } from "../../../src/time.ts";
import { longestParting } from "../setup.ts";
import { type Checker, HOP, type World } from "../world.ts";

/** A node that is stopped while it offers the addresses to others has offered them once already. */
const WITH_A_HANDOVER = 1.5;

/** Has the program on `name`, or the whole machine, stood still since `at`? */
function stoodStill(world: World, name: string, at: Instant): boolean {
  return world.cluster.host(name)?.paused === true || (world.stoodStill.get(name) ?? 0) >= at;
}

/** Watches announcements and partings. */
export function ordering(world: World): Checker {
  // A robbed node may announce once more before the kernel's word about it is read.
  const robbed = new Set<string>();
  // Since when each says so.
  const leaving = new Map<string, Instant>();
  return {
    see(seen, at) {
      if (seen.kind === "address") {
        const key = `${seen.node} ${seen.prefix.split("/", 1)[0]}`;
        if (seen.there) robbed.delete(key);
        else if (!seen.byProgram) robbed.add(key);
      }
      if (seen.kind === "announced") {
        const machine = world.cluster.lan.machine(seen.node);
        const { address, mac } = seen;
        if (!machine.has(address) && !robbed.has(`${seen.node} ${address}`)) {
          world.complain("ordering", `${seen.node} announces ${address}, which it has not`);
        }
        if (machine.port(seen.interface)?.macText !== mac) {
          world.complain(
            "ordering",
            `${seen.node} announces ${address} at ${mac}, not its own MAC`,
          );
        }
      }
      if (seen.kind !== "sent") return;
      const advert = advertIn(seen.message);
      const instance = world.instanceOf(advert, seen.source);
      if (instance === undefined) return;
      const key = `${seen.node} ${instance.name}`;
      // It stays after all: no node wanted the address.
      if (advert.priority > 0) leaving.delete(key);
      if (advert.priority > 0 || leaving.has(key) || !world.has(seen.node, instance)) return;
      leaving.set(key, at);
      world.cluster.lan.at(
        after(at, nanoseconds(WITH_A_HANDOVER * longestParting(world.setup) + HOP)),
        () => {
          if (leaving.get(key) !== at || !world.holds(seen.node, instance)) return;
          leaving.delete(key);
          if (!world.cleanFor(HOP) || world.refused || stoodStill(world, seen.node, at)) return;
          world.complain("ordering", `${seen.node} says that it leaves, and keeps the address`);
        },
      );
    },
  };
}
