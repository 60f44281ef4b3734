/**
 * Reports: what this node tells the others by the channel, what they told, and where their files
 * differ. Without [cluster] it does nothing.
 */
import {
  ASK_AFTER,
  type Beat,
  FRESH,
  hold,
  learn,
  routerKey,
  type Standing,
  standingOf,
  type Told,
  type Word,
} from "../../cluster/knowledge.ts";
import { decodeAfter, type Decoded, encodeAsk, encodeAskRouters } from "../../cluster/message.ts";
import type { PeerView } from "../../cluster/peer.ts";
import type { Message, RouterReport } from "../../cluster/report.ts";
import { machinesOf } from "../../config/config.ts";
import { affords, type Limits, spend } from "../../budget.ts";
import { after, earliest, type Instant, milliseconds, seconds } from "../../time.ts";
import { askAt, askNext, type Drift, type FileView, fileView, follow, learnPage } from "./drift.ts";
import { OwnFile } from "./own_file.ts";
import { OwnWords, type OwnWordsOptions } from "./own_words.ts";
import type { Routers, RouterWatcher } from "../routers.ts";
import type { SealedAdverts } from "./sealed_adverts.ts";
import { Telling } from "./telling.ts";
import type { Ticker } from "../ticker.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** Questions of one node that are answered. */
const ANSWERS: Limits = { most: 20, every: milliseconds(50) };
/** A silent node is asked this often, until it counts as gone. */
const ASK_EVERY = milliseconds(200);
/** However often files change, they are compared no more often. */
const COMPARE_EVERY = milliseconds(300);

/** The channel, as far as it is used here. */
export interface Wire {
  send(name: string, message: Uint8Array): void;
  /** To all: the report with this number still holds. False: not all can be told so. */
  beat(number: number): boolean;
  peers(now: Instant): readonly PeerView[];
  peer(name: string, now: Instant): PeerView | undefined;
}

/** What reports work with. */
export interface ReportsOptions extends OwnWordsOptions {
  readonly wire: Wire;
  readonly routers: Pick<Routers, "all">;
  /** The seals of adverts. */
  readonly seals: Pick<SealedAdverts, "sealing" | "tell">;
  /** How a node stands is another thing than before. */
  readonly onStanding: (node: string) => void;
  /** A node said this of its virtual routers. */
  readonly onReport: (routers: readonly RouterReport[]) => void;
  /** What a node said of them still holds. Answers whether that changes anything. */
  readonly onHeld: (routers: readonly RouterReport[]) => boolean;
}

/** Another node by what it told. */
export interface ToldNode {
  readonly standing: Standing;
  readonly told: Told | undefined;
  readonly peer: PeerView;
  readonly file: FileView;
}

interface Known {
  told: Told | undefined;
  /** What was given away last: it stays as it is. */
  given: Told | undefined;
  drift: Drift | undefined;
  standing: Standing;
  askedAt: Instant | undefined;
  /** When it is to be asked for something; undefined: not by the clock. */
  dueAt: Instant | undefined;
  /** When questions about its file began. */
  comparedAt: Instant | undefined;
  answersPaid: Instant;
}

/** What nodes tell each other. */
export class Reports implements Ticker, RouterWatcher {
  readonly #options: ReportsOptions;
  readonly #telling: Telling;
  readonly #file = new OwnFile();
  readonly #words: OwnWords;
  readonly #known = new Map<string, Known>();
  readonly #latestByPeer = new Map<string, Decoded>();
  /** When all of them are looked at again, whatever they said. */
  #lookAt = 0 as Instant;
  /** What the last report said beside the routers. */
  #around: readonly unknown[] = [];

  constructor(options: ReportsOptions) {
    this.#options = options;
    const words = new OwnWords(options, this.#file);
    this.#words = words;
    this.#telling = new Telling({
      send: (node, text) => this.#send(node, text),
      routers: options.routers,
      beat: (number) => options.wire.beat(number),
      nodeReport: (now) => words.ofNode(now),
      routerReports: (some, now) => words.of(some, now),
      file: this.#file,
    });
  }

  changed(router: VirtualRouter): void {
    this.#telling.changed(router);
  }

  dropped(): void {
    this.#telling.hurry();
  }

  /** What a check found changed: the routers that rest on it are others. */
  checkChanged(routers: Iterable<VirtualRouter>): void {
    for (const router of routers) this.#telling.changed(router);
  }

  /**
   * `peer` says that a report of it still holds. One that is not known here is asked for. Answers
   * whether that changes anything.
   */
  hold(peer: string, beat: Beat, at: Instant): boolean {
    const known = this.#of(peer);
    const told = hold(known.told, beat, at);
    if (told !== undefined) {
      const isAsBefore = this.#learn(peer, known, told, at);
      return this.#options.onHeld(routersIn(told)) || !isAsBefore;
    }
    const { told: before, askedAt } = known;
    const isLate = before?.session === beat.session && before.number > beat.number;
    if (!isLate && (askedAt === undefined || after(askedAt, ASK_EVERY) <= at)) {
      known.askedAt = at;
      this.ask(peer);
    }
    return false;
  }

  /** A message of `peer`, by this session. */
  take(peer: string, text: Uint8Array, session: bigint, at: Instant): void {
    const decoded = decodeAfter(this.#latestByPeer.get(peer), text);
    this.#latestByPeer.set(peer, decoded);
    if (decoded.message !== undefined) this.#takeMessage(peer, decoded.message, session, at);
  }

  /** Has it nothing to say any more, after {@link ReportsOptions.isLeaving}? */
  hasSaidGoodbye(now: Instant): boolean {
    if (!this.#isOn) return true;
    const hears = this.#options.wire.peers(now).some(({ hasSession }) => hasSession);
    return !hears || this.#telling.hasSaidGoodbye(now);
  }

  /** Everything is given up: the last words of this process. */
  sayGoodbye(now: Instant): void {
    if (this.#isOn) this.#telling.sayGoodbye(now);
  }

  /** The file has no [cluster] any more: what this node still says. */
  sayLast(now: Instant): void {
    this.#telling.tellNow(now);
  }

  /** Asks the node called `name` for a report now. */
  ask(name: string): void {
    this.#options.wire.send(name, encodeAsk({ kind: "report" }));
  }

  /** Asks all nodes at once for what they say of `routers`. */
  askAbout(routers: readonly VirtualRouter[]): void {
    const { wire, host } = this.#options;
    const peers = wire.peers(host.now()).filter(({ hasSession }) => hasSession);
    for (
      const text of encodeAskRouters(routers.map(({ plan }) => routerKey(plan.name, plan.family)))
    ) {
      for (const { name } of peers) wire.send(name, text);
    }
  }

  /** What the other nodes say of `router`. Of a name that two machines have nothing counts. */
  wordsOn({ plan: { name, family } }: VirtualRouter, now: Instant): readonly Word[] {
    const key = routerKey(name, family);
    const words = this.#isOn
      ? [...this.#known].flatMap(([node, { told }]) => wordOf(node, told, key))
      : [];
    // Only holders matter so much, and mostly there is none.
    if (!words.some(({ report }) => report.state === "master")) return words;
    const twice = new Set(
      this.#options.wire.peers(now).filter(({ isTwice }) => isTwice).map((peer) => peer.name),
    );
    return words.filter(({ node }) => !twice.has(node));
  }

  /** What this node says of the place of `router` on the LAN. */
  placeOf(router: VirtualRouter, now: Instant): Pick<RouterReport, "link" | "gateway"> {
    return this.#words.placeOf(router, now);
  }

  /** What is known of the others by what they told, by name; empty without [cluster]. */
  views(now: Instant): ReadonlyMap<string, ToldNode> {
    if (!this.#isOn) return new Map();
    const peers = this.#options.wire.peers(now);
    // A status is made of them in parts: what comes meanwhile does not change them.
    for (const known of this.#known.values()) known.given = known.told;
    return new Map(peers.map((peer) => [peer.name, this.#view(peer, now)]));
  }

  /** The same of one node, as long as this turn; undefined: it is not expected on the channel. */
  view(name: string, now: Instant): ToldNode | undefined {
    const peer = this.#isOn ? this.#options.wire.peer(name, now) : undefined;
    return peer && this.#view(peer, now);
  }

  /** What this node says of `routers`. */
  ownRouters(routers: readonly VirtualRouter[], now: Instant): readonly RouterReport[] {
    return this.#words.of(routers, now);
  }

  nextDeadline(): Instant | undefined {
    if (!this.#isOn) return undefined;
    if (this.#file.isBusy) return this.#options.host.now();
    // It is looked with the reports: no deadline of its own.
    let next = this.#telling.nextDeadline();
    for (const { dueAt } of this.#known.values()) next = earliest(next, dueAt);
    return next;
  }

  tick(now: Instant): void {
    if (!this.#isOn) return;
    const { config, self, isLeaving, maintenance, seals } = this.#options;
    if (this.#file.settle(config(), now)) this.#forget();
    if (this.#file.work(() => this.#options.host.now())) this.#lookAt = now;
    const around = [config(), self(), isLeaving(), maintenance(), this.#file.hash, seals.sealing];
    if (around.some((one, i) => one !== this.#around[i])) this.#telling.hurry();
    this.#around = around;
    this.#telling.tick(now);
    if (this.#lookAt <= now || this.#isDue(now)) this.#look(now);
  }

  #isDue(now: Instant): boolean {
    return this.#known.values().some(({ dueAt }) => dueAt !== undefined && dueAt <= now);
  }

  get #isOn(): boolean {
    return this.#options.config().cluster !== undefined;
  }

  #takeMessage(peer: string, message: Message, session: bigint, at: Instant): void {
    const known = this.#of(peer);
    switch (message.kind) {
      case "report":
        this.#learn(peer, known, learn(ownTold(known), message.part, session, at), at);
        return this.#options.onReport(message.part.routers);
      case "ask":
        if (!affords(known.answersPaid, ANSWERS, at)) return;
        known.answersPaid = spend(known.answersPaid, ANSWERS, at);
        return this.#telling.answer(peer, message.what, at);
      case "keys":
        if (known.drift === undefined) return;
        known.drift = learnPage(known.drift, message.page, at);
        known.dueAt = at;
    }
  }

  /** Answers whether it stands as before. */
  #learn(peer: string, known: Known, told: Told, at: Instant): boolean {
    const before = known.told;
    known.told = told;
    this.#options.seals.tell(peer, told.node.seals, at);
    // It has just come, or come again: it knows nothing of this node yet.
    if (before === undefined || told.number < before.number) this.#telling.hurry();
    // As far as its own word goes; what else there may be is seen with the next look.
    const isAsBefore = standingOf(told, undefined, at) === known.standing &&
      before?.node.file === told.node.file;
    const due = isAsBefore ? after(at, ASK_AFTER) : at;
    known.dueAt = known.drift === undefined ? due : earliest(due, askAt(known.drift, this.#file));
    if (!isAsBefore) this.#lookAtOne(peer, known, at);
    return isAsBefore;
  }

  #view(peer: PeerView, now: Instant): ToldNode {
    const { told, drift } = this.#known.get(peer.name) ?? {};
    const standing = standingOf(told, peer, now);
    return { standing, told, peer, file: fileView(drift, told?.node.file, this.#file) };
  }

  #of(peer: string): Known {
    const found = this.#known.get(peer);
    if (found !== undefined) return found;
    const known: Known = {
      told: undefined,
      given: undefined,
      drift: undefined,
      standing: "never-heard",
      askedAt: undefined,
      comparedAt: undefined,
      dueAt: undefined,
      answersPaid: 0 as Instant,
    };
    this.#known.set(peer, known);
    return known;
  }

  /** Nodes that are not in the file any more. */
  #forget(): void {
    const names = new Set(machinesOf(this.#options.config()).map(({ name }) => name));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    this.#latestByPeer.clear();
    this.#lookAt = this.#options.host.now();
  }

  /** Asks those that are silent, and for what files differ in; tells of those that are gone. */
  #look(now: Instant): void {
    this.#lookAt = after(now, EACH);
    for (const peer of this.#options.wire.peers(now)) {
      const { name } = peer;
      const known = this.#of(name);
      this.#stand(peer, known, now);
      known.dueAt = earliest(
        this.#askSilent(name, known, now),
        this.#askFile(name, known, now),
      );
    }
  }

  #lookAtOne(name: string, known: Known, now: Instant): void {
    const peer = this.#options.wire.peer(name, now);
    if (peer !== undefined) this.#stand(peer, known, now);
  }

  #stand(peer: PeerView, known: Known, now: Instant): void {
    const standing = standingOf(known.told, peer, now);
    if (standing === known.standing) return;
    known.standing = standing;
    this.#options.onStanding(peer.name);
  }

  /** When it is to be looked at again. */
  #askSilent(name: string, known: Known, now: Instant): Instant | undefined {
    const { told, askedAt } = known;
    if (told === undefined || told.node.leaving) return undefined;
    const goneAt = after(told.at, FRESH);
    // A nanosecond later it is.
    if (goneAt < now) return undefined;
    const again = askedAt === undefined ? told.at : after(askedAt, ASK_EVERY);
    const due = Math.max(after(told.at, ASK_AFTER), again) as Instant;
    if (due > now) return earliest(due, after(goneAt, JUST_AFTER));
    known.askedAt = now;
    this.ask(name);
    return earliest(after(now, ASK_EVERY), after(goneAt, JUST_AFTER));
  }

  #askFile(name: string, known: Known, now: Instant): Instant | undefined {
    const { drift: before, comparedAt } = known;
    const from = comparedAt === undefined ? now : after(comparedAt, COMPARE_EVERY);
    known.drift = follow(before, known.told?.node.file, this.#file, from > now ? from : now);
    if (known.drift === undefined || known.standing === "lost") return undefined;
    if (known.drift !== before) known.comparedAt = known.drift.askAt;
    const next = askNext(known.drift, this.#file, now);
    if (next === undefined) return askAt(known.drift, this.#file);
    known.drift = next.drift;
    this.#options.wire.send(name, encodeAsk(next.what));
    return next.drift.askAt;
  }

  #send(node: string | undefined, text: Uint8Array): void {
    const { wire, host } = this.#options;
    if (node !== undefined) return wire.send(node, text);
    for (const { name } of wire.peers(host.now())) wire.send(name, text);
  }
}

/** What it told, to be used up. */
function ownTold({ told, given }: Known): Told | undefined {
  return told !== undefined && told === given ? { ...told, routers: new Map(told.routers) } : told;
}

function routersIn({ routers }: Told): readonly RouterReport[] {
  return [...routers.values()].map(({ report }) => report);
}

function wordOf(node: string, told: Told | undefined, key: string): readonly Word[] {
  const router = told?.routers.get(key);
  if (told === undefined || router === undefined) return [];
  return [{ node, report: router.report, at: router.at, isLeaving: told.node.leaving }];
}

/** Nodes that speak with another secret, or twice, are looked at so often. */
const EACH = seconds(1);
/** An instant after it is no longer fresh. */
const JUST_AFTER = milliseconds(1);
