/**
 * A random course of events for machines that vote and hold, in real time: clocks at the ends of
 * their rates and slewed, loss, delay, copies, one-way cuts, pauses, restarts. They come in storms;
 * after each of them a node has to hold, and hours without a fault may follow. `seed` repeats it.
 */
import { holds, lapse } from "../../../../src/cluster/votes/holder.ts";
import { listOf, type VoterList } from "../../../../src/cluster/votes/voters.ts";
import { type Instant, milliseconds, nanoseconds, seconds } from "../../../../src/time.ts";
import { Schedule } from "../../../sim/schedule.ts";
import { CALM, drawPace, STORM } from "../storm.ts";
import { drawWrite, nextProcess } from "./disk.ts";
import { Judge } from "./judge.ts";
import type { Host, Outcome, Setting } from "./setting.ts";
import { drawLists, hasOtherVoters, partedIn, viewsOf } from "./lists.ts";
import type { Protocol } from "./protocol.ts";
import { afterQuiet, restingHolder, roundOf } from "./quiet.ts";
import { AIMED, type Kind, latenessOf, wayOf, Weather } from "./weather.ts";
import { act, type Done, type Flight, isNode, landed, later, type Machine } from "./world.ts";
import { offerTo, receive, reload, type Rules, rulesOf, settled } from "./world.ts";

/** Plays the course of `seed`; `random` draws from 0 to 1. */
export function play(protocol: Protocol, random: () => number, setting: Setting): Outcome {
  const course = new Course(protocol, random, setting);
  course.play();
  const { problem, faults, nodeHours } = course;
  return { problem, acquisitions: course.judge.acquisitions, faults, nodeHours };
}

/** From one look to the next, whether nodes hear a holder. */
const LOOK = milliseconds(100);

class Course {
  readonly #random: () => number;
  readonly #setting: Setting;
  readonly #rules: Rules;
  /** The lists of voters that files have: all have the first one in the beginning. */
  readonly #lists: readonly VoterList[];
  /** That which was reloaded last: after the storm all files have it. */
  #last: VoterList;
  readonly #schedule = new Schedule();
  readonly judge: Judge;
  readonly #hosts = new Map<string, Host>();
  readonly #start = this.#schedule.now;
  #weather: Weather;
  /** Cuts by direction, from when and until when. */
  #cuts = new Map<string, { readonly from: number; readonly until: number }>();
  #slowUntil = 0;
  #isStorm = false;
  /** Messages under way. */
  #flying = 0;
  faults = 0;

  constructor(protocol: Protocol, random: () => number, setting: Setting) {
    this.#random = random;
    this.#setting = setting;
    this.#weather = new Weather(random);
    const nodes = ["a", "b", "c"].slice(0, random() < 0.5 ? 2 : 3);
    const witnesses = ["w", "x"].slice(0, nodes.length === 2 ? 1 : random() < 0.5 ? 0 : 2);
    this.#rules = rulesOf(protocol, nodes, witnesses, setting.terms);
    const { margin, rate, terms: { term } } = setting;
    this.judge = new Judge({ margin: nanoseconds(margin), rate, term });
    this.#last = this.#rules.list;
    this.#lists = drawLists(this.#last, random, setting.changes);
    for (const name of this.#names) {
      this.#hosts.set(name, {
        machine: settled(name, this.#rules.list),
        at: this.#time,
        pace: drawPace(random, rate),
        pausedUntil: 0,
        tickAt: Infinity,
        waiting: [],
      });
    }
  }

  get #names(): readonly string[] {
    return listOf(this.#lists.flat());
  }

  get problem(): string | undefined {
    return this.judge.problem;
  }

  get nodeHours(): number {
    return this.#hosts.size * (this.#time - this.#start) / 3600e9;
  }

  play(): void {
    // Which list is the first one in force is not in question here.
    if (this.#setting.changes) this.#calm();
    for (let storm = 1; storm <= this.#setting.storms && this.problem === undefined; storm++) {
      if (storm > 1) {
        if (!this.#rest()) return;
        this.#weather = new Weather(this.#random);
      }
      this.#storm();
      this.#calm();
    }
  }

  get #time(): number {
    return this.#schedule.now;
  }

  #storm(): void {
    const long = this.#setting.storms === 1 ? 1 : this.#random();
    const end = this.#time + long * STORM;
    this.#isStorm = true;
    this.#plan(this.#time + this.#weather.rest(this.#random), () => this.#drawFault(end));
    this.#run(end);
    this.#isStorm = false;
    this.#cuts = new Map();
    for (const name of this.#hosts.keys()) this.#wake(name);
  }

  /** Without faults one of the nodes holds, at last. */
  #calm(): void {
    const end = this.#time + CALM;
    for (const name of this.#names) this.#reload(name, this.#last);
    while (this.#time < end && this.problem === undefined) {
      for (const name of this.#rules.nodes) this.#wantAgain(name);
      this.#run(this.#time + LOOK);
    }
    if (this.problem !== undefined || this.#holding().length > 0) return;
    this.judge.problem = `no node holds although nothing is in its way: ${
      viewsOf(this.#rules, this.#machines())
    }`;
  }

  #reload(name: string, list: VoterList): void {
    if (this.#isPaused(this.#host(name))) return;
    this.#change(name, (machine) => reload(this.#rules, machine, list));
  }

  /** The nodes hear the holder and ask no more; then nothing happens for hours. False: not so. */
  #rest(): boolean {
    const end = this.#time + CALM;
    while (this.#time < end && this.problem === undefined) {
      const holding = this.#holding();
      for (const name of this.#rules.nodes) {
        const { holder } = this.#host(name).machine;
        if (holding.includes(name)) continue;
        if (holding.length === 0) this.#wantAgain(name);
        else if (holder.askAt !== undefined) {
          this.#change(name, (one) => act(this.#rules, one, (_, holder) => lapse(holder)));
        }
      }
      const until = this.#time + LOOK;
      while (this.#stepBefore(until)) if (this.#flying === 0 && this.#skip()) return true;
      this.#schedule.skip(until as Instant);
    }
    return false;
  }

  /** Skips the quiet hours, where this is the state for it. */
  #skip(): boolean {
    const { density = 0 } = this.#setting;
    const machines = this.#machines();
    const holder = restingHolder(machines);
    if (holder === undefined) return false;
    const pace = this.#host(holder.name).pace;
    const round = roundOf(this.#rules.terms.renewEvery, pace);
    const hours = this.faults / density - this.nodeHours;
    const duration = Math.max(0, Math.floor(hours * 3600e9 / machines.length / round)) * round;
    this.#schedule.skip((this.#time + duration) as Instant);
    this.judge.shift(duration);
    for (const host of this.#hosts.values()) {
      host.at = this.#time;
      host.machine = afterQuiet(host.machine, duration, { own: host.pace, holder: pace });
      this.#planTick(host);
    }
    return true;
  }

  #run(until: number): void {
    while (this.problem === undefined && this.#stepBefore(until));
    this.#schedule.skip(until as Instant);
  }

  #stepBefore(until: number): boolean {
    const { next } = this.#schedule;
    return next !== undefined && next <= until && this.#schedule.step();
  }

  #plan(at: number, deed: () => void): void {
    this.#schedule.at(Math.ceil(at) as Instant, deed);
  }

  #machines(): readonly Machine[] {
    return [...this.#hosts.values()].map((host) => this.#caughtUp(host));
  }

  /** The machine at this time. */
  #caughtUp(host: Host): Machine {
    const passed = this.#time - host.at;
    if (passed > 0) {
      const { pace: { boot, raw } } = host;
      host.at = this.#time;
      host.machine = later(host.machine, nanoseconds(passed * boot), nanoseconds(passed * raw));
    }
    return host.machine;
  }

  /** The nodes that may hold. */
  #holding(): readonly string[] {
    return this.#rules.nodes.filter((name) => {
      const { holder, now } = this.#caughtUp(this.#host(name));
      return holds(holder, now);
    });
  }

  #change(name: string, deed: (machine: Machine) => Done): void {
    const host = this.#host(name);
    const before = this.#caughtUp(host);
    const { machine, sent } = deed(before);
    host.machine = machine;
    for (const flight of sent) this.#send(flight);
    this.judge.look(before, machine, this.#time, () => this.#machines());
    if (before.holder !== machine.holder) this.#planTick(host);
    if (machine.writing !== before.writing) this.#write(host);
    if (!this.#setting.changes || !this.#isStorm || !hasOtherVoters(before, machine)) return;
    if (this.#random() < 0.5) this.#plan(this.#time, () => this.#befall(this.#draw(AIMED)));
  }

  #write(host: Host): void {
    const { writing } = host.machine;
    if (writing === undefined) return;
    this.#plan(this.#time + drawWrite(this.#random), () => {
      if (host.machine.writing !== writing) return;
      this.#change(host.machine.name, (one) => ({ machine: landed(this.#rules, one), sent: [] }));
    });
  }

  #planTick(host: Host): void {
    const { machine: { now, fence, holder: { askAt, candidacy } }, pace } = host;
    const end = candidacy?.isHolding === true ? fence : undefined;
    let rest = Infinity;
    for (const one of [askAt, end]) {
      if (one === undefined) continue;
      rest = Math.min(rest, (one.boot - now.boot) / pace.boot, (one.raw - now.raw) / pace.raw);
    }
    const lateness = this.#random() * latenessOf(this.#rules.terms.renewEvery);
    const at = Math.ceil(this.#time + Math.max(0, rest) + 1 + lateness);
    host.tickAt = at;
    if (rest === Infinity) return;
    this.#plan(at, () => {
      if (host.tickAt === at && !this.#isPaused(host)) this.#tick(host);
    });
  }

  #tick(host: Host): void {
    this.#change(host.machine.name, (one) => act(this.#rules, one, this.#rules.protocol.tick));
    if (host.tickAt <= this.#time) this.#planTick(host);
  }

  #arrive(flight: Flight): void {
    const host = this.#host(flight.to);
    if (this.#isPaused(host)) {
      host.waiting.push(flight);
      return;
    }
    const { from, to, message } = flight;
    this.#change(to, (machine) => receive(this.#rules, machine, from, message));
  }

  #send(flight: Flight): void {
    const { from, to } = flight;
    const cut = this.#cuts.get(from + to);
    const isCut = cut !== undefined && cut.from <= this.#time && this.#time < cut.until;
    const isStorm = this.#isStorm;
    if (isStorm && (isCut || this.#random() < this.#weather.loss)) return;
    const copies = isStorm && this.#random() < 0.1 ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const most = !isStorm || this.#time >= this.#slowUntil
        ? wayOf(this.#rules.terms.renewEvery)
        : this.#random() < 0.2
        ? seconds(4)
        : seconds(0.5);
      this.#flying++;
      this.#plan(this.#time + this.#random() * most, () => {
        this.#flying--;
        this.#arrive(flight);
      });
    }
  }

  /** Something happens, and later something else. */
  #drawFault(end: number): void {
    const kind = this.#weather.draw(this.#random);
    if (kind !== "ask") this.faults++;
    this.#befall(kind);
    const next = this.#time + this.#weather.rest(this.#random);
    if (next < end) this.#plan(next, () => this.#drawFault(end));
  }

  #befall(kind: Kind): void {
    const { protocol, nodes } = this.#rules;
    const [name, node] = [this.#draw(this.#names), this.#draw(nodes)];
    const isAwake = !this.#isPaused(this.#host(node));
    switch (kind) {
      case "ask":
        return this.#wantAgain(node);
      case "release":
        if (isAwake) this.#change(node, (machine) => act(this.#rules, machine, protocol.release));
        return;
      case "offer":
        if (!isAwake) return;
        return this.#change(node, (one) => offerTo(this.#rules, one, this.#draw(nodes)));
      case "cut":
        return this.#cut(name, this.#draw(this.#names), this.#time);
      case "delay":
        this.#slowUntil = this.#time + this.#random() * seconds(1);
        return;
      case "restart":
        return this.#restart(name);
      case "pause":
        return this.#pause(name, this.#time + this.#random() * seconds(4));
      case "pace": {
        const host = this.#host(name);
        this.#caughtUp(host);
        host.pace = drawPace(this.#random, this.#setting.rate);
        return this.#planTick(host);
      }
      case "siege":
        return this.#besiege(node);
      case "reload":
        this.#last = this.#draw(this.#lists) ?? this.#last;
        return this.#reload(name, this.#last);
      case "split":
        for (const [one, other] of partedIn(this.#names, this.#random)) {
          this.#cut(one, other, this.#time);
        }
    }
  }

  #cut(from: string, to: string, start: number): void {
    this.#cuts.set(from + to, { from: start, until: start + this.#random() * seconds(6) });
  }

  /** All that a machine hears, or says, or both, comes late for a while, and then no more. */
  #besiege(name: string): void {
    const start = this.#time + this.#random() * seconds(0.6);
    const kind = this.#random();
    this.#slowUntil = start;
    for (const other of this.#names) {
      if (kind < 0.7) this.#cut(other, name, start);
      if (kind > 0.3) this.#cut(name, other, start);
    }
  }

  /** A node that is not asking does. */
  #wantAgain(name: string): void {
    const host = this.#host(name);
    const { machine } = host;
    if (machine.holder.askAt !== undefined || !isNode(machine) || this.#isPaused(host)) return;
    this.#change(name, (machine) => act(this.#rules, machine, this.#rules.protocol.ask));
  }

  #pause(name: string, until: number): void {
    this.#host(name).pausedUntil = until;
    this.#plan(until, () => {
      if (this.#host(name).pausedUntil === until) this.#wake(name);
    });
  }

  /** What has come meanwhile is taken in before the clock is looked at. */
  #wake(name: string): void {
    const host = this.#host(name);
    host.pausedUntil = 0;
    const { waiting } = host;
    host.waiting = [];
    for (const flight of waiting) this.#arrive(flight);
    if (this.#rules.nodes.includes(name)) this.#tick(host);
  }

  #restart(name: string): void {
    const host = this.#host(name);
    const machine = this.#caughtUp(host);
    const next = nextProcess(this.#rules, machine, this.#random);
    host.machine = next;
    this.judge.resumed(machine, next);
    this.judge.look({ ...next, fence: undefined }, next, this.#time, () => this.#machines());
    this.#wake(name);
    this.#planTick(host);
  }

  #isPaused({ pausedUntil }: Host): boolean {
    return pausedUntil > this.#time;
  }

  #draw<T>(all: readonly [T, ...T[]] | readonly T[]): T {
    return all[Math.floor(this.#random() * all.length)] as T;
  }

  #host(name: string): Host {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`no machine ${name}`);
    return host;
  }
}
