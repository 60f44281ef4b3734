/** In which words are the rules wanted? One text for each program that people filter packets with. */
import type { NodePlan } from "../../config/plan/plan.ts";
import { firewalldLines } from "./firewalld.ts";
import type { FirewallFormat } from "./format_names.ts";
import { iptablesLines } from "./iptables.ts";
import { type NftChain, nftLines, USUAL_NFT_CHAINS } from "./nft.ts";
import type { RequiredTraffic } from "./required_traffic.ts";
import { ufwLines } from "./ufw.ts";

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
