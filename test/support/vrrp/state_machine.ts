/**
 * The state machine as a page: what each state does with each event under the default rules, and
 * what differs under others.
 */
import { code, item, page, wrap } from "../../../packaging/reference/markdown.ts";
import type { Instant } from "../../../src/time.ts";
import { type Event, isObservation } from "../../../src/vrrp/event.ts";
import { masterDownOf, skewOf } from "../../../src/vrrp/intervals.ts";
import type { Rules } from "../../../src/vrrp/rules.ts";
import { type HandoffState, isHolder, type State, type Step } from "../../../src/vrrp/state.ts";
import { nextDeadline, step } from "../../../src/vrrp/step.ts";
import { briefStep, holds } from "./scene.ts";
import { eventsUnder, isPossible, NOW, RULES, STATES } from "./states.ts";

/** The states of the page, each with the row of {@link STATES} that shows it. */
const SHOWN: Readonly<Record<string, string>> = {
  "init": "init",
  "fault": "fault",
  "backup, master unknown": "backup, listening",
  "backup, master obeyed": "backup, of a better master",
  "backup, master outranked": "backup, about to preempt",
  "backup, master resigned": "backup, master has left",
  "backup, master reported": "backup, master reported",
  "master": "master",
  "master, contested": "master, contested",
  "handoff, solicit": "master, asked to stand aside",
  "handoff, resign": "master, stopping",
  "handoff, with a successor": "master, succeeded",
};

/** The events of the page, each with its name in the table. */
const EVENTS: Readonly<Record<string, string>> = {
  "start": "start",
  "restart in place": "resume",
  "advert 0": "advert 0",
  "lower advert": "advert lower",
  "equal advert, lower address": "advert equal, from .1",
  "equal advert, higher address": "advert equal, from .3",
  "higher advert": "advert higher",
  "fault": "faults",
  "faults cleared": "faults cleared",
  "handover": "hand over",
  "stop": "hand over, stop",
  "stop at once": "stop",
  "checks make another node better": "release",
  "addresses deleted": "addresses lost",
  "link changed": "link changed",
  "address conflict": "address conflict",
  "packets lost": "overrun",
  "a better node reports that it holds": "reports, 200 holds",
  "a worse node reports that it holds": "reports, 99 holds",
  "a worse node with the LAN that is gone here": "reports, 99 with the LAN holds",
  "the node reports that it let go": "reports, .3 released",
  "the node reports no gateway": "reports, .3 without gateway",
  "group ready": "group claim",
  "group not ready": "group release",
  "fault in the group": "group fault",
};

/** The page. */
export function stateMachinePage(): string {
  const [[, defaults] = [], ...others] = Object.entries(RULES);
  if (defaults === undefined) throw new Error("there are no rules");
  return page("State machine", "the engine (`src/vrrp`)", [
    wrap(
      "What a virtual router does: in each state, with each event, what is to be done and the " +
        "state after it. What is not here changes nothing. `advert` sends one with this node's " +
        "priority, `advert 0` with 0, `add` and `remove` are the floating addresses, `renew` is " +
        "their lease, `announce 5` tells the neighbours so many times. Adverts are compared with " +
        "this node's own priority.",
    ),
    [
      item("Timer master-down: the wait for the master starts again."),
      item("Timer skew: this backup takes over after a skew, so that the best comes first."),
      item("A handoff is shown as `master` in the status."),
    ].join("\n"),
    "## Default rules",
    ...paragraphs(defaults, []),
    ...others.flatMap(([name, own]) => [
      `## ${name}: what differs`,
      ...paragraphs(own, rowsOf(defaults)),
    ]),
  ]);
}

/** One list for each state that has rows which are not among `known`. */
function paragraphs(own: Rules, known: readonly Row[]): readonly string[] {
  const isKnown = (row: Row) =>
    known.some((one) =>
      one.state === row.state && one.event === row.event && one.answer === row.answer
    );
  const news = rowsOf(own).filter((row) => !isKnown(row));
  const states = Object.keys(SHOWN).filter((name) => news.some(({ state }) => state === name));
  return states.flatMap((name) => {
    const rows = news.filter(({ state }) => state === name);
    const lines = [...new Set(rows.map(({ answer }) => answer))].map((answer) => {
      const events = rows.filter((row) => row.answer === answer).map(({ event }) => event);
      return item(`${events.join("; ")}: ${answer}`);
    });
    return [`**${name}**`, lines.join("\n")];
  });
}

/** What one state does with one event. */
interface Row {
  readonly state: string;
  readonly event: string;
  /** "remove, advert 0 → **init**". */
  readonly answer: string;
}

function rowsOf(own: Rules): readonly Row[] {
  const events = eventsUnder(own);
  return Object.entries(SHOWN).flatMap(([name, key]) => {
    const state = STATES[key];
    if (state === undefined || !isPossible(state, own)) return [];
    const rows = Object.entries(EVENTS).flatMap(([event, of]) => {
      const value = events[of];
      return value === undefined ? [] : rowOf(name, event, state, value, NOW, own);
    });
    const due = nextDeadline(state);
    const timer = due === undefined
      ? []
      : rowOf(name, "timer", state, { kind: "deadline" }, due, own);
    return [...rows, ...timer, ...reportedRows(name, state, own)];
  });
}

function rowOf(
  name: string,
  event: string,
  state: State,
  value: Event,
  now: Instant,
  own: Rules,
): readonly Row[] {
  const answer = step(state, value, now, own);
  const effects = answer.effects.filter((effect) => !isObservation(effect));
  const actions = briefStep({ state: answer.state, effects })
    .map((action) => action.replace(new RegExp(`^advert ${own.priority}$`), "advert")).join(", ");
  const next = nextText(state, answer, now, own);
  if (actions === "" && next === labelOf(state)) return [];
  const done = actions === "" ? "" : `${code(actions)} `;
  return [{ state: name, event, answer: `${done}→ ${next}` }];
}

/** A backup whose time has come, and a report that a node holds the addresses. */
function reportedRows(name: string, state: State, own: Rules): readonly Row[] {
  if (own.secondOpinion !== true || state.kind !== "backup") return [];
  const { masterDownAt } = state;
  if (masterDownAt === undefined) return [];
  const event: Event = { kind: "deadline", opinion: holds(masterDownAt / 1e6 - 100) };
  return rowOf(name, "timer, a node reports that it holds", state, event, masterDownAt, own);
}

function nextText(before: State, { state }: Step, now: Instant, own: Rules): string {
  const label = labelOf(state);
  if (state.kind !== "backup") return label;
  const { masterDownAt, masterInterval } = state;
  if (masterDownAt === undefined) return `${label}, waits for its sync group`;
  if (before.kind === "backup" && masterDownAt === before.masterDownAt) return label;
  const wait = masterDownAt - now;
  if (wait === masterDownOf(own, masterInterval)) return `${label}, timer master-down`;
  return wait === skewOf(own, masterInterval) ? `${label}, timer skew` : `${label}, another timer`;
}

function labelOf(state: State): string {
  if (state.kind === "backup") return `backup, master ${state.master.kind}`;
  if (state.kind === "master" && state.contested !== undefined) return "master, contested";
  return isHolder(state) && state.kind === "handoff" ? handoffLabel(state) : state.kind;
}

function handoffLabel({ phase, successor }: HandoffState): string {
  return successor === undefined ? `handoff, ${phase}` : "handoff, with a successor";
}
