/** Texts of causes: one sentence without a full stop for each, for log, history and status. */
import { formatDuration } from "../time.ts";
import { formatIp, type Ip } from "../net/ip.ts";
import type { Cause, Says } from "./event.ts";

/** "no advert from pi-a (192.168.1.11) for 3.61 s"; `nameOf` says what an address is called. */
export function formatCause(cause: Cause, nameOf: (address: Ip) => string = formatIp): string {
  switch (cause.kind) {
    case "start":
      return "started";
    case "stop":
      return `stopped${followed(cause.successor, nameOf)}`;
    case "handover":
      return `handed over by hand${followed(cause.successor, nameOf)}`;
    case "maintenance":
      return `maintenance${followed(cause.successor, nameOf)}`;
    case "maintenance-over":
      return "maintenance is over";
    case "resumed":
      return `restarted within ${formatDuration(cause.elapsed)} of its last advert`;
    case "stalled":
      return `this node did not run for ${formatDuration(cause.silence)}: ` +
        `${nameOf(cause.master)} with ${formatPriority(cause.priority)} has taken over`;
    case "owner":
      return "owns the address (priority 255)";
    case "nobody-heard":
      return `no master was heard for ${formatDuration(cause.listened)}`;
    case "master-silent":
      return `no advert from ${nameOf(cause.master)} for ${formatDuration(cause.silence)}`;
    case "master-left":
      return `${nameOf(cause.master)} said that it leaves (priority 0)`;
    case "reports-ended":
      return `no advert from ${nameOf(cause.master)} for ${formatDuration(cause.silence)}, ` +
        `and no report for ${formatDuration(cause.unreported)}`;
    case "reported-gone":
      return `${nameOf(cause.master)} reports that ${REPORTED[cause.says]}`;
    case "reported-master":
      return `${nameOf(cause.master)} reports that it is master with ` +
        `${formatPriority(cause.priority)}; its adverts do not arrive`;
    case "preempted-master":
      return `${nameOf(cause.master)} has only ${formatPriority(cause.priority)}`;
    case "better-master":
      return `${nameOf(cause.master)} has ${formatPriority(cause.priority)}`;
    case "tie-lost":
      return `${nameOf(cause.master)} has the same ${formatPriority(cause.priority)} ` +
        "and the higher address";
    case "fault":
      return cause.faults.map((fault) => fault.message).join("; ");
    case "lease-ended":
      return cause.words;
    case "wished":
      return `${nameOf(cause.successor)} comes before this node and asked for it`;
    case "faults-cleared":
      return "no fault any more";
    case "group":
      return `${cause.member}, a member of the same group, is not master`;
    case "reconfigured":
      return `reconfigured: ${cause.what}`;
    case "outranked":
      return `its priority fell to ${cause.priority}` +
        (cause.reason === "" ? ": " : ` (${cause.reason}): `) +
        (cause.by.length > 0
          ? `${cause.by.join(", ")} can do better`
          : "backups that do not preempt wait to be asked");
  }
}

const REPORTED: Readonly<Record<Says, string>> = {
  "released": "it does not hold the address any more",
  "no-lan": "its LAN is gone",
  "no-gateway": "its gateway does not answer",
};

function followed(successor: Ip | undefined, nameOf: (address: Ip) => string): string {
  return successor === undefined ? "" : `: ${nameOf(successor)} has taken over`;
}

/** "priority 150", "priority 255 (owner)", "priority 0 (leaving)". */
export function formatPriority(priority: number): string {
  if (priority === 0) return "priority 0 (leaving)";
  return priority === 255 ? "priority 255 (owner)" : `priority ${priority}`;
}
