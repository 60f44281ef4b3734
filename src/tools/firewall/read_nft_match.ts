/** Which packets does a match of nft mean? The expressions of libnftables-json(5), turned into conditions. */
import type { Family } from "../../net/ip.ts";
import { isObject, type Json, listIn, textIn } from "./json.ts";
import {
  addressMatch,
  addressTypeMatch,
  anyOf,
  hopsMatch,
  icmpv6Match,
  interfaceMatch,
  inverted,
  packetTypeMatch,
  portMatch,
  protocolMatch,
  rangeMatch,
  stateMatch,
  unknownMatch,
} from "./matches.ts";
import type { Match, Packet } from "./ruleset.ts";

/** Named sets and maps by "inet filter @name". */
export type Sets = ReadonlyMap<string, Json>;

/** The condition of a match statement: left side, operator, right side. */
export function matchOf(match: Json, table: string, sets: Sets): Match {
  const operator = textIn(match, "op");
  if (!["==", "!=", "in", ""].includes(operator)) return unknownMatch;
  const values = valuesOf(match["right"], table, sets);
  const scope = scopeOf(match["left"]);
  const test = inverted(keyMatch(match["left"], values), operator === "!=");
  return (packet) => scope(packet) ? test(packet) : false;
}

/** Which packets have the field at all? `tcp dport != 22` means no VRRP packet. */
function scopeOf(key: unknown): (packet: Packet) => boolean {
  const payload = isObject(key) ? key["payload"] : undefined;
  if (!isObject(payload)) return () => true;
  const protocol = textIn(payload, "protocol");
  if (protocol === "ip") return ({ family }) => family === "ipv4";
  if (protocol === "ip6") return ({ family }) => family === "ipv6";
  if (protocol === "icmpv6") return ({ icmpType }) => icmpType !== undefined;
  if (protocol === "udp") return ({ port }) => port !== undefined;
  // Raw payload ("@th,0,16") has no protocol.
  return () => protocol === "" || protocol === "th";
}

/** The entries of a verdict map: the condition of each, and its verdict. */
export function verdictMaps(
  map: Json,
  table: string,
  sets: Sets,
): readonly (readonly [Match, Json])[] {
  const data = map["data"];
  const named = typeof data === "string" ? sets.get(`${table} ${data}`) : undefined;
  const entries = named === undefined
    ? isObject(data) ? listIn(data, "set") : []
    : listIn(named, "elem");
  return entries.flatMap((entry) => {
    const [value, verdict] = Array.isArray(entry) ? entry as readonly unknown[] : [];
    if (!isObject(verdict)) return [];
    const match = { op: "==", left: map["key"], right: value };
    return [[matchOf(match, table, sets), verdict] as const];
  });
}

/** A plain value, a prefix or a range, as far as it is understood. */
type Value =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "range"; readonly first: string; readonly last: string }
  | { readonly kind: "unknown" };

/** What stands on the right: one value, a set, a list of flags, or the name of a set. */
function valuesOf(right: unknown, table: string, sets: Sets): readonly Value[] {
  if (typeof right === "string" && right.startsWith("@")) {
    const set = sets.get(`${table} ${right}`);
    // A set that is empty now, or filled by rules, has no "elem".
    return set === undefined ? [{ kind: "unknown" }] : listIn(set, "elem").map(valueOf);
  }
  if (Array.isArray(right)) return right.map(valueOf);
  if (isObject(right) && Array.isArray(right["set"])) return right["set"].map(valueOf);
  return [valueOf(right)];
}

function valueOf(value: unknown): Value {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return { kind: "text", text: String(value) };
  }
  if (!isObject(value)) return { kind: "unknown" };
  // {"elem": {"val": ..., "timeout": ...}}
  const { prefix, range, elem } = value;
  if (isObject(elem)) return valueOf(elem["val"]);
  if (isObject(prefix)) {
    return { kind: "text", text: `${textIn(prefix, "addr")}/${textIn(prefix, "len")}` };
  }
  if (Array.isArray(range)) {
    const [first, last] = range as readonly unknown[];
    return { kind: "range", first: String(first), last: String(last) };
  }
  return { kind: "unknown" };
}

/** Does the packet's `key` have one of `values`? */
function keyMatch(key: unknown, values: readonly Value[]): Match {
  const reader = readerOf(key);
  if (reader === undefined) return unknownMatch;
  const matches = values.map((value) => reader(value));
  return anyOf(matches);
}

/** How one value of a key becomes a condition. */
type Reader = (value: Value) => Match;

function readerOf(key: unknown): Reader | undefined {
  if (!isObject(key)) return undefined;
  const { meta, payload, ct, fib } = key;
  if (isObject(meta)) return META[textIn(meta, "key")];
  if (isObject(payload)) return payloadReader(payload);
  if (isObject(ct)) return CONNTRACK[textIn(ct, "key")];
  if (isObject(fib)) return fibReader(fib);
  return undefined;
}

/** A reader of plain values. */
function text(read: (text: string) => Match): Reader {
  return (value) => value.kind === "text" ? read(value.text) : unknownMatch;
}

const never: Match = () => false;

function familyMatch(texts: Readonly<Record<string, Family>>): Reader {
  return text((word) => ({ family }) => texts[word] === family);
}

const META: Readonly<Record<string, Reader>> = {
  iif: text((name) => interfaceMatch("in", name, "*")),
  iifname: text((name) => interfaceMatch("in", name, "*")),
  oif: text((name) => interfaceMatch("out", name, "*")),
  oifname: text((name) => interfaceMatch("out", name, "*")),
  l4proto: text(protocolMatch),
  nfproto: familyMatch({ ipv4: "ipv4", ipv6: "ipv6" }),
  protocol: familyMatch({ ip: "ipv4", ip6: "ipv6" }),
  pkttype: text(packetTypeMatch),
};

const CONNTRACK: Readonly<Record<string, Reader>> = {
  state: text((word) => stateMatch([word])),
  // dnat, snat, expected: nothing of ours is.
  status: () => never,
};

function payloadReader(payload: Json): Reader | undefined {
  const [protocol, field] = [textIn(payload, "protocol"), textIn(payload, "field")];
  if (protocol === "ip" || protocol === "ip6") return IP_FIELDS[field];
  if (protocol === "udp") return PORT_FIELDS[field];
  if (protocol === "th") return transportReader(PORT_FIELDS[field]);
  return protocol === "icmpv6" && field === "type" ? text(icmpv6Match) : undefined;
}

const PORT_FIELDS: Readonly<Record<string, Reader>> = { sport: portOf, dport: portOf };

/** `th dport` looks where ports would be, also in packets that have none. */
function transportReader(ports: Reader | undefined): Reader | undefined {
  return ports && ((value) => {
    const match = ports(value);
    return (packet) => packet.port === undefined ? undefined : match(packet);
  });
}

function portOf(value: Value): Match {
  if (value.kind === "range") return portMatch(`${value.first}-${value.last}`, "-");
  return value.kind === "text" ? portMatch(value.text, "-") : unknownMatch;
}

const IP_FIELDS: Readonly<Record<string, Reader>> = {
  protocol: text(protocolMatch),
  nexthdr: text(protocolMatch),
  ttl: text(hopsMatch),
  hoplimit: text(hopsMatch),
  saddr: (value) => addressOf("source", value),
  daddr: (value) => addressOf("destination", value),
};

function addressOf(end: "source" | "destination", value: Value): Match {
  if (value.kind === "range") return rangeMatch(end, value.first, value.last);
  return value.kind === "text" ? addressMatch(end, value.text) : unknownMatch;
}

/** Routes: what an address is, and (as the reverse path is looked at elsewhere) that there is a way back. */
function fibReader(fib: Json): Reader | undefined {
  const flags = listIn(fib, "flags").map(String);
  const single = typeof fib["flags"] === "string" ? [fib["flags"]] : flags;
  const end = single.includes("daddr") ? "destination" : "source";
  if (textIn(fib, "result") === "type") return text((word) => addressTypeMatch(end, [word]));
  return text((word) => () => word === "true");
}
