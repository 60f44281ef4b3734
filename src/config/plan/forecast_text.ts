/** Events and outcomes of a forecast, each as one short sentence. */
import type { CheckSettings } from "../tables/check.ts";
import { formatDuration, type Nanoseconds } from "../../time.ts";
import type { NodePriority } from "./node_priorities.ts";
import { few } from "../../printable.ts";

/** What happens to one node while all else is well. */
export type ForecastEvent =
  | { readonly kind: "check-fails"; readonly check: CheckSettings; readonly node: string }
  /** The file of a check with want "value" holds `value`, or one further from 0. */
  | {
    readonly kind: "check-reads";
    readonly check: CheckSettings;
    readonly node: string;
    readonly value: number;
  }
  | { readonly kind: "node-dies"; readonly node: string };

/** Who holds the addresses then. */
export type ForecastOutcome =
  | { readonly kind: "moves"; readonly to: string }
  /**
   * To one of these, which are equal: the first to speak, of those who speak at once the higher
   * address.
   */
  | { readonly kind: "moves-to-either"; readonly among: readonly string[] }
  /**
   * Nothing was to be expected: `on` (several: one of these equals) holds them, and the event was
   * elsewhere.
   */
  | { readonly kind: "keeps"; readonly on: readonly string[] }
  /** The holder's own check failed, and it remains the best: `why` in words. */
  | { readonly kind: "stays"; readonly on: string; readonly why: string }
  /** `why` in words. */
  | { readonly kind: "nobody"; readonly why: string }
  /** The file cannot know: `why` in words. */
  | { readonly kind: "unknown"; readonly why: string };

/** "nginx fails on pi-a", "load reads 17 or more on pi-a", "pi-a dies". */
export function tellEvent(event: ForecastEvent): string {
  switch (event.kind) {
    case "check-fails":
      return `${event.check.name} fails on ${event.node}`;
    case "check-reads": {
      const further = event.value > 0 ? "more" : "less";
      return `${event.check.name} reads ${event.value} or ${further} on ${event.node}`;
    }
    case "node-dies":
      return `${event.node} dies`;
  }
}

/** "pi-b takes over", "pi-a keeps it", "NOTHING HAPPENS, line 14: ...", "NO NODE HOLDS IT, ...". */
export function tellOutcome(outcome: ForecastOutcome): string {
  switch (outcome.kind) {
    case "moves":
      return `${outcome.to} takes over`;
    case "moves-to-either":
      return `${either(outcome.among)} takes over (equals: the first to speak)`;
    case "keeps":
      return `${either(outcome.on)} keeps it`;
    case "stays":
      return `NOTHING HAPPENS, ${outcome.why}`;
    case "nobody":
      return `NO NODE HOLDS IT, ${outcome.why}`;
    case "unknown":
      return outcome.why;
  }
}

/** What comes after a move, when all is well again; undefined where nothing moved. */
export function tellRecovery(
  event: ForecastEvent,
  outcome: ForecastOutcome,
  returns: boolean,
  delay: Nanoseconds,
  holders: readonly string[] = [event.node],
): string | undefined {
  const again = event.kind === "node-dies" ? `${event.node} is back` : "it works again";
  const later = delay > 0 ? ` after ${formatDuration(delay)}` : "";
  switch (outcome.kind) {
    case "moves":
      return returns
        ? `${event.node} takes it back${later} when ${again}`
        : `${outcome.to} keeps it when ${again}`;
    case "moves-to-either":
      return returns
        ? `${event.node} takes it back${later} when ${again}`
        : `it stays there when ${again}`;
    case "nobody":
      return `${either(holders)} holds it again when ${again}`;
    case "keeps":
    case "stays":
    case "unknown":
      return undefined;
  }
}

/** "while all is well pi-a holds it: pi-a 200, pi-b 190". */
export function tellStart(
  priorities: readonly NodePriority[],
  holders: readonly string[],
  self: string,
): string {
  if (priorities.length === 0) {
    return `the file knows ${self} only, so the other nodes' files, too, say which node holds it`;
  }
  const list = few(priorities.map(({ node, priority }) => `${node} ${priority}`));
  const equals = holders.length > 1 ? " (equals: the first to speak)" : "";
  return `while all is well ${either(holders)} holds it${equals}: ${list}`;
}

/** In place of {@link tellStart}, where the members of `group` cannot agree. */
export function tellDisagreement(group: string): string {
  return `WHO HOLDS IT IS LEFT TO CHANCE: the members of group ${group} differ on which node is ` +
    "better; give them the same priorities";
}

/** So many of a list are named. */
const MOST_NAMED = 6;

/** "pi-a", "pi-a or pi-b", "pi-a, pi-b or pi-c", of many "one of pi-a, ... and 234 more". */
export function either(names: readonly string[]): string {
  return names.length > MOST_NAMED ? `one of ${few(names)}` : joined(names, "or");
}

/** "pi-a", "pi-a and pi-b", "pi-a, pi-b and pi-c", of many "pi-a, ... and 234 more". */
export function both(names: readonly string[]): string {
  return names.length > MOST_NAMED ? few(names) : joined(names, "and");
}

function joined(names: readonly string[], word: string): string {
  const [last = "", ...before] = names.toReversed();
  return before.length === 0 ? last : `${before.toReversed().join(", ")} ${word} ${last}`;
}
