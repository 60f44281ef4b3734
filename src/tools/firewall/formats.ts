/** The rules as text for nft, iptables, firewalld and ufw. */
import type { NodePlan } from "../../config/plan/plan.ts";
import { type Family, formatIp, type Ip } from "../../net/ip.ts";
import type { FirewallFormat } from "./format_names.ts";
import {
  protocolOf,
  type RequiredTraffic,
  TRAFFIC,
  type TrafficKind,
  trafficText,
} from "./required_traffic.ts";
import { shellWord } from "../../printable.ts";

/** What of the filters of a machine the text depends on. */
export interface FilterSetup {
  /** The base chains of nft that see our packets; empty: none, or not known. */
  readonly chains: readonly NftChain[];
  /** The zones of firewalld by interface; other interfaces are in the default zone. */
  readonly zones: ReadonlyMap<string, string>;
  /** Rules for outgoing packets too, where the filter blocks them. */
  readonly outgoing: boolean;
}

interface FormatWriter {
  /** The command that applies the text. */
  readonly apply: string;
  /** How the rules survive a reboot; undefined: they do. */
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
    keep: "netfilter-persistent save, or what loads your rules",
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

/** The rules without comments. */
export function firewallLines(
  required: readonly RequiredTraffic[],
  format: FirewallFormat,
  setup: FilterSetup,
): readonly string[] {
  const wanted = required.filter(({ direction }) => direction === "in" || setup.outgoing);
  return FORMATS[format].lines(wanted, setup);
}

/** The rules that `node` needs, with comments about their use. `remarks`: further comments. */
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
    `# What floatip on ${node} needs, for ${format}. Apply with: ${apply}`,
    ...(protocol112 ? ["# VRRP is IP protocol 112: it has no port."] : []),
    "# ARP does not pass through these filters.",
    ...(ipv6 && byItself ? [`# ${format} allows IPv6 Neighbour Discovery by default.`] : []),
    ...(required.length === 0 ? ["# Nothing: no instance runs on this node."] : []),
    ...firewallLines(required, format, setup),
    ...remarks.map((remark) => `# ${remark}`),
    ...(keep === undefined ? [] : [`# To keep the rules after a reboot: ${keep}`]),
    ...(setup.outgoing ? [] : ["# If outgoing packets are dropped by default: --outgoing"]),
    "",
  ].join("\n");
}

/** The known chains, else the usual ones, in the wanted directions. */
function chainsFor(chains: readonly NftChain[], outgoing: boolean): readonly NftChain[] {
  const known = chains.length > 0 ? chains : USUAL_NFT_CHAINS;
  return known.filter(({ direction }) => direction === "in" || outgoing);
}

/** A base chain for new rules. */
export interface NftChain {
  /** "inet", "ip" or "ip6". */
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly direction: "in" | "out";
}

/** The names in the examples of Debian, Arch and Fedora. */
const USUAL_NFT_CHAINS: readonly NftChain[] = [
  { family: "inet", table: "filter", chain: "input", direction: "in" },
  { family: "inet", table: "filter", chain: "output", direction: "out" },
];

const KEYWORD: Readonly<Record<Family, string>> = { ipv4: "ip", ipv6: "ip6" };

/** ICMPv6 types as nft names them. */
const ICMPV6_NAMES: ReadonlyMap<number, string> = new Map([
  [130, "mld-listener-query"],
  [131, "mld-listener-report"],
  [132, "mld-listener-done"],
  [135, "nd-neighbor-solicit"],
  [136, "nd-neighbor-advert"],
  [143, "mld2-listener-report"],
]);

/** An insert line for each chain and each kind of packet that it sees. */
function nftLines(
  required: readonly RequiredTraffic[],
  chains: readonly NftChain[],
): readonly string[] {
  return chains.flatMap((chain) =>
    required.filter((traffic) => runsThrough(traffic, chain)).map((traffic) =>
      `insert rule ${chain.family} ${chain.table} ${chain.chain} ${nftRule(traffic)}`
    )
  );
}

/** The rule alone, as in the braces of a chain. */
export function nftRule(traffic: RequiredTraffic): string {
  // nft accepts comments of at most 127 bytes.
  const comment = `floatip: ${trafficText(traffic, formatIp)}`.slice(0, 120);
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

/**
 * One line for each peer and ICMPv6 type: `iptables -I INPUT -i eth0 -s 192.168.1.12 -p 112 ...`.
 */
function iptablesLines(required: readonly RequiredTraffic[]): readonly string[] {
  return required.flatMap((traffic) =>
    addressOptions(traffic).flatMap((addresses) =>
      protocolOptions(traffic).map((protocol) =>
        [
          `${PROGRAM[traffic.family]} -I ${traffic.direction === "in" ? "INPUT" : "OUTPUT"}`,
          ...interfaceOptions(traffic),
          ...addresses,
          protocol,
          "-m comment --comment floatip -j ACCEPT",
        ].join(" ")
      )
    )
  );
}

function interfaceOptions({ direction, interface: name }: RequiredTraffic): readonly string[] {
  if (name === undefined) return [];
  return [`${direction === "in" ? "-i" : "-o"} ${shellWord(name)}`];
}

/** One list of options for each line: several peers are several lines. */
function addressOptions(
  { direction, others, group }: RequiredTraffic,
): readonly (readonly string[])[] {
  if (group !== undefined) return [[`-d ${formatIp(group)}`]];
  if (others.length === 0) return [[]];
  return others.map((other) => [`${direction === "in" ? "-s" : "-d"} ${formatIp(other)}`]);
}

function protocolOptions(traffic: RequiredTraffic): readonly string[] {
  const { kind, direction, port } = traffic;
  const { [direction]: types } = TRAFFIC[kind];
  if (port !== undefined) return [`-p udp --dport ${port}`];
  if (types.length === 0) return [`-p ${protocolOf(traffic)}`];
  return types.map((type) => `-p icmpv6 --icmpv6-type ${type}`);
}

/**
 * `firewall-cmd` lines for the zone of each interface, and a reload. For incoming packets only:
 * firewalld allows outgoing packets and Neighbour Discovery by default.
 */
function firewalldLines(
  required: readonly RequiredTraffic[],
  zones: ReadonlyMap<string, string>,
): readonly string[] {
  const lines = required.filter(({ direction, kind }) => direction === "in" && isOurs(kind))
    .flatMap((traffic) => {
      const zone = zones.get(traffic.interface ?? "");
      const where = zone === undefined ? "" : `--zone=${shellWord(zone)} `;
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
 * `ufw` lines. before6.rules of ufw allows Neighbour Discovery and Multicast Listener Discovery.
 * `denyOut`: its policy for outgoing packets is "deny".
 */
function ufwLines(required: readonly RequiredTraffic[], denyOut: boolean): readonly string[] {
  return required.filter(({ direction, kind }) => isOurs(kind) && (direction === "in" || denyOut))
    .flatMap(linesOf);
}

function linesOf(
  { direction, interface: name, others, group, port }: RequiredTraffic,
): readonly string[] {
  const on = name === undefined ? "" : ` on ${shellWord(name)}`;
  const start = `ufw allow ${direction}${on} proto ${port === undefined ? "vrrp" : "udp"}`;
  if (group !== undefined) return [`${start} from any to ${formatIp(group)} comment floatip`];
  return others.map((other) => {
    const ends = direction === "in" ? `from ${formatIp(other)}` : `to ${formatIp(other)}`;
    // Without "to any", the port would be that of the sender.
    const to = port === undefined
      ? ""
      : direction === "in"
      ? ` to any port ${port}`
      : ` port ${port}`;
    return `${start} ${ends}${to} comment floatip`;
  });
}

/** What these programs do not let through by themselves. */
function isOurs(kind: TrafficKind): boolean {
  return kind === "vrrp" || kind === "channel";
}
