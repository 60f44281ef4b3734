/**
 * The transitions of the engine: the whole table of every state, every event and every kind of
 * rules, to be held against RFC 9568 6.4, and the page of the state machine, which tells the same
 * in short.
 */
import { formatIp } from "../../src/net/ip.ts";
import type { Instant } from "../../src/time.ts";
import {
  type HandoffState,
  type KnownMaster,
  nameOf,
  type State,
  type Step,
} from "../../src/vrrp/state.ts";
import { nextDeadline, step } from "../../src/vrrp/step.ts";
import type { Rules } from "../../src/vrrp/rules.ts";
import { stateMachinePage } from "../support/vrrp/state_machine.ts";
import { briefStep, holds } from "../support/vrrp/scene.ts";
import { eventsUnder, isPossible, NOW, RULES, STATES } from "../support/vrrp/states.ts";
import { golden, goldenFile } from "../support/golden.ts";

Deno.test("reference page state machine: it is what the engine does", async () => {
  await goldenFile("docs/reference/state-machine.md", stateMachinePage());
});

Deno.test("golden: the transition table", async () => {
  const lines = [
    "Times in ms from now; .1 and .3 are peers with a lower and a higher address than ours.",
    "What changes nothing and asks for nothing is listed under =.",
  ];
  for (const [rulesName, own] of Object.entries(RULES)) {
    lines.push("", `=== ${rulesName} (priority ${own.priority}) ===`);
    for (const [stateName, state] of Object.entries(STATES)) {
      if (isPossible(state, own)) lines.push("", ...table(stateName, state, own));
    }
  }
  await golden("transitions", lines.join("\n"));
});

/** One paragraph: the state, a line for each event that matters, and those that do not. */
function table(name: string, state: State, own: Rules): readonly string[] {
  const rows: string[] = [];
  const nothing: string[] = [];
  const add = (event: string, answer: Step, now: Instant) => {
    const effects = briefStep(answer).join(", ");
    const shown = show(answer.state, now);
    const change = shown === show(state, now) ? "same" : shown;
    if (change === "same" && effects === "") {
      nothing.push(event);
      return;
    }
    rows.push(`  ${event.padEnd(25)} ${effects === "" ? "-" : effects} => ${change}`);
  };
  for (const [event, value] of Object.entries(eventsUnder(own))) {
    add(event, step(state, value, NOW, own), NOW);
  }
  add("deadline, too early", step(state, { kind: "deadline" }, NOW, own), NOW);
  const due = nextDeadline(state);
  if (due !== undefined) {
    add("deadline", step(state, { kind: "deadline" }, due, own), due);
    if (own.secondOpinion === true && state.kind === "backup") {
      const opinion = holds(due / 1e6 - 100);
      add("deadline, 200 holds", step(state, { kind: "deadline", opinion }, due, own), due);
    }
    const late = (due + 3600e9) as Instant;
    add("deadline, an hour late", step(state, { kind: "deadline" }, late, own), late);
  }
  return [`${name}: ${show(state, NOW)}`, ...rows, `  = ${nothing.join("; ")}`];
}

/** A state in one line, times relative to `now`. */
function show(state: State, now: Instant): string {
  const ms = (instant: Instant) => `${instant >= now ? "+" : ""}${(instant - now) / 1e6}`;
  switch (state.kind) {
    case "init":
    case "fault": {
      const faults = state.faults.map((fault) => fault.kind).join(" ");
      return `${nameOf(state)}${faults === "" ? "" : ` (${faults})`}`;
    }
    case "backup":
      return [
        "backup",
        state.masterDownAt === undefined ? "down passed" : `down ${ms(state.masterDownAt)}`,
        `interval ${state.masterInterval / 1e6}`,
        state.listenUntil > now ? `listen ${ms(state.listenUntil)}` : "",
        masterText(state.master, ms),
        state.asksLeft === 0 ? "" : `asks ${state.asksLeft}`,
        state.preemptHoldUntil === undefined ? "" : `hold ${ms(state.preemptHoldUntil)}`,
        state.preemptOnce ? "eager" : "",
      ].filter((part) => part !== "").join(" ");
    case "master":
      return [
        "master",
        `advert ${ms(state.advertAt)}`,
        `announce ${ms(state.announceAt)} ${state.announceNext}`,
        `burst ${ms(state.burstAt)}`,
        state.answered === undefined ? "" : `answered ${ms(state.answered.at)}`,
        state.contested === undefined ? "" : `contested ${ms(state.contested.since)}`,
        state.renewAt === undefined ? "" : `renew ${ms(state.renewAt)}`,
        state.defendedAt === undefined ? "" : `defended ${ms(state.defendedAt)}`,
      ].filter((part) => part !== "").join(" ");
    case "handoff":
      return `${show(state.master, now)} ${handoffText(state, ms)}`;
  }
}

function masterText(master: KnownMaster, ms: (at: Instant) => string): string {
  switch (master.kind) {
    case "unknown":
      return "";
    case "reported": {
      const { source, priority, at, gone } = master;
      const is = gone === undefined ? "" : ` ${gone}`;
      return `reported ${priority} from ${formatIp(source).slice(6)} ${ms(at)}${is}`;
    }
    case "resigned":
      return `left ${formatIp(master.source).slice(6)}`;
    case "obeyed":
    case "outranked": {
      const { priority, source, at } = master.heard;
      const mark = master.kind === "outranked" ? " outranked" : "";
      return `heard ${priority} from ${formatIp(source).slice(6)} ${ms(at)}${mark}`;
    }
  }
}

function handoffText(
  { phase, until, successor }: HandoffState,
  ms: (at: Instant) => string,
): string {
  const own = `${phase} until ${ms(until)}`;
  if (successor === undefined) return own;
  return `${own}, succeeded by ${formatIp(successor.source)} until ${ms(successor.until)}`;
}
