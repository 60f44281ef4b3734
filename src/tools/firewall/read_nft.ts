/** Reader of `nft -j list ruleset` (libnftables-json(5)), as far as it concerns floatip. */
import type { Family } from "../../net/ip.ts";
import type { NftChain } from "./formats.ts";
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
import type { Action, Chain, Match, Packet, Rule, Ruleset } from "./ruleset.ts";

/** The ruleset, and the base chains for new rules. */
export interface NftRuleset {
  readonly ruleset: Ruleset;
  readonly filters: readonly NftChain[];
}

/**
 * Reads the text, without the tables `without` ("ip filter"). What is not understood becomes an
 * unknown condition. Undefined: the text is no such JSON.
 */
export function readNft(text: string, without: readonly string[] = []): NftRuleset | undefined {
  const entries = entriesOf(text);
  if (entries === undefined) return undefined;
  const of = (kind: string) =>
    entries.flatMap((entry) => isObject(entry[kind]) ? [entry[kind]] : [])
      .filter((object) => !without.includes(tableOf(object)));
  const sets: Sets = new Map(
    [...of("set"), ...of("map")].map((set) => [`${tableOf(set)} @${textIn(set, "name")}`, set]),
  );
  const rules = Map.groupBy(of("rule"), (rule) => `${tableOf(rule)} ${textIn(rule, "chain")}`);
  const chains = of("chain").filter(isFilter).map((chain): Chain => {
    const key = `${tableOf(chain)} ${textIn(chain, "name")}`;
    const read = (rules.get(key) ?? []).flatMap((rule) => rulesOf(rule, sets));
    return { key, rules: read, base: baseOf(chain) };
  });
  const filters = of("chain").filter(isFilter).flatMap(toFilter);
  return { ruleset: { program: "nft", chains }, filters };
}

function entriesOf(text: string): readonly Json[] | undefined {
  try {
    const document: unknown = JSON.parse(text);
    const entries = isObject(document) ? document["nftables"] : undefined;
    return Array.isArray(entries) ? entries.filter(isObject) : undefined;
  } catch {
    return undefined;
  }
}

/** "inet filter". */
function tableOf(object: Json): string {
  return `${textIn(object, "family")} ${textIn(object, "table")}`;
}

const FAMILIES: Readonly<Record<string, Family | undefined>> = {
  inet: undefined,
  ip: "ipv4",
  ip6: "ipv6",
};

/** Chains of NAT drop nothing; bridges and devices are not looked at. */
function isFilter(chain: Json): boolean {
  return Object.hasOwn(FAMILIES, textIn(chain, "family")) && textIn(chain, "type") !== "nat";
}

function baseOf(chain: Json): Chain["base"] {
  const hook = textIn(chain, "hook");
  if (
    hook !== "prerouting" && hook !== "input" && hook !== "output" && hook !== "postrouting"
  ) return undefined;
  const priority = chain["prio"];
  return {
    hook,
    priority: typeof priority === "number" ? priority : 0,
    policy: textIn(chain, "policy") === "drop" ? "drop" : "accept",
    family: FAMILIES[textIn(chain, "family")],
  };
}

function toFilter(chain: Json): readonly NftChain[] {
  const hook = textIn(chain, "hook");
  if (hook !== "input" && hook !== "output") return [];
  return [{
    family: textIn(chain, "family"),
    table: textIn(chain, "table"),
    chain: textIn(chain, "name"),
    direction: hook === "input" ? "in" : "out",
  }];
}

/** One rule, or one for each entry of a verdict map. */
function rulesOf(rule: Json, sets: Sets): readonly Rule[] {
  const table = tableOf(rule);
  const matches: Match[] = [];
  for (const statement of listIn(rule, "expr").filter(isObject)) {
    const action = actionOf(statement, table);
    if (action !== undefined) {
      return [{ matches: [...matches, ...familyOfReject(statement)], action }];
    }
    const map = statement["vmap"];
    if (isObject(map)) {
      return verdictMaps(map, table, sets).map(([match, verdict]) => ({
        matches: [...matches, match],
        action: actionOf(verdict, table) ?? { kind: "unknown" },
      }));
    }
    matches.push(...matchesOf(statement, table, sets));
  }
  return [{ matches, action: { kind: "continue" } }];
}

/** Statements without effect on the packet. */
const NOTES = ["counter", "log", "comment", "mangle", "notrack", "meta", "ct helper", "set", "map"];

function matchesOf(statement: Json, table: string, sets: Sets): readonly Match[] {
  const match = statement["match"];
  if (isObject(match)) return [matchOf(match, table, sets)];
  const [name = ""] = Object.keys(statement);
  if (NOTES.includes(name)) return [];
  // Of iptables-nft: a comment matches everything.
  const extension = statement["xt"];
  if (isObject(extension) && textIn(extension, "name") === "comment") return [];
  return [unknownMatch];
}

/** nft omits `meta nfproto` where the reply implies it: `reject with icmpv6` is for IPv6 only. */
function familyOfReject({ reject }: Json): readonly Match[] {
  const family = isObject(reject) ? FAMILY_OF_REJECT.get(textIn(reject, "type")) : undefined;
  return family === undefined ? [] : [(packet) => packet.family === family];
}

const FAMILY_OF_REJECT: ReadonlyMap<string, Family> = new Map([
  ["icmp", "ipv4"],
  ["icmpv6", "ipv6"],
]);

function actionOf(statement: Json, table: string): Action | undefined {
  for (const kind of ["accept", "return", "continue"] as const) {
    if (Object.hasOwn(statement, kind)) return { kind };
  }
  if (Object.hasOwn(statement, "drop") || Object.hasOwn(statement, "reject")) {
    return { kind: "drop" };
  }
  for (const kind of ["jump", "goto"] as const) {
    const jump = statement[kind];
    if (isObject(jump)) return { kind, chain: `${table} ${textIn(jump, "target")}` };
  }
  return Object.hasOwn(statement, "queue") ? { kind: "unknown" } : undefined;
}

/** Named sets and maps by "inet filter @name". */
type Sets = ReadonlyMap<string, Json>;

/** The condition of a match statement: left side, operator, right side. */
function matchOf(match: Json, table: string, sets: Sets): Match {
  const operator = textIn(match, "op");
  if (!["==", "!=", "in", ""].includes(operator)) return unknownMatch;
  const values = valuesOf(match["right"], table, sets);
  const scope = scopeOf(match["left"]);
  const test = inverted(keyMatch(match["left"], values), operator === "!=");
  return (packet) => scope(packet) ? test(packet) : false;
}

/** Whether a packet has the field: `tcp dport != 22` matches no VRRP packet. */
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
function verdictMaps(map: Json, table: string, sets: Sets): readonly (readonly [Match, Json])[] {
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

/** The right side: a value, a set, a list of flags, or the name of a set. */
function valuesOf(right: unknown, table: string, sets: Sets): readonly Value[] {
  if (typeof right === "string" && right.startsWith("@")) {
    const set = sets.get(`${table} ${right}`);
    // A set that is empty, or filled by rules, has no "elem".
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

/** Whether the field has one of `values`. */
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
  // dnat, snat, expected: never for packets of floatip.
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

/** `th dport` reads the place of the port in any packet, also in those without ports. */
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

/** The routing table: the type of an address, and the route back (checked elsewhere). */
function fibReader(fib: Json): Reader | undefined {
  const flags = listIn(fib, "flags").map(String);
  const single = typeof fib["flags"] === "string" ? [fib["flags"]] : flags;
  const end = single.includes("daddr") ? "destination" : "source";
  if (textIn(fib, "result") === "type") return text((word) => addressTypeMatch(end, [word]));
  return text((word) => () => word === "true");
}

/** An object with unknown members. */
type Json = Readonly<Record<string, unknown>>;

/** Whether it is an object, and no list. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text or number as text; "": there is none. */
function textIn(object: Json, name: string): string {
  const value = object[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** A list; empty: there is none. */
function listIn(object: Json, name: string): readonly unknown[] {
  const value = object[name];
  return Array.isArray(value) ? value : [];
}
