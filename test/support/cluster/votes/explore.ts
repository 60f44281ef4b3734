/**
 * The small model: a few machines, and everything that can become of them and of what they say, in
 * each order. A message may arrive at any time, or never. Time goes by in ticks, in which clocks at
 * the ends of their rates count differently.
 */
import { holdOf, type Terms } from "../../../../src/cluster/votes/terms.ts";
import type { VoterList } from "../../../../src/cluster/votes/voters.ts";
import { nanoseconds } from "../../../../src/time.ts";
import { flightText, isDead, machineText, plain, reduced } from "./model_state.ts";
import { act, answers, type Done, type Flight, later, type Machine, offerTo } from "./world.ts";
import { landed, receive, reloaded, restarted, resumed, type Rules } from "./world.ts";

/** What may happen, and how often. */
export interface Bounds {
  /** Ticks that go by; a promise is two. */
  readonly ticks: number;
  /** Requests, releases and offers, of all nodes together. */
  readonly deeds: number;
  /** Processes that end and start again. */
  readonly restarts: number;
  /** Messages that arrive twice. */
  readonly copies: number;
  /** Files that name other voters from then on. */
  readonly reloads: number;
  /** Writes that are not done at once: at any time, or never. */
  readonly writes: number;
  /** Messages under way at one time; what is more than that is lost. */
  readonly flights: number;
}

/** Nothing happens. */
export const NOTHING: Bounds = {
  ...{ ticks: 0, deeds: 0, restarts: 0, copies: 0, reloads: 0, writes: 0, flights: 0 },
};

/** What was found. */
export interface Explored {
  readonly states: number;
  /** Was everything within the bounds tried? */
  readonly isWhole: boolean;
  /** How it came that two machines answered, in words; undefined: it never did. */
  readonly course: readonly string[] | undefined;
}

/** What a clock counts in a tick: right, 1/8 slow or fast, and by more than is allowed for. */
const RATES = { slow: 7, right: 8, fast: 9, "too-slow": 5, "too-fast": 11 } as const;
const RATE = 1 / 8;

/** How a clock runs. */
export type Clock = keyof typeof RATES;

/** A promise of two ticks; answers are used for two ticks. */
export const MODEL_TERMS: Terms = {
  term: nanoseconds(16),
  hold: holdOf(nanoseconds(16), RATE, nanoseconds(0)),
  renewEvery: nanoseconds(18),
};

/** What is explored. */
export interface Model {
  readonly rules: Rules;
  readonly start: readonly Machine[];
  readonly clocks: Readonly<Record<string, Clock>>;
  readonly deeds: readonly Deed[];
  /** The list of voters that the file of a machine may come to name. */
  readonly files: Readonly<Record<string, VoterList>>;
}

type Deed = keyof typeof DEEDS;

const DEEDS = {
  asks: (rules: Rules, machine: Machine) => act(rules, machine, rules.protocol.ask),
  releases: (rules: Rules, machine: Machine) =>
    machine.holder.candidacy === undefined
      ? undefined
      : act(rules, machine, rules.protocol.release),
  offers: (rules: Rules, machine: Machine) => {
    const to = rules.nodes.find((one) => one !== machine.name);
    const isHolding = machine.holder.candidacy?.isHolding === true;
    return to === undefined || !isHolding ? undefined : offerTo(rules, machine, to);
  },
};

/** A state, in numbers of machines and messages. */
interface State {
  readonly machines: readonly number[];
  /** In order; twice the same, where two of one text are under way. */
  readonly flights: readonly number[];
  readonly left: Bounds;
}

/** Of what it is one: each of these may happen so often. */
type Cost = readonly (keyof Bounds)[];

/** One thing that may happen at a machine, and the machine after it. */
interface Way {
  readonly how: string;
  readonly cost: Cost;
  readonly machine: number;
  readonly sent: readonly number[];
}

interface Node {
  readonly state: State;
  readonly from: Node | undefined;
  readonly how: string;
}

/** Tries every course of events within `bounds`, and gives up after so many states. */
export function explore(model: Model, bounds: Bounds, most: number): Explored {
  const world = new World(model);
  const first: Node = { state: world.first(bounds), from: undefined, how: "start" };
  const seen = new Set([keyOf(first.state)]);
  const open: Node[] = [first];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const { how, state } of world.nextOf(node.state)) {
      const key = keyOf(state);
      if (seen.has(key)) continue;
      seen.add(key);
      const next = { state, from: node, how };
      if (world.answering(state) > 1) {
        return { states: seen.size, isWhole: false, course: courseOf(next) };
      }
      if (seen.size >= most) return { states: seen.size, isWhole: false, course: undefined };
      open.push(next);
    }
  }
  return { states: seen.size, isWhole: true, course: undefined };
}

function keyOf({ machines, flights, left }: State): string {
  return `${machines.join()}|${flights.join()}|${Object.values(left).join()}`;
}

function courseOf(last: Node): readonly string[] {
  const course: string[] = [];
  for (let node: Node | undefined = last; node !== undefined; node = node.from) {
    course.unshift(node.how);
  }
  return course;
}

/** Things by number; of one text there is one. */
class Known<T> {
  readonly all: T[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(text: string, thing: T): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.all.length);
    return this.all.push(thing) - 1;
  }

  at(number: number): T {
    return this.all[number] as T;
  }
}

/** A machine, and what may happen to it: looked up once, whatever the others do. */
interface Seen {
  readonly machine: Machine;
  readonly answers: boolean;
  ways: readonly Way[] | undefined;
  ticked: number | undefined;
  readonly received: Map<number, readonly Way[]>;
  readonly dead: Map<number, boolean>;
}

class World {
  readonly #model: Model;
  readonly #machines = new Known<Seen>();
  readonly #flights = new Known<{ readonly flight: Flight; readonly at: number }>();

  constructor(model: Model) {
    this.#model = model;
  }

  first(left: Bounds): State {
    return { machines: this.#model.start.map((one) => this.#numberOf(one)), flights: [], left };
  }

  answering({ machines }: State): number {
    return machines.filter((one) => this.#machines.at(one).answers).length;
  }

  *nextOf(state: State): Generator<{ readonly how: string; readonly state: State }> {
    const { machines, flights, left } = state;
    if (left.ticks > 0) {
      const ticked = machines.map((one) => this.#tickedOf(one));
      yield { how: "tick", state: this.#after(ticked, flights, spent(left, ["ticks"])) };
    }
    for (const [at, one] of machines.entries()) {
      for (const way of this.#waysOf(one)) {
        if (isAffordable(left, way.cost)) yield* this.#taken(state, at, way, flights);
      }
    }
    for (const [at, flight] of flights.entries()) {
      if (flight === flights[at - 1]) continue;
      const receiver = this.#flights.at(flight).at;
      const rest = flights.toSpliced(at, 1);
      for (const way of this.#receivedBy(machines[receiver] ?? 0, flight)) {
        if (!isAffordable(left, way.cost)) continue;
        yield* this.#taken(state, receiver, way, rest);
        const cost: Cost = [...way.cost, "copies"];
        const again = { ...way, how: `${way.how}, and again later`, cost };
        if (isAffordable(left, again.cost)) yield* this.#taken(state, receiver, again, flights);
      }
    }
  }

  /** Of what is sent, any part may get lost. */
  *#taken({ machines, left }: State, at: number, way: Way, flights: readonly number[]) {
    const { how, machine, sent, cost } = way;
    const after = this.#after(machines.with(at, machine), flights, spent(left, cost));
    for (const part of partsOf(sent, left.flights - after.flights.length)) {
      const all = [...after.flights, ...part].toSorted((one, other) => one - other);
      const words = part.length === sent.length
        ? how
        : `${how}; ${part.length} of its messages travel`;
      yield { how: words, state: this.#after(after.machines, all, after.left) };
    }
  }

  /** Without the messages that can change nothing any more. */
  #after(machines: readonly number[], flights: readonly number[], left: Bounds): State {
    const living = flights.filter((flight) => {
      const one = machines[this.#flights.at(flight).at];
      return one !== undefined && !this.#isDead(one, flight);
    });
    return { machines, flights: living, left };
  }

  #isDead(number: number, flight: number): boolean {
    const { machine, dead } = this.#machines.at(number);
    let is = dead.get(flight);
    if (is === undefined) {
      is = isDead(this.#model.rules, machine, this.#flights.at(flight).flight);
      dead.set(flight, is);
    }
    return is;
  }

  #numberOf(machine: Machine): number {
    const one = reduced(this.#model.rules, machine);
    return this.#machines.numberOf(machineText(one), {
      machine: one,
      answers: answers(one),
      ways: undefined,
      ticked: undefined,
      received: new Map(),
      dead: new Map(),
    });
  }

  #flightNumberOf(flight: Flight): number {
    const at = this.#model.start.findIndex(({ name }) => name === flight.to);
    return this.#flights.numberOf(flightText(flight), { flight, at });
  }

  #tickedOf(number: number): number {
    const seen = this.#machines.at(number);
    const count = nanoseconds(RATES[this.#model.clocks[seen.machine.name] ?? "right"]);
    return seen.ticked ??= this.#numberOf(later(seen.machine, count, count));
  }

  #receivedBy(number: number, flight: number): readonly Way[] {
    const { machine, received } = this.#machines.at(number);
    let ways = received.get(flight);
    if (ways === undefined) {
      const { from, to, message } = this.#flights.at(flight).flight;
      const how = `${message.kind.slice("vote-".length)} of ${from} reaches ${to}`;
      ways = this.#waysTo(how, [], machine, receive(this.#model.rules, machine, from, message));
      received.set(flight, ways);
    }
    return ways;
  }

  /** All that may happen to a machine, but for time and messages. */
  #waysOf(number: number): readonly Way[] {
    const seen = this.#machines.at(number);
    return seen.ways ??= [...this.#deedsOf(seen.machine), ...this.#fatesOf(seen.machine)];
  }

  #deedsOf(machine: Machine): readonly Way[] {
    const { rules, deeds } = this.#model;
    if (!rules.nodes.includes(machine.name)) return [];
    return deeds.flatMap((deed) => {
      const done = DEEDS[deed](rules, machine);
      if (done === undefined) return [];
      return this.#waysTo(`${machine.name} ${deed}`, ["deeds"], machine, done);
    });
  }

  #fatesOf(machine: Machine): readonly Way[] {
    const { rules, files } = this.#model;
    const { name, note, disk, writing = disk, file } = machine;
    const at = (how: string, cost: Cost, after: Machine) =>
      this.#waysTo(`${name} ${how}`, cost, machine, { machine: after, sent: [] });
    const next = files[name];
    // What is being written is there or not, and nobody was told.
    const found = writing === disk ? [disk] : [disk, writing];
    return [
      ...machine.writing === undefined ? [] : at("has written", [], landed(rules, machine)),
      ...next === undefined || next.join() === file.join()
        ? []
        : at("is reloaded", ["reloads"], reloaded(machine, next)),
      ...found.flatMap((what) => [
        ...at("restarts", ["restarts"], restarted(rules, { ...machine, disk: what })),
        ...note === undefined
          ? []
          : at("resumes", ["restarts"], resumed(rules, { ...machine, disk: what })),
      ]),
    ];
  }

  /** What is handed to the disk is there at once, or not. */
  #waysTo(how: string, cost: Cost, before: Machine, done: Done): readonly Way[] {
    const { rules } = this.#model;
    const { machine } = done;
    const sent = done.sent.map((one) => this.#flightNumberOf(plain(one)));
    const isWriting = machine.writing !== undefined && machine.writing !== before.writing;
    if (!isWriting) return [{ how, cost, machine: this.#numberOf(machine), sent }];
    const slow: Cost = [...cost, "writes"];
    return [
      { how, cost, machine: this.#numberOf(landed(rules, machine)), sent },
      { how: `${how}; its disk is slow`, cost: slow, machine: this.#numberOf(machine), sent },
    ];
  }
}

function isAffordable(left: Bounds, cost: Cost): boolean {
  return cost.every((kind) => left[kind] > 0);
}

function spent(left: Bounds, cost: Cost): Bounds {
  const rest: Record<keyof Bounds, number> = { ...left };
  for (const kind of cost) rest[kind]--;
  return rest;
}

/** Each part of `all` that has at most `most` of them. */
function partsOf(all: readonly number[], most: number): readonly (readonly number[])[] {
  return all.reduce<readonly (readonly number[])[]>(
    (found, one) => [...found, ...found.map((part) => [...part, one])],
    [[]],
  ).filter((part) => part.length <= most);
}
