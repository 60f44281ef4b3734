/** Evaluation of packet filters: what chains of rules do with a packet, or that it is not known. */
import type { Family, Ip } from "../../net/ip.ts";

/** The fields of a packet that rules look at. It is the first of its flow, with TTL 255. */
export interface Packet {
  readonly direction: "in" | "out";
  /** Undefined: not known. */
  readonly interface: string | undefined;
  readonly family: Family;
  readonly protocol: number;
  /** Undefined: any. */
  readonly source: Ip | undefined;
  readonly destination: Ip | undefined;
  readonly icmpType: number | undefined;
  /** The UDP port at both ends; undefined: another protocol. */
  readonly port: number | undefined;
}

/** Whether it matches. Undefined: not known, because the rule looks at something else. */
export type Truth = boolean | undefined;

/** One condition of a rule. */
export type Match = (packet: Packet) => Truth;

/** What a rule does with a packet that it matches. */
export type Action =
  | { readonly kind: "accept" | "drop" | "return" | "continue" }
  /** Handed to another program, or not understood. */
  | { readonly kind: "unknown" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

/** One rule of a chain. */
export interface Rule {
  readonly matches: readonly Match[];
  readonly action: Action;
}

/** One chain. Packets enter at base chains. */
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

/** The filters of the kernel as one program shows them. */
export interface Ruleset {
  /** The program that adds rules. */
  readonly program: "nft" | "iptables" | "ip6tables";
  readonly chains: readonly Chain[];
}

/** What happens to a packet. `chain`: the base chain that drops it, or may drop it. */
export type Verdict =
  | { readonly kind: "passes" }
  | { readonly kind: "dropped" | "unknown"; readonly chain: string; readonly byPolicy: boolean };

const HOOKS = { in: ["prerouting", "input"], out: ["output", "postrouting"] } as const;

/** What `ruleset` does with `packet`, which must pass every base chain. */
export function verdictOf(packet: Packet, ruleset: Ruleset): Verdict {
  const evaluation = new Evaluation(packet, ruleset);
  let doubt: Verdict | undefined;
  for (const chain of chainsOf(packet, ruleset)) {
    const ends = new Set(evaluation.walk(chain));
    const byPolicy = ends.has("end") && chain.base?.policy === "drop";
    if (ends.has("end")) ends.add(chain.base?.policy ?? "accept");
    const mayDrop = ends.has("drop") || ends.has("unknown");
    const mayPass = ends.has("accept") || ends.has("unknown");
    if (mayDrop && !mayPass) return { kind: "dropped", chain: chain.key, byPolicy };
    if (mayDrop) doubt ??= { kind: "unknown", chain: chain.key, byPolicy };
  }
  return doubt ?? { kind: "passes" };
}

/** The base chains for `packet`, in the order of the kernel. */
function chainsOf(packet: Packet, { chains }: Ruleset): readonly Chain[] {
  return HOOKS[packet.direction].flatMap((hook) =>
    chains.filter(({ base }) =>
      base?.hook === hook && (base.family === undefined || base.family === packet.family)
    ).toSorted((a, b) => (a.base?.priority ?? 0) - (b.base?.priority ?? 0))
  );
}

/** How a packet may leave a chain; "end": at its end, or by return. */
type End = "accept" | "drop" | "unknown" | "end";

/** The evaluation of one packet; each chain is evaluated once. */
class Evaluation {
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
    // The kernel rejects loops. Here a loop ends.
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
      // A jump returns at the end of its chain; goto and return leave this chain too.
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
