/**
 * Adverts that do not arrive while reports do, in words: which of the two roads is broken. The
 * same reason on both nodes.
 */
import type { Word } from "../../cluster/knowledge.ts";
import { nameIn, type Plan } from "../../config/plan/plan.ts";
import { isHolder, masterOf, type State } from "../../vrrp/state.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** "a packet filter drops IP protocol 112 on the way, or the LAN between the two is cut". */
export function advertsLostWords({ rules, port }: Plan): string {
  const road = rules.transport === "udp" ? `UDP port ${port}` : "IP protocol 112";
  return `a packet filter drops ${road} on the way, or the LAN between the two is cut`;
}

/** Is the master known by its reports alone? */
export function isMasterUnheard(state: State): boolean {
  return state.kind === "backup" && state.master.kind === "reported" &&
    state.master.gone === undefined;
}

/** What a person should look at, by what this node knows and the others say. */
export function advertsLost(
  { plan, state }: VirtualRouter,
  words: readonly Word[],
  self: string | undefined,
): readonly string[] {
  const why = advertsLostWords(plan);
  const master = masterOf(state);
  if (isMasterUnheard(state) && master !== undefined) {
    const name = nameIn(plan, master.source);
    return [`${name} reports that it is master, and its adverts do not arrive: ${why}`];
  }
  if (!isHolder(state)) return [];
  return words.filter(({ report }) => isDeaf(report, self))
    .map(({ node }) => `the adverts of this node do not arrive at ${node}: ${why}`);
}

function isDeaf({ state, master, unheard }: Word["report"], self: string | undefined): boolean {
  return state === "backup" && unheard && master === self;
}
