/** How is what happened told? One sentence per transition, new reject reason, and new oddity. */
import { keyOf, nameIn, type Plan } from "../config/plan.ts";
import { formatIp, type Ip } from "../net/ip.ts";
import type { Judgement } from "../health/judge.ts";
import { words } from "../vrrp/cause.ts";
import type { Cause, Effect } from "../vrrp/effect.ts";
import type { NearMiss } from "../vrrp/near_miss.ts";
import { formatDuration } from "../time.ts";
import { type Notice, NOTICES } from "../vrrp/receive.ts";
import { type Reject, REJECT_REASONS } from "../wire/reject.ts";
import { downWords } from "./eligibility.ts";
import type { Journal, Level } from "./journal.ts";

/** Most different (instance, reason, sender) lines told; senders are anybody's to invent, a log is not endless. */
const MOST_TOLD = 256;

/** "web", or "web (IPv6)" for the IPv6 router of an instance. */
export function labelOf(plan: Plan): string {
  return plan.family === "ipv6" ? `${plan.name} (IPv6)` : plan.name;
}

/** Why it happened, with the names of nodes: "no advert from pi-a (192.168.1.11) for 3.61 s". */
export function causeText(plan: Plan, cause: Cause): string {
  return words(cause, (address) => nameIn(plan, address));
}

/** Tells a transition: "web: backup -> master: no advert from pi-a (192.168.1.11) for 3.61 s". */
export function tellTransition(
  journal: Journal,
  plan: Plan,
  transition: Extract<Effect, { kind: "transition" }>,
): void {
  const { from, to, cause } = transition;
  const level: Level = to === "fault" ? "warning" : "info";
  journal.write(level, `${labelOf(plan)}: ${from} -> ${to}: ${causeText(plan, cause)}`);
}

/** Tells what a check has come to, where it was another verdict `before`: it is up, or down and why. */
export function tellVerdict(
  journal: Journal,
  check: string,
  before: boolean | undefined,
  { up, last }: Judgement,
): void {
  if (up === before) return;
  if (up === false) journal.write("warning", downWords(check, last?.words));
  else if (before === false) journal.write("info", `check ${check} is up: ${last?.words}`);
}

/** Tells that this backup has almost taken over from a living master. */
export function tellNearMiss(journal: Journal, plan: Plan, miss: NearMiss): void {
  const silence = formatDuration(miss.silence);
  const limit = formatDuration(miss.limit);
  journal.write(
    "warning",
    `${labelOf(plan)}: near miss: ${
      nameIn(plan, miss.master)
    } was silent for ${silence}, after ${limit} this node takes over`,
  );
}

/** Says each thing once per key: the first packet of a kind is news, the thousandth is a counter. */
export class Once {
  readonly #told = new Set<string>();
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Writes `line` unless something was told under `key` before, or too much was. */
  say(level: Level, key: string, line: string): void {
    if (this.#told.has(key) || this.#told.size > MOST_TOLD) return;
    this.#told.add(key);
    const last = this.#told.size > MOST_TOLD;
    this.#journal.write(level, last ? "too many odd packets to tell one by one: see status" : line);
  }

  /** Tells a rejected packet, once per instance, reason and sender. */
  sayReject(plan: Plan, reject: Reject, source: Ip): void {
    const words = rejectWords(plan, reject, source);
    const line = `${labelOf(plan)}: ignored a packet: ${words} [${reject.reason}]`;
    this.say("warning", `${keyOf(plan)} ${reject.reason} ${formatIp(source)}`, line);
  }

  /** Tells what is odd about an accepted advert, once per instance, oddity and sender. */
  sayNotice(plan: Plan, notice: Notice, source: Ip): void {
    const sender = formatIp(source);
    const line = `${labelOf(plan)}: ${nameIn(plan, source)}: ${
      NOTICES[notice.kind]
    }: ${notice.detail}`;
    this.say("warning", `${keyOf(plan)} ${notice.kind} ${sender}`, line);
  }
}

/** "192.168.1.77: a stranger uses this VRID for other addresses: 192.168.1.80, ours is 192.168.1.50". */
export function rejectWords(plan: Plan, reject: Reject, source: Ip): string {
  const meaning = REJECT_REASONS[reject.reason];
  return `${nameIn(plan, source)}: ${meaning}${reject.detail === "" ? "" : `: ${reject.detail}`}`;
}
