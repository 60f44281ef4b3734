/** [node] and [nodes]: the node that reads the file, and all that take part. */
import { formatIp, type Ip, isLinkLocal, sameIp } from "../../net/ip.ts";
import { nearestWord } from "../did_you_mean.ts";
import { error, type Path, type Problem, type Rule } from "../problem.ts";
import { listNames, showName } from "../toml_text.ts";
import type { Keys } from "./key.ts";
import { specialNature } from "./special.ts";
import { word } from "./types.ts";

/** [node] */
export const NODE = {
  name: {
    type: word("a name of letters, digits and _ . - (63 at most)"),
    absent: "the node's entry in [nodes] that has one of its addresses, else the host name",
    what: "This node's name.",
    why: "Other nodes, the log and status call it by this name.",
    example: "pi-a",
    synonyms: ["id", "router_id", "hostname"],
  },
} as const satisfies Keys;

/** One line of [nodes]. */
export interface NodeEntry {
  readonly name: string;
  /** One or several: `pi-a = ["192.168.1.11", "fe80::11"]`; at most one of each family. */
  readonly addresses: readonly Ip[];
  /** Further addresses at which it is told the state of the others: for [cluster] alone. */
  readonly links: readonly Ip[];
  /** A keepalived or a router: it speaks VRRP, and is told nothing else. */
  readonly onlyVrrp: boolean;
}

/** An address of a node, and where it stands. */
interface PlacedAddress {
  readonly path: Path;
  readonly address: Ip;
}

/** One line of [nodes], as far as it could be read. */
export interface NodeDraft {
  readonly name: string;
  readonly path: Path;
  readonly addresses: readonly PlacedAddress[];
  readonly links: readonly PlacedAddress[];
  readonly onlyVrrp: boolean;
}

/** What the rules need to know of the file. */
export interface NodesDraft {
  /** Is there a [nodes] at all? Undefined: one that could not be read. */
  readonly hasNodes: boolean | undefined;
  readonly nodes: readonly NodeDraft[];
}

/** What is wrong with [nodes], `self` being the name in [node]. */
export const NODES_RULES: readonly Rule<NodesDraft, { readonly self: string | undefined }>[] = [
  ({ hasNodes, nodes }) => hasNodes === true && nodes.length === 0 ? EMPTY : undefined,
  ({ hasNodes, nodes }, { self }) => {
    const names = nodes.map((node) => node.name);
    if (!hasNodes || self === undefined || names.includes(self)) return undefined;
    return unknownNode(self, names, ["node", "name"], "node.name");
  },
  ({ nodes }) => nodes.flatMap((node) => nodeProblems(node, nodes)),
  ({ nodes }) => nodes.flatMap((node) => linkProblems(node, nodes)),
];

const EMPTY = error(
  ["nodes"],
  "[nodes] is empty",
  "No node could find itself in it, so none would ever claim an address.",
  'a line for each node, such as pi-a = "192.168.1.11"',
  "key",
);

function nodeProblems(node: NodeDraft, nodes: readonly NodeDraft[]): readonly Problem[] {
  const fix = `write the address that ${node.name} has on the LAN`;
  return node.addresses.flatMap(({ address, path }, index) => {
    const earlier = node.addresses.slice(0, index);
    const owner = nodes.find((other) =>
      other.addresses.some((own) => sameIp(own.address, address))
    );
    return [
      ...notOwnable(address, "a node", path, fix),
      ...earlier.some((other) => other.address.family === address.family)
        ? [secondOfFamily(node, path)]
        : [],
      ...owner === undefined || owner === node ? [] : [sameAddress(node, owner, path)],
    ];
  });
}

function secondOfFamily(node: NodeDraft, path: Path): Problem {
  return error(
    path,
    `node ${node.name} has two addresses of one family`,
    "Adverts come from one address per family; peers must know which.",
    "keep the one on the LAN that the nodes share",
  );
}

function sameAddress(node: NodeDraft, owner: NodeDraft, path: Path): Problem {
  return error(
    path,
    `node ${node.name} has the same address as node ${owner.name}`,
    "A node finds itself by its address: one machine would take itself for both.",
    `give ${node.name} its own address`,
  );
}

function linkProblems(node: NodeDraft, nodes: readonly NodeDraft[]): readonly Problem[] {
  if (node.onlyVrrp && node.links.length > 0) return [linksOfVrrp(node)];
  const before = nodes.slice(0, nodes.indexOf(node));
  return node.links.flatMap(({ address, path }, index) => {
    const has = (list: NodeDraft["links"]) => list.some((own) => sameIp(own.address, address));
    const owner = nodes.find((other) => other !== node && has(other.addresses)) ??
      before.find(({ links }) => has(links));
    const isTwice = has(node.addresses) || has(node.links.slice(0, index));
    return [
      ...notOwnable(address, "a link", path, `write another address that ${node.name} has`),
      ...isLinkLocal(address) ? [linkLocal(node, path)] : [],
      ...owner !== undefined
        ? [sameAddress(node, owner, path)]
        : isTwice
        ? [linkTwice(address, node, path)]
        : [],
    ];
  });
}

function linksOfVrrp({ name, path }: NodeDraft): Problem {
  return error(
    [...path, "links"],
    `node ${name} has links, and only_vrrp`,
    "Links are for what floatip nodes tell each other, and this one is told nothing.",
    "remove it",
    "key",
  );
}

function linkLocal({ name }: NodeDraft, path: Path): Problem {
  return error(
    path,
    `a link of node ${name} is a link-local address`,
    "It does not say on which interface it is to be reached.",
    `write another address that ${name} has`,
  );
}

function linkTwice(address: Ip, { name }: NodeDraft, path: Path): Problem {
  return error(
    path,
    `node ${name} has the address ${formatIp(address)} twice`,
    "One way to a node that is written twice is still one, where two were wanted.",
    `write another address that ${name} has`,
  );
}

/**
 * `where` names a node that [nodes] has not. `used`: names that stand there already, so that none
 * of them can be meant.
 */
export function unknownNode(
  name: string,
  names: readonly string[],
  path: Path,
  where: string,
  used: readonly (string | undefined)[] = [],
): Problem {
  const free = names.filter((known) => !used.includes(known));
  const meant = nearestWord(name, free);
  return error(
    path,
    `${where} names ${showName(name)}, which is not in [nodes]` +
      (meant === undefined ? "" : `: did you mean ${meant}?`),
    "A name that no node has has no effect.",
    names.length === 0
      ? "write [nodes], with a line for each node and its address"
      : meant !== undefined
      ? `"${meant}"`
      : free.length > 0
      ? `use one of ${listNames(free)}`
      : "remove it: all nodes are there already",
  );
}

/**
 * An address that no node can send from or receive at; `role` is "a peer", "the source", "a node".
 */
export function notOwnable(
  address: Ip,
  role: string,
  path: Path,
  fix: string,
): readonly Problem[] {
  const nature = specialNature(address);
  return nature === undefined ? [] : [error(
    path,
    `${formatIp(address)} is ${nature}; ${role} needs an address of a machine on the LAN`,
    "Adverts between nodes travel from one machine's own address to another's.",
    fix,
  )];
}
