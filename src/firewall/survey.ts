/** Which packet filter does this machine have, and what does it say? Asked of the programs themselves. */
import type { Program } from "./program.ts";
import type { FirewallFormat, Surfaces } from "./formats.ts";
import type { NftChain } from "./nft.ts";
import { type Obstacle, obstaclesOf } from "./obstacles.ts";
import type { Passage } from "./passages.ts";
import { filtersAnything, readIptables } from "./read_iptables.ts";
import { type NftRuleset, readNft } from "./read_nft.ts";
import type { Ruleset } from "./ruleset.ts";

/** What was found. */
export interface Survey {
  /** What the machine's rules are written with. */
  readonly format: FirewallFormat;
  readonly rulesets: readonly Ruleset[];
  readonly surfaces: Surfaces;
  /** Why the rules could not be read, in words; undefined: they were, or there is no program that could. */
  readonly refusal: string | undefined;
}

/** Asks nft, iptables, firewalld and ufw, those that are there, all at once. Changes nothing. Never rejects. */
export async function survey(run: Program, passages: readonly Passage[]): Promise<Survey> {
  const [nft, ip4, ip6, firewalld, ufw] = await Promise.all([
    run(["nft", "-j", "list", "ruleset"]),
    run(["iptables-save"]),
    run(["ip6tables-save"]),
    run(["firewall-cmd", "--state"]),
    run(["ufw", "status"]),
  ]);
  const tables = [
    ...(ip4?.code === 0 ? [readIptables(ip4.stdout, "ipv4")] : []),
    ...(ip6?.code === 0 ? [readIptables(ip6.stdout, "ipv6")] : []),
  ];
  // iptables-save says precisely what nft shows of those tables only in part.
  const without = tables.length === 0 ? [] : managedTables(nft?.stderr ?? "");
  const native = nft?.code === 0 ? readNft(nft.stdout, without) : undefined;
  const rulesets = [...(native === undefined ? [] : [native.ruleset]), ...tables];
  const format = firewalld?.code === 0
    ? "firewalld"
    : /^Status: active$/m.test(ufw?.stdout ?? "")
    ? "ufw"
    : formatOf(native, tables, nft !== undefined);
  const obstacles = obstaclesOf(passages, rulesets);
  const barring = [...new Map(
    obstacles.filter(({ program }) => program === "nft").map(nftChainOf).map((chain) => [
      chain.table + chain.chain,
      chain,
    ]),
  ).values()];
  return {
    format,
    rulesets,
    surfaces: {
      // Those in the way; where nothing is, those where something could be.
      chains: barring.length > 0 ? barring : native?.filters ?? [],
      zones: format === "firewalld" ? await zonesOf(run, passages) : new Map(),
      outgoing: obstacles.some(({ passage }) => passage.direction === "out"),
    },
    refusal: refusalOf(nft) ?? refusalOf(ip4),
  };
}

/** The chain of nft that an obstacle is in. */
export function nftChainOf({ passage, fate }: Obstacle): NftChain {
  const [family = "inet", table = "filter", chain = "input"] = fate.chain.split(" ");
  return { family, table, chain, direction: passage.direction };
}

/** nft warns about each: "# Warning: table ip filter is managed by iptables-nft, do not touch!" */
function managedTables(stderr: string): readonly string[] {
  return [...stderr.matchAll(/table (\S+ \S+) is managed by iptables-nft/g)].map(([, table = ""]) =>
    table
  );
}

function formatOf(
  native: NftRuleset | undefined,
  tables: readonly Ruleset[],
  hasNft: boolean,
): FirewallFormat {
  if (native?.filters.some(({ direction }) => direction === "in")) return "nft";
  if (tables.some(filtersAnything)) return "iptables";
  return hasNft || tables.length === 0 ? "nft" : "iptables";
}

async function zonesOf(
  run: Program,
  passages: readonly Passage[],
): Promise<ReadonlyMap<string, string>> {
  const names = new Set(
    passages.flatMap(({ interface: name }) => name === undefined ? [] : [name]),
  );
  const zones = await Promise.all([...names].map(async (name) => {
    const asked = await run(["firewall-cmd", `--get-zone-of-interface=${name}`]);
    return asked?.code === 0 ? [[name, asked.stdout.trim()] as const] : [];
  }));
  return new Map(zones.flat());
}

function refusalOf(asked: Awaited<ReturnType<Program>>): string | undefined {
  if (asked === undefined || asked.code === 0) return undefined;
  return asked.stderr.trim().split("\n").at(-1) || "the rules cannot be read";
}
