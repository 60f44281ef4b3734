/**
 * Reader of `iptables-save` (iptables(8), iptables-extensions(8)), as far as it concerns floatip.
 */
import type { Family } from "../../net/ip.ts";
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
import type { Action, Chain, Match, Rule, Ruleset } from "./ruleset.ts";

const HOOKS: Readonly<Record<string, NonNullable<Chain["base"]>["hook"]>> = {
  PREROUTING: "prerouting",
  INPUT: "input",
  OUTPUT: "output",
  POSTROUTING: "postrouting",
};

/** Tables that can drop packets, in the order of the kernel. */
const TABLES: Readonly<Record<string, number>> = { raw: -300, mangle: -150, filter: 0 };

/**
 * Reads the text of one family. Conditions that are not understood become unknown. Never throws.
 */
export function readIptables(text: string, family: Family): Ruleset {
  const chains: { key: string; rules: Rule[]; base: Chain["base"] }[] = [];
  let table = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) table = line.slice(1).trim();
    const priority = TABLES[table];
    if (priority === undefined) continue;
    const [, name = "", policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    const hook = HOOKS[name];
    if (policy !== undefined) {
      const base = hook === undefined
        ? undefined
        : { hook, priority, family, policy: policy === "DROP" ? "drop" : "accept" } as const;
      chains.push({ key: `${table} ${name}`, rules: [], base });
    }
    const [, owner, words] = /^-A (\S+) (.*)$/.exec(line) ?? [];
    const chain = chains.find(({ key }) => key === `${table} ${owner}`);
    if (words !== undefined) chain?.rules.push(ruleOf(wordsOf(words), table));
  }
  return { program: family === "ipv4" ? "iptables" : "ip6tables", chains };
}

/** Whether it has more than empty chains that accept everything. */
export function filtersAnything({ chains }: Ruleset): boolean {
  return chains.some(({ rules, base }) => rules.length > 0 || base?.policy === "drop");
}

/** The words of a line; words with spaces are in double quotes. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  return words.map((word) =>
    word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, "$1") : word
  );
}

function ruleOf(words: readonly string[], table: string): Rule {
  const matches: Match[] = [];
  let action: Action = { kind: "continue" };
  let invert = false;
  for (let at = 0; at < words.length;) {
    const option = words[at++] ?? "";
    if (option === "!") {
      invert = true;
      continue;
    }
    if (option === "-j" || option === "-g") {
      action = actionOf(words[at] ?? "", option, table);
      // The options of the target follow.
      break;
    }
    const values: string[] = [];
    while (at < words.length && !/^(-[a-zA-Z-]|!$)/.test(words[at] ?? "")) {
      values.push(words[at++] ?? "");
    }
    const match = (OPTIONS[option] ?? unknownOption)(values);
    if (match !== undefined) matches.push(inverted(match, invert));
    invert = false;
  }
  return { matches, action };
}

/** The condition of an option; undefined: none. */
type Option = (values: readonly string[]) => Match | undefined;

const unknownOption: Option = () => unknownMatch;
const nothing: Option = () => undefined;
const first = (read: (value: string) => Match): Option => ([value = ""]) => read(value);
/** A flag of another protocol. */
const never: Option = () => () => false;

/** Modules without a condition of their own. `-m limit` has one, without options too. */
const SILENT = [
  ...["comment", "conntrack", "state", "addrtype", "pkttype", "iprange", "multiport", "ttl", "hl"],
  ...["tcp", "udp", "sctp", "icmp", "icmp6", "set", "mac", "mark", "recent", "rt", "rpfilter"],
];

const OPTIONS: Readonly<Record<string, Option>> = {
  "-s": first((text) => addressMatch("source", text)),
  "-d": first((text) => addressMatch("destination", text)),
  "-i": first((name) => interfaceMatch("in", name, "+")),
  "-o": first((name) => interfaceMatch("out", name, "+")),
  "-p": first((text) => text === "all" ? () => true : protocolMatch(text)),
  "-m": ([module = ""]) => SILENT.includes(module) ? undefined : unknownMatch,
  "--comment": nothing,
  "--ctstate": first((text) => stateMatch(text.split(","))),
  "--state": first((text) => stateMatch(text.split(","))),
  "--ctstatus": never,
  "--dst-type": first((text) => addressTypeMatch("destination", text.split(","))),
  "--src-type": first((text) => addressTypeMatch("source", text.split(","))),
  "--pkt-type": first(packetTypeMatch),
  "--src-range": first((text) => rangeOf("source", text)),
  "--dst-range": first((text) => rangeOf("destination", text)),
  "--icmpv6-type": first(icmpv6Match),
  "--icmp-type": never,
  "--dport": first((text) => portMatch(text, ":")),
  "--sport": first((text) => portMatch(text, ":")),
  "--dports": first(portsMatch),
  "--sports": first(portsMatch),
  "--ports": first(portsMatch),
  "--tcp-flags": never,
  "--syn": never,
  "--ttl-eq": first(hopsMatch),
  "--hl-eq": first(hopsMatch),
};

/** Multiport's list: "22,336,8000:8080". */
function portsMatch(text: string): Match {
  return anyOf(text.split(",").map((one) => portMatch(one, ":")));
}

function rangeOf(end: "source" | "destination", text: string): Match {
  const [low = "", high = ""] = text.split("-");
  return rangeMatch(end, low, high);
}

/** Targets of the kernel; another name is a chain. */
const TARGETS: Readonly<Record<string, Action["kind"]>> = {
  ACCEPT: "accept",
  DROP: "drop",
  REJECT: "drop",
  RETURN: "return",
  LOG: "continue",
  NFLOG: "continue",
  MARK: "continue",
  CONNMARK: "continue",
  CT: "continue",
  NOTRACK: "continue",
  TCPMSS: "continue",
  TRACE: "continue",
  SET: "continue",
  DSCP: "continue",
  AUDIT: "continue",
  CHECKSUM: "continue",
  NFQUEUE: "unknown",
  QUEUE: "unknown",
};

function actionOf(target: string, option: string, table: string): Action {
  const kind = TARGETS[target];
  if (kind === undefined) {
    return { kind: option === "-g" ? "goto" : "jump", chain: `${table} ${target}` };
  }
  return kind === "jump" || kind === "goto" ? { kind: "unknown" } : { kind };
}
