/** Is everything done in the right order: announced only what is there, and gone before anybody is invited to take it? */
import { advertIn } from "../advert.ts";
import type { Checker, World } from "../world.ts";

/** Watches announcements and partings. */
export function ordering(world: World): Checker {
  // Who has been robbed may announce once more before the kernel's word about it is read.
  const robbed = new Set<string>();
  return {
    see(seen) {
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
      if (advert.priority > 0 || instance === undefined || !world.has(seen.node, instance)) return;
      world.complain("ordering", `${seen.node} says that it leaves, and still has the address`);
    },
  };
}
