/** In which words are the rules wanted? One text for each program that people filter packets with. */
import type { NodePlan } from "../../config/plan/plan.ts";
import { type Family, formatIp, type Ip } from "../../net/ip.ts";
import type { FirewallFormat } from "./format_names.ts";
import { protocolOf, type RequiredTraffic, TRAFFIC, trafficText } from "./required_traffic.ts";

/** What of this machine's filters the words depend on. */
export interface FilterSetup {
  /** The base chains of nft that see our packets; empty: not known, or none. */
  readonly chains: readonly NftChain[];
  /** firewalld's zones by interface; the others are in the default zone. */
  readonly zones: ReadonlyMap<string, string>;
  /** Rules for what goes out too: where everything is let out they are superfluous. */
  readonly outgoing: boolean;
}

/** Of a machine that nothing is known of. */
export const UNKNOWN_SETUP: FilterSetup = { chains: [], zones: new Map(), outgoing: false };

interface FormatWriter {
  /** How the text is put in force, for its first comment. */
  readonly apply: string;
  /** How it stays so after a reboot, for its last comment; undefined: by itself. */
  readonly keep: string | undefined;
  lines(required: readonly RequiredTraffic[], setup: FilterSetup): readonly string[];
}

const FORMATS: Readonly<Record<FirewallFormat, FormatWriter>> = {
  nft: {
    apply: "floatip firewall --format nft | nft -f -",
    keep: "put each rule (from iifname or oifname on) into its chain in /etc/nftables.conf",
    lines: (required, { chains, outgoing }) => nftLines(required, chainsFor(chains, outgoing)),
  },
  iptables: {
    apply: "floatip firewall --format iptables | sh",
    keep: "netfilter-persistent save, or whatever loads your rules",
    lines: (required) => iptablesLines(required),
  },
  firewalld: {
    apply: "floatip firewall --format firewalld | sh",
    keep: undefined,
    lines: (required, { zones }) => firewalldLines(required, zones),
  },
  ufw: {
    apply: "floatip firewall --format ufw | sh",
    keep: undefined,
    lines: (required, { outgoing }) => ufwLines(required, outgoing),
  },
};

/** The rules alone for some of the passages. */
export function firewallLines(
  required: readonly RequiredTraffic[],
  format: FirewallFormat,
  setup: FilterSetup,
): readonly string[] {
  const wanted = required.filter(({ direction }) => direction === "in" || setup.outgoing);
  return FORMATS[format].lines(wanted, setup);
}

/**
 * All rules that `node` needs for its `passages`, with comments that say how to use them; what reads the rules leaves comments
 * aside. `remarks` are comments about what else should pass.
 */
export function firewallText(
  { node }: Pick<NodePlan, "node">,
  required: readonly RequiredTraffic[],
  format: FirewallFormat,
  setup: FilterSetup,
  remarks: readonly string[] = [],
): string {
  const { apply, keep } = FORMATS[format];
  const ipv6 = required.some(({ kind }) => kind === "neighbours");
  const protocol112 = required.some(({ kind, port }) => kind === "vrrp" && port === undefined);
  const byItself = format === "firewalld" || format === "ufw";
  return [
    `# What floatip on ${node} needs, for ${format}. Put in force: ${apply}`,
    ...(protocol112 ? ["# VRRP is IP protocol 112: it has no port."] : []),
    "# ARP does not pass through these filters.",
    ...(ipv6 && byItself
      ? [`# IPv6's Neighbour Discovery is let through by ${format} itself.`]
      : []),
    ...(required.length === 0 ? ["# Nothing: no instance runs on this node."] : []),
    ...firewallLines(required, format, setup),
    ...remarks.map((remark) => `# ${remark}`),
    ...(keep === undefined ? [] : [`# Keep it over a reboot: ${keep}`]),
    ...(setup.outgoing ? [] : ["# Where what goes out is dropped by default: --outgoing"]),
    "",
  ].join("\n");
}

/** The chains that are there, in the directions that are wanted; where none is known, the usual ones. */
function chainsFor(chains: readonly NftChain[], outgoing: boolean): readonly NftChain[] {
  const known = chains.length > 0 ? chains : USUAL_NFT_CHAINS;
  return known.filter(({ direction }) => direction === "in" || outgoing);
}

/** A base chain that rules are put into. */
export interface NftChain {
  /** "inet", "ip" or "ip6". */
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly direction: "in" | "out";
}

/** What most machines call it: Debian's, Arch's and Fedora's own examples do. */
export const USUAL_NFT_CHAINS: readonly NftChain[] = [
  { family: "inet", table: "filter", chain: "input", direction: "in" },
  { family: "inet", table: "filter", chain: "output", direction: "out" },
];

const KEYWORD: Readonly<Record<Family, string>> = { ipv4: "ip", ipv6: "ip6" };

/** nft's names of the ICMPv6 types. */
const ICMPV6_NAMES: ReadonlyMap<number, string> = new Map([
  [130, "mld-listener-query"],
  [131, "mld-listener-report"],
  [132, "mld-listener-done"],
  [135, "nd-neighbor-solicit"],
  [136, "nd-neighbor-advert"],
  [143, "mld2-listener-report"],
]);

/** The lines for `passages` into each chain of `chains` that they run through. */
export function nftLines(
  required: readonly RequiredTraffic[],
  chains: readonly NftChain[],
): readonly string[] {
  return chains.flatMap((chain) =>
    required.filter((traffic) => runsThrough(traffic, chain)).map((traffic) =>
      `insert rule ${chain.family} ${chain.table} ${chain.chain} ${nftRule(traffic)}`
    )
  );
}

/** The rule alone, as it stands in a file between the braces of a chain. */
export function nftRule(traffic: RequiredTraffic): string {
  const words = trafficText(traffic, formatIp);
  // nft takes no comment over 127 bytes.
  const comment = `floatip: ${words}`.slice(0, 120);
  return [
    ...interfaceMatch(traffic),
    ...addressMatch(traffic),
    ...protocolMatch(traffic),
    `accept comment "${comment}"`,
  ].join(" ");
}

function runsThrough({ direction, family }: RequiredTraffic, chain: NftChain): boolean {
  return direction === chain.direction && ["inet", KEYWORD[family]].includes(chain.family);
}

function interfaceMatch({ direction, interface: name }: RequiredTraffic): readonly string[] {
  if (name === undefined) return [];
  return [`${direction === "in" ? "iifname" : "oifname"} "${name}"`];
}

function addressMatch({ direction, family, others, group }: RequiredTraffic): readonly string[] {
  const keyword = KEYWORD[family];
  if (group !== undefined) return [`${keyword} daddr ${formatIp(group)}`];
  if (others.length === 0) return [];
  const texts = others.map(formatIp);
  const set = texts.length === 1 ? texts.join() : `{ ${texts.join(", ")} }`;
  return [`${keyword} ${direction === "in" ? "saddr" : "daddr"} ${set}`];
}

function protocolMatch(traffic: RequiredTraffic): readonly string[] {
  const { kind, direction, port } = traffic;
  const { [direction]: types } = TRAFFIC[kind];
  if (port !== undefined) return [`udp dport ${port}`];
  if (types.length === 0) return [`meta l4proto ${protocolOf(traffic)}`];
  const names = types.map((type) => ICMPV6_NAMES.get(type) ?? String(type));
  return [`icmpv6 type ${names.length === 1 ? names.join() : `{ ${names.join(", ")} }`}`];
}

const PROGRAM: Readonly<Record<Family, string>> = { ipv4: "iptables", ipv6: "ip6tables" };

/** One line for each passage, peer and ICMPv6 type: `iptables -I INPUT -i eth0 -s 192.168.1.12 -p 112 ... -j ACCEPT`. */
export function iptablesLines(required: readonly RequiredTraffic[]): readonly string[] {
  return required.flatMap((traffic) =>
    addressWords(traffic).flatMap((addresses) =>
      protocolWords(traffic).map((protocol) =>
        [
          `${PROGRAM[traffic.family]} -I ${traffic.direction === "in" ? "INPUT" : "OUTPUT"}`,
          ...interfaceWords(traffic),
          ...addresses,
          protocol,
          "-m comment --comment floatip -j ACCEPT",
        ].join(" ")
      )
    )
  );
}

function interfaceWords({ direction, interface: name }: RequiredTraffic): readonly string[] {
  if (name === undefined) return [];
  return [`${direction === "in" ? "-i" : "-o"} ${quoteForShell(name)}`];
}

/** One list of words for each line that is needed: several peers are several lines. */
function addressWords(
  { direction, others, group }: RequiredTraffic,
): readonly (readonly string[])[] {
  if (group !== undefined) return [[`-d ${formatIp(group)}`]];
  if (others.length === 0) return [[]];
  return others.map((other) => [`${direction === "in" ? "-s" : "-d"} ${formatIp(other)}`]);
}

function protocolWords(traffic: RequiredTraffic): readonly string[] {
  const { kind, direction, port } = traffic;
  const { [direction]: types } = TRAFFIC[kind];
  if (port !== undefined) return [`-p udp --dport ${port}`];
  if (types.length === 0) return [`-p ${protocolOf(traffic)}`];
  return types.map((type) => `-p icmpv6 --icmpv6-type ${type}`);
}

/**
 * `firewall-cmd` lines for the zone of each interface (the default zone where `zones` has none), and the reload that puts them
 * in force. Only what comes in: firewalld lets everything out, and Neighbour Discovery in, by itself.
 */
export function firewalldLines(
  required: readonly RequiredTraffic[],
  zones: ReadonlyMap<string, string>,
): readonly string[] {
  const lines = required.filter(({ direction, kind }) => direction === "in" && kind === "vrrp")
    .flatMap((traffic) => {
      const zone = zones.get(traffic.interface ?? "");
      const where = zone === undefined ? "" : `--zone=${quoteForShell(zone)} `;
      return richRules(traffic).map((rule) =>
        `firewall-cmd --permanent ${where}--add-rich-rule='${rule}'`
      );
    });
  return lines.length === 0 ? [] : [...lines, "firewall-cmd --reload"];
}

function richRules({ family, others, group, port }: RequiredTraffic): readonly string[] {
  const what = port === undefined ? 'protocol value="vrrp"' : `port port="${port}" protocol="udp"`;
  const rule = (element: "source" | "destination", address: Ip) =>
    `rule family="${family}" ${element} address="${formatIp(address)}" ${what} accept`;
  return group === undefined
    ? others.map((other) => rule("source", other))
    : [rule("destination", group)];
}

/**
 * `ufw` lines. Neighbour Discovery and Multicast Listener Discovery pass by ufw's own before6.rules, and what goes out by its
 * default policy; where that is "deny", the lines for VRRP going out are needed too (`denyOut`).
 */
export function ufwLines(
  required: readonly RequiredTraffic[],
  denyOut: boolean,
): readonly string[] {
  return required.filter(({ direction, kind }) =>
    kind === "vrrp" && (direction === "in" || denyOut)
  ).flatMap(linesOf);
}

function linesOf(
  { direction, interface: name, others, group, port }: RequiredTraffic,
): readonly string[] {
  const on = name === undefined ? "" : ` on ${quoteForShell(name)}`;
  const start = `ufw allow ${direction}${on} proto ${port === undefined ? "vrrp" : "udp"}`;
  if (group !== undefined) return [`${start} from any to ${formatIp(group)} comment floatip`];
  return others.map((other) => {
    const ends = direction === "in" ? `from ${formatIp(other)}` : `to ${formatIp(other)}`;
    // Without "to any" a port would be the sender's.
    const to = port === undefined
      ? ""
      : direction === "in"
      ? ` to any port ${port}`
      : ` port ${port}`;
    return `${start} ${ends}${to} comment floatip`;
  });
}

/** `word` bare where it can be, else in single quotes. */
export function quoteForShell(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
