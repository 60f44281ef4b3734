/** `transport`, `port`, `source` and `peers` of an instance: how its nodes hear each other. */
import { type Family, formatIp, type Ip, isLinkLocal, sameIp } from "../../net/ip.ts";
import { DEFAULT_UDP_PORT } from "../../wire/vrrp.ts";
import { error, type Path, type Problem, type Rule } from "../problem.ts";
import { familiesOf, familyName, floats, type Holder, isOwned } from "./address.ts";
import type { Draft, Keys } from "./key.ts";
import { type NodeDraft, type NodesDraft, notOwnable } from "./node.ts";
import { address, listOf, oneOf, wholeNumber } from "./types.ts";

/** Keys of [instance.NAME]. */
export const PEERS = {
  transport: {
    type: oneOf("multicast", "unicast", "udp"),
    absent: '"unicast" where peers are known, else "multicast"',
    what: "How adverts travel: to a group on the LAN, to each peer by its address, or (between " +
      "floatip nodes only) to each peer by UDP.",
    why: "Nodes that use different transports do not hear each other: each makes itself master.",
    example: "multicast",
  },
  port: {
    type: wholeNumber(1, 65535),
    default: DEFAULT_UDP_PORT,
    what: 'The UDP port with transport = "udp": adverts come from it and go to it.',
    why: "Nodes that use different ports do not hear each other: each makes itself master.",
    synonyms: ["udp_port"],
  },
  source: {
    type: address('an address without a prefix length, such as "192.168.1.11"'),
    absent: "the node's address in [nodes], else the interface's own",
    what: "The address that adverts come from.",
    why: "Peers accept adverts from the addresses they know, and from no other.",
    example: "192.168.1.11",
    synonyms: ["unicast_src_ip", "mcast_src_ip", "src", "unicast_source"],
  },
  peers: {
    type: listOf(
      address("an address without prefix length"),
      'a list of at least one address without prefix length, such as ["192.168.1.12"]',
    ),
    entryWord: "peer",
    absent: "the other nodes in [nodes]",
    what: "The other nodes' addresses.",
    why: "A node that is not named here hears nothing, but for multicast, and makes itself master.",
    example: ["192.168.1.12"],
    synonyms: ["unicast_peer", "unicast_peers", "peer"],
  },
} as const satisfies Keys;

interface Subject extends Holder {
  readonly keys: Holder["keys"] & Draft<typeof PEERS>;
}

/** What keeps adverts from arriving. */
export const PEERS_RULES: readonly Rule<Subject, NodesDraft>[] = [
  noPeers,
  noPeersOfFamily,
  portWithoutUdp,
  unknownSource,
  wrongSource,
  wrongPeers,
];

function hasTransport({ keys: { transport } }: Subject): boolean {
  return transport !== undefined && transport !== "multicast";
}

/** A node that does not speak to a group must know its peers. */
function noPeers(instance: Subject, { hasNodes, nodes }: NodesDraft): Problem | undefined {
  const { transport } = instance.keys;
  if (hasNodes === undefined || !hasTransport(instance) || "peers" in instance.keys) {
    return undefined;
  }
  const lacking = familiesOf(instance).find((family) => !allHave(nodes, family));
  if (lacking === undefined && nodes.length > 1) return undefined;
  const stranger = lacking && nodes.find((node) => !hasFamily(node, lacking));
  const named = nodes.length > 1 && stranger !== undefined && lacking !== undefined;
  return error(
    [...instance.path, "transport"],
    named
      ? `transport is ${transport}, and node ${stranger.name} has no ${
        familyName(lacking)
      } address in [nodes]`
      : `transport is ${transport}, and no peers are known`,
    "No node would hear the adverts, and every node would make itself master.",
    named
      ? `give each node in [nodes] an ${familyName(lacking)} address too: NAME = [IPV4, IPV6]`
      : "name the other nodes' addresses in peers, or all nodes in [nodes]",
  );
}

function noPeersOfFamily(instance: Subject): Problem | undefined {
  const { transport, peers } = instance.keys;
  if (!hasTransport(instance) || peers === undefined) return undefined;
  // A peer that could not be read, or is of a family without addresses, was reported already.
  const families = familiesOf(instance);
  if (!peers.every((peer) => peer !== undefined && families.includes(peer.family))) {
    return undefined;
  }
  const lacking = families.find((family) => !peers.some((peer) => peer?.family === family));
  if (lacking === undefined) return undefined;
  const name = familyName(lacking);
  return error(
    [...instance.path, "peers"],
    `transport is ${transport}, and no peer has an ${name} address`,
    `No node would hear the adverts for the ${name} addresses, and every node would take them.`,
    `add the other nodes' ${name} addresses, or give these addresses an instance of their own`,
  );
}

function portWithoutUdp({ path, keys }: Subject): Problem | undefined {
  const { port, transport } = keys;
  // A transport that could not be read may have been meant to be udp.
  const unknown = "transport" in keys && transport === undefined;
  return port === undefined || transport === "udp" || unknown ? undefined : error(
    [...path, "port"],
    'port belongs to transport = "udp"',
    "Otherwise adverts are IP protocol 112, which has no ports: they would not travel as this " +
      "line says.",
    'remove it, or write transport = "udp" on all nodes, which must be floatip\'s',
    "key",
  );
}

/**
 * Left to itself, IPv6 sends from the link-local address, which is none of those that such peers
 * know.
 */
function unknownSource(instance: Subject, { hasNodes, nodes }: NodesDraft): Problem | undefined {
  const { source, transport, peers = [] } = instance.keys;
  const index = peers.findIndex((peer) => peer?.family === "ipv6" && !isLinkLocal(peer));
  if (index < 0 || transport === "multicast" || !familiesOf(instance).includes("ipv6")) {
    return undefined;
  }
  const unread = "source" in instance.keys && source === undefined;
  if (hasNodes === undefined || unread || source?.family === "ipv6" || allHave(nodes, "ipv6")) {
    return undefined;
  }
  return error(
    [...instance.path, "peers", index],
    "this peer is not link-local, and nothing says from which IPv6 address this node sends to it",
    "It would send from its link-local address, which its peers do not know and refuse.",
    source === undefined
      ? "write source, this node's own IPv6 address, as the peers have it in their files"
      : "write [nodes] with both addresses of each node, instead of source and peers",
  );
}

function hasFamily(node: NodeDraft, family: Family): boolean {
  return node.addresses.some(({ address }) => address.family === family);
}

function allHave(nodes: readonly NodeDraft[], family: Family): boolean {
  return nodes.length > 1 && nodes.every((node) => hasFamily(node, family));
}

function wrongSource(instance: Subject): readonly Problem[] {
  const { source } = instance.keys;
  if (source === undefined) return [];
  const path = [...instance.path, "source"];
  return [
    ...notOwnable(source, "the source", path, "write the address that this node has on the LAN"),
    ...otherFamily(instance, "source", source, path),
    ...floating(instance, "the source", source, path),
  ];
}

function wrongPeers(instance: Subject): readonly Problem[] {
  const { source, peers = [] } = instance.keys;
  return peers.flatMap((peer, index) => {
    // A hole is an entry that was reported already.
    if (peer === undefined) return [];
    const path = [...instance.path, "peers", index];
    const first = peers.findIndex((other) => other !== undefined && sameIp(other, peer));
    return [
      ...notOwnable(peer, "a peer", path, "write the address that the peer has on the LAN"),
      ...otherFamily(instance, "peer", peer, path),
      ...floating(instance, "a peer", peer, path),
      ...source !== undefined && sameIp(peer, source) ? [peerIsSource(peer, path)] : [],
      ...first === index ? [] : [peerTwice(peer, path)],
    ];
  });
}

function otherFamily(
  instance: Subject,
  role: string,
  address: Ip,
  path: Path,
): readonly Problem[] {
  const families = familiesOf(instance);
  if (families.length === 0 || families.includes(address.family)) return [];
  const other = familyName(address.family === "ipv4" ? "ipv6" : "ipv4");
  const own = familyName(address.family);
  return [error(
    path,
    `${role} ${formatIp(address)} is ${own}, and all addresses here are ${other}`,
    "Adverts travel in the family of the addresses they speak of.",
    `use the machine's ${other} address`,
  )];
}

function floating(instance: Subject, role: string, address: Ip, path: Path): readonly Problem[] {
  // The owner's own address is the floating one; a map of priorities has an owner somewhere.
  return !floats(instance, address) || isOwned(instance) ? [] : [error(
    path,
    `${formatIp(address)} is ${role} and a floating address of this instance`,
    "A floating address moves between nodes, so adverts from or to it would go astray.",
    "use the machine's own address",
  )];
}

function peerIsSource(peer: Ip, path: Path): Problem {
  return error(
    path,
    `peer ${formatIp(peer)} is the source itself`,
    "Adverts to oneself reach no other node; the list is of the other nodes.",
    "remove it from peers",
  );
}

function peerTwice(peer: Ip, path: Path): Problem {
  return error(
    path,
    `peer ${formatIp(peer)} is in the list twice`,
    "It would be sent every advert twice; probably another address was meant.",
    "remove one of the two",
  );
}
