/** [node] and [nodes]: the node that reads the file, and all that take part. */
import * as v from "valibot";
import { formatIp, type Ip, isLoopback, isMulticast, isUnspecified, sameIp } from "../../net/ip.ts";
import { nearestWord } from "../did_you_mean.ts";
import { error, type Path, type Problem, type Report, type Rule } from "../problem.ts";
import { listNames, showName, showValue, writeKey } from "../toml_text.ts";
import type { Keys } from "./key.ts";
import { address, word } from "./types.ts";

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
}

/** One line of [nodes], as far as it could be read. */
export interface NodeDraft {
  readonly name: string;
  readonly path: Path;
  readonly addresses: readonly { readonly path: Path; readonly address: Ip }[];
}

/** What the rules need to know of the file. */
export interface NodesDraft {
  /** Is there a [nodes] at all? Undefined: one that could not be read. */
  readonly hasNodes: boolean | undefined;
  readonly nodes: readonly NodeDraft[];
}

const ADDRESS = address("an address without a prefix length");

/** Reads [nodes]: a name with an address, or a list of them, on each line. */
export function readNodes(
  raw: Readonly<Record<string, unknown>>,
  report: Report,
): readonly NodeDraft[] {
  return Object.entries(raw).map(([name, value]) => {
    const path: Path = ["nodes", name];
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (list.length === 0) report(wrongNode(name, value, path));
    const addresses = list.flatMap((entry, index) => {
      const at = Array.isArray(value) ? [...path, index] : path;
      const result = v.safeParse(ADDRESS.schema, entry);
      if (result.success) return [{ path: at, address: result.output }];
      report(wrongNode(name, entry, at));
      return [];
    });
    return { name, path, addresses };
  });
}

function wrongNode(name: string, value: unknown, path: Path): Problem {
  const text = typeof value === "string" ? value.trim() : "";
  const guesses = [text, text.split("/")[0], /^\[([\da-f:.]+)\]/i.exec(text)?.[1]];
  const fixed = guesses.find((guess) => v.is(ADDRESS.schema, guess));
  const looksUp = /^[a-z\d][a-z\d.-]*[a-z][a-z\d.-]*$/i.test(text);
  return error(
    path,
    `node ${showName(name)} needs an address without a prefix length, not ${showValue(value)}`,
    "Nodes find themselves and their peers by these addresses.",
    fixed !== undefined
      ? path.length === 2 ? `${writeKey(name)} = "${fixed}"` : `"${fixed}"`
      : looksUp
      ? `write its address instead, which \`getent ahosts ${text}\` prints`
      : "write the address that this node has on the LAN",
  );
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
  const nature = isMulticast(address)
    ? "a multicast address"
    : isLoopback(address)
    ? "a loopback address"
    : isUnspecified(address)
    ? "the unspecified address"
    : formatIp(address) === "255.255.255.255"
    ? "the broadcast address"
    : undefined;
  return nature === undefined ? [] : [error(
    path,
    `${formatIp(address)} is ${nature}; ${role} needs an address of a machine on the LAN`,
    "Adverts between nodes travel from one machine's own address to another's.",
    fix,
  )];
}
