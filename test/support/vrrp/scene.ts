/** Short names for rules, adverts, instants and a virtual router that is stepped. */
import assert from "node:assert/strict";
import { type Instant, milliseconds, nanoseconds, seconds } from "../../../src/time.ts";
import { type Ip, ip } from "../../../src/net/ip.ts";
import { type Advert, groupOf } from "../../../src/wire/vrrp.ts";
import {
  type Effect,
  type Event,
  isObservation,
  type Opinion,
  type Transition,
} from "../../../src/vrrp/event.ts";
import { initial, type State, type Step } from "../../../src/vrrp/state.ts";
import { nextDeadline, step } from "../../../src/vrrp/step.ts";
import type { Priority, Rules, Vrid } from "../../../src/vrrp/rules.ts";

/** Where this node's adverts leave from. */
export const OWN = ip("10.0.0.2");
/** A peer with a numerically lower address. */
export const LOWER = ip("10.0.0.1");
/** A peer with a numerically higher address. */
export const HIGHER = ip("10.0.0.3");
/** The floating address. */
export const FLOATING = ip("10.0.0.100");

/** How an advert of that peer arrives by multicast. */
export const FROM_HIGHER = {
  source: HIGHER,
  destination: groupOf("ipv4"),
  own: OWN,
  transport: "multicast",
} as const;

/** Rules as a user gets them who writes nothing but VRID and address, save what `changes` says. */
export function rules(
  changes: Partial<Omit<Rules, "priority">> & { readonly priority?: number } = {},
): Rules {
  const { priority = 100, ...rest } = changes;
  return {
    vrid: 51 as Vrid,
    family: "ipv4",
    version: 3,
    advertInterval: seconds(1),
    addresses: [FLOATING],
    preempt: true,
    preemptDelay: nanoseconds(0),
    initialState: "backup",
    transport: "multicast",
    peers: [],
    addressMismatch: "auto",
    grouped: false,
    lease: undefined,
    duplicateCheck: false,
    stop: "handover",
    ...rest,
    priority: priority as Priority,
  };
}

/** The instant `ms` milliseconds after the tests' zero. */
export function at(ms: number): Instant {
  return Math.round(ms * 1e6) as Instant;
}

/** A well-formed v3 advert of priority 100, save what `changes` says. */
export function advert(changes: Partial<Advert> = {}): Advert {
  return {
    version: 3,
    vrid: 51,
    priority: 100,
    interval: seconds(1),
    addresses: [FLOATING],
    ...changes,
  };
}

/** The event that an advert of `priority` came from `source`, its interval in ms. */
export function heard(priority: number, source: Ip = HIGHER, intervalMs = 1000): Event {
  const interval = milliseconds(intervalMs);
  return { kind: "advert", advert: advert({ priority, interval }), source, own: OWN };
}

/** The report of a node that says that it holds the addresses, which came at `ms`. */
export function holds(
  ms: number,
  changes: Partial<Extract<Opinion, { readonly kind: "holds" }>> = {},
): Opinion {
  const instant = at(ms);
  return {
    kind: "holds",
    source: HIGHER,
    priority: 200,
    at: instant,
    isBetterPlaced: false,
    ...changes,
  };
}

/** The event that the nodes report `opinion`. */
export function reports(opinion: Opinion | undefined): Event {
  return { kind: "reports", opinion, own: OWN };
}

/** A virtual router that is stepped through a test; remembers its state and every effect. */
export interface Router {
  /** One step at `ms`; answers what is to be done, and the transition, in short form. */
  take(ms: number, event: Event): readonly string[];
  /** Deadlines up to and including `ms`, each met in time; answers "ms effect" lines. */
  runTo(ms: number): readonly string[];
  /** Replaces the rules and steps the "rules" event. */
  replaceRules(ms: number, rules: Rules): readonly string[];
  state(): State;
  /** {@link nextDeadline} in ms. */
  deadline(): number | undefined;
  /** What the last step observed, in short form. */
  observations(): readonly string[];
  /** All effects so far. */
  effects(): readonly Effect[];
  /** All transitions so far. */
  transitions(): readonly Transition[];
}

/** A router in init; with `start` it is started at 0. */
export function router(initialRules: Rules, start = true): Router {
  let current = initialRules;
  let state = initial();
  const effects: Effect[] = [];
  const transitions: Transition[] = [];
  let observations: readonly string[] = [];
  const take = (ms: number, event: Event): readonly string[] => {
    const answer = step(state, event, at(ms), current);
    state = answer.state;
    effects.push(...answer.effects);
    if (answer.transition !== undefined) transitions.push(answer.transition);
    observations = answer.effects.filter(isObservation).map(brief);
    const actions = answer.effects.filter((effect) => !isObservation(effect));
    return briefStep({ ...answer, effects: actions });
  };
  const due = () => {
    const deadline = nextDeadline(state);
    return deadline === undefined ? undefined : deadline / 1e6;
  };
  if (start) take(0, { kind: "start" });
  return {
    take,
    runTo(ms) {
      const lines: string[] = [];
      for (let next = due(); next !== undefined && next <= ms; next = due()) {
        for (const line of take(next, { kind: "deadline" })) lines.push(`${next} ${line}`);
        assert.notEqual(due(), next, "a deadline that was met is over");
      }
      return lines;
    },
    replaceRules(ms, replacement) {
      const before = current;
      current = replacement;
      return take(ms, { kind: "rules", before });
    },
    state: () => state,
    deadline: due,
    observations: () => observations,
    effects: () => effects,
    transitions: () => transitions,
  };
}

/** A router that has become master at `ms` (given) because nobody was heard. */
export function master(ofRules: Rules = rules()): { readonly it: Router; readonly ms: number } {
  const it = router(ofRules);
  let ms = it.deadline() ?? 0;
  while (it.state().kind !== "master") {
    ms = it.deadline() ?? 0;
    it.runTo(ms);
  }
  return { it, ms };
}

/**
 * What a step asks for, in short form; its transition comes last: "backup->master master-silent".
 */
export function briefStep({ effects, transition }: Step): readonly string[] {
  const told = transition === undefined
    ? []
    : [`${transition.from}->${transition.to} ${transition.cause.kind}`];
  return [...effects.map(brief), ...told];
}

/** An effect in short form: "advert 100", "add", "remove", "announce 5". */
export function brief(effect: Effect): string {
  switch (effect.kind) {
    case "send-advert":
      return effect.interval === undefined
        ? `advert ${effect.priority}`
        : `advert ${effect.priority} (${effect.interval / 1e6} ms)`;
    case "add-addresses":
      return "add";
    case "remove-addresses":
      return "remove";
    case "renew-addresses":
      return "renew";
    case "probe-addresses":
      return "probe";
    case "ask-nodes":
      return "ask";
    case "announce":
      return `announce ${effect.count}`;
    case "advert-gap":
      return `gap ${effect.gap / 1e6}`;
    case "near-miss":
      return `near miss ${effect.silence / 1e6}`;
    case "adverts-lost":
      return `adverts lost ${effect.silence / 1e6}`;
    case "rival":
      return `rival ${effect.priority}`;
  }
}
