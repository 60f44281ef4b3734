/**
 * A random course of events for machines that vote and hold, in real time: clocks at the ends of
 * their rates and slewed, loss, delay, copies, one-way cuts, pauses, restarts. `seed` repeats it.
 */
import { mayBeOver } from "../../../../src/cluster/votes/clocks.ts";
import { holds } from "../../../../src/cluster/votes/holder.ts";
import type { Terms } from "../../../../src/cluster/votes/terms.ts";
import { milliseconds, nanoseconds, seconds } from "../../../../src/time.ts";
import { CALM, drawPace, type Pace, STEP, STORM, type Wrong } from "../storm.ts";
import type { Protocol } from "./protocol.ts";
import { act, answers, BOOT, contestOf, type Done, epochOf, type Flight, LEASE } from "./world.ts";
import { later, type Machine, offerTo, receive, restarted, resumed } from "./world.ts";
import { type Rules, rulesOf, settled } from "./world.ts";

/** What is drawn, and what is promised. */
export interface Setting extends Wrong {
  readonly terms: Terms;
}

interface Due {
  readonly at: number;
  readonly flight: Flight;
}

/** What a course came to. */
export interface Outcome {
  /** What was broken; undefined: nothing. */
  readonly problem: string | undefined;
  readonly acquisitions: number;
  /** How often something happened to a machine, its clocks or its messages. */
  readonly faults: number;
  /** Of all machines together. */
  readonly nodeHours: number;
}

/** Plays the course of `seed`; `random` draws from 0 to 1. */
export function play(protocol: Protocol, random: () => number, setting: Setting): Outcome {
  const course = new Course(protocol, random, setting);
  while (course.problem === undefined && course.time < STORM + CALM) course.step();
  course.judgeEnd();
  const { problem, acquisitions, faults } = course;
  return { problem, acquisitions, faults, nodeHours: course.machineCount * course.time / 3600e9 };
}

/** What may happen, and how often in a second at most. */
const KINDS = {
  ask: 20,
  release: 8,
  offer: 2,
  cut: 1,
  delay: 2,
  restart: 0.5,
  pause: 0.2,
  pace: 1,
  siege: 0.5,
} as const;

type Kind = keyof typeof KINDS;

class Course {
  readonly #random: () => number;
  readonly #setting: Setting;
  readonly #rules: Rules;
  /** What happens in this course, and with which chance in each step. */
  readonly #weather: readonly (readonly [Kind, number])[];
  readonly #loss: number;
  readonly #machines = new Map<string, Machine>();
  readonly #paces = new Map<string, Pace>();
  readonly #pausedUntil = new Map<string, number>();
  /** Cuts by direction, from when and until when. */
  readonly #cuts = new Map<string, { readonly from: number; readonly until: number }>();
  #due: Due[] = [];
  #slowUntil = 0;
  #epoch = 0;
  /** What each voter has promised that may still be relied on: to which token, until when. */
  readonly #promises = new Map<string, { readonly token: string; readonly until: number }>();
  time = 0;
  acquisitions = 0;
  faults = 0;
  problem: string | undefined;

  constructor(protocol: Protocol, random: () => number, setting: Setting) {
    this.#random = random;
    this.#setting = setting;
    const kinds = Object.keys(KINDS) as Kind[];
    this.#weather = kinds.filter((kind) => kind === "ask" || random() < 0.5)
      .map((kind) => [kind, KINDS[kind] * random() * STEP / seconds(1)]);
    this.#loss = random() < 0.5 ? 0 : 0.2 * random();
    const nodes = ["a", "b", "c"].slice(0, random() < 0.5 ? 2 : 3);
    const witnesses = ["w", "x"].slice(0, nodes.length === 2 ? 1 : random() < 0.5 ? 0 : 2);
    this.#rules = rulesOf(protocol, nodes, witnesses, setting.terms);
    for (const name of this.#rules.voters.names) {
      this.#machines.set(name, settled(name));
      this.#paces.set(name, drawPace(this.#random, this.#setting.rate));
    }
  }

  get machineCount(): number {
    return this.#machines.size;
  }

  /** The next few milliseconds. */
  step(): void {
    const end = this.time + STEP;
    for (let next = this.#earliest(end); next !== undefined; next = this.#earliest(end)) {
      this.#due = this.#due.filter((one) => one !== next);
      this.#goTo(next.at);
      this.#arrive(next.flight);
    }
    this.#goTo(end);
    for (const name of this.#rules.nodes) {
      if (!this.#isPaused(name)) {
        this.#change(name, (machine) => act(this.#rules, machine, this.#rules.protocol.tick));
      }
    }
    if (this.time < STORM) this.#drawFault();
    else for (const name of this.#rules.nodes) this.#wantAgain(name);
  }

  /** Without faults, one of the nodes that ask holds. */
  judgeEnd(): void {
    if (this.problem !== undefined) return;
    const isHeld = this.#rules.nodes.some((name) => {
      const { holder, now } = this.#machine(name);
      return holds(contestOf(this.#rules, name), holder, now);
    });
    if (!isHeld) this.problem = "no node holds although nothing is in its way";
  }

  #earliest(end: number): Due | undefined {
    const ready = this.#due.filter(({ at, flight }) => at <= end && !this.#isPaused(flight.to));
    return ready.toSorted((one, other) => one.at - other.at)[0];
  }

  #goTo(time: number): void {
    const passed = Math.max(0, time - this.time);
    this.time = Math.max(time, this.time);
    for (const [name, machine] of this.#machines) {
      const { boot, raw } = this.#paces.get(name) ?? { boot: 1, raw: 1 };
      const moved = later(machine, nanoseconds(passed * boot), nanoseconds(passed * raw));
      this.#machines.set(name, moved);
    }
    this.#judge();
  }

  #arrive({ from, to, message }: Flight): void {
    this.#change(to, (machine) => receive(this.#rules, machine, from, message));
  }

  #change(name: string, deed: (machine: Machine) => Done): void {
    const before = this.#machine(name);
    const { machine, sent } = deed(before);
    this.#machines.set(name, machine);
    this.#judgePromise(before, machine);
    this.#judgeEpoch(before, machine);
    for (const flight of sent) this.#send(flight);
    this.#judge();
  }

  #send(flight: Flight): void {
    const isStorm = this.time < STORM;
    const cut = this.#cuts.get(flight.from + flight.to);
    const isCut = cut !== undefined && cut.from <= this.time && this.time < cut.until;
    if (isStorm && (isCut || this.#random() < this.#loss)) return;
    const copies = isStorm && this.#random() < 0.1 ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const isSlow = isStorm && this.time < this.#slowUntil;
      const most = !isSlow ? milliseconds(3) : this.#random() < 0.2 ? seconds(4) : seconds(0.5);
      this.#due.push({ at: this.time + Math.ceil(this.#random() * most), flight });
    }
  }

  #judge(): void {
    const lateness = nanoseconds(this.#setting.margin);
    const answering = [...this.#machines.values()].filter((one) => answers(one, lateness));
    if (answering.length < 2) return;
    const names = answering.map(({ name }) => name).join(" and ");
    this.problem ??= `${names} answer at ${this.time / 1e6} ms`;
  }

  #judgePromise(before: Machine, after: Machine): void {
    const [was, is] = [before, after].map(({ voter }) => voter.votes.get(LEASE)?.last);
    if (is === undefined || is === was) return;
    const { name } = after;
    if (is.end === undefined) {
      this.#promises.delete(name);
      return;
    }
    const promised = this.#promises.get(name);
    const given = was?.token === is.token ? undefined : promised;
    const isAlive = given !== undefined && given.token !== is.token && given.until > this.time;
    if (isAlive && this.#relies(given.token, name)) {
      this.problem ??= `${name} promises to ${is.token} while ${given.token} relies on it`;
    }
    const reliable = this.#rules.terms.term / (1 + this.#setting.rate);
    const until = Math.max(
      promised?.token === is.token ? promised.until : 0,
      was?.sent === is.sent && was.token === is.token ? 0 : this.time + reliable,
    );
    this.#promises.set(name, { token: is.token, until });
  }

  /** Does the process of `token` count on the promise of this voter? */
  #relies(token: string, voter: string): boolean {
    return [...this.#machines.values()].some(({ now, holder }) => {
      const { ends, kept } = holder.candidacy ?? {};
      const end = ends?.get(voter) ?? kept;
      return holder.token === token && end !== undefined && !mayBeOver(end, now);
    });
  }

  #judgeEpoch({ holder: before }: Machine, { holder: after }: Machine): void {
    if (after.candidacy?.isHolding !== true || before.candidacy?.isHolding === true) return;
    if (after.candidacy.kept !== undefined) return;
    this.acquisitions++;
    const { epoch } = after.candidacy;
    if (epoch <= this.#epoch) this.problem ??= `epoch ${epoch} after ${this.#epoch}`;
    this.#epoch = epoch;
  }

  /** At most one thing in each step. */
  #drawFault(): void {
    for (const [kind, chance] of this.#weather) {
      if (this.#random() < chance) {
        if (kind !== "ask") this.faults++;
        this.#befall(kind);
        return;
      }
    }
  }

  #befall(kind: Kind): void {
    const { protocol, nodes, voters } = this.#rules;
    const [name, node] = [this.#draw(voters.names), this.#draw(nodes)];
    const isAwake = !this.#isPaused(node);
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
        return this.#cut(name, this.#draw(voters.names), this.time);
      case "delay":
        this.#slowUntil = this.time + this.#random() * seconds(1);
        return;
      case "restart":
        return this.#restart(name);
      case "pause":
        this.#pausedUntil.set(name, this.time + this.#random() * seconds(4));
        return;
      case "pace":
        this.#paces.set(name, drawPace(this.#random, this.#setting.rate));
        return;
      case "siege":
        return this.#besiege(node);
    }
  }

  #cut(from: string, to: string, start: number): void {
    this.#cuts.set(from + to, { from: start, until: start + this.#random() * seconds(6) });
  }

  /** All that a machine hears, or says, or both, comes late for a while, and then no more. */
  #besiege(name: string): void {
    const start = this.time + this.#random() * seconds(0.6);
    const kind = this.#random();
    this.#slowUntil = start;
    for (const other of this.#rules.voters.names) {
      if (kind < 0.7) this.#cut(other, name, start);
      if (kind > 0.3) this.#cut(name, other, start);
    }
  }

  /** A node that is not asking does. */
  #wantAgain(name: string): void {
    if (this.#machine(name).holder.askAt !== undefined || this.#isPaused(name)) return;
    this.#change(name, (machine) => act(this.#rules, machine, this.#rules.protocol.ask));
  }

  #restart(name: string): void {
    const machine = this.#machine(name);
    const epoch = epochOf(machine);
    const kind = this.#random();
    const next = kind < 0.4
      ? resumed(this.#rules, machine, epoch)
      : kind < 0.8
      ? restarted(this.#rules, machine, epoch)
      // Its clocks begin anew, and its kernel knows nothing.
      : restarted(this.#rules, { ...machine, now: BOOT, fence: undefined }, epoch);
    this.#pausedUntil.delete(name);
    this.#machines.set(name, next);
    this.#judge();
  }

  #isPaused(name: string): boolean {
    return this.time < STORM && (this.#pausedUntil.get(name) ?? 0) > this.time;
  }

  #draw(names: readonly string[]): string {
    return names[Math.floor(this.#random() * names.length)] ?? "";
  }

  #machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`no machine ${name}`);
    return machine;
  }
}
