/** Questions for the floating addresses at a bounded pace, and what their answers say: which other machines hold one. */
import { type Host, HostError } from "../host.ts";
import type { NodePlan } from "../config/plan/plan.ts";
import type { Interfaces, VirtualAddress } from "../net/interfaces.ts";
import { formatIp, type Ip, sameIp } from "../net/ip.ts";
import {
  after,
  between,
  earliest,
  type Instant,
  type Nanoseconds,
  nanoseconds,
  seconds,
} from "../time.ts";
import { arpProbeToAll } from "../wire/arp.ts";
import {
  concludeOwn,
  concludeQuestion,
  type Conflicts,
  forgetConflicts,
  isEvidence,
  resetConflicts,
  type Sight,
} from "./conflicts.ts";
import { masterHeard } from "./health.ts";
import type { Neighbours } from "./neighbours.ts";
import { askableLink, isAround, questionFor } from "./questions.ts";
import type { VirtualRouter } from "./virtual_router.ts";
import { heardOf, isHolder, isOut } from "../vrrp/state.ts";

/** How long answers are waited for. */
const ANSWERS = seconds(1);

/** From one question for an address to the next while nothing speaks against it, and while something does. */
const PACE = seconds(10);
const HURRIED_PACE = seconds(2);

/** After a change of state, whoever gives way has done so by then. */
const SETTLED = seconds(1);

/** Most addresses of a virtual router that are asked for at once. */
const MOST_AT_ONCE = 20;

/** Most questions of a node in a second, and most that are saved up. */
const PER_SECOND = 50, MOST_SAVED = 20;

/** So long it is known at which MAC a machine is. */
const KNOWN = seconds(60);

/** A question that waits for answers. */
interface Question {
  readonly at: Instant;
  readonly asked: readonly VirtualAddress[];
  /** What was answered, by MAC. */
  readonly answered: Map<string, Sight>;
}

/** Where the questions for one virtual router stand. */
interface Turn {
  /** When the state began to which this belongs. */
  readonly entered: Instant;
  nextAt: Instant;
  question: Question | undefined;
  /** When it was last asked whether a machine has this node's own MAC. */
  own: { readonly at: Instant } | undefined;
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

/** What it works with. */
export interface InquiryOptions {
  readonly host: Host;
  readonly conflicts: Conflicts;
  readonly neighbours: Neighbours;
  readonly node: () => NodePlan | undefined;
}

/** The questions of one node. */
export class Inquiry {
  readonly #options: InquiryOptions;
  readonly #turns = new Map<VirtualRouter, Turn>();
  /** Questions that may be asked now, and since when that is so. */
  #budget = MOST_SAVED;
  #budgetAt: Instant | undefined;
  #next: Instant | undefined;
  /** The kernel's latest refusal of a question, in words. */
  #refused: string | undefined;

  constructor(options: InquiryOptions) {
    this.#options = options;
  }

  /** When {@link Inquiry.settle} is to be called next. */
  nextDeadline(): Instant | undefined {
    return this.#next;
  }

  /** Has `router` changed its state since {@link Inquiry.begin}? */
  isNewState(router: VirtualRouter): boolean {
    return this.#turns.get(router)?.entered !== router.entered;
  }

  /** The state of `router` is a new one: what was answered before says nothing of it. */
  begin(router: VirtualRouter, now: Instant): void {
    resetConflicts(router, now);
    const nextAt = after(now, SETTLED);
    const { entered } = router;
    this.#turns.set(router, { entered, nextAt, question: undefined, own: undefined, cursor: 0 });
    this.#next = earliest(this.#next, nextAt);
  }

  /** Something speaks against `router`: it is asked for as soon as possible. */
  hurry(router: VirtualRouter, now: Instant): void {
    const turn = this.#turns.get(router);
    if (turn === undefined || turn.question !== undefined || turn.nextAt <= now) return;
    turn.nextAt = now;
    this.#next = now;
  }

  /** Another machine said that it has an address of `router`. */
  answered(router: VirtualRouter, sight: Sight): void {
    router.answeredAt = sight.at;
    this.#turns.get(router)?.question?.answered.set(sight.who, sight);
  }

  /** Asks what is due, and concludes what has waited long enough. `deaf`: answers would not be heard. */
  settle(routers: readonly VirtualRouter[], othersOf: OthersOf, deaf: boolean, now: Instant): void {
    if (this.#next !== undefined && now < this.#next) return;
    this.#refill(now);
    for (const router of this.#turns.keys()) {
      if (!routers.includes(router)) this.#turns.delete(router);
    }
    let next: Instant | undefined;
    for (const [router, turn] of this.#turns) {
      if (turn.question !== undefined && now >= after(turn.question.at, ANSWERS)) {
        this.#conclude(router, turn, turn.question, now);
      }
      if (turn.question === undefined && now >= turn.nextAt && this.#budget > 0) {
        this.#ask(router, turn, othersOf, deaf, now);
      }
      const due = turn.question === undefined ? turn.nextAt : after(turn.question.at, ANSWERS);
      next = earliest(next, due);
    }
    const refilled = after(now, nanoseconds(1e9 / PER_SECOND));
    this.#next = next !== undefined && next <= now ? refilled : next;
  }

  #refill(now: Instant): void {
    const passed = this.#budgetAt === undefined ? 0 : between(this.#budgetAt, now);
    this.#budget = Math.min(MOST_SAVED, this.#budget + passed / 1e9 * PER_SECOND);
    this.#budgetAt = now;
  }

  #ask(
    router: VirtualRouter,
    turn: Turn,
    othersOf: OthersOf,
    deaf: boolean,
    now: Instant,
  ): void {
    const interfaces = this.#options.host.interfaces();
    const all = router.plan.virtualAddresses.filter((held) =>
      askableLink(interfaces, held.interface)
    );
    const wanted = deaf || !isAskedFor(router) ? [] : all;
    const asked = this.#choose(router, turn, wanted);
    this.#refused = undefined;
    const sent = asked.filter((held) => this.#send(router, held.interface, held.prefix.address));
    router.askTrouble = sent.length === 0 ? this.#refused : undefined;
    // What the kernel refuses now is asked later: what is known stays until then.
    router.askable = sent.length > 0 || router.askTrouble !== undefined;
    if (sent.length === 0) {
      forgetConflicts(router, now);
      turn.nextAt = after(now, HURRIED_PACE);
      return;
    }
    for (const [name, address] of this.#whoIsWho(router, sent, othersOf, now)) {
      this.#send(router, name, address);
    }
    turn.question = { at: now, asked: sent, answered: new Map() };
  }

  /** What is answered for by others, and the next ones in turn. */
  #choose(
    router: VirtualRouter,
    turn: Turn,
    all: readonly VirtualAddress[],
  ): readonly VirtualAddress[] {
    if (all.length <= MOST_AT_ONCE) return all;
    const doubted = new Set([...router.conflicts.values()].map(({ words }) => words));
    const first = all.filter(({ prefix }) => doubted.has(formatIp(prefix.address)));
    const rest = all.filter((held) => !first.includes(held));
    const chosen = first.slice(0, MOST_AT_ONCE / 2);
    const room = MOST_AT_ONCE - chosen.length;
    const start = turn.cursor % rest.length;
    turn.cursor = start + room;
    return [...chosen, ...[...rest, ...rest].slice(start, start + Math.min(room, rest.length))];
  }

  /** Addresses by which it is told whose MACs are whose: the master's; all, while a MAC that answers is nobody's. */
  #whoIsWho(
    router: VirtualRouter,
    [first]: readonly VirtualAddress[],
    othersOf: OthersOf,
    now: Instant,
  ): readonly (readonly [name: string, address: Ip])[] {
    const { host, neighbours, node } = this.#options;
    if (first === undefined) return [];
    const name = first.interface;
    const others = othersOf(router, node(), name, host.interfaces());
    const strange = [...router.conflicts.values()].some((conflict) =>
      conflict.kind !== "answer" || neighbours.addressesOf(conflict.who).length === 0
    );
    if (strange) {
      const unknown = others.filter((one) => !neighbours.knows(formatIp(one), now, KNOWN));
      return unknown.slice(0, MOST_AT_ONCE).map((address) => [name, address]);
    }
    const master = router.state.kind === "backup" ? masterHeard(router, now)?.source : undefined;
    if (master === undefined) return [];
    // Several MACs may be its cards, or a machine's that had its address, or answers for everything: that is asked again.
    const isOne = neighbours.macsOf(formatIp(master), now).length < 2;
    const limit = router.unanswered > 0 || !isOne ? ANSWERS : KNOWN;
    const asked = others.filter((one) =>
      (sameIp(one, master) && !neighbours.knows(formatIp(one), now, limit)) ||
      // Nobody should answer for this node's own: so it is asked for together with the master's.
      (one === router.source && !neighbours.knows(formatIp(master), now, isOne ? KNOWN : ANSWERS))
    );
    return asked.map((address) => [name, address]);
  }

  #send(router: VirtualRouter, name: string, target: Ip): boolean {
    const { host } = this.#options;
    const interfaces = host.interfaces();
    const link = askableLink(interfaces, name);
    const frame = link && questionFor(target, link, router, interfaces);
    return frame !== undefined && this.#sendFrame(name, frame);
  }

  #sendFrame(name: string, frame: Uint8Array): boolean {
    this.#budget--;
    try {
      this.#options.host.sendFrame(name, frame);
      return true;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      this.#refused = error.message;
      return false;
    }
  }

  #conclude(router: VirtualRouter, turn: Turn, question: Question, now: Instant): void {
    const { conflicts } = this.#options;
    turn.question = undefined;
    const isBackup = router.state.kind === "backup";
    const foreign = isBackup ? this.#beside(router, question, now) : question.answered;
    if (isBackup) {
      for (const sight of foreign.values()) conflicts.note(router, sight);
      this.#countUnanswered(router, question);
    }
    const asked = question.asked.map(({ prefix }) => formatIp(prefix.address));
    concludeQuestion(router, asked, new Set(foreign.keys()));
    if (!isOut(router.state)) this.#askOwn(router, turn, question, now);
    forgetConflicts(router, now);
    // What answers for an address that the file names no more may answer for others too.
    const isAnswered = !isOut(router.state) && foreign.size > 0;
    const doubted = router.unanswered > 0 || isAnswered ||
      [...router.conflicts.values()].some((conflict) => isEvidence(conflict, router, now));
    const share = MOST_AT_ONCE / Math.max(MOST_AT_ONCE, router.plan.virtualAddresses.length);
    const pace = doubted ? HURRIED_PACE : Math.max(PACE * share, ANSWERS);
    turn.nextAt = after(question.at, nanoseconds(pace));
  }

  /** What was answered with MACs that are not the master's, as far as its are known; else all but one. */
  #beside(
    router: VirtualRouter,
    { at, answered, asked }: Question,
    now: Instant,
  ): ReadonlyMap<string, Sight> {
    const { host } = this.#options;
    const master = masterHeard(router, now)?.source;
    // On another link it has another MAC.
    const isHere = master !== undefined &&
      asked.every((held) => isAround(host.interfaces(), held.interface, master));
    const known = isHere ? this.#macsOfMaster(router, master, between(at, now), now) : [];
    const masters = new Set([...known, virtualMac(router)]);
    const rest = [...answered].filter(([mac]) => !masters.has(mac)).toSorted();
    const oneIsMaster = known.length === 0 && rest.length === answered.size;
    return new Map(oneIsMaster ? rest.slice(1) : rest);
  }

  /** Several where it has several cards; but what answers for this node's own address, too, answers for everything. */
  #macsOfMaster(
    { source }: VirtualRouter,
    master: Ip,
    sinceAsked: Nanoseconds,
    now: Instant,
  ): readonly string[] {
    const { neighbours } = this.#options;
    const answered = neighbours.macsOf(formatIp(master), now, sinceAsked);
    const known = answered.length > 0 ? answered : neighbours.macsOf(formatIp(master), now);
    const proxies = source === undefined ? [] : neighbours.macsOf(formatIp(source), now);
    return known.filter((mac) => !proxies.includes(mac));
  }

  /** Nobody answers, and the master is there: it answers for its own address on the same link. */
  #countUnanswered(router: VirtualRouter, { at, answered, asked }: Question): void {
    const { host, neighbours } = this.#options;
    const master = heardOf(router.state)?.source;
    const interfaces = host.interfaces();
    if (
      answered.size > 0 || master === undefined ||
      asked.some((held) => !isAround(interfaces, held.interface, master))
    ) {
      router.unanswered = 0;
      return;
    }
    const there = neighbours.knows(formatIp(master), host.now(), between(at, host.now()));
    // The first time it was not asked for its own address.
    router.unanswered = there ? router.unanswered + 1 : Math.max(router.unanswered, 1);
  }

  /**
   * A machine with this one's own MAC does not get its answer past the switch: where that could be all that speaks against it, a
   * question is asked whose answer goes to all. Concludes the one before.
   */
  #askOwn(router: VirtualRouter, turn: Turn, { asked, answered }: Question, now: Instant): void {
    const before = turn.own;
    if (before !== undefined) {
      const found = [...router.conflicts.values()].some(({ own, at }) => own && at >= before.at);
      if (!found) concludeOwn(router);
    }
    turn.own = undefined;
    const first = asked.find(({ prefix }) => prefix.address.family === "ipv4");
    const link = first && askableLink(this.#options.host.interfaces(), first.interface);
    const isKnown = isHolder(router.state) && answered.size > 0;
    if (first === undefined || link === undefined || isKnown) return;
    const mark = new Uint8Array(8);
    new DataView(mark.buffer).setBigUint64(0, BigInt(now));
    const frame = arpProbeToAll(link.mac, first.prefix.address, mark.subarray(2));
    if (this.#sendFrame(first.interface, frame)) turn.own = { at: now };
  }
}

/** Not where the file says so, for one that leaves, or while this node listens whether there is a master. */
function isAskedFor(router: VirtualRouter): boolean {
  const { state, rules } = router;
  if (!rules.duplicateCheck || state.kind === "handoff") return false;
  // Whose adverts are refused holds them perhaps: whose MAC is whose is to be known before the claim.
  return state.kind !== "backup" || heardOf(state) !== undefined || router.conflicts.size > 0;
}

/** RFC 9568 7.3: some speakers answer with the virtual router's own MAC. */
function virtualMac({ plan, rules }: VirtualRouter): string {
  const kind = plan.family === "ipv4" ? "01" : "02";
  return `00:00:5e:00:${kind}:${rules.vrid.toString(16).padStart(2, "0")}`;
}
