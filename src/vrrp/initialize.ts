/** What does a virtual router do that takes no part, because it is not started or in fault? (RFC 9568 6.4.1) */
import type { Instant } from "../time.ts";
import type { Cause, Event, Fault } from "./event.ts";
import type { InitState, Step } from "./state.ts";
import { enter, groupFault, resumeMaster, unchanged } from "./transitions.ts";
import type { Rules } from "./rules.ts";

/** {@link ./step.ts} `step` in init and fault. Packets and deadlines mean nothing here. */
export function stepInit(state: InitState, event: Event, now: Instant, rules: Rules): Step {
  switch (event.kind) {
    case "start":
      return start(state, event.cause ?? { kind: "start" }, now, rules);
    case "resume":
      return state.started || state.faults.length > 0 ? unchanged(state) : resumeMaster(now, rules);
    case "hand-over":
      return event.why.kind === "handover" ? unchanged(state) : stop(state, event.why);
    case "stop":
      return stop(state, event.cause ?? { kind: "stop" });
    case "faults": {
      const ofGroup = state.faults.filter((fault) => fault.kind === "group");
      return replaceFaults(state, [...event.faults, ...ofGroup], now, rules);
    }
    case "group-fault": {
      const own = state.faults.filter((fault) => fault.kind !== "group");
      const ofGroup = event.member === undefined ? [] : [groupFault(event.member)];
      return replaceFaults(state, [...own, ...ofGroup], now, rules);
    }
    case "advert":
    case "overrun":
    case "deadline":
    case "rules":
    case "addresses-lost":
    case "link-changed":
    case "address-conflict":
    case "group-claim":
    case "group-release":
    case "release":
      return unchanged(state);
  }
}

function start(state: InitState, why: Cause, now: Instant, rules: Rules): Step {
  if (state.started) return unchanged(state);
  if (state.faults.length === 0) return enter("init", why, now, rules);
  const cause: Cause = { kind: "fault", faults: state.faults };
  return {
    state: { ...state, started: true },
    // A crash may have left addresses behind; another node may hold them by now.
    effects: [
      { kind: "remove-addresses" },
      { kind: "transition", from: "init", to: "fault", cause },
    ],
  };
}

function stop(state: InitState, cause: Cause): Step {
  if (!state.started) return unchanged(state);
  return {
    state: { ...state, started: false },
    effects: [{ kind: "transition", from: "fault", to: "init", cause }],
  };
}

function replaceFaults(
  state: InitState,
  faults: readonly Fault[],
  now: Instant,
  rules: Rules,
): Step {
  if (state.started && faults.length === 0) {
    return enter("fault", { kind: "faults-cleared" }, now, rules);
  }
  return unchanged({ ...state, faults });
}
