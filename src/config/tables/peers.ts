/** Can the nodes hear each other? Transport, source and peers of an instance, held against each other and [nodes]. */
import { type Family, formatIp, type Ip, isLinkLocal, sameIp } from "../../net/ip.ts";
import type { FileDraft, InstanceDraft, NodeDraft } from "../drafts.ts";
import type { Path, Problem } from "../problem.ts";
import type { Report } from "../problem_list.ts";
import { checkOwnable, familiesOf, words } from "./address.ts";

/** Reports what keeps adverts of one instance from arriving; keys that could not be read are taken as unknown, not as wrong. */
export function checkPeers(instance: InstanceDraft, file: FileDraft, report: Report): void {
  for (const check of [checkKnown, checkComplete, checkPort, checkSixSource]) {
    const problem = check(instance, file);
    if (problem !== undefined) report(problem);
  }
  checkSource(instance, report);
  checkEach(instance, report);
}

function error(path: Path, what: string, why: string, fix: string): Problem {
  return { severity: "error", path, at: "value", what, why, fix };
}

/** Who does not speak to a group must know whom to speak to. */
function checkKnown(instance: InstanceDraft, file: FileDraft): Problem | undefined {
  const { transport } = instance.keys;
  if (transport === undefined || transport === "multicast" || "peers" in instance.keys) {
    return undefined;
  }
  const lacking = familiesOf(instance).find((family) => !allHave(file, family));
  if (lacking === undefined && file.nodes.length > 1) return undefined;
  const stranger = lacking && file.nodes.find((node) => !hasFamily(node, lacking));
  const named = file.nodes.length > 1 && stranger !== undefined && lacking !== undefined;
  return error(
    [...instance.path, "transport"],
    named
      ? `transport is ${transport}, and node ${stranger.name} has no ${
        words(lacking)
      } address in [nodes]`
      : `transport is ${transport}, and no peers are known`,
    "Nobody would hear the adverts, and every node would make itself master.",
    named
      ? `give each node in [nodes] an ${words(lacking)} address too: NAME = [IPV4, IPV6]`
      : "name the other nodes' addresses in peers, or all nodes in [nodes]",
  );
}

/** ... in each of its families. */
function checkComplete(instance: InstanceDraft): Problem | undefined {
  const { transport } = instance.keys;
  const peers: readonly (Ip | undefined)[] | undefined = instance.keys.peers;
  if (transport === undefined || transport === "multicast" || peers === undefined) return undefined;
  // A peer that could not be read, or is of a family without addresses, was reported already.
  const families = familiesOf(instance);
  if (!peers.every((peer) => peer !== undefined && families.includes(peer.family))) {
    return undefined;
  }
  const lacking = families.find((family) => !peers.some((peer) => peer?.family === family));
  if (lacking === undefined) return undefined;
  return error(
    [...instance.path, "peers"],
    `transport is ${transport}, and no peer has an ${words(lacking)} address`,
    `Nobody would hear the adverts for the ${
      words(lacking)
    } addresses, and every node would take them.`,
    `add the other nodes' ${
      words(lacking)
    } addresses, or give these addresses an instance of their own`,
  );
}

function checkPort(instance: InstanceDraft): Problem | undefined {
  const { port, transport } = instance.keys;
  // A transport that could not be read may have been meant to be udp.
  const unknown = "transport" in instance.keys && transport === undefined;
  if (port === undefined || transport === "udp" || unknown) return undefined;
  return {
    ...error(
      [...instance.path, "port"],
      'port belongs to transport = "udp"',
      "Otherwise adverts are IP protocol 112, which has no ports: they would not travel as this line says.",
      'remove it, or write transport = "udp" on all nodes, which must be floatip\'s',
    ),
    at: "key",
  };
}

/** Left to itself, IPv6 sends from the link-local address, which is none of those that such peers know. */
function checkSixSource(instance: InstanceDraft, file: FileDraft): Problem | undefined {
  const { source, transport } = instance.keys;
  const peers: readonly (Ip | undefined)[] = instance.keys.peers ?? [];
  const index = peers.findIndex((peer) => peer?.family === "ipv6" && !isLinkLocal(peer));
  if (index < 0 || transport === "multicast" || !familiesOf(instance).includes("ipv6")) {
    return undefined;
  }
  const unread = "source" in instance.keys && source === undefined;
  if (unread || source?.family === "ipv6" || allHave(file, "ipv6")) return undefined;
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

function allHave(file: FileDraft, family: Family): boolean {
  return file.nodes.length > 1 && file.nodes.every((node) => hasFamily(node, family));
}

const OWN = "write the address that this node has on the LAN";

function checkSource(instance: InstanceDraft, report: Report): void {
  const { source } = instance.keys;
  if (source === undefined) return;
  const path = [...instance.path, "source"];
  checkOwnable(source, "the source", path, OWN, report);
  checkFamily(instance, "source", source, path, report);
  checkNotFloating(instance, source, "the source", path, report);
}

function checkEach(instance: InstanceDraft, report: Report): void {
  const { source } = instance.keys;
  const peers: readonly (Ip | undefined)[] = instance.keys.peers ?? [];
  for (const [index, peer] of peers.entries()) {
    // A hole is an entry that was reported already.
    if (peer === undefined) continue;
    const path = [...instance.path, "peers", index];
    checkOwnable(peer, "a peer", path, "write the address that the peer has on the LAN", report);
    checkFamily(instance, "peer", peer, path, report);
    checkNotFloating(instance, peer, "a peer", path, report);
    if (source !== undefined && sameIp(peer, source)) report(peerIsSource(peer, path));
    if (peers.findIndex((other) => isSame(other, peer)) !== index) report(peerTwice(peer, path));
  }
}

function isSame(a: Ip | undefined, b: Ip): boolean {
  return a !== undefined && sameIp(a, b);
}

function checkFamily(
  instance: InstanceDraft,
  role: string,
  address: Ip,
  path: Path,
  report: Report,
): void {
  const families = familiesOf(instance);
  if (families.length === 0 || families.includes(address.family)) return;
  const other = words(address.family === "ipv4" ? "ipv6" : "ipv4");
  report(error(
    path,
    `${role} ${formatIp(address)} is ${words(address.family)}, and all addresses here are ${other}`,
    "Adverts travel in the family of the addresses they speak of.",
    `use the machine's ${other} address`,
  ));
}

function checkNotFloating(
  instance: InstanceDraft,
  address: Ip,
  role: string,
  path: Path,
  report: Report,
): void {
  const { priority } = instance.keys;
  const floats = instance.addresses.some(({ prefix }) => isSame(prefix?.address, address));
  // The owner's own address is the floating one; a map of priorities has an owner somewhere.
  const owned = priority === 255 ||
    (typeof priority === "object" && [...priority.values()].includes(255));
  if (!floats || owned) return;
  report(error(
    path,
    `${formatIp(address)} is ${role} and a floating address of this instance`,
    "A floating address moves between nodes, so adverts from or to it would go astray.",
    "use the machine's own address",
  ));
}

function peerIsSource(peer: Ip, path: Path): Problem {
  return error(
    path,
    `peer ${formatIp(peer)} is the source itself`,
    "Adverts to oneself reach nobody; the list is of the other nodes.",
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
