/** Who lets an address go because somebody has taken over: has that one got it? So that no packet finds nobody. */
import type { Checker, World } from "../world.ts";

/** Watches every master that leaves and names its successor. */
export function partings(world: World): Checker {
  return {
    see(seen, at) {
      if (seen.kind !== "journal") return;
      const told = /^(\S+)(?: \(IPv6\))?: master -> \S+: .*: (\S+) has taken over$/.exec(seen.line);
      const instance = world.setup.instances.find(({ name }) => name === told?.[1]);
      const successor = world.setup.nodes.find(({ number }) => told?.[2]?.match(`[.:]${number}$`));
      if (instance === undefined || successor === undefined) return;
      if (world.refused || !world.undisturbedSince(at) || seen.line.includes("did not run")) return;
      if (world.has(successor.name, instance)) return;
      world.complain("partings", `${seen.node}: "${seen.line}", but that one has no address`);
    },
  };
}
