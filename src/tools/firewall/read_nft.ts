/** Which chains does `nft -j list ruleset` show? libnftables-json(5), as far as it decides about our packets. */
import type { Family } from "../../net/ip.ts";
import type { NftChain } from "./nft.ts";
import { isObject, type Json, listIn, textIn } from "./json.ts";
import { matchOf, type Sets, verdictMaps } from "./read_nft_match.ts";
import { unknownMatch } from "./matches.ts";
import type { Action, Chain, Match, Rule, Ruleset } from "./ruleset.ts";

/** The ruleset, and the base chains that new rules could go into. */
export interface NftRuleset {
  readonly ruleset: Ruleset;
  readonly filters: readonly NftChain[];
}

/**
 * Reads the text. `without` are tables ("ip filter") that another program answers for. Undefined where it is not of that form.
 * What is not understood inside becomes a condition that cannot be told.
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

/** Chains of NAT see only the first packet of a flow and drop none; those of bridges and devices are other matters. */
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

/** One rule, or with a verdict map one for each of its entries. */
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

/** Statements that only note something, and let the packet go on. */
const NOTES = ["counter", "log", "comment", "mangle", "notrack", "meta", "ct helper", "set", "map"];

function matchesOf(statement: Json, table: string, sets: Sets): readonly Match[] {
  const match = statement["match"];
  if (isObject(match)) return [matchOf(match, table, sets)];
  const [name = ""] = Object.keys(statement);
  if (NOTES.includes(name)) return [];
  // What iptables-nft put there: a comment matches everything.
  const extension = statement["xt"];
  if (isObject(extension) && textIn(extension, "name") === "comment") return [];
  return [unknownMatch];
}

/** nft leaves out `meta nfproto` where what is answered with says the family: `reject with icmpv6` is for IPv6 alone. */
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
