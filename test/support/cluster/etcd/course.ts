/**
 * A random course of events for nodes that hold a lease by etcd, in real time: clocks at the ends
 * of their rates and slewed; requests and answers lost, late, twice and out of order; members that
 * tell what was long ago; pauses, restarts, keys removed by hand.
 */
import type { Answered } from "../../../../src/cluster/etcd/answers.ts";
import type { EtcdLease, EtcdNote } from "../../../../src/cluster/etcd/lease.ts";
import type { Answer, Deed, Successor } from "../../../../src/cluster/etcd/record.ts";
import { mayBeOver, type Reading, readingAfter } from "../../../../src/cluster/votes/clocks.ts";
import { milliseconds, nanoseconds, seconds } from "../../../../src/time.ts";
import { CALM, drawPace, type Pace, STEP, STORM, type Wrong } from "../storm.ts";
import { endOf, type Protocol, startLease } from "./protocol.ts";
import { Store } from "./store.ts";

interface Node {
  readonly name: string;
  readonly now: Reading;
  readonly starts: number;
  readonly lease: EtcdLease;
  /** Until when it answers for the address, whatever becomes of its process. */
  readonly fence: Reading | undefined;
  readonly note: EtcdNote | undefined;
}

interface Flight {
  readonly at: number;
  readonly node: string;
  readonly token: string;
  readonly id: number;
  readonly what:
    | { readonly deed: Deed }
    | { readonly answer: Answer }
    /** The process of `node` and `token` wants this one to give the lease up in its favour. */
    | { readonly wishOf: Successor }
    | { readonly given: number };
}

interface Span {
  readonly from: number;
  readonly until: number;
}

/** What a course came to. */
export interface Outcome {
  /** What was broken; undefined: nothing. */
  readonly problem: string | undefined;
  readonly acquisitions: number;
}

/** Plays a course; `random` draws from 0 to 1. */
export function play(protocol: Protocol, random: () => number, setting: Wrong): Outcome {
  const course = new Course(protocol, random, setting);
  while (course.problem === undefined && course.time < STORM + CALM) course.step();
  course.judgeEnd();
  return { problem: course.problem, acquisitions: course.acquisitions };
}

/** What may happen, and how often in a second at most. */
const KINDS = {
  ask: 20,
  release: 4,
  wish: 3,
  lapse: 1,
  delay: 2,
  outage: 0.5,
  cut: 1,
  siege: 1,
  lag: 1,
  restart: 0.5,
  pause: 0.2,
  pace: 1,
  remove: 0.2,
} as const;

type Kind = keyof typeof KINDS;

class Course {
  readonly #protocol: Protocol;
  readonly #random: () => number;
  readonly #wrong: Wrong;
  readonly #weather: readonly (readonly [Kind, number])[];
  readonly #loss: number;
  readonly #store = new Store();
  readonly #nodes = new Map<string, Node>();
  readonly #paces = new Map<string, Pace>();
  readonly #pausedUntil = new Map<string, number>();
  /** When what a node asks, and what it is told, is lost. */
  readonly #deaf = new Map<string, Span>();
  readonly #mute = new Map<string, Span>();
  #due: Flight[] = [];
  #slowUntil = 0;
  #lagUntil = 0;
  #downUntil = 0;
  #epoch = 0;
  time = 0;
  acquisitions = 0;
  problem: string | undefined;

  constructor(protocol: Protocol, random: () => number, setting: Wrong) {
    this.#protocol = protocol;
    this.#random = random;
    this.#wrong = setting;
    const kinds = Object.keys(KINDS) as Kind[];
    this.#weather = kinds.filter((kind) => kind === "ask" || random() < 0.5)
      .map((kind) => [kind, KINDS[kind] * random() * STEP / seconds(1)]);
    this.#loss = random() < 0.5 ? 0 : 0.2 * random();
    const zero = { boot: nanoseconds(0), raw: nanoseconds(0) };
    for (const name of ["a", "b", "c"].slice(0, random() < 0.5 ? 2 : 3)) {
      const lease = startLease(`${name}1`, zero);
      const node = { name, now: zero, starts: 1, lease, fence: undefined, note: undefined };
      this.#nodes.set(name, node);
      this.#paces.set(name, drawPace(this.#random, this.#wrong.rate));
    }
  }

  /** The next few milliseconds. */
  step(): void {
    const end = this.time + STEP;
    for (let next = this.#earliest(end); next !== undefined; next = this.#earliest(end)) {
      this.#due = this.#due.filter((one) => one !== next);
      this.#goTo(next.at);
      this.#arrive(next);
    }
    this.#goTo(end);
    for (const { name } of this.#nodes.values()) {
      if (this.#isPaused(name)) continue;
      this.#step(name, (lease, now) => this.#protocol.tick(lease, now));
      if (this.time >= STORM) this.#want(name);
    }
    if (this.time < STORM) this.#drawFault();
  }

  /** Without faults, one of the nodes that ask holds. */
  judgeEnd(): void {
    const isHeld = [...this.#nodes.values()].some(({ fence, now }) =>
      fence !== undefined && !mayBeOver(fence, now)
    );
    if (!isHeld) this.problem ??= "no node holds although nothing is in its way";
  }

  #earliest(end: number): Flight | undefined {
    const ready = this.#due.filter(({ at, node, what }) =>
      at <= end && ("deed" in what || !this.#isPaused(node))
    );
    return ready.toSorted((one, other) => one.at - other.at)[0];
  }

  #goTo(time: number): void {
    const passed = Math.max(0, time - this.time);
    this.time = Math.max(time, this.time);
    for (const [name, node] of this.#nodes) {
      const { boot, raw } = this.#paces.get(name) ?? { boot: 1, raw: 1 };
      const now = {
        boot: nanoseconds(node.now.boot + passed * boot),
        raw: nanoseconds(node.now.raw + passed * raw),
      };
      this.#nodes.set(name, { ...node, now });
    }
    this.#judge();
  }

  #arrive(flight: Flight): void {
    const { node, token, id, what } = flight;
    if ("deed" in what) return this.#atStore(flight, what.deed);
    if ("wishOf" in what) {
      const to = { ...what.wishOf, id };
      return this.#step(node, (lease, now) => {
        return this.#protocol.give(lease, now, to) ?? { lease, requests: [] };
      });
    }
    if (this.#node(node).lease.token !== token) return;
    this.#step(node, (lease, now) => {
      const { hold } = this.#protocol;
      if ("answer" in what) return this.#protocol.answered(lease, now, id, what.answer, hold);
      const told = { id, revision: what.given };
      return { lease: this.#protocol.given(lease, now, told, hold), requests: [] };
    });
  }

  #atStore({ node, token, id }: Flight, deed: Deed): void {
    const isStorm = this.time < STORM;
    if (isStorm && this.time < this.#downUntil) return;
    const { compares, marksFree } = this.#protocol;
    const told = this.#store.perform(deed, node, token, compares, marksFree);
    const isOld = deed.kind === "look" && isStorm && this.time < this.#lagUntil;
    const { past } = this.#store;
    const old = past[Math.floor(past.length * (1 - this.#random() ** 3))];
    const answer: Answer = isOld && old !== undefined ? { kind: "record", record: old } : told;
    if (this.#isWithin(this.#deaf.get(node))) return;
    this.#send({ node, token, id, what: { answer } });
  }

  #send(flight: Omit<Flight, "at">): void {
    const isStorm = this.time < STORM;
    if (isStorm && this.#random() < this.#loss) return;
    const copies = isStorm && this.#random() < 0.1 ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const isSlow = isStorm && this.time < this.#slowUntil;
      const most = !isSlow ? milliseconds(3) : this.#random() < 0.2 ? seconds(6) : seconds(0.5);
      this.#due.push({ ...flight, at: this.time + Math.ceil(this.#random() * most) });
    }
  }

  #step(name: string, deed: (lease: EtcdLease, now: Reading) => Answered, lapses = false): void {
    const before = this.#node(name);
    const { lease, requests, given } = deed(before.lease, before.now);
    const isHolding = endOf(lease) !== undefined;
    const wasHolding = endOf(before.lease) !== undefined;
    const isRelease = wasHolding &&
      requests.some((one) => one.deed.kind === "release" || one.deed.kind === "give");
    const keepsFence = lapses || (isRelease && !this.#protocol.shutsFence);
    const keepsNote = lapses || (isRelease && !this.#protocol.voidsNote);
    const fence = isHolding ? endOf(lease) : wasHolding && !keepsFence ? undefined : before.fence;
    const note = isHolding
      ? this.#protocol.noteOf(lease, before.now)
      : wasHolding && !keepsNote
      ? undefined
      : before.note;
    this.#nodes.set(name, { ...before, lease, fence, note });
    this.#judgeEpoch(before.lease, lease);
    this.#judge();
    for (const { id, deed } of requests) {
      if (this.#isWithin(this.#mute.get(name))) continue;
      this.#send({ node: name, token: lease.token, id, what: { deed } });
    }
    if (given === undefined) return;
    const { node, id, revision } = given;
    // Whichever process it is by now.
    this.#send({ node, token: this.#node(node).lease.token, id, what: { given: revision } });
  }

  #judge(): void {
    const late = nanoseconds(this.#wrong.margin);
    const answering = [...this.#nodes.values()].filter(({ fence, now }) =>
      fence !== undefined && !mayBeOver(readingAfter(fence, late), now)
    );
    if (answering.length < 2) return;
    const names = answering.map(({ name }) => name).join(" and ");
    this.problem ??= `${names} answer at ${this.time / 1e6} ms`;
  }

  #judgeEpoch({ hold: before }: EtcdLease, { hold: after }: EtcdLease): void {
    if (after === undefined || after.epoch === before?.epoch) return;
    this.acquisitions++;
    if (after.epoch <= this.#epoch) this.problem ??= `epoch ${after.epoch} after ${this.#epoch}`;
    this.#epoch = after.epoch;
  }

  /** At most one thing in each step. */
  #drawFault(): void {
    for (const [kind, chance] of this.#weather) {
      if (this.#random() < chance) {
        this.#befall(kind);
        return;
      }
    }
  }

  #befall(kind: Kind): void {
    const names = [...this.#nodes.keys()];
    const name = names[Math.floor(this.#random() * names.length)] ?? "";
    const until = this.time + this.#random() * seconds(6);
    switch (kind) {
      case "ask":
        return this.#want(name);
      case "release":
        if (this.#isPaused(name)) return;
        return this.#step(name, (lease, now) => this.#protocol.release(lease, now));
      case "lapse":
        if (this.#isPaused(name)) return;
        return this.#step(name, (lease, now) => this.#protocol.lapse(lease, now), true);
      case "wish":
        return this.#wish(name, names[Math.floor(this.#random() * names.length)] ?? "");
      case "delay":
        this.#slowUntil = this.time + this.#random() * seconds(1);
        return;
      case "outage":
        this.#downUntil = until;
        return;
      case "cut":
        return this.#cut(name, { from: this.time, until });
      case "siege":
        return this.#besiege(name, until);
      case "lag":
        this.#lagUntil = until;
        return;
      case "restart":
        return this.#restart(name);
      case "pause":
        this.#pausedUntil.set(name, until);
        return;
      case "pace":
        this.#paces.set(name, drawPace(this.#random, this.#wrong.rate));
        return;
      case "remove":
        return this.#store.remove(this.#random() < 0.5 ? "owner" : "renewed");
    }
  }

  /** What a node hears, or says, or both, is lost. */
  #cut(name: string, span: Span): void {
    const kind = this.#random();
    if (kind < 0.7) this.#deaf.set(name, span);
    if (kind > 0.3) this.#mute.set(name, span);
  }

  /** A node becomes the holder while all comes late, and then nothing more. */
  #besiege(name: string, until: number): void {
    const from = this.time + this.#random() * seconds(0.6);
    this.#slowUntil = from;
    this.#cut(name, { from, until: until + seconds(4) });
    for (const other of this.#nodes.keys()) {
      if (other === name) continue;
      if (endOf(this.#node(other).lease) !== undefined) this.#wish(name, other);
      this.#want(other);
    }
    this.#want(name);
  }

  #isWithin(span: Span | undefined): boolean {
    return this.time < STORM && span !== undefined && span.from <= this.time &&
      this.time < span.until;
  }

  #want(name: string): void {
    if (this.#node(name).lease.wants || this.#isPaused(name)) return;
    this.#step(name, (lease, now) => this.#protocol.ask(lease, now));
  }

  #wish(name: string, holder: string): void {
    if (name === holder || this.#isPaused(name)) return;
    const { lease, now } = this.#node(name);
    const wished = this.#protocol.wish(lease, now);
    if (wished === undefined) return;
    this.#step(name, () => ({ lease: wished.lease, requests: [] }));
    const { token } = lease;
    const what = { wishOf: { node: name, token } };
    this.#send({ node: holder, token, id: wished.wish.id, what });
  }

  #restart(name: string): void {
    const node = this.#node(name);
    const starts = node.starts + 1;
    const kind = this.#random();
    const isBoot = kind >= 0.8;
    const now = isBoot ? { boot: nanoseconds(0), raw: nanoseconds(0) } : node.now;
    const fresh = startLease(`${name}${starts}`, now);
    const resumed = kind < 0.4 && node.note !== undefined
      ? this.#protocol.resumeLease(node.note, now)
      : undefined;
    this.#pausedUntil.delete(name);
    const [fence, note] = isBoot
      ? [undefined, undefined]
      : resumed === undefined
      ? [node.fence, undefined]
      : [resumed.hold?.end, node.note];
    this.#nodes.set(name, { ...node, now, starts, lease: resumed ?? fresh, fence, note });
    this.#judge();
  }

  #isPaused(name: string): boolean {
    return this.time < STORM && (this.#pausedUntil.get(name) ?? 0) > this.time;
  }

  #node(name: string): Node {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }
}
