/** What this node knows of another node of the file, and what that means. Pure. */
import type { NodeStatus } from "../../control/api.ts";
import { between, formatDuration, type Instant, seconds } from "../../time.ts";
import { LEAVING_PRIORITY } from "../../vrrp/election.ts";
import type { PresenceAnswer } from "../../wire/presence.ts";

/** `nodes[].state` of the status document, as far as one node can tell. */
export type NodeState = NodeStatus["state"];

/** What was seen of a node. */
export interface NodeFacts {
  /** Its latest advert that was accepted, and until when the next one counts as coming. */
  readonly heard: Heard | undefined;
  /**
   * How its latest time as master ended, and when it was heard last in it; undefined: it was not
   * master, or is.
   */
  readonly ended: { readonly how: End; readonly at: Instant } | undefined;
  /** What the latest question found; `at` is when it was asked. */
  readonly answer: (PresenceAnswer & { readonly at: Instant }) | undefined;
  /** Has a question found it well, ever? */
  readonly wasOpen: boolean;
}

interface Heard {
  readonly at: Instant;
  readonly until: Instant;
  readonly priority: number;
}

/** "superseded": another node is master, and it was not silent before. */
export type End = "lost" | "left" | "handed-over" | "superseded";

/** Nothing. */
export const NO_FACTS: NodeFacts = {
  heard: undefined,
  ended: undefined,
  answer: undefined,
  wasOpen: false,
};

/** What the facts say. */
export interface NodeView {
  readonly state: NodeState;
  /** A few words for a table: "lost 5 s ago (was master, said no goodbye)". */
  readonly words: string;
  /**
   * A sentence for a person who should look, without ages, so that it stays the same; undefined: no
   * need.
   */
  readonly attention: string | undefined;
}

/** A backup is silent: without a question it counts as up for so long after its time as master. */
const UP_AFTER = seconds(90);

/** One that said that it leaves still takes VRRP until its successor has the address. */
const LEAVES_WITHIN = seconds(2);

/** Where a node was asked. */
export interface Asked {
  readonly address: string;
  /** The UDP port of adverts; undefined: they are IP protocol 112. */
  readonly port: number | undefined;
}

/** What is known at `now` of the node called `name`; `asked` undefined: it was not asked yet. */
export function viewOf(
  name: string,
  facts: NodeFacts,
  asked: Asked | undefined,
  now: Instant,
): NodeView {
  const { heard, ended } = facts;
  const isHeard = heard !== undefined && heard.until >= now && heard.priority > LEAVING_PRIORITY;
  if (isHeard && ended === undefined) {
    return { state: "up", words: "up", attention: undefined };
  }
  const answer = answerThatCounts(facts);
  if (answer?.vrrp === "open") {
    return { state: "up", words: "VRRP runs there", attention: undefined };
  }
  const ago = `${formatDuration(between(ended?.at ?? now, now))} ago`;
  switch (ended?.how) {
    case "lost": {
      const words = `lost ${ago} (was master, said no goodbye)`;
      const since = stateOfMachine(answer);
      const attention = `${name} is lost: it was master and said no goodbye${since}`;
      return { state: "lost", words, attention };
    }
    case "left": {
      const isOff = answer?.vrrp === "closed";
      const attention = isOff ? `floatip does not run on ${name}: it left in order` : undefined;
      return { state: "left", words: `left ${ago}`, attention };
    }
    case "handed-over":
      return { state: "up", words: `handed over ${ago}`, attention: undefined };
    default:
      return viewOfSilent(name, facts, asked, now);
  }
}

/** What was heard of it since it was asked is newer than what was answered. */
function answerThatCounts({ answer, ended, heard }: NodeFacts): NodeFacts["answer"] {
  if (answer === undefined || (heard !== undefined && heard.at > answer.at)) return undefined;
  if (ended === undefined) return answer;
  const from = ended.how === "left" ? ended.at + LEAVES_WITHIN : ended.at;
  return answer.at > from ? answer : undefined;
}

function stateOfMachine(answer: NodeFacts["answer"]): string {
  if (answer?.vrrp === "closed") return ", and floatip does not run there";
  return answer?.machine === "unreachable" ? ", and it does not answer" : "";
}

/** Of one that was not master, or gave that up to a better one. */
function viewOfSilent(
  name: string,
  facts: NodeFacts,
  asked: Asked | undefined,
  now: Instant,
): NodeView {
  const { heard, ended, wasOpen } = facts;
  const answer = answerThatCounts(facts);
  if (answer?.vrrp === "closed") {
    const seen = asked?.port === undefined
      ? `: nothing ${asked?.address === name ? "there" : `at ${asked?.address}`} takes VRRP`
      : `, or its packet filter rejects UDP port ${asked.port}`;
    return {
      state: "not-running",
      words: "floatip does not run there",
      attention: `floatip does not run on ${name}${seen}`,
    };
  }
  if (answer?.vrrp === "filtered") {
    return {
      state: "unknown",
      words: "its packet filter rejects VRRP",
      attention: `the packet filter of ${name} rejects this node's adverts: ` +
        `run "floatip firewall" there`,
    };
  }
  if (answer?.machine === "unreachable") {
    const wasThere = wasOpen || heard !== undefined;
    return {
      state: wasThere ? "lost" : "never-heard",
      words: wasThere ? "lost (does not answer any more)" : "does not answer",
      attention: `${name} does not answer: it is off, unplugged, or has another address`,
    };
  }
  const isNew = ended !== undefined && between(ended.at, now) < UP_AFTER;
  if (isNew) return { state: "up", words: "up (backups are silent)", attention: undefined };
  const words = answer === undefined
    ? heard === undefined ? "never heard" : "silent (as backups are)"
    : answer.machine === "answers"
    ? "unknown (its machine answers)"
    : "unknown (does not answer)";
  const state = answer === undefined && heard === undefined ? "never-heard" : "unknown";
  return { state, words, attention: undefined };
}
