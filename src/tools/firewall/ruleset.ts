/** What does a packet filter do with a packet? Chains of rules walked as the kernel does, with "cannot tell" as an answer. */
import type { Family, Ip } from "../../net/ip.ts";

/** A packet as far as rules look at it: the first of its flow, TTL or hop limit 255 as VRRP and ND want it. */
export interface Packet {
  readonly direction: "in" | "out";
  /** Undefined: not known. */
  readonly interface: string | undefined;
  readonly family: Family;
  readonly protocol: number;
  /** Undefined: anybody's. */
  readonly source: Ip | undefined;
  readonly destination: Ip | undefined;
  readonly icmpType: number | undefined;
  /** Of UDP, from which and to which it goes; undefined: it has none. */
  readonly port: number | undefined;
}

/** Does it match? Undefined: that cannot be told, because the rule looks at something that is not known here. */
export type Truth = boolean | undefined;

/** One condition of a rule. */
export type Match = (packet: Packet) => Truth;

/** What a rule does with a packet that it matches. */
export type Action =
  | { readonly kind: "accept" | "drop" | "return" | "continue" }
  /** Handed to another program, or something that is not understood. */
  | { readonly kind: "unknown" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

/** One rule of a chain. */
export interface Rule {
  readonly matches: readonly Match[];
  readonly action: Action;
}

/** One chain; those with a hook are where packets come in. */
export interface Chain {
  /** Unique in its ruleset: "inet filter input". */
  readonly key: string;
  readonly rules: readonly Rule[];
  readonly base:
    | {
      readonly hook: "prerouting" | "input" | "output" | "postrouting";
      /** Chains of one hook run in this order, lowest first. */
      readonly priority: number;
      readonly policy: "accept" | "drop";
      /** Which packets it sees; undefined: both families. */
      readonly family: Family | undefined;
    }
    | undefined;
}

/** Everything that one program shows of the kernel's filters. */
export interface Ruleset {
  /** Who would have to be told of a new rule. */
  readonly program: "nft" | "iptables" | "ip6tables";
  readonly chains: readonly Chain[];
}

/** What becomes of a packet, and where: `chain` is the base chain that drops it, or where it cannot be told. */
export type Verdict =
  | { readonly kind: "passes" }
  | { readonly kind: "dropped" | "unknown"; readonly chain: string; readonly byPolicy: boolean };

const HOOKS = { in: ["prerouting", "input"], out: ["output", "postrouting"] } as const;

/** What `ruleset` does with `packet`: it must pass every base chain on its way. */
export function verdictOf(packet: Packet, ruleset: Ruleset): Verdict {
  const journey = new Journey(packet, ruleset);
  let doubt: Verdict | undefined;
  for (const chain of chainsOf(packet, ruleset)) {
    const ends = new Set(journey.walk(chain));
    const byPolicy = ends.has("end") && chain.base?.policy === "drop";
    if (ends.has("end")) ends.add(chain.base?.policy ?? "accept");
    const mayDrop = ends.has("drop") || ends.has("unknown");
    const mayPass = ends.has("accept") || ends.has("unknown");
    if (mayDrop && !mayPass) return { kind: "dropped", chain: chain.key, byPolicy };
    if (mayDrop) doubt ??= { kind: "unknown", chain: chain.key, byPolicy };
  }
  return doubt ?? { kind: "passes" };
}

/** The base chains that `packet` runs through, in the kernel's order. */
function chainsOf(packet: Packet, { chains }: Ruleset): readonly Chain[] {
  return HOOKS[packet.direction].flatMap((hook) =>
    chains.filter(({ base }) =>
      base?.hook === hook && (base.family === undefined || base.family === packet.family)
    ).toSorted((a, b) => (a.base?.priority ?? 0) - (b.base?.priority ?? 0))
  );
}

/** How the packet may leave a chain; "end": at its end, or by return. */
type End = "accept" | "drop" | "unknown" | "end";

/** One packet's way through the chains; each is walked once, however many lead there. */
class Journey {
  readonly #packet: Packet;
  readonly #chains: ReadonlyMap<string, Chain>;
  readonly #walked = new Map<string, ReadonlySet<End>>();

  constructor(packet: Packet, { chains }: Ruleset) {
    this.#packet = packet;
    this.#chains = new Map(chains.map((chain) => [chain.key, chain]));
  }

  walk(chain: Chain): ReadonlySet<End> {
    const before = this.#walked.get(chain.key);
    if (before !== undefined) return before;
    // Chains that lead back to themselves the kernel does not take; here they are no endless loop.
    this.#walked.set(chain.key, new Set(["unknown"]));
    const ends = this.#walkAll(chain.rules);
    this.#walked.set(chain.key, ends);
    return ends;
  }

  #walkAll(rules: readonly Rule[]): ReadonlySet<End> {
    const ends = new Set<End>();
    for (const { matches, action } of rules) {
      const truth = allOf(matches, this.#packet);
      if (truth === false || action.kind === "continue") continue;
      const taken = new Set(this.#follow(action));
      // A jump comes back where its chain ends; goto and return leave this chain too.
      const comesBack = action.kind === "jump" && taken.delete("end");
      for (const end of taken) ends.add(end);
      if (truth === true && !comesBack) return ends;
    }
    return ends.add("end");
  }

  #follow(action: Action): Iterable<End> {
    if (action.kind === "return") return ["end"];
    if (action.kind === "accept" || action.kind === "drop") return [action.kind];
    if (action.kind !== "jump" && action.kind !== "goto") return ["unknown"];
    const target = this.#chains.get(action.chain);
    return target === undefined ? ["unknown"] : this.walk(target);
  }
}

function allOf(matches: readonly Match[], packet: Packet): Truth {
  const truths = matches.map((match) => match(packet));
  if (truths.includes(false)) return false;
  return truths.includes(undefined) ? undefined : true;
}
