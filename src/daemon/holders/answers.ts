/**
 * Answers to one question of a backup: which machines are the master, which are others, and what
 * was not answered. Pure.
 */
import type { Interfaces, VirtualAddress } from "../../net/interfaces.ts";
import { formatIp, type Ip, sameIp } from "../../net/ip.ts";
import { between, type Instant, type Nanoseconds } from "../../time.ts";
import type { Sight } from "./conflicts.ts";
import { masterOf } from "../../vrrp/state.ts";
import { masterHeard } from "./health.ts";
import type { Look } from "./look.ts";
import type { Neighbours } from "./neighbours.ts";
import { isAround } from "./questions.ts";
import type { VirtualRouter } from "../virtual_router.ts";
import { virtualMac } from "../../net/mac.ts";

/** A question that waits for answers. */
export interface Question {
  readonly at: Instant;
  readonly asked: readonly VirtualAddress[];
  /** Own addresses of other machines that were asked for with it. */
  readonly whose: readonly Ip[];
  /** What was answered, by MAC. */
  readonly answered: Map<string, Sight>;
  /** By address text: the MACs that answered, and how often each answered to this machine alone. */
  readonly holders: Map<string, Map<string, number>>;
}

/** What a question found. */
export interface Answers {
  /** Machines that are not the master, by MAC. */
  readonly foreign: ReadonlyMap<string, Sight>;
  /** MACs that are the master's. */
  readonly masters: readonly string[];
  /**
   * MACs that answered for one address and are all the master's: its cards, or those of two
   * machines with its address.
   */
  readonly ambiguous: readonly string[];
  /**
   * A MAC that answered more than once for one address: to each question, one machine does so once.
   */
  readonly double: string | undefined;
  /** Addresses that no machine answered for, as text. */
  readonly silent: ReadonlySet<string>;
}

/** What the answers are held against. */
export interface Known {
  readonly interfaces: Interfaces;
  readonly neighbours: Neighbours;
  readonly now: Instant;
}

/**
 * Tells the answers to `question` apart, by the MACs that the master is known to have; where none
 * is known, one is its.
 */
export function answersOf(router: VirtualRouter, question: Question, known: Known): Answers {
  const { answered, asked, holders } = question;
  const { interfaces, now } = known;
  const master = masterHeard(router, now)?.source;
  // On another link it has another MAC.
  const isHere = master !== undefined &&
    asked.every((held) => isAround(interfaces, held.interface, master));
  const all = isHere ? macsOfMaster(router, master, between(question.at, now), known) : [];
  // Linux answers for an IPv6 address with the card that has it: two that do are two machines.
  const macs = router.plan.family === "ipv4" ? all : all.slice(0, 1);
  const masters = new Set([...macs, virtualMac(router.plan.family, router.rules.vrid)]);
  const rest = [...answered].filter(([mac]) => !masters.has(mac)).toSorted();
  const oneIsMaster = macs.length === 0 && rest.length === answered.size;
  const addresses = asked.map(({ prefix }) => formatIp(prefix.address));
  const several = macs.length < 2
    ? undefined
    : addresses.map((address) =>
      [...holders.get(address)?.keys() ?? []].filter((mac) => macs.includes(mac)).toSorted()
    ).find(({ length }) => length > 1);
  return {
    foreign: new Map(oneIsMaster ? rest.slice(1) : rest),
    masters: [...answered.keys()].filter((mac) => masters.has(mac)),
    ambiguous: several ?? [],
    double: doubleOf(holders),
    silent: new Set(addresses.filter((address) => !holders.has(address))),
  };
}

function doubleOf(holders: Question["holders"]): string | undefined {
  for (const macs of holders.values()) {
    for (const [mac, times] of macs) if (times > 1) return mac;
  }
  return undefined;
}

/**
 * Counts in the router's look how often in a row an address was `silent`, although the master, on
 * the same link, answers for its own; or does not answer for that either.
 */
export function countUnanswered(
  { look, state }: VirtualRouter,
  { at, asked, whose }: Question,
  silent: ReadonlySet<string>,
  { interfaces, neighbours, now }: Known,
): void {
  const master = masterOf(state)?.source;
  const isElsewhere = master === undefined ||
    asked.some((held) => !isAround(interfaces, held.interface, master));
  if (silent.size === 0 || isElsewhere) {
    look.unanswered = look.mute = 0;
  } else if (neighbours.knows(formatIp(master), now, between(at, now))) {
    // That the master did not answer before makes the address no less free.
    look.unanswered = Math.max(look.unanswered, look.mute) + 1;
    look.mute = 0;
  } else if (whose.some((one) => sameIp(one, master))) {
    look.mute++;
  } else {
    // It is asked for its own address with the next question.
    look.unanswered = Math.max(look.unanswered, 1);
  }
}

/**
 * Keeps the MACs of the master where they are several, and counts in `look` how often in a row the
 * MAC `mac` answered twice; undefined: none did. Of two MACs that have become one that answers
 * twice nothing is settled yet.
 */
export function countDoubles(
  look: Look,
  ambiguous: readonly string[],
  mac: string | undefined,
): void {
  if (ambiguous.length > 0 || mac === undefined) look.macs = ambiguous;
  const times = look.double?.mac === mac ? (look.double?.times ?? 0) + 1 : 1;
  look.double = mac === undefined ? undefined : { mac, times };
}

/** Are they the same addresses in the same places? */
export function sameHeld(a: readonly VirtualAddress[], b: readonly VirtualAddress[]): boolean {
  return a.length === b.length && a.every((one, i) => {
    const other = b[i];
    return other !== undefined && one.interface === other.interface &&
      sameIp(one.prefix.address, other.prefix.address);
  });
}

/**
 * Several where it has several cards; but what answers for this node's own address, too, answers
 * for everything.
 */
function macsOfMaster(
  { source }: VirtualRouter,
  master: Ip,
  sinceAsked: Nanoseconds,
  { neighbours, now }: Known,
): readonly string[] {
  const answered = neighbours.macsOf(formatIp(master), now, sinceAsked);
  const known = answered.length > 0 ? answered : neighbours.macsOf(formatIp(master), now);
  const proxies = source === undefined ? [] : neighbours.macsOf(formatIp(source), now);
  return known.filter((mac) => !proxies.includes(mac));
}
