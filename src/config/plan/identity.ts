/**
 * The identity of this node: told by name, by an address of its own in [nodes], by what it was
 * before, by host name.
 */
import {
  formatIp,
  includesIp,
  type Ip,
  isLinkLocal,
  isLoopback,
  isMulticast,
} from "../../net/ip.ts";
import type { Interfaces } from "../../net/interfaces.ts";
import type { Config } from "../config.ts";
import type { NodeEntry } from "../tables/node.ts";
import type { NodePlan } from "./plan.ts";
import { machine, type Problem } from "../problem.ts";
import { few } from "../../printable.ts";

/** Who this node is, as far as can be told. */
export interface Identity {
  readonly name: string;
  /** Its line in [nodes]; undefined: there are no [nodes], or it is none of them (yet). */
  readonly entry: NodeEntry | undefined;
  /** It is one of the machines that vote, and hold nothing. */
  readonly isWitness?: boolean;
  /** Why it cannot be told yet, in words. */
  readonly unknown: string | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Finds this node in `config`. `told` is --node. An address that floatip itself added proves
 * nothing. `previous` is what this node took itself for before: it stays so while its addresses are
 * gone and its line is unchanged.
 */
export function identify(
  config: Config,
  machine: { readonly hostName: string; readonly interfaces: Interfaces },
  told: string | undefined,
  previous: NodePlan | undefined,
): Identity {
  const name = told ?? config.node.name;
  const { nodes } = config;
  if (nodes.length === 0) return known(name ?? machine.hostName, undefined);
  const own = ownAddresses(machine.interfaces);
  const witness = witnessOf(config, name, own);
  if (witness !== undefined) return { ...known(witness, undefined), isWitness: true };
  if (name !== undefined) return byName(name, told !== undefined, config, own);
  const matching = nodes.filter((node) => node.addresses.some((entry) => includesIp(own, entry)));
  const chosen = matching.find((node) => wasBefore(node, previous)) ??
    matching.find((node) => node.name === machine.hostName) ?? matching[0];
  if (chosen !== undefined) {
    return {
      ...known(chosen.name, chosen),
      problems: matching.length > 1 ? [ambiguous(matching)] : [],
    };
  }
  const remembered = nodes.find((node) => wasBefore(node, previous)) ??
    nodes.find(({ links }) => links.some((link) => includesIp(own, link))) ??
    nodes.find((node) => node.name === machine.hostName);
  if (remembered !== undefined) return known(remembered.name, remembered, notHere(remembered, own));
  const words = `none of this machine's addresses is in [nodes]: ${hasAndWants(own, nodes)}`;
  return { name: machine.hostName, entry: undefined, unknown: words, problems: [stranger(words)] };
}

/** The name of the witness that this machine is: by `name`, else by its addresses. */
function witnessOf(
  { cluster, nodes }: Config,
  name: string | undefined,
  own: readonly Ip[],
): string | undefined {
  const all = cluster?.witnesses ?? [];
  if (name !== undefined) return all.find((one) => one.name === name)?.name;
  const isHere = ({ addresses }: Pick<NodeEntry, "addresses">) =>
    addresses.some((address) => includesIp(own, address));
  return nodes.some(isHere) ? undefined : all.find(isHere)?.name;
}

function known(
  name: string,
  entry: NodeEntry | undefined,
  ...problems: readonly Problem[]
): Identity {
  return { name, entry, unknown: undefined, problems };
}

function byName(name: string, told: boolean, config: Config, own: readonly Ip[]): Identity {
  const entry = config.nodes.find((node) => node.name === name);
  if (entry !== undefined) {
    const here = entry.addresses.some((address) => includesIp(own, address));
    if (here) return known(name, entry);
    const meant = config.nodes.filter((node) =>
      node.addresses.some((address) => includesIp(own, address))
    );
    const problem = meant[0] && meant.length === 1
      ? misnamed(entry, meant[0], told)
      : notHere(entry, own);
    return known(name, entry, problem);
  }
  const names = config.nodes.map((node) => node.name).join(", ");
  const words = `node ${name} is not in [nodes]: there are ${names}`;
  const path = told ? ["nodes"] : ["node", "name"];
  return { name, entry: undefined, unknown: words, problems: [{ ...stranger(words), path }] };
}

/**
 * It is told to be `entry`, and has the address of `meant`: the name is to blame, not the address.
 */
function misnamed(entry: NodeEntry, meant: NodeEntry, told: boolean): Problem {
  const has = meant.addresses.map(formatIp).join(" or ");
  return machine(
    told ? ["nodes", entry.name] : ["node", "name"],
    `this is node ${entry.name}, and it does not have the address ` +
      `${entry.addresses.map(formatIp).join(" or ")}, but ${has}, which is ${meant.name}'s`,
    "Peers accept adverts from a node's own address only.",
    told ? `start it with --node ${meant.name}` : `name = "${meant.name}"`,
  );
}

/** Addresses that prove who this machine is. */
function ownAddresses(interfaces: Interfaces): readonly Ip[] {
  return interfaces.addresses.filter((entry) => !entry.ours).map((entry) => entry.prefix.address);
}

/**
 * Did this node take itself for `node` before, and does the line still name an address it had then?
 */
function wasBefore(node: NodeEntry, previous: NodePlan | undefined): boolean {
  return previous?.node === node.name &&
    node.addresses.some((address) => previous.names.get(formatIp(address)) === node.name);
}

/** So many addresses are named. */
const MOST_NAMED = 8;

function hasAndWants(own: readonly Ip[], nodes: readonly NodeEntry[]): string {
  const telling = own.filter((address) => !isLoopback(address) && !isMulticast(address));
  const families = new Set(nodes.flatMap((node) => node.addresses.map(({ family }) => family)));
  const has = telling.filter((address) => families.has(address.family)).map(formatIp);
  const wants = nodes.flatMap((node) => node.addresses.map(formatIp));
  return `has ${has.length === 0 ? "none" : few(has, MOST_NAMED)}, wants one of ${
    few(wants, MOST_NAMED)
  }`;
}

function stranger(words: string): Problem {
  return machine(
    ["nodes"],
    words,
    "This node waits until it knows which one it is, and claims no address before.",
    "add this machine to [nodes], or start it with --node NAME",
    "key",
  );
}

function notHere(entry: NodeEntry, own: readonly Ip[]): Problem {
  const wants = entry.addresses.map(formatIp).join(" or ");
  const families = new Set(entry.addresses.map(({ family }) => family));
  const has = own.filter((address) =>
    families.has(address.family) && !isLoopback(address) && !isLinkLocal(address)
  ).map(formatIp);
  return machine(
    ["nodes", entry.name],
    `this is node ${entry.name}, and it does not have the address ${wants}`,
    "Peers accept adverts from that address only.",
    has.length === 0
      ? `give this machine the address ${wants}`
      : `give this machine the address ${wants}, or write the one that it has: ${
        few(has, MOST_NAMED)
      }`,
  );
}

function ambiguous(matching: readonly NodeEntry[]): Problem {
  const names = matching.map((node) => node.name).join(" and ");
  return machine(
    ["nodes", matching.at(-1)?.name ?? ""],
    `this machine has addresses of ${names}`,
    "It can be one node only, and the other one is missing.",
    "correct the addresses in [nodes]",
    "key",
  );
}
