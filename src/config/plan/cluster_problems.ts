/** Problems of [cluster] in a sound file: what keeps nodes from reaching each other. Pure. */
import type { Interfaces } from "../../net/interfaces.ts";
import { type Family, formatIp, includesIp } from "../../net/ip.ts";
import type { Config } from "../config.ts";
import { machine, type Problem, warning } from "../problem.ts";

/** Holds the line of the node called `name` against `interfaces`. */
export function clusterProblems(
  { cluster, nodes }: Config,
  name: string,
  { addresses }: Interfaces,
): readonly Problem[] {
  const entry = nodes.find((node) => node.name === name);
  if (cluster === undefined || entry === undefined) return [];
  const path = ["nodes", name];
  if (entry.onlyVrrp) {
    return [machine(
      [...path, "only_vrrp"],
      `this is node ${name}, which speaks VRRP alone by only_vrrp`,
      "It takes no part in [cluster]: the other nodes do not learn its state.",
      "only_vrrp = false",
    )];
  }
  const own = addresses.map(({ prefix }) => prefix.address);
  return entry.links.flatMap((link, index) =>
    includesIp(own, link) ? [] : [warning(
      [...path, "links", index],
      `this machine does not have ${formatIp(link)}, a link of ${name}`,
      "Until it has, the other nodes do not reach it by this link.",
      `give this machine the address ${formatIp(link)}, or write the one that it has`,
    )]
  );
}

/** Two nodes that do not reach each other, whatever the network. */
export function familyProblems({ cluster, nodes }: Config): readonly Problem[] {
  const speaking = cluster === undefined ? [] : nodes.filter(({ onlyVrrp }) => !onlyVrrp);
  // A node with both families reaches all: only two of one family each can miss each other.
  const ofOne = (family: Family) =>
    speaking.find(({ addresses, links }) =>
      [...addresses, ...links].every((address) => address.family === family)
    );
  const [four, six] = [ofOne("ipv4"), ofOne("ipv6")];
  if (four === undefined || six === undefined) return [];
  const isFirst = speaking.indexOf(four) < speaking.indexOf(six);
  const [a, b] = isFirst ? [four, six] : [six, four];
  return [warning(
    ["nodes", b.name],
    `nodes ${a.name} and ${b.name} have no addresses of one family`,
    "They cannot tell each other their state.",
    `give ${b.name} a link of ${a.name}'s family: links = [ADDRESS]`,
  )];
}
