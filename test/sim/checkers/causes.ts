/** Invariant: every transition's cause is true, as far as can be seen from outside. */
import type { Instant } from "../../../src/time.ts";
import { advertIn } from "../advert.ts";
import { fastest, slowest } from "../setup.ts";
import { withoutNames } from "../without_names.ts";
import { ARRIVAL, type Checker, type World } from "../world.ts";

/** What was read last of one sender: a batch may bring several at once. */
interface Read {
  readonly priorities: readonly number[];
  readonly at: Instant;
  /** When it last said that it is master, and does not leave. */
  readonly claimedAt: Instant | undefined;
}

interface Claim {
  readonly node: string;
  readonly instance: string;
  readonly words: string;
  readonly at: Instant;
}

/** What a node was told about an instance, by sender's address. */
type Memory = ReadonlyMap<string, Read>;

/** Why a claim cannot be true; undefined: it can. */
type Judge = (
  claim: Claim,
  match: RegExpExecArray,
  memory: Memory,
  world: World,
) => string | undefined;

const JUDGES: readonly (readonly [RegExp, Judge])[] = [
  [/^no advert from (\S+) for /, ({ at }, [, sender = ""], memory, world) => {
    const last = memory.get(sender);
    if (last === undefined) return "it never heard that one";
    const silence = at - last.at;
    return silence < 3 * fastest(world.setup) ? `it heard it ${silence / 1e6} ms ago` : undefined;
  }],
  [/^no master was heard for /, ({ at }, _match, memory, world) => {
    const heard = [...memory].find(([, { priorities, at: then }]) =>
      priorities.at(-1) !== 0 && at - then < 3 * fastest(world.setup)
    );
    return heard === undefined ? undefined : `it heard ${heard[0]}`;
  }],
  [
    /^(\S+) said that it leaves/,
    (_claim, [, sender = ""], memory) =>
      memory.get(sender)?.priorities.includes(0) === true ? undefined : "it did not say so",
  ],
  [
    /^(\S+) has (?:only |the same )?priority (\d+)/,
    ({ node, at }, [, sender = "", priority], memory, world) => {
      const last = memory.get(sender);
      if (last === undefined) return "it never heard that one";
      if (!last.priorities.includes(Number(priority))) return `it said ${last.priorities}`;
      const since = Math.max(last.at, world.stoodStill.get(node) ?? 0);
      return at - since > 5 * slowest(world.setup) ? "that was long ago" : undefined;
    },
  ],
  [
    /^(?:stopped|handed over by hand|maintenance): (\S+) has taken over$/,
    ({ at }, [, sender = ""], memory, world) => {
      const claimedAt = memory.get(sender)?.claimedAt;
      const recent = claimedAt !== undefined && at - claimedAt <= ARRIVAL + slowest(world.setup);
      return recent ? undefined : "it was not heard to";
    },
  ],
  [
    /^this node did not run for .*: (\S+) with priority (\d+) has taken over$/,
    (_claim, [, sender = "", priority], memory) =>
      memory.get(sender)?.priorities.includes(Number(priority)) ? undefined : "it did not say so",
  ],
  [
    /^(maintenance|handed over by hand)(?: is over)?$/,
    ({ node }, [, words], _memory, world) => {
      const order = words === "maintenance" ? words : "handover";
      return world.ordered.has(`${node} ${order}`) ? undefined : "nobody asked for it";
    },
  ],
  [/^(?:started|stopped|no fault any more|reconfigured: .*)$/, () => undefined],
  [
    /^(\S+), a member of the same group, is /,
    (_claim, _match, _memory, world) => world.setup.grouped ? undefined : "there is no group",
  ],
  [
    /^(\S+) has no carrier/,
    ({ node }, [, card = ""], _memory, world) =>
      world.cluster.lan.machine(node).port(card)?.running === true ? "it has" : undefined,
  ],
  [
    /^(\S+) is switched off/,
    ({ node }, [, card = ""], _memory, world) =>
      world.cluster.lan.machine(node).port(card)?.up === true ? "it is not" : undefined,
  ],
  [
    /^there is no interface (\S+)/,
    ({ node }, [, card = ""], _memory, world) =>
      world.cluster.lan.machine(node).port(card) === undefined ? undefined : "there is",
  ],
  [/ has no .* address|^no interface has the source address/, () => undefined],
  [/^(?:RTM_NEWADDR|setsockopt|bind|sendmsg) /, () => undefined],
];

/** Judges every transition that a journal tells. */
export function causes(world: World): Checker {
  const memories = new Map<string, Map<string, Read>>();
  const memoryOf = (node: string, instance: string) => {
    const key = `${node} ${instance}`;
    const found = memories.get(key) ?? new Map<string, Read>();
    memories.set(key, found);
    return found;
  };
  return {
    see(seen, at) {
      if (seen.kind === "read") {
        const advert = advertIn(seen.message);
        const instance = world.instanceOf(advert, seen.source);
        if (instance === undefined) return;
        const memory = memoryOf(seen.node, instance.name);
        const last = memory.get(seen.source);
        const before = last?.at === at ? last.priorities : [];
        const claimedAt = advert.priority > 0 ? at : last?.claimedAt;
        memory.set(seen.source, { priorities: [...before, advert.priority], at, claimedAt });
      }
      if (seen.kind !== "journal") return;
      const told = /^(\S+)(?: \(IPv6\))?: \S+ -> \S+: (.*)$/.exec(seen.line);
      if (told === null) return;
      const [, instance = "", words = ""] = told;
      const claim: Claim = { node: seen.node, instance, words: withoutNames(words), at };
      const why = judge(claim, memoryOf(seen.node, instance), world);
      if (why !== undefined) world.complain("causes", `${seen.node}: "${seen.line}", but ${why}`);
    },
  };
}

function judge(claim: Claim, memory: Memory, world: World): string | undefined {
  for (const [pattern, because] of JUDGES) {
    const match = pattern.exec(claim.words);
    if (match !== null) return because(claim, match, memory, world);
  }
  return "that is no cause known here";
}
