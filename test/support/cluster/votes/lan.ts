/** Machines that vote and hold on a LAN with a fixed delay, for tests that tell one story. */
import type { VoteMessage } from "../../../../src/cluster/votes/message.ts";
import type { LeaseView } from "../../../../src/cluster/exclusive.ts";
import { viewOf } from "../../../../src/cluster/votes/words.ts";
import { type Terms, termsOf } from "../../../../src/cluster/votes/terms.ts";
import { assert } from "../../../../src/assert.ts";
import { milliseconds, nanoseconds, seconds } from "../../../../src/time.ts";
import type { VoterList, Voters } from "../../../../src/cluster/votes/voters.ts";
import { PROTOCOL, type Protocol } from "./protocol.ts";
import { act, answers, contestOf, type Done, type Flight, later, offerTo } from "./world.ts";
import {
  landed,
  LEASE,
  type Machine,
  receive,
  reloaded,
  restarted,
  resumed,
  type Rules,
  rulesOf,
  settled,
} from "./world.ts";

/** How long a message is under way. */
export const WAY = milliseconds(0.5);

/** The terms with adverts of 1 s and a fence of nftables. */
export const TERMS: Terms = termsOf(seconds(1), "nftables") ?? neverTerms();

function neverTerms(): never {
  throw new Error("1 s adverts have terms");
}

/** A LAN; all in it has the same exact clock. */
export class VotingLan {
  readonly #rules: Rules;
  readonly #machines = new Map<string, Machine>();
  #due: { readonly at: number; readonly flight: Flight }[] = [];
  /** In milliseconds. */
  now = 0;
  /** Messages for which this says false are lost. */
  passes: (flight: Flight) => boolean = () => true;
  /** Machines whose disks are still at work with what they were handed. */
  slowDisks: readonly string[] = [];
  /** What machines sent, in order. */
  readonly sent: { readonly at: number; readonly flight: Flight }[] = [];
  /** When it changed which machines answer, in milliseconds, and which do. */
  readonly answering: { readonly at: number; readonly names: readonly string[] }[] = [];

  constructor(
    nodes: readonly string[],
    witnesses: readonly string[],
    terms = TERMS,
    protocol: Protocol = PROTOCOL,
  ) {
    this.#rules = rulesOf(protocol, nodes, witnesses, terms);
    const { list } = this.#rules;
    for (const name of list) this.#machines.set(name, settled(name, list));
  }

  /** One more machine, whose file names these voters. */
  add(name: string, file: VoterList): void {
    const now = this.#machine(this.#rules.nodes[0] ?? "").now;
    this.#machines.set(name, { ...settled(name, file), now });
  }

  reload(name: string, file: VoterList): void {
    this.#machines.set(name, reloaded(this.#machine(name), file));
  }

  /** The voters by which the node of `name` asks or holds. */
  voters(name: string): Voters {
    return this.#machine(name).holder.voters;
  }

  /** The voters by which the voter of `name` promises; undefined: it never did. */
  promisedTo(name: string): Voters | undefined {
    return this.#machine(name).voter.votes.get(LEASE)?.voters;
  }

  holds(name: string): boolean {
    return answers(this.#machine(name));
  }

  ask(name: string): void {
    this.#change(name, (machine) => act(this.#rules, machine, this.#rules.protocol.ask));
  }

  release(name: string): void {
    this.#change(name, (machine) => act(this.#rules, machine, this.#rules.protocol.release));
  }

  offer(name: string, to: string): void {
    this.#change(name, (machine) => offerTo(this.#rules, machine, to));
  }

  wish(name: string, to: string): void {
    this.#change(
      name,
      (machine) =>
        act(this.#rules, machine, (...given) => this.#rules.protocol.wish(...given, to, 0)),
    );
  }

  restart(name: string): void {
    this.#change(name, (machine) => ({ machine: restarted(this.#rules, machine), sent: [] }));
  }

  resume(name: string): void {
    this.#change(name, (machine) => ({ machine: resumed(this.#rules, machine), sent: [] }));
  }

  view(name: string): LeaseView {
    const { holder, now } = this.#machine(name);
    return viewOf(contestOf(this.#rules, this.#machine(name)), holder, now);
  }

  /** Everything of the next `count` milliseconds, in steps of a tenth. */
  run(count: number, asleep: readonly string[] = []): void {
    for (let tenth = 0; tenth < count * 10; tenth++) {
      this.now = Math.round(this.now * 10 + 1) / 10;
      const tick = milliseconds(0.1);
      for (const [name, machine] of this.#machines) {
        this.#machines.set(name, later(machine, tick, tick));
      }
      const ready = this.#due.filter(({ at }) => at <= this.now + 1e-6);
      this.#due = this.#due.filter(({ at }) => at > this.now + 1e-6);
      for (const { flight: { from, to, message } } of ready) {
        if (!asleep.includes(to)) this.#receive(to, from, message);
      }
      for (const name of this.#rules.nodes) {
        if (asleep.includes(name)) continue;
        this.#change(name, (machine) => act(this.#rules, machine, this.#rules.protocol.tick));
      }
    }
  }

  #receive(name: string, from: string, message: VoteMessage): void {
    this.#change(name, (machine) => receive(this.#rules, machine, from, message));
  }

  #change(name: string, deed: (machine: Machine) => Done): void {
    const { machine, sent } = deed(this.#machine(name));
    const isSlow = this.slowDisks.includes(name);
    this.#machines.set(name, isSlow ? machine : landed(this.#rules, machine));
    for (const flight of sent) {
      this.sent.push({ at: this.now, flight });
      const at = this.now + nanoseconds(WAY) / 1e6;
      if (this.passes(flight)) this.#due.push({ at, flight });
    }
    const names = [...this.#machines.values()].filter((one) => answers(one)).map((one) => one.name);
    if (names.join() !== (this.answering.at(-1)?.names ?? []).join()) {
      this.answering.push({ at: this.now, names });
    }
    assert(names.length < 2, `${names.join(" and ")} answer`);
  }

  #machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`no machine ${name}`);
    return machine;
  }
}
