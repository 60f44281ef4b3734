/** Questions for the floating addresses at a bounded pace: which other machines hold one. */
import { type Host, HostError } from "../../host.ts";
import type { NodePlan } from "../../config/plan/plan.ts";
import { formatIp, type Ip, sameIp } from "../../net/ip.ts";
import {
  after,
  between,
  earliest,
  type Instant,
  milliseconds,
  nanoseconds,
  seconds,
} from "../../time.ts";
import { isHolder, isOut, masterOf } from "../../vrrp/state.ts";
import { answersOf, countDoubles, countUnanswered, type Question, sameHeld } from "./answers.ts";
import {
  carryConflicts,
  concludeOwn,
  concludeQuestion,
  type Conflicts,
  forgetConflicts,
  isEvidence,
  SETTLED,
  type Sight,
} from "./conflicts.ts";
import { IN_A_ROW } from "./look.ts";
import type { Neighbours } from "./neighbours.ts";
import { Deadlines } from "../deadlines.ts";
import { Polls } from "./polls.ts";
import { askableLink, markOf, questionFor, questionToAll } from "./questions.ts";
import { roundFor } from "../rounds.ts";
import { Slice } from "../slice.ts";
import {
  ANSWERS,
  choose,
  isAskedFor,
  masterAt,
  MOST_AT_ONCE,
  newTurn,
  type OthersOf,
  type Turn,
  wasClaimAsked,
  whoIsWho,
} from "./asked.ts";
import type { OwnedRouter } from "../virtual_router.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"answeredAt" | "askTrouble" | "askable">;

/** From one question for an address to the next: while all is well, and while something is not. */
const PACE = seconds(10);
const HURRIED_PACE = seconds(2);

/** Another master is heard, or the list of addresses is another one: it is asked so soon. */
const SOON = milliseconds(300);

/** A question may be so much late, and what the one before found out still counts. */
const SLACK = milliseconds(2500);

/** Most questions of a node in a second, and most that are saved up. */
const PER_SECOND = 50, MOST_SAVED = 20;

/** Where all were asked, others wait until so much was saved up again. */
const FILLED = milliseconds(200);

/** What it works with. */
export interface InquiryOptions {
  readonly host: Host;
  readonly conflicts: Conflicts;
  readonly neighbours: Neighbours;
  readonly node: () => NodePlan | undefined;
  /** Called between two questions: what is due then need not wait for all of them. */
  readonly meanwhile?: () => void;
}

/** The questions of one node. */
export class Inquiry {
  readonly #options: InquiryOptions;
  readonly #turns = new Map<VirtualRouter, Turn>();
  /** When each is to be asked for; not while there is a question. */
  readonly #asks = new Deadlines<VirtualRouter>();
  /** When the answers to its question are concluded from. */
  readonly #ends = new Deadlines<VirtualRouter>();
  readonly #polls: Polls;
  /** Questions that may be asked now, and since when that is so. */
  #budget = MOST_SAVED;
  #budgetAt: Instant | undefined;
  /** Too many were asked: nothing is asked before. */
  #pausedUntil: Instant | undefined;
  /** The kernel's latest refusal of a question, in words. */
  #refused: string | undefined;

  constructor(options: InquiryOptions) {
    this.#options = options;
    this.#polls = new Polls(options.host);
  }

  /** When {@link Inquiry.settle} is to be called next. */
  nextDeadline(): Instant | undefined {
    return earliest(this.#ends.next, this.#nextAsk(), this.#polls.nextDeadline());
  }

  /** Looks what is new with `router`: true where it is its state. */
  follow(router: VirtualRouter, now: Instant): boolean {
    const turn = this.#turns.get(router);
    if (turn?.entered !== router.entered) {
      this.begin(router, now);
      return true;
    }
    const master = masterAt(router);
    if (turn.plan !== router.plan) {
      const isSame = sameHeld(turn.plan.virtualAddresses, router.plan.virtualAddresses);
      turn.plan = router.plan;
      if (!isSame) this.#lookAgain(router, turn, now);
    }
    if (turn.master !== master) {
      const isSame = master !== undefined && turn.master !== undefined &&
        sameIp(turn.master, master);
      turn.master = master;
      if (!isSame && master !== undefined) this.#followMaster(router, turn, now);
    }
    return false;
  }

  /** The state of `router` is a new one: it is asked again, and what is still true stays. */
  begin(router: VirtualRouter, now: Instant): void {
    const before = this.#turns.get(router);
    carryConflicts(router, before?.state, now);
    this.#polls.forget(router);
    const { state, look } = router;
    if (state.kind === "master" && wasClaimAsked(router, before?.question)) {
      look.until = this.#validUntil(now, SETTLED);
    }
    // Where no machine gives way, there is nothing to wait for.
    const isStart = before === undefined || before.state === "init" || before.state === "fault";
    const nextAt = isStart ? now : roundFor(after(now, SETTLED));
    const turn = newTurn(router, nextAt, before?.kinds);
    this.#turns.set(router, turn);
    this.#ends.set(router, undefined);
    this.#asks.set(router, turn.nextAt);
  }

  /** `router` is gone from the configuration. */
  drop(router: VirtualRouter): void {
    this.#turns.delete(router);
    this.#asks.set(router, undefined);
    this.#ends.set(router, undefined);
    this.#polls.forget(router);
  }

  /** The addresses of `router` are others than before: nothing is known of them. */
  #lookAgain(router: VirtualRouter, turn: Turn, now: Instant): void {
    router.look.until = undefined;
    turn.covered = 0;
    turn.question = undefined;
    this.#ends.set(router, undefined);
    this.#polls.forget(router);
    this.#askAt(router, turn, earliest(turn.nextAt, roundFor(after(now, SOON))) ?? now);
  }

  /** A backup hears another master than before: does it hold the addresses? */
  #followMaster(router: VirtualRouter, turn: Turn, now: Instant): void {
    router.look.unanswered = router.look.mute = 0;
    // Two that are heard in turn are no reason to ask without end.
    const { askedAt } = turn;
    const isFresh = askedAt !== undefined && between(askedAt, now) < HURRIED_PACE;
    const soon = roundFor(after(now, SOON));
    if (isFresh || turn.question !== undefined || turn.nextAt <= soon) return;
    this.#askAt(router, turn, soon);
  }

  #askAt(router: VirtualRouter, turn: Turn, at: Instant): void {
    turn.nextAt = at;
    this.#asks.set(router, at);
  }

  #nextAsk(): Instant | undefined {
    const { next } = this.#asks;
    const paused = this.#pausedUntil;
    return next === undefined || paused === undefined || next > paused ? next : paused;
  }

  /** What is found out now counts until the next question ought to have been concluded. */
  #validUntil(asked: Instant, pace: number): Instant {
    const round = 2e9 * this.#turns.size / PER_SECOND;
    return after(asked, nanoseconds(pace + SLACK + round));
  }

  /** Something speaks against `router`: it is asked for as soon as possible. */
  hurry(router: VirtualRouter, now: Instant): void {
    const turn = this.#turns.get(router);
    if (turn === undefined || turn.question !== undefined || turn.nextAt <= now) return;
    this.#askAt(router, turn, now);
  }

  /** Another machine said that it has an address of `router`; to this one alone so many times. */
  answered(router: VirtualRouter, sight: Sight, direct: number): void {
    const { at, who, words } = sight;
    router.answeredAt = at;
    this.#polls.answered(router, words);
    const question = this.#turns.get(router)?.question;
    if (question === undefined) return;
    question.answered.set(who, sight);
    const holders = question.holders.get(words) ?? new Map<string, number>();
    question.holders.set(words, holders.set(who, (holders.get(who) ?? 0) + direct));
  }

  /** Asks what is due, concludes what has waited enough. `deaf`: answers would not be heard. */
  settle(othersOf: OthersOf, deaf: boolean, now: Instant): void {
    for (const router of this.#polls.settle(now, (one) => this.#isPolled(one, deaf, now))) {
      this.#doubt(router, now);
    }
    const slice = new Slice(() => this.#options.host.now());
    while (!slice.isFull) {
      const router = this.#ends.take(now);
      if (router === undefined) break;
      const turn = this.#turns.get(router);
      if (turn?.question === undefined) continue;
      this.#conclude(router, turn, turn.question, now);
      this.#asks.set(router, turn.nextAt);
      this.#options.meanwhile?.();
    }
    const next = this.#nextAsk();
    if (next === undefined || now < next) return;
    this.#refill(now);
    // Where not all can be asked now, those are that have waited for longest.
    while (this.#budget > 0 && !slice.isFull) {
      const router = this.#asks.take(now);
      const turn = router && this.#turns.get(router);
      if (router === undefined || turn === undefined) break;
      this.#ask(router, turn, othersOf, deaf, now);
      this.#options.meanwhile?.();
    }
    this.#pausedUntil = this.#budget > 0 ? undefined : roundFor(after(now, FILLED));
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
    const asked = choose(router, turn, wanted);
    this.#refused = undefined;
    const sent = asked.filter(({ interface: on, prefix }) =>
      this.#send(router, on, prefix.address, turn.kinds.isOrdinary(formatIp(prefix.address)))
    );
    turn.askedAt = now;
    router.askTrouble = sent.length === 0 ? this.#refused : undefined;
    // What the kernel refuses now is asked later: what is known stays until then.
    router.askable = sent.length > 0 || router.askTrouble !== undefined;
    const [first] = sent;
    if (first === undefined) {
      forgetConflicts(router, now);
      this.#askAt(router, turn, roundFor(after(now, HURRIED_PACE)));
      // Where no machine can be asked, there is nothing to wait for.
      if (all.length === 0) router.look.until = this.#validUntil(now, HURRIED_PACE);
      return;
    }
    const name = first.interface;
    const others = othersOf(router, this.#options.node(), name, interfaces);
    const whose = whoIsWho(router, others, this.#options.neighbours, now)
      .filter((address) => this.#send(router, name, address));
    for (const one of whose) this.#options.neighbours.noteAsked(formatIp(one), now);
    turn.question = { at: now, asked: sent, whose, answered: new Map(), holders: new Map() };
    this.#ends.set(router, roundFor(after(now, ANSWERS)));
  }

  #send(router: VirtualRouter, name: string, target: Ip, ordinary = false): boolean {
    const { host } = this.#options;
    const interfaces = host.interfaces();
    const link = askableLink(interfaces, name);
    const frame = link && questionFor(target, link, router, interfaces, ordinary);
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
    const { conflicts, host, neighbours } = this.#options;
    const { look, state } = router;
    turn.question = undefined;
    const isBackup = state.kind === "backup";
    const known = { interfaces: host.interfaces(), neighbours, now };
    const answers = isBackup ? answersOf(router, question, known) : undefined;
    const foreign = answers?.foreign ?? question.answered;
    if (answers !== undefined) {
      for (const sight of foreign.values()) conflicts.note(router, sight);
      for (const mac of answers.masters) router.conflicts.delete(`answer ${mac}`);
      countDoubles(look, answers.ambiguous, answers.double);
      turn.silent = answers.silent;
      countUnanswered(router, question, answers.silent, known);
      this.#learnHolders(router, question);
    }
    const asked = question.asked.map(({ prefix }) => formatIp(prefix.address));
    concludeQuestion(router, asked, new Set(foreign.keys()));
    forgetConflicts(router, now);
    // What answers for an address that the file names no more may answer for others too.
    const isAnswered = !isOut(state) && foreign.size > 0;
    const inARow = Math.max(look.unanswered, look.mute, look.double?.times ?? 0);
    const evidence = [...router.conflicts.values()].filter((one) => isEvidence(one, router, now));
    const isConflict = isAnswered || evidence.length > 0;
    turn.kinds.conclude(asked, [...foreign.values()], evidence);
    const share = MOST_AT_ONCE / Math.max(MOST_AT_ONCE, router.plan.virtualAddresses.length);
    const isOpen = inARow > 0 && inARow < IN_A_ROW;
    if (!isOut(state) && !isOpen) {
      this.#askOwn(router, turn, question, foreign.size > 0, now);
    }
    const pace = isOpen
      ? ANSWERS
      : inARow > 0 || isConflict
      ? HURRIED_PACE
      : Math.max(PACE * share, ANSWERS);
    turn.nextAt = roundFor(after(question.at, nanoseconds(pace)));
    turn.covered += asked.length;
    if (turn.covered >= router.plan.virtualAddresses.length && !isOpen) {
      look.until = this.#validUntil(question.at, PACE);
    }
  }

  /** A backup polls what answered for its addresses. */
  #learnHolders(router: VirtualRouter, { asked, holders }: Question): void {
    for (const held of asked) {
      const [mac] = holders.get(formatIp(held.prefix.address))?.keys() ?? [];
      if (mac !== undefined) this.#polls.learn(router, held, mac);
    }
  }

  /** Not where a question to all is near: its answers would be taken for two of one machine. */
  #isPolled(router: VirtualRouter, deaf: boolean, now: Instant): boolean {
    const { state, look, rules } = router;
    const turn = this.#turns.get(router);
    if (turn === undefined || turn.question !== undefined) return false;
    return !deaf && rules.duplicateCheck && state.kind === "backup" &&
      masterOf(state) !== undefined &&
      look.unanswered === 0 && look.mute === 0 && turn.nextAt > after(now, ANSWERS);
  }

  /** A machine does not answer its poll: all are asked. */
  #doubt(router: VirtualRouter, now: Instant): void {
    const turn = this.#turns.get(router);
    if (turn === undefined || turn.question !== undefined || router.state.kind !== "backup") return;
    router.look.unanswered = Math.max(router.look.unanswered, 1);
    this.hurry(router, now);
  }

  /**
   * A machine with this one's own MAC does not get its answer past the switch: where that could be
   * all that speaks against it, a question is asked whose answer goes to all. Concludes the one
   * before.
   */
  #askOwn(
    router: VirtualRouter,
    turn: Turn,
    { asked, answered }: Question,
    isKnown: boolean,
    now: Instant,
  ): void {
    const before = turn.own;
    if (before !== undefined) {
      const found = [...router.conflicts.values()].some(({ own, at }) => own && at >= before.at);
      if (!found) concludeOwn(router);
    }
    turn.own = undefined;
    const [first] = asked;
    const link = first && askableLink(this.#options.host.interfaces(), first.interface);
    if (first === undefined || link === undefined || isKnown) return;
    // A probe would end the detection of duplicates of an owner that has just got its link back,
    // and so its address.
    const isOwnerSafe = first.prefix.address.family === "ipv4" || isHolder(router.state) ||
      answered.size > 0 || router.look.mute >= IN_A_ROW;
    if (!isOwnerSafe) return;
    const frame = questionToAll(first.prefix.address, link, markOf(now));
    if (this.#sendFrame(first.interface, frame)) turn.own = { at: now };
  }
}
