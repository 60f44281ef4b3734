/**
 * Init and fault: a virtual router that takes no part (RFC 9568 6.4.1). Packets and deadlines mean
 * nothing here.
 */
import type { Instant } from "../time.ts";
import type { Cause, Event, Fault } from "./event.ts";
import type { FaultState, InitState, Step } from "./state.ts";
import { enter, groupFault, resumeMaster, STOPPED, unchanged } from "./transitions.ts";
import type { Rules } from "./rules.ts";

/** {@link ./step.ts} `step` in init. */
export function stepInit(state: InitState, event: Event, now: Instant, rules: Rules): Step {
  switch (event.kind) {
    case "start": // (100)
      return start(state, event.cause ?? { kind: "start" }, now, rules);
    case "resume":
      return state.faults.length > 0 ? unchanged(state) : resumeMaster(now, rules);
    case "faults":
    case "group-fault":
      return unchanged({ kind: "init", faults: faultsAfter(state.faults, event) });
    default:
      return unchanged(state);
  }
}

/** {@link ./step.ts} `step` in fault. */
export function stepFault(state: FaultState, event: Event, now: Instant, rules: Rules): Step {
  switch (event.kind) {
    case "hand-over":
      return event.why.kind === "handover" ? unchanged(state) : leave(state, event.why);
    case "stop":
      return leave(state, event.cause ?? { kind: "stop" });
    case "faults":
    case "group-fault": {
      const faults = faultsAfter(state.faults, event);
      return faults.length === 0
        ? enter("fault", { kind: "faults-cleared" }, now, rules)
        : unchanged({ kind: "fault", faults });
    }
    default:
      return unchanged(state);
  }
}

function start(state: InitState, why: Cause, now: Instant, rules: Rules): Step {
  const { faults } = state;
  if (faults.length === 0) return enter("init", why, now, rules);
  return {
    state: { kind: "fault", faults },
    // A crash may have left addresses behind; another node may hold them by now.
    effects: [{ kind: "remove-addresses" }],
    transition: { from: "init", to: "fault", cause: { kind: "fault", faults } },
  };
}

/** What was wrong may still be. */
function leave({ faults }: FaultState, cause: Cause): Step {
  return {
    state: { ...STOPPED, faults },
    effects: [],
    transition: { from: "fault", to: "init", cause },
  };
}

type FaultEvent = Extract<Event, { readonly kind: "faults" | "group-fault" }>;

/** Faults of its own and those of its sync group come and go apart. */
function faultsAfter(before: readonly Fault[], event: FaultEvent): readonly Fault[] {
  if (event.kind === "faults") {
    return [...event.faults, ...before.filter(({ kind }) => kind === "group")];
  }
  const own = before.filter(({ kind }) => kind !== "group");
  return event.member === undefined ? own : [...own, groupFault(event.member)];
}
