/**
 * How a node stands by what it told, beside what its adverts and a question say (nodes.ts). What it
 * told counts while it is fresh. Pure.
 */
import { isUnanswered, type Standing, type Told } from "../../cluster/knowledge.ts";
import type { PeerView } from "../../cluster/peer.ts";
import type { MaintenanceReport } from "../../cluster/report.ts";
import {
  between,
  formatDuration,
  type Instant,
  latest,
  milliseconds,
  seconds,
  toMilliseconds,
} from "../../time.ts";
import type { NodeFacts, NodeView } from "./nodes.ts";
import { printableLine } from "../../printable.ts";
import { LEAVING_PRIORITY } from "../../vrrp/election.ts";

/** What another node said by the channel. */
export interface Spoken {
  readonly standing: Standing;
  readonly told: Told | undefined;
  readonly peer: PeerView;
}

/** Another machine as {@link toldView} sees it. */
interface Speaking extends Spoken {
  readonly name: string;
  /** The channel's. */
  readonly port: number;
}

/** The whole view of a node; `silent`: what is known of it without the channel. */
export function toldView(
  speaking: Speaking,
  silent: NodeView,
  facts: NodeFacts,
  now: Instant,
): NodeView {
  const { name, port, standing, told, peer } = speaking;
  switch (standing) {
    case "up":
      return { state: "up", words: "up", attention: undefined };
    case "maintenance": {
      const words = maintenanceWords(told?.node.maintenance ?? null);
      return { state: "maintenance", words, attention: undefined };
    }
    case "left": {
      const attention = `floatip does not run on ${name}: it left in order`;
      return { state: "left", words: `left ${ago(lastWord(speaking, facts), now)}`, attention };
    }
    case "lost":
      return lost(speaking, silent, facts, now);
    case "never-heard":
      return isUnanswered(peer, now)
        ? unanswered(name, port, silent)
        : neverHeard(name, silent, port);
    default:
      return unbelieved(name, standing, peer);
  }
}

/** It greets, and what this node says does not reach it; `silent`: as in {@link toldView}. */
function unanswered(called: string, port: number, silent?: NodeView): NodeView {
  const words = `greets on UDP port ${port}, and does not answer`;
  const attention = `${called} ${words}: a packet filter drops what this node says, or the file ` +
    "there names the nodes otherwise";
  return silent !== undefined && isPlainlyUp(silent)
    ? { state: "up", words: `its adverts come, it ${words}`, attention }
    : { state: "never-heard", words, attention };
}

/** The same of a witness: it has no adverts, and no VRRP to be asked for. */
export function witnessView(speaking: Speaking, now: Instant): NodeView {
  const { name, port, standing, peer } = speaking;
  const called = `${name}, a witness`;
  switch (standing) {
    case "up":
    case "maintenance":
      return { state: "up", words: "up (witness)", attention: undefined };
    case "lost":
      return {
        state: "lost",
        words: `lost ${ago(lastWord(speaking), now)} (witness, said no goodbye)`,
        attention: `${called}, is lost: it said no goodbye`,
      };
    case "never-heard": {
      if (isUnanswered(peer, now)) return unanswered(`${called},`, port);
      const words = `never heard on UDP port ${port}`;
      return {
        state: "never-heard",
        words: `${words} (witness)`,
        attention:
          `${called}, was ${words}: floatip does not run there, or a packet filter drops ` +
          "what it says",
      };
    }
    case "left":
      return {
        state: "left",
        words: `left ${ago(lastWord(speaking), now)} (witness)`,
        attention: `floatip does not run on ${called}: it left in order`,
      };
    default:
      return unbelieved(`${called},`, standing, peer);
  }
}

/** The machine `called` so, whose word does not count. */
function unbelieved(
  called: string,
  standing: "other-secret" | "other-name" | "twice" | "unread",
  { otherName }: PeerView,
): NodeView {
  switch (standing) {
    case "other-secret":
      return {
        state: "other-secret",
        words: "another secret: what it says is not believed",
        attention: `${called} has another secret in [cluster]: what it says is not believed`,
      };
    case "other-name": {
      const words = `calls itself ${printableLine(otherName?.name ?? "otherwise")}`;
      return {
        state: "unknown",
        words: `${words}: what it says is not believed`,
        attention: `${called} ${words}: its file names the nodes otherwise than this node's`,
      };
    }
    case "twice":
      return {
        state: "unknown",
        words: "two machines have its name",
        attention: `${called} is the name of two machines: what they say does not count`,
      };
    case "unread":
      return {
        state: "unknown",
        words: "its reports cannot be read",
        attention: `${called} runs another version of floatip: its reports cannot be read`,
      };
  }
}

function lost(
  speaking: Speaking,
  silent: NodeView,
  facts: NodeFacts,
  now: Instant,
): NodeView {
  const { name, port, told } = speaking;
  if (isAdvertising(facts, now)) {
    return {
      state: "up",
      words: `its adverts come, its last report was ${ago(told?.at, now)}`,
      attention: `${name} is heard by its adverts alone: its reports on UDP port ${port} stopped`,
    };
  }
  const was = wasWhat(told);
  // What was found out by asking the machine since its last word: an older answer is refuted.
  const isRefuted = told !== undefined && facts.answer !== undefined && facts.answer.at < told.at;
  const attention = isRefuted ? undefined : silent.attention;
  const why = attention?.startsWith(`floatip does not run on ${name}`)
    ? ", and floatip does not run there"
    : silent.state === "lost" && attention !== undefined
    ? ", and it does not answer"
    : "";
  return {
    state: "lost",
    words: `lost ${ago(lastWord(speaking, facts), now)} (was ${was}, said no goodbye)`,
    attention: `${name} is lost: it was ${was} and said no goodbye${why}`,
  };
}

/** Its best state among all virtual routers, by its last word. */
function wasWhat(told: Told | undefined): string {
  const states = [...told?.routers.values() ?? []].map(({ report }) => report.state);
  if (told?.node.maintenance) return "in maintenance";
  return (["master", "backup", "fault"] as const).find((state) => states.includes(state)) ?? "up";
}

function neverHeard(name: string, silent: NodeView, port: number): NodeView {
  const silence = `never heard on UDP port ${port}`;
  if (isPlainlyUp(silent)) {
    return {
      state: "up",
      words: `its adverts come, ${silence}`,
      attention: `${name} was ${silence}, though its adverts come: it has no [cluster], or a ` +
        `packet filter drops them ("floatip firewall" prints the rules)`,
    };
  }
  if (silent.state === "not-running") return silent;
  const words = silent.words === "VRRP runs there"
    ? `${silence}, though VRRP runs there`
    : silent.state === "never-heard"
    ? silent.words
    : silence;
  const attention = silent.attention ?? `${name} was ${words}`;
  return { state: "never-heard", words, attention };
}

/** By its adverts, and there is no more to say of it. */
function isPlainlyUp({ state, words }: NodeView): boolean {
  return state === "up" && words === "up";
}

/** "maintenance for 5 min: new disk, for another 10 min". */
function maintenanceWords(maintenance: MaintenanceReport | null): string {
  if (maintenance === null) return "maintenance";
  const { reason, left } = maintenance;
  const why = reason === null ? "" : `: ${reason}`;
  return left === null
    ? `maintenance${why}`
    : `maintenance for another ${formatDuration(milliseconds(left))}${why}`;
}

/** Do its adverts come? Half of a master-down interval, 1.5 adverts, is enough to miss one. */
function isAdvertising({ heard, ended }: NodeFacts, now: Instant): boolean {
  return heard !== undefined && heard.priority > LEAVING_PRIORITY && ended === undefined &&
    2 * between(heard.at, now) <= between(heard.at, heard.until);
}

/** When anything last came of it: what `heard_ms` of its status counts from. */
function lastWord({ told, peer }: Spoken, facts?: NodeFacts): Instant | undefined {
  return latest(told?.at, peer.heard, facts?.heard?.at);
}

/** How long ago it was `at`, in whole seconds. */
function ago(at: Instant | undefined, now: Instant): string {
  const silence = toMilliseconds(between(at ?? now, now));
  return `${formatDuration(seconds(Math.max(1, Math.round(silence / 1000))))} ago`;
}
