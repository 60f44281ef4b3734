/** Each row of a cluster's forecast, tried on the real daemon, started once for every row. */
import type { Config } from "../../src/config/config.ts";
import { forecast, type ForecastRow } from "../../src/config/plan/forecast.ts";
import type { ForecastEvent, ForecastOutcome } from "../../src/config/plan/forecast_text.ts";
import { milliseconds, nanoseconds } from "../../src/time.ts";
import { Chatter } from "../support/scenarios/chatter.ts";
import { type CardPlan, Cluster, configFrom } from "./cluster.ts";
import { drawForecastSetup, type ForecastSetup } from "./forecast_setup.ts";
import { Random } from "./random.ts";
import { HOP } from "./world.ts";

/** A row that did not come true. */
export interface Mismatch {
  readonly seed: number;
  readonly toml: string;
  /** The row as printed, with what comes after it. */
  readonly row: string;
  /** "after the event n1 holds it, and not n2". */
  readonly words: string;
  readonly chatter: readonly string[];
}

/** How a cluster fared. */
export interface ForecastTrial {
  readonly rows: number;
  readonly mismatch: Mismatch | undefined;
  /** How many rows had each kind of outcome. */
  readonly kinds: Readonly<Record<string, number>>;
}

/** Longer than the first attempt of a check is put off, and more than a slow machine needs. */
const SLACK = milliseconds(300);

/** Tries all rows of the cluster of `seed`, up to the first that does not come true. */
export async function tryForecast(seed: number): Promise<ForecastTrial> {
  const random = new Random(seed, 3);
  const setup = drawForecastSetup(random);
  const config = configFrom(setup.toml);
  const kinds: Record<string, number> = {};
  let rows = 0;
  for (const { rows: all, holders } of forecast(config).slice(0, 1)) {
    for (const row of all) {
      rows++;
      kinds[row.outcome.kind] = (kinds[row.outcome.kind] ?? 0) + 1;
      const trial = new Trial(seed, setup, config);
      const words = await trial.perform(row, holders, random);
      if (words === undefined) continue;
      const told = row.recovery === undefined ? row.words : `${row.words}; ${row.recovery}`;
      const chatter = trial.chatter.take();
      return { rows, kinds, mismatch: { seed, toml: setup.toml, row: told, words, chatter } };
    }
  }
  return { rows, kinds, mismatch: undefined };
}

/** One row. */
class Trial {
  readonly chatter: Chatter;
  readonly #cluster: Cluster;
  readonly #setup: ForecastSetup;
  /** How often an address came or went since it was last asked. */
  #moves = 0;

  constructor(seed: number, setup: ForecastSetup, config: Config) {
    this.#setup = setup;
    this.#cluster = new Cluster(seed);
    this.chatter = new Chatter(this.#cluster.lan.now);
    for (const [index, name] of setup.names.entries()) {
      this.#cluster.createNode(name, cardsOf(11 + index));
      this.#cluster.setConfig(name, config);
      for (const check of config.checks) {
        this.#cluster.lan.machine(name).setService(check.name, { ok: true, value: 0 });
      }
    }
    this.#cluster.lan.watch(this.chatter.hear);
    this.#cluster.lan.watch((seen) => {
      if (seen.kind === "address") this.#moves++;
    });
  }

  /** Lets the event happen and pass. What did not come true, in words. */
  async perform(
    { cause, outcome, recovery }: ForecastRow,
    holders: readonly string[],
    random: Random,
  ): Promise<string | undefined> {
    // Where equals may hold it, a row is about the case that the event's node does.
    const first = holders.includes(cause.node) ? cause.node : random.pick(holders);
    const before = await this.#raise(first, holders.length === 1 && random.chance(0.5));
    if (before !== first) return `at first ${before} holds it, and not ${first}`;
    this.#moves = 0;
    this.#see(cause, "happens");
    this.#cause(further(cause, random), true);
    const { longestSkew, longestVerdict } = this.#setup;
    // A master that lives gives the addresses up at once: the others wait for a skew, not for its
    // silence.
    const soon = longestVerdict + longestSkew + HOP;
    await this.#cluster.lan.run(nanoseconds(soon));
    const early = this.#holder();
    await this.#settle();
    const then = this.#holder();
    const expected = expectedThen(outcome, first);
    if (!expected.includes(then)) return `then ${then} holds it, and not ${expected.join(" or ")}`;
    if (cause.kind !== "node-dies" && early !== then) {
      return `soon ${early} holds it, and not ${then}`;
    }
    if (expected.includes(first) && this.#moves > 0) return "it went away in between";
    this.#see(cause, "is over");
    this.#cause(cause, false);
    await this.#settle();
    const last = this.#holder();
    const expectedLast = expectedAfter(recovery, then);
    if (recovery === undefined && this.#moves > 0) return "it went away when all was well again";
    return last === expectedLast ? undefined : `at last ${last} holds it, and not ${expectedLast}`;
  }

  /**
   * Starts everything, `first` before the others unless `together`, and waits until it has settled.
   */
  async #raise(first: string, together: boolean): Promise<string> {
    const { names, preempt } = this.#setup;
    if (!together || !preempt) {
      this.#cluster.start(first);
      await this.#settle();
    }
    for (const name of names) this.#cluster.start(name);
    await this.#settle();
    return this.#holder();
  }

  #cause(event: ForecastEvent, happens: boolean): void {
    const machine = this.#cluster.lan.machine(event.node);
    switch (event.kind) {
      case "check-fails":
        return machine.setService(event.check.name, { ok: !happens, value: 0 });
      case "check-reads":
        return machine.setService(event.check.name, { ok: true, value: happens ? event.value : 0 });
      case "node-dies":
        if (happens) this.#cluster.powerOff(event.node);
        else this.#cluster.powerOn(event.node);
    }
  }

  /** The one that has all addresses and is master; else who has what. */
  #holder(): string {
    const { names, addresses } = this.#setup;
    const held = names.map((name) => {
      const machine = this.#cluster.lan.machine(name);
      const isMaster = this.#cluster.status(name)?.instances.every(({ state }) =>
        state === "master"
      );
      const there = addresses.filter((address) => machine.has(address));
      return { name, isMaster: isMaster ?? false, there };
    }).filter(({ isMaster, there }) => isMaster || there.length > 0);
    const [one, more] = held;
    if (one === undefined) return "nobody";
    if (more === undefined && one.isMaster && one.there.length === addresses.length) {
      return one.name;
    }
    return held.map(({ name, there }) => `${name} (${there.join(" ")})`).join(" and ");
  }

  #see(event: ForecastEvent, what: string): void {
    const check = event.kind === "node-dies" ? "death" : `trouble with ${event.check.name}`;
    this.#cluster.lan.see({ kind: "act", words: `${check} on ${event.node} ${what}` });
  }

  /** Lets so much time pass that nothing is left to happen. */
  async #settle(): Promise<void> {
    const { longestDown, longestVerdict, preemptDelay, settlingDowns } = this.#setup;
    const duration = longestVerdict + settlingDowns * longestDown + preemptDelay + SLACK;
    await this.#cluster.lan.run(nanoseconds(duration));
  }
}

/** "17 or more": sometimes more. */
function further(event: ForecastEvent, random: Random): ForecastEvent {
  if (event.kind !== "check-reads" || random.chance(0.5)) return event;
  const most = 254 - Math.abs(event.value);
  return { ...event, value: event.value + Math.sign(event.value) * random.between(0, most) };
}

/** Who may hold it after the event. */
function expectedThen(outcome: ForecastOutcome, first: string): readonly string[] {
  switch (outcome.kind) {
    case "moves":
      return [outcome.to];
    case "moves-to-either":
      return outcome.among;
    case "keeps":
      return outcome.on.filter((name) => name === first);
    case "stays":
      return [outcome.on];
    case "nobody":
      return ["nobody"];
    case "unknown":
      throw new RangeError(`a file that names all nodes knows: ${outcome.why}`);
  }
}

/**
 * Who holds it at last, by the words of the forecast; without any, and where "it stays there", who
 * held it `then`.
 */
function expectedAfter(recovery: string | undefined, then: string): string {
  if (recovery === undefined || recovery.startsWith("it stays there ")) return then;
  const match = /^(\S+) (?:takes it back|keeps it|holds it again) /.exec(recovery);
  if (match?.[1] === undefined) throw new RangeError(`who holds it? ${recovery}`);
  return match[1];
}

function cardsOf(number: number): readonly CardPlan[] {
  return [
    {
      name: "eth0",
      segment: "outside",
      addresses: [`192.168.1.${number}/24`, `fd01::${number}/64`],
    },
    { name: "eth1", segment: "inside", addresses: [`10.0.2.${number}/24`] },
  ];
}

/** For the head of a failed test. */
export function tell({ seed, toml, row, words, chatter }: Mismatch): string {
  return [
    `seed ${seed}: ${words}; see it alone with: ` +
    `FORECAST_SEED=${seed} deno test -A test/sim/forecast_test.ts`,
    `forecast: ${row}`,
    toml,
    ...chatter,
  ].join("\n");
}
