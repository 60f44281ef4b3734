/** How does nft(8) let the passages through? Lines for `nft -f -`, at the head of the chains that filter. */
import { type Family, formatIp } from "../../net/ip.ts";
import { protocolOf, type RequiredTraffic, TRAFFIC, trafficText } from "./required_traffic.ts";

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
