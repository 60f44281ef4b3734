/**
 * The watch over the other nodes of the file: what is heard of them, and a question to each once a
 * minute.
 */
import type { Host, PresenceQuestion } from "../../host.ts";
import type { NodeStatus } from "../../control/api.ts";
import { type Config, type Machine, machinesOf } from "../../config/config.ts";
import { keyOf, type NodePlan } from "../../config/plan/plan.ts";
import { formatIp, includesIp, type Ip } from "../../net/ip.ts";
import {
  after,
  ageMs,
  between,
  earliest,
  type Instant,
  milliseconds,
  seconds,
} from "../../time.ts";
import type { Fault } from "../../vrrp/event.ts";
import { LEAVING_PRIORITY } from "../../vrrp/election.ts";
import { masterDownOf } from "../../vrrp/intervals.ts";
import type { PresenceAnswer } from "../../wire/presence.ts";
import type { Advert } from "../../wire/vrrp.ts";
import type { Journal } from "../journal/journal.ts";
import { type Asked, type End, NO_FACTS, type NodeFacts, type NodeView, viewOf } from "./nodes.ts";
import type { TransitionRecord } from "../journal/record.ts";
import { type Spoken, toldView, witnessView } from "./told_nodes.ts";
import type { VirtualRouter } from "../virtual_router.ts";
import { isHolder, isOut } from "../../vrrp/state.ts";

/**
 * From one question to the next, whatever node it is about: however many there are, no more packets
 * leave.
 */
const PACE = milliseconds(250);

/**
 * Until the next look at a node that cannot be asked yet, since this node's own network is not
 * ready.
 */
const NOT_YET = seconds(10);

/** The first question, and those about a node that left: it needs a moment to end. */
const SOON = seconds(3);

/** From one question to the next: of a node that is well, and of one that is not. */
const ASK_AGAIN = seconds(60), ASK_TROUBLED = seconds(10);

/** A silence of so many intervals before another speaks is none of a node that gives way. */
const INTERVALS_OF_A_LOSS = 2;

/** An advert may be on its way. */
const MARGIN = milliseconds(100);

/** What this node is, and the nodes that its virtual routers speak to. */
type Self = Pick<NodePlan, "node" | "plans">;

/** A machine of the file, or a peer that is not named there. */
type Named = Pick<Machine, "name" | "addresses" | "isWitness">;

/** Another node of the file. */
interface Other {
  readonly entry: Named;
  facts: NodeFacts;
  /** When it is asked next. */
  askAt: Instant;
  /** When the question that is under way was put. */
  askedAt: Instant | undefined;
  /** Where it was asked. */
  asked: Asked | undefined;
  /** The attention that the journal was told of. */
  told: string | undefined;
}

/** The node that was heard last as master of a virtual router. */
interface Speaker {
  readonly node: string;
  readonly at: Instant;
  readonly priority: number;
  readonly interval: number;
  /** Silent until then, it is gone. */
  readonly until: Instant;
}

/** What a node told, for {@link toldView}; undefined: it is not expected on the channel. */
type ToldSource = (name: string, now: Instant) => Spoken | undefined;

/** Knows the other nodes. */
export class NodeWatch {
  readonly #host: Host;
  readonly #journal: Journal;
  #others: ReadonlyMap<string, Other> = new Map();
  /** Node names by address text. */
  #names: ReadonlyMap<string, string> = new Map();
  /** By instance and family. */
  readonly #speakers = new Map<string, Speaker>();
  #present: { readonly config: Config; readonly self: Self } | undefined;
  /** The latest question, about any node. */
  #askedAt: Instant | undefined;
  #told: ToldSource = () => undefined;
  /** When the next look is due; undefined: to be found out. */
  #next: { readonly at: Instant | undefined } | undefined;

  constructor(host: Host, journal: Journal) {
    this.#host = host;
    this.#journal = journal;
  }

  /** What nodes tell of themselves comes from `told` from now on. */
  believe(told: ToldSource): void {
    this.#told = told;
  }

  /** How the node called `name` stands by what it told is another thing than before. */
  stands(name: string): void {
    const other = this.#others.get(name);
    if (other === undefined) return;
    const now = this.#host.now();
    // Whether its machine answers is worth knowing now.
    if (this.#told(name, now)?.standing === "lost" && other.askAt > now) other.askAt = now;
    this.#next = undefined;
    this.#tell(other, now);
  }

  /**
   * Watches the other nodes of `config`, and written peers that no node stands for, by their
   * addresses; what is known of those that stay is kept. `self` is what this node is, undefined
   * before that is known.
   */
  settle(config: Config, self: Self | undefined): void {
    if (self === undefined) return;
    if (this.#present?.config === config && this.#present.self === self) return;
    this.#present = { config, self };
    const now = this.#host.now();
    const others = entriesOf(config, self).map((entry): Other => {
      const before = this.#others.get(entry.name);
      const same = before !== undefined && isSame(before.entry, entry);
      if (same) return { ...before, entry };
      const askAt = after(now, SOON);
      const nothing = { askedAt: undefined, asked: undefined, told: undefined };
      return { entry, facts: NO_FACTS, askAt, ...nothing };
    });
    this.#others = new Map(others.map((other) => [other.entry.name, other]));
    this.#names = new Map(
      others.flatMap(({ entry: { name, addresses } }) =>
        addresses.map((address) => [formatIp(address), name] as const)
      ),
    );
    this.#next = undefined;
  }

  /** An advert was accepted. */
  hear(
    { plan, rules }: VirtualRouter,
    source: Ip,
    { priority, interval }: Advert,
    at: Instant,
  ): void {
    const key = keyOf(plan);
    const node = this.#names.get(formatIp(source));
    const before = this.#speakers.get(key);
    if (before !== undefined && before.node !== node && before.priority > LEAVING_PRIORITY) {
      const silence = between(before.at, at);
      const isLost = silence > INTERVALS_OF_A_LOSS * before.interval;
      this.#end(before, isLost ? "lost" : "superseded", at);
    }
    if (node === undefined) {
      this.#speakers.delete(key);
      return;
    }
    const until = after(at, masterDownOf(rules, interval));
    const speaker = { node, at, priority, interval, until };
    this.#speakers.set(key, speaker);
    // A deadline that moves on is looked at when the former one has come: less work than with each
    // advert.
    if (before?.node !== node || before.until > until) this.#next = undefined;
    const other = this.#others.get(node);
    if (other === undefined) return;
    const isMaster = priority > LEAVING_PRIORITY;
    const ended = isMaster ? undefined : other.facts.ended;
    other.facts = { ...other.facts, heard: { at, until, priority }, ended };
    if (!isMaster) this.#end(speaker, priority === 0 ? "left" : "handed-over", at);
    if (other.told !== undefined) this.#tell(other, at);
  }

  /** A virtual router of this node made a transition. */
  observe({ instance, family, to, reason }: TransitionRecord): void {
    if (to !== "master") return;
    const key = keyOf({ name: instance, family });
    const before = this.#speakers.get(key);
    if (before === undefined) return;
    this.#speakers.delete(key);
    if (before.priority <= LEAVING_PRIORITY) return;
    this.#end(before, reason === "master-silent" ? "lost" : "superseded", this.#host.now());
  }

  /** What a question found. */
  take(node: string, answer: PresenceAnswer): void {
    const other = this.#others.get(node);
    // It went with a reload, or is another one of that name.
    if (other?.askedAt === undefined) return;
    const at = other.askedAt;
    other.askedAt = undefined;
    const wasOpen = other.facts.wasOpen || answer.vrrp === "open";
    other.facts = { ...other.facts, answer: { ...answer, at }, wasOpen };
    const now = this.#host.now();
    const { attention, state } = this.#view(other, now);
    const isTroubled = attention !== undefined || state === "left";
    other.askAt = after(now, isTroubled ? ASK_TROUBLED : ASK_AGAIN);
    this.#next = undefined;
    this.#tell(other, now);
  }

  /** When {@link NodeWatch.tick} wants to be called. */
  nextDeadline(): Instant | undefined {
    this.#next ??= { at: this.#findNext() };
    return this.#next.at;
  }

  /**
   * Looks which nodes have fallen silent, puts a question that is due, and tells the journal of
   * changes.
   */
  tick(now: Instant, routers: readonly VirtualRouter[]): void {
    const due = this.nextDeadline();
    if (due === undefined || due > now) return;
    this.#next = undefined;
    this.#noticeSilence(now, routers);
    this.#askNext(now, routers);
    for (const other of this.#others.values()) this.#tell(other, now);
  }

  /** What is known of the node called `name`; undefined: it is none of the others. */
  statusOf(
    name: string,
    now: Instant,
  ): Pick<NodeStatus, "state" | "words" | "heard_ms"> | undefined {
    const other = this.#others.get(name);
    if (other === undefined) return undefined;
    const { state, words } = this.#view(other, now);
    const at = other.facts.heard?.at;
    const heard = at === undefined ? null : ageMs(at, now);
    return { state, words, heard_ms: heard };
  }

  /** Addresses of peers that no node of the file stands for. */
  get unnamed(): readonly string[] {
    return [...this.#others.keys()].filter((name) => isUnnamed(name, this.#present?.config));
  }

  /** What a person should look at. */
  attention(now: Instant): readonly string[] {
    return [...this.#others.values()].flatMap((other) => this.#view(other, now).attention ?? []);
  }

  /** By its adverts and a question, and by what it told where it is expected to tell. */
  #view({ entry: { name, isWitness }, facts, asked }: Other, now: Instant): NodeView {
    const silent = viewOf(name, facts, asked, now);
    const spoken = this.#told(name, now);
    const port = this.#present?.config.cluster?.port;
    if (spoken === undefined || port === undefined) return silent;
    const speaking = { ...spoken, name, port };
    return isWitness ? witnessView(speaking, now) : toldView(speaking, silent, facts, now);
  }

  /** Those about which no question is under way. A witness has no VRRP to be asked for. */
  get #askable(): readonly Other[] {
    return [...this.#others.values()].filter(({ entry: { isWitness }, askedAt }) =>
      askedAt === undefined && !isWitness
    );
  }

  #findNext(): Instant | undefined {
    const asking = earliest(...this.#askable.map(({ askAt }) => askAt));
    const free = this.#askedAt === undefined ? undefined : after(this.#askedAt, PACE);
    return earliest(
      asking !== undefined && free !== undefined && free > asking ? free : asking,
      ...[...this.#speakers.values()].map(({ until }) => after(until, MARGIN)),
    );
  }

  #end(speaker: Speaker, how: End, now: Instant): void {
    this.#next = undefined;
    const other = this.#others.get(speaker.node);
    if (other === undefined) return;
    const { heard } = other.facts;
    // It speaks for another virtual router still.
    if (heard !== undefined && heard.at > speaker.at && heard.until >= now) return;
    other.facts = { ...other.facts, ended: { how, at: speaker.at } };
    const wanted = how === "lost" ? now : after(now, SOON);
    if (how !== "superseded" && other.askAt > wanted) other.askAt = wanted;
  }

  /** A master without a successor yet, or that this node, in a fault, would not replace. */
  #noticeSilence(now: Instant, routers: readonly VirtualRouter[]): void {
    for (const [key, speaker] of this.#speakers) {
      if (after(speaker.until, MARGIN) > now) continue;
      this.#speakers.delete(key);
      const router = routers.find(({ plan }) => keyOf(plan) === key);
      // While this node is master itself, others have nothing to say; without a network, nothing is
      // heard of them.
      if (router === undefined || isHolder(router.state) || isCutOff(router)) continue;
      if (speaker.priority > LEAVING_PRIORITY) this.#end(speaker, "lost", now);
    }
  }

  /** Asks the node that has waited for longest, at this node's pace. */
  #askNext(now: Instant, routers: readonly VirtualRouter[]): void {
    if (this.#askedAt !== undefined && after(this.#askedAt, PACE) > now) return;
    const due = this.#askable.filter(({ askAt }) => askAt <= now)
      .toSorted((a, b) => a.askAt - b.askAt);
    for (const other of due) if (this.#ask(other, now, routers)) return;
  }

  /** False: there is nothing to ask, or nothing to ask it with. */
  #ask(other: Other, now: Instant, routers: readonly VirtualRouter[]): boolean {
    const { heard, ended } = other.facts;
    const isHeard = heard !== undefined && heard.until >= now && ended === undefined;
    const question = isHeard ? undefined : questionFor(other.entry, routers);
    if (question === undefined) {
      other.askAt = after(now, isHeard ? ASK_AGAIN : NOT_YET);
      return false;
    }
    other.askedAt = now;
    const { address, port } = question.target;
    other.asked = { address: formatIp(address), port };
    this.#askedAt = now;
    this.#host.askPresence(question);
    return true;
  }

  #tell(other: Other, now: Instant): void {
    const { entry: { name }, told } = other;
    const { attention, words } = this.#view(other, now);
    if (attention === told) return;
    other.told = attention;
    if (attention !== undefined) this.#journal.write("warning", attention);
    else this.#journal.write("info", `node ${name}: ${words}`);
  }
}

/** Faults with which this node hears no other. */
const CUT_OFF: ReadonlySet<Fault["kind"]> = new Set([
  "interface-missing",
  "link-down",
  "no-carrier",
  "source-missing",
]);

function isCutOff({ state }: VirtualRouter): boolean {
  return isOut(state) && state.faults.some(({ kind }) => CUT_OFF.has(kind));
}

/** The other nodes, and what is written as a peer beside them. */
function entriesOf(config: Config, { node, plans }: Self): readonly Named[] {
  const machines = machinesOf(config);
  const named = new Set(machines.flatMap(({ addresses }) => addresses.map(formatIp)));
  const peers = new Map(
    plans.flatMap(({ rules }) => rules.peers).map((peer) => [formatIp(peer), peer] as const),
  );
  return [
    ...machines.filter(({ name }) => name !== node),
    ...[...peers].filter(([address]) => !named.has(address))
      .map(([name, peer]) => ({ name, addresses: [peer], isWitness: false })),
  ];
}

function isUnnamed(name: string, config: Config | undefined): boolean {
  return config !== undefined && machinesOf(config).every((one) => one.name !== name);
}

function isSame(a: Named, b: Named): boolean {
  return a.isWitness === b.isWitness &&
    a.addresses.map(formatIp).join() === b.addresses.map(formatIp).join();
}

/**
 * Where `entry` is asked from: the first virtual router that is ready and would send adverts to it,
 * by unicast first.
 */
function questionFor(
  { name, addresses }: Named,
  routers: readonly VirtualRouter[],
): PresenceQuestion | undefined {
  const able = routers.filter((router) => !isCutOff(router));
  const questions = able.flatMap(({ endpoint, source, rules, plan }) =>
    endpoint === undefined || source === undefined ? [] : addresses
      .filter((address) => address.family === source.family)
      .filter((address) => endpoint.kind === "multicast" || includesIp(rules.peers, address))
      .map((address): PresenceQuestion => ({
        node: name,
        target: { source, address, port: plan.port },
        interface: endpoint.interface,
        group: endpoint.kind === "multicast",
      }))
  );
  return questions.find(({ group }) => !group) ?? questions[0];
}
