/** The conditions of packet filters, for rules of nft and of iptables. */
import { type Ip, isMulticast, parseIp } from "../../net/ip.ts";
import { compareIp } from "../../net/ip.ts";
import { containsIp, parsePrefix } from "../../net/prefix.ts";
import type { Match, Packet, Truth } from "./ruleset.ts";

/** A condition that is not understood. */
export const unknownMatch: Match = () => undefined;

/** The opposite where `invert`; unknown stays unknown. */
export function inverted(match: Match, invert: boolean): Match {
  if (!invert) return match;
  return (packet) => {
    const truth = match(packet);
    return truth === undefined ? undefined : !truth;
  };
}

/** Any of `matches`. */
export function anyOf(matches: readonly Match[]): Match {
  return (packet) => {
    const truths = matches.map((match) => match(packet));
    return truths.includes(true) ? true : truths.includes(undefined) ? undefined : false;
  };
}

/** The interface on this side of the machine; `name` may end in `wildcard` ("+" or "*"). */
export function interfaceMatch(
  direction: Packet["direction"],
  name: string,
  wildcard: string,
): Match {
  return (packet) => {
    if (packet.direction !== direction) return name === "";
    if (packet.interface === undefined) return undefined;
    return name.endsWith(wildcard)
      ? packet.interface.startsWith(name.slice(0, -wildcard.length))
      : packet.interface === name;
  };
}

/**
 * "192.168.1.12", "192.168.0.0/16", or (iptables) "10.0.0.0/255.255.255.0" as the packet's `end`.
 */
export function addressMatch(end: "source" | "destination", text: string): Match {
  const prefix = parsePrefix(text);
  if (prefix === undefined) return unknownMatch;
  return ofAddress(
    end,
    (address) => address.family === prefix.address.family && containsIp(prefix, address),
  );
}

/** From `first` to `last`, both included. */
export function rangeMatch(end: "source" | "destination", first: string, last: string): Match {
  const [low, high] = [parseIp(first), parseIp(last)];
  if (low === undefined || high === undefined) return unknownMatch;
  return ofAddress(end, (address) => compareIp(low, address) <= 0 && compareIp(address, high) <= 0);
}

function ofAddress(end: "source" | "destination", test: (address: Ip) => boolean): Match {
  return (packet) => {
    const address = packet[end];
    // A rule for some senders is not one for all: an unknown sender does not match.
    return address === undefined ? false : test(address);
  };
}

/** IP protocol by number or by its name in /etc/protocols. */
export function protocolMatch(text: string): Match {
  const number = protocolNumber(text);
  return (packet): Truth => number === undefined ? false : packet.protocol === number;
}

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ["icmp", 1],
  ["igmp", 2],
  ["tcp", 6],
  ["udp", 17],
  ["dccp", 33],
  ["gre", 47],
  ["esp", 50],
  ["ah", 51],
  ["icmpv6", 58],
  ["ipv6-icmp", 58],
  ["vrrp", 112],
  ["carp", 112],
  ["sctp", 132],
  ["udplite", 136],
]);

/** Undefined: another protocol than those of floatip. */
function protocolNumber(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : PROTOCOLS.get(text.toLowerCase());
}

const ICMPV6_TYPES: ReadonlyMap<string, number> = new Map([
  ["mld-listener-query", 130],
  ["mld-listener-report", 131],
  ["mld-listener-done", 132],
  ["mld-listener-reduction", 132],
  ["nd-router-solicit", 133],
  ["router-solicitation", 133],
  ["nd-router-advert", 134],
  ["router-advertisement", 134],
  ["nd-neighbor-solicit", 135],
  ["neighbour-solicitation", 135],
  ["neighbor-solicitation", 135],
  ["nd-neighbor-advert", 136],
  ["neighbour-advertisement", 136],
  ["neighbor-advertisement", 136],
  ["nd-redirect", 137],
  ["redirect", 137],
  ["mld2-listener-report", 143],
  ["echo-request", 128],
  ["echo-reply", 129],
]);

/** An ICMPv6 type by number or name. */
export function icmpv6Match(text: string): Match {
  const type = /^\d+(\/\d+)?$/.test(text) ? parseInt(text, 10) : ICMPV6_TYPES.get(text);
  return ({ icmpType }) => icmpType === undefined || type === undefined ? false : icmpType === type;
}

/** A UDP port, or a range with `separator`; false for packets without ports. */
export function portMatch(text: string, separator: string): Match {
  const [first = "", last = first] = text.split(separator);
  const [low, high] = [first === "" ? 0 : Number(first), last === "" ? 65535 : Number(last)];
  const known = Number.isInteger(low) && Number.isInteger(high);
  return ({ port }) => port === undefined ? false : known ? low <= port && port <= high : undefined;
}

/** States of conntrack. No packet of floatip is a reply: its state is "new". */
export function stateMatch(words: readonly string[]): Match {
  const has = words.some((word) => word.toLowerCase() === "new");
  return () => has;
}

/** The type of `end` by the routing table: "local", "multicast", "broadcast", "unicast". */
export function addressTypeMatch(end: "source" | "destination", words: readonly string[]): Match {
  return (packet) => {
    const address = packet[end];
    const own = (end === "destination") === (packet.direction === "in");
    const multicast = address !== undefined && isMulticast(address);
    const type = multicast ? "multicast" : own ? "local" : "unicast";
    return words.some((word) => word.toLowerCase() === type);
  };
}

/** The destination of the frame: "host" (also "unicast"), "multicast", "broadcast". */
export function packetTypeMatch(text: string): Match {
  return ({ destination }) => {
    const multicast = destination !== undefined && isMulticast(destination);
    return multicast ? text === "multicast" : text === "host" || text === "unicast";
  };
}

/** TTL or hop limit: always 255. */
export function hopsMatch(text: string): Match {
  return () => text === "255";
}
