/**
 * The small model: two nodes, a witness, at most three messages under way, and everything that can
 * become of them, in each order. Time goes by in ticks, in which clocks at the ends of their rates
 * count differently.
 */
import type { Terms } from "../../../../src/cluster/votes/terms.ts";
import type { Candidacy } from "../../../../src/cluster/votes/candidacy.ts";
import {
  isSurelyOver,
  mayBeOver,
  type Reading,
  readingAfter,
} from "../../../../src/cluster/votes/clocks.ts";
import type { Saved, VoteMessage } from "../../../../src/cluster/votes/message.ts";
import type { Voters } from "../../../../src/cluster/votes/voters.ts";
import type { Promised } from "../../../../src/cluster/votes/voter.ts";
import { holdOf } from "../../../../src/cluster/votes/terms.ts";
import { nanoseconds } from "../../../../src/time.ts";
import type { Protocol } from "./protocol.ts";
import { act, answers, type Done, type Flight, later, type Machine, offerTo } from "./world.ts";
import { landed, receive, restarted, resumed, type Rules, rulesOf, settled } from "./world.ts";

/** How much is tried. */
export interface Bounds {
  /** Ticks that go by; a promise is two. */
  readonly ticks: number;
  /** Requests, releases and offers, of both nodes together. */
  readonly deeds: number;
  /** Processes that end and start again. */
  readonly restarts: number;
  /** Messages that arrive twice. */
  readonly copies: number;
  /** States after which it gives up. */
  readonly states: number;
}

/** What was found. */
export interface Explored {
  readonly states: number;
  /** Was everything within the bounds tried? */
  readonly isWhole: boolean;
  /** How it came that two machines answered, in words; undefined: it never did. */
  readonly course: readonly string[] | undefined;
}

/** Messages under way, at most. */
const FLIGHTS = 3;
/** What a clock counts in a tick: right, 1/8 slow or fast, and by more than is allowed for. */
const RATES = { slow: 7, right: 8, fast: 9, "too-slow": 5, "too-fast": 11 } as const;
const RATE = 1 / 8;

/** How the clocks of a, b and the witness run. */
export type Clocks = Readonly<Record<"a" | "b" | "w", keyof typeof RATES>>;

/** A promise of two ticks; answers are used for two ticks. */
export const MODEL_TERMS: Terms = {
  term: nanoseconds(16),
  hold: holdOf(nanoseconds(16), RATE, nanoseconds(0)),
  renewEvery: nanoseconds(18),
};

interface State {
  readonly machines: readonly Machine[];
  readonly flights: readonly Flight[];
  readonly left: Omit<Bounds, "states">;
}

interface Node {
  readonly state: State;
  readonly from: Node | undefined;
  readonly how: string;
}

/** Tries every course of events within `bounds`. */
export function explore(protocol: Protocol, clocks: Clocks, bounds: Bounds): Explored {
  // A voter is silent for as long as a promise of the model lasts.
  const startVoter: Protocol["startVoter"] = (now, votes) =>
    isSilent(protocol, now)
      ? { ...protocol.startVoter(now, votes), silentUntil: readingAfter(now, MODEL_TERMS.term) }
      : protocol.startVoter(now, votes);
  const rules = rulesOf({ ...protocol, startVoter }, ["a", "b"], ["w"], MODEL_TERMS);
  const { states, ...left } = bounds;
  const machines = ["a", "b", "w"].map((name) => settled(name, rules.list));
  const first: Node = { state: { machines, flights: [], left }, from: undefined, how: "start" };
  const seen = new Set([keyOf(first.state)]);
  const open: Node[] = [first];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const { how, state } of nextOf(rules, clocks, node.state)) {
      const key = keyOf(state);
      if (seen.has(key)) continue;
      seen.add(key);
      const next = { state, from: node, how };
      if (state.machines.filter((one) => answers(one)).length > 1) {
        return { states: seen.size, isWhole: false, course: courseOf(next) };
      }
      if (seen.size >= states) return { states: seen.size, isWhole: false, course: undefined };
      open.push(next);
    }
  }
  return { states: seen.size, isWhole: true, course: undefined };
}

function isSilent({ startVoter }: Protocol, now: Reading): boolean {
  return !isSurelyOver(startVoter(now).silentUntil, now);
}

interface Way {
  readonly how: string;
  readonly state: State;
}

function nextOf(rules: Rules, clocks: Clocks, state: State): readonly Way[] {
  return [
    ...ticks(clocks, state),
    ...deliveries(rules, state),
    ...deeds(rules, state),
    ...restarts(rules, state),
  ];
}

function ticks(clocks: Clocks, state: State): readonly Way[] {
  const { left } = state;
  if (left.ticks === 0) return [];
  const machines = state.machines.map((machine) => {
    const count = nanoseconds(RATES[clocks[machine.name as keyof Clocks]]);
    return later(machine, count, count);
  });
  return [{ how: "tick", state: { ...state, machines, left: { ...left, ticks: left.ticks - 1 } } }];
}

function deliveries(rules: Rules, state: State): readonly Way[] {
  return state.flights.flatMap((flight, at) => {
    const rest = state.flights.toSpliced(at, 1);
    const arrive = (flights: readonly Flight[], left: State["left"], how: string): readonly Way[] =>
      after(
        rules,
        { ...state, flights, left },
        flight.to,
        textOf(flight) + how,
        (machine) => receive(rules, machine, flight.from, flight.message),
      );
    const { copies } = state.left;
    return [
      ...arrive(rest, state.left, ""),
      ...(copies === 0
        ? []
        : arrive(state.flights, { ...state.left, copies: copies - 1 }, ", and again later")),
    ];
  });
}

function deeds(rules: Rules, state: State): readonly Way[] {
  const { protocol, nodes } = rules;
  if (state.left.deeds === 0) return [];
  const spent = { ...state, left: { ...state.left, deeds: state.left.deeds - 1 } };
  return nodes.flatMap((name) => [
    ...after(rules, spent, name, `${name} asks`, (machine) =>
      // Once in a tick: another request at the same time brings nothing new.
      machine.holder.candidacy?.rounds.at(-1)?.at.raw === machine.now.raw
        ? undefined
        : act(rules, machine, protocol.ask)),
    ...after(
      rules,
      spent,
      name,
      `${name} releases`,
      (machine) =>
        machine.holder.candidacy === undefined ? undefined : act(rules, machine, protocol.release),
    ),
    ...after(rules, spent, name, `${name} offers`, (machine) => {
      const to = nodes.find((one) => one !== name);
      const isHolding = machine.holder.candidacy?.isHolding === true;
      return to === undefined || !isHolding ? undefined : offerTo(rules, machine, to);
    }),
  ]);
}

function restarts(rules: Rules, state: State): readonly Way[] {
  const { left } = state;
  if (left.restarts === 0) return [];
  const spent = { ...state, left: { ...left, restarts: left.restarts - 1 } };
  return state.machines.flatMap(({ name, note }) => [
    ...after(rules, spent, name, `${name} restarts`, (machine) => ({
      machine: restarted(rules, machine),
      sent: [],
    })),
    ...(note === undefined ? [] : after(rules, spent, name, `${name} resumes`, (machine) => ({
      machine: resumed(rules, machine),
      sent: [],
    }))),
  ]);
}

/** The states after something at one machine: of what it sends, any part may get lost. */
function after(
  rules: Rules,
  state: State,
  name: string,
  how: string,
  deed: (machine: Machine) => Done | undefined,
): readonly Way[] {
  const at = state.machines.findIndex((machine) => machine.name === name);
  const machine = state.machines[at];
  const done = machine === undefined ? undefined : deed(machine);
  if (done === undefined) return [];
  const machines = state.machines.with(at, landed(rules, done.machine));
  return subsets(done.sent.filter(matters), FLIGHTS - state.flights.length).map((sent) => ({
    how: sent.length === done.sent.length ? how : `${how}; ${sent.length} of its messages travel`,
    state: { ...state, machines, flights: [...state.flights, ...sent] },
  }));
}

/** Of a refusal because of a holder, or in a silence, nothing follows that is not tried anyway. */
function matters({ message }: Flight): boolean {
  if (message.kind !== "vote-refusal") return true;
  return message.reason === "old-epoch" || (message.reason === "promised" && !message.holding);
}

/** Each part of `all` that has at most `most` of them. */
function subsets(all: readonly Flight[], most: number): readonly (readonly Flight[])[] {
  return all.reduce<readonly (readonly Flight[])[]>(
    (found, one) => [...found, ...found.map((part) => [...part, one])],
    [[]],
  ).filter((part) => part.length <= most);
}

/**
 * What decides what can happen next, as a number of 53 bits: two states of one text have one
 * future. That two texts of a million have one number, has a chance of 1 in 18,000.
 */
function keyOf(state: State): number {
  const text = stateText(state);
  let [low, high] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x9e3779b1);
    high = Math.imul(high ^ code, 0x5f356495);
  }
  low = Math.imul(low ^ low >>> 16, 0x85ebca6b) ^ Math.imul(high ^ high >>> 13, 0xc2b2ae35);
  high = Math.imul(high ^ high >>> 16, 0x85ebca6b) ^ Math.imul(low ^ low >>> 13, 0xc2b2ae35);
  return (high >>> 0) * 0x200000 + (low >>> 11);
}

function stateText({ machines, flights, left }: State): string {
  const texts = flights.map(({ from, to, message }) => from + to + wordsOf(message)).toSorted();
  const { ticks, deeds, restarts, copies } = left;
  return [...machines.map(machineKey), ...texts, ticks, deeds, restarts, copies].join("|");
}

function machineKey({ now, starts, voter, holder, fence, note }: Machine): string {
  // Of a time that has passed only that matters.
  const held = (end: Reading | undefined): number =>
    end === undefined || mayBeOver(end, now) ? 0 : end.raw - now.raw;
  const promised = (end: Reading | undefined): number =>
    end === undefined || isSurelyOver(end, now) ? 0 : end.raw - now.raw;
  const promiseKey = (last: Promised | undefined): string =>
    last === undefined
      ? ""
      : `${last.to}${last.token}${last.sent}:${last.epoch}${last.holding}${promised(last.end)}`;
  const votes = [...voter.votes.values()].map(({ epoch, last, voters, saved }) =>
    `${epoch}${promiseKey(last)}${voters && stampKey(voters)}/${saved && stampKey(saved)}`
  );
  const { highest, lastSent, candidacy, voters, rival } = holder;
  const noted = note === undefined || held(note.holder.end) === 0
    ? ""
    : `${held(note.holder.end)}.${note.holder.lastSent}.${note.holder.epoch}` +
      promiseKey(note.own);
  return [
    starts,
    promised(voter.silentUntil),
    votes,
    Math.max(highest, candidacy === undefined ? 0 : candidacy.asking),
    lastSent,
    candidacyKey(candidacy, now, held),
    held(fence),
    noted,
    stampKey(voters),
    rival?.epoch,
  ].join(";");
}

/** The lists are always the same here, so that a stamp says which voters it is. */
function stampKey(of: Voters | Saved): string {
  return "stamp" in of
    ? `${of.stamp.epoch}.${of.stamp.step}`
    : `${of.epoch}.${of.step}.${of.promised}`;
}

function candidacyKey(
  candidacy: Candidacy | undefined,
  now: Reading,
  held: (end: Reading | undefined) => number,
): string {
  if (candidacy === undefined) return "";
  const { asking, isHolding, rounds, ends, kept, refusals, told, saved } = candidacy;
  const living = rounds.filter(({ at }) => now.raw - at.raw <= MODEL_TERMS.renewEvery);
  const rivals = [...refusals].filter(([, { reason, holding, until }]) =>
    reason === "promised" && !holding && held(until) > 0
  );
  return [
    asking,
    isHolding,
    living.map(({ sent }) => sent),
    [...ends].filter(([, end]) => held(end) > 0).map(([name, end]) => `${name}${held(end)}`)
      .toSorted(),
    held(kept),
    rivals.map(([name, { holder }]) => `${name}${holder}`).toSorted(),
    [...told].toSorted(),
    [...saved].map(([name, one]) => name + stampKey(one)).toSorted(),
  ].join(",");
}

function wordsOf(message: VoteMessage): string {
  const { lease: _, ...rest } = message;
  return JSON.stringify(rest);
}

function courseOf(last: Node): readonly string[] {
  const course: string[] = [];
  for (let node: Node | undefined = last; node !== undefined; node = node.from) {
    course.unshift(node.how);
  }
  return course;
}

function textOf({ from, to, message }: Flight): string {
  return `${message.kind.slice("vote-".length)} of ${from} reaches ${to}`;
}
