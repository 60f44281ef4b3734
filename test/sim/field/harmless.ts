/**
 * Harm to the machine: nothing that others put on it is ever taken away by floatip, or along with
 * what is floatip's.
 */
import { addressesOf } from "../../../src/net/interfaces.ts";
import { formatPrefix } from "../../../src/net/prefix.ts";
import type { Checker } from "../world.ts";
import { causes } from "./truthful.ts";
import type { FieldWorld } from "./world.ts";

/**
 * Watches every address that a machine has at first, and every one that an administrator or DHCP
 * adds. A floating address of the node's own file may be taken away all the same while another node
 * is master of it; and what puts one there again that floatip holds does floatip's work.
 */
export function harmless(world: FieldWorld): Checker {
  // By "n1 eth0 192.168.1.61/24".
  const others = new Set(world.setup.nodes.flatMap(({ name }) => ownOf(world, name)));
  const isElsewhere = (name: string, prefix: string) => {
    const [address] = prefix.split("/");
    return world.fileOf(name).setup.instances.some((instance) =>
      instance.addresses.some((text) => text.split("/")[0] === address) &&
      world.setup.nodes.some((node) => node.name !== name && world.has(node.name, instance))
    );
  };
  return {
    see(seen) {
      if (seen.kind !== "address") return;
      const { node, prefix, there, byProgram, why } = seen;
      const key = `${node} ${seen.interface} ${prefix}`;
      if (there) {
        if (!byProgram && !isHeldByFloatip(world, node, prefix)) others.add(key);
        return;
      }
      if (!others.delete(key) || (!byProgram && why === "")) return;
      if (isElsewhere(node, prefix)) return;
      const how = byProgram ? "floatip took it" : "it went along with floatip's";
      world.complain("harmless", `${node} has lost ${prefix}: ${how} (${causes(world)})`);
    },
  };
}

/** What `name` has before floatip runs there. */
function ownOf({ cluster: { lan } }: FieldWorld, name: string): readonly string[] {
  const interfaces = lan.machine(name).interfaces();
  return interfaces.links.flatMap((link) =>
    addressesOf(interfaces, link).map(({ prefix }) =>
      `${name} ${link.name} ${formatPrefix(prefix)}`
    )
  );
}

function isHeldByFloatip(world: FieldWorld, name: string, prefix: string): boolean {
  const [address = ""] = prefix.split("/");
  if (world.node(name) === undefined) return false;
  return world.cluster.status(name)?.instances.some(({ state, addresses }) =>
    state === "master" && addresses.some((text) => text.split("/")[0] === address)
  ) === true;
}
