/**
 * Choice of what the LAN is asked for a virtual router: which of its addresses, and which own ones
 * of other machines. Pure.
 */
import type { NodePlan, Plan } from "../../config/plan/plan.ts";
import type { Interfaces, VirtualAddress } from "../../net/interfaces.ts";
import { formatIp, type Ip, sameIp } from "../../net/ip.ts";
import { between, type Instant, milliseconds, seconds } from "../../time.ts";
import type { Question } from "./answers.ts";
import { masterOf, type State } from "../../vrrp/state.ts";
import { masterHeard } from "./health.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Conflict, VirtualRouter } from "../virtual_router.ts";

/** How long answers are waited for. */
export const ANSWERS = seconds(1);

/** Most addresses of a virtual router that are asked for at once. */
export const MOST_AT_ONCE = 20;

/** A claim follows its last question so soon. */
const CLAIM_ASKED = milliseconds(300);

/**
 * Where the claim comes before the time for answers is over: most machines have answered by then.
 */
const ANSWERED_WITHIN = milliseconds(100);

/** So long it is known at which MAC a machine is. */
const KNOWN = seconds(60);

/** Where the questions for one virtual router stand. */
export interface Turn extends Progress {
  /** When the state began to which this belongs, and which it is. */
  readonly entered: Instant;
  readonly state: State["kind"];
  plan: Plan;
  /** The master that a backup hears. */
  master: Ip | undefined;
  nextAt: Instant;
  askedAt: Instant | undefined;
  /** How many addresses were asked for since the list is what it is. */
  covered: number;
  silent: ReadonlySet<string>;
  question: Question | undefined;
  /** When it was last asked whether a machine has this node's own MAC. */
  own: { readonly at: Instant } | undefined;
  readonly kinds: QuestionKinds;
}

/** Of an answer: the address, as text. */
type Words = Pick<Conflict, "words">;

/**
 * Of each IPv4 address whether it is asked for by a probe or by an ordinary request: in turn, as
 * some machines answer only one of the two. What was answered is asked again in the same way until
 * that is refuted: a question of the other kind would find it free.
 */
export class QuestionKinds {
  /** By address text, whether its last question was an ordinary request. */
  readonly #last = new Map<string, boolean>();
  readonly #answered = new Set<string>();

  /** Is the next question for `address` an ordinary request? It is asked now. */
  isOrdinary(address: string): boolean {
    const last = this.#last.get(address) ?? true;
    const next = this.#answered.has(address) ? last : !last;
    this.#last.set(address, next);
    return next;
  }

  /** The addresses `asked` were asked for: `answers` came, and `evidence` is what stands. */
  conclude(asked: readonly string[], answers: readonly Words[], evidence: readonly Words[]): void {
    for (const address of asked) {
      const isIt = ({ words }: Words) => words === address;
      if (answers.some(isIt)) this.#answered.add(address);
      else if (!evidence.some(isIt)) this.#answered.delete(address);
    }
  }
}

/** Nothing was asked since the state of `router` began; at `nextAt` it is. */
export function newTurn(router: VirtualRouter, nextAt: Instant, kinds = new QuestionKinds()): Turn {
  const { entered, state, plan } = router;
  return {
    entered,
    state: state.kind,
    plan,
    master: masterAt(router),
    nextAt,
    askedAt: undefined,
    covered: 0,
    silent: new Set(),
    question: undefined,
    own: undefined,
    kinds,
    cursor: 0,
  };
}

/** Where the questions for a list of addresses stand. */
interface Progress {
  /** Those of the latest question that no machine answered for. */
  readonly silent: ReadonlySet<string>;
  /** The next address, where there are more than are asked for at once. */
  cursor: number;
}

/** Addresses of machines that may hold those of a router, on a link. */
export type OthersOf = (
  router: VirtualRouter,
  node: NodePlan | undefined,
  name: string,
  interfaces: Interfaces,
) => readonly Ip[];

/** What is in doubt, and the next ones in turn. */
export function choose(
  { conflicts }: VirtualRouter,
  progress: Progress,
  all: readonly VirtualAddress[],
): readonly VirtualAddress[] {
  if (all.length <= MOST_AT_ONCE) return all;
  const doubted = new Set([
    ...progress.silent,
    ...[...conflicts.values()].map(({ words }) => words),
  ]);
  const first = all.filter(({ prefix }) => doubted.has(formatIp(prefix.address)));
  const rest = all.filter((held) => !first.includes(held));
  const chosen = first.slice(0, MOST_AT_ONCE / 2);
  const room = MOST_AT_ONCE - chosen.length;
  const start = rest.length === 0 ? 0 : progress.cursor % rest.length;
  progress.cursor = start + room;
  return [...chosen, ...[...rest, ...rest].slice(start, start + Math.min(room, rest.length))];
}

/**
 * Those of `others` by which it is told whose MACs are whose: the master's; all, while a MAC that
 * answers belongs to none that is known.
 */
export function whoIsWho(
  router: VirtualRouter,
  others: readonly Ip[],
  neighbours: Neighbours,
  now: Instant,
): readonly Ip[] {
  const strange = [...router.conflicts.values()].filter(({ kind, who }) =>
    kind !== "answer" || neighbours.addressesOf(who).length === 0
  );
  if (strange.length > 0) {
    // The kernel's own questions, to one MAC, tell of no second card.
    const since = Math.max(
      now - KNOWN,
      ...strange.flatMap((one) => one.kind === "answer" ? one.since : []),
    ) as Instant;
    return others.filter((one) => {
      const text = formatIp(one);
      return !neighbours.knows(text, now, KNOWN) || !neighbours.wasAsked(text, since);
    }).slice(0, MOST_AT_ONCE);
  }
  const master = router.state.kind === "backup" ? masterHeard(router, now)?.source : undefined;
  if (master === undefined) return [];
  // Several MACs may be its cards, or a machine's that had its address, or answers for everything:
  // that is asked again.
  const isOne = neighbours.macsOf(formatIp(master), now).length < 2;
  const isDoubted = router.look.unanswered > 0 || router.look.mute > 0;
  const limit = isDoubted || !isOne ? ANSWERS : KNOWN;
  return others.filter((one) =>
    (sameIp(one, master) && !neighbours.knows(formatIp(one), now, limit)) ||
    // No machine should answer for this node's own: so it is asked for together with the master's.
    (one === router.source && !neighbours.knows(formatIp(master), now, isOne ? KNOWN : ANSWERS))
  );
}

/** Not where the file says so, nor for one that hands over. */
export function isAskedFor({ rules, state }: VirtualRouter): boolean {
  return rules.duplicateCheck && state.kind !== "handoff";
}

/** Was it asked just before this node claimed the addresses, and found free? */
export function wasClaimAsked(
  { look, entered }: VirtualRouter,
  question: Question | undefined,
): boolean {
  const { claimAskedAt } = look;
  if (claimAskedAt !== undefined && between(claimAskedAt, entered) <= CLAIM_ASKED) return true;
  return question !== undefined && question.answered.size === 0 &&
    between(question.at, entered) >= ANSWERED_WITHIN;
}

/** The master that a backup believes in, the same object until its next advert. */
export function masterAt({ state }: VirtualRouter): Ip | undefined {
  return masterOf(state)?.source;
}
