/**
 * What happened, in words for the log: a sentence for each transition, new reject reason and new
 * oddity.
 */
import { instanceLabel } from "../../printable.ts";
import { keyOf, nameIn, type Plan } from "../../config/plan/plan.ts";
import { formatIp, type Ip } from "../../net/ip.ts";
import type { CheckState } from "../../health/judge.ts";
import { formatCause } from "../../vrrp/cause_text.ts";
import type { AdvertsLost, Cause, NearMiss, Transition } from "../../vrrp/event.ts";
import { between, formatDuration, type Instant, seconds } from "../../time.ts";
import { type Notice, NOTICES } from "../../vrrp/validate_advert.ts";
import { type Reject, REJECT_REASONS } from "../../wire/reject.ts";
import { advertsLostWords } from "../nodes/adverts_lost.ts";
import { Budgets } from "./budgets.ts";
import type { Journal, Level } from "./journal.ts";

/** How many lines of one kind are told. */
const LIMITS = { most: 64, every: seconds(30) };

/** Most keys of one kind that are remembered. */
const MOST_KEYS = 256;

/** What was told so long ago is told again. */
const AGAIN_AFTER = seconds(86_400);

/** Most characters of what a packet says. */
const LONGEST_DETAIL = 200;

/** "web", or "web (IPv6)" for the IPv6 router of an instance. */
export function labelOf(plan: Plan): string {
  return instanceLabel(plan.name, plan.family);
}

/** Why it happened, with the names of nodes: "no advert from pi-a (192.168.1.11) for 3.61 s". */
export function causeText(plan: Plan, cause: Cause): string {
  return formatCause(cause, (address) => nameIn(plan, address));
}

/** Tells a transition: "web: backup -> master: no advert from pi-a (192.168.1.11) for 3.61 s". */
export function logTransition(
  journal: Journal,
  plan: Plan,
  transition: Transition,
): void {
  const { from, to, cause } = transition;
  const level: Level = to === "fault" ? "warning" : "info";
  journal.write(level, `${labelOf(plan)}: ${from} -> ${to}: ${causeText(plan, cause)}`);
}

/** "check nginx is down: exit 1: Operation not permitted". */
export function downWords(name: string, found: string | undefined): string {
  return `check ${name} is down: ${found ?? "it was before the reload, and has no result since"}`;
}

/**
 * Tells what a check has come to, where it was another verdict `before`: it is up, or down and why.
 */
export function logVerdict(
  journal: Journal,
  check: string,
  before: boolean | undefined,
  { up, last }: CheckState,
): void {
  if (up === before) return;
  if (up === false) journal.write("warning", downWords(check, last?.text));
  else if (before === false) journal.write("info", `check ${check} is up: ${last?.text}`);
}

/**
 * Warnings about packets: each once per key, and of each kind a budget that refills, since senders
 * are anybody's to invent.
 */
export class Once {
  readonly #journal: Journal;
  readonly #now: () => Instant;
  readonly #budget = new Budgets(LIMITS);
  /** By kind, when each key was told; the newest {@link MOST_KEYS}. */
  readonly #told = new Map<string, Map<string, Instant>>();

  constructor(journal: Journal, now: () => Instant) {
    this.#journal = journal;
    this.#now = now;
  }

  /** Writes `line` unless it was told under `key` before, or too much of its `kind` was. */
  say(level: Level, kind: string, key: string, line: string): void {
    const now = this.#now();
    const told = this.#told.get(kind) ?? new Map<string, Instant>();
    const before = told.get(key);
    if (before !== undefined && between(before, now) < AGAIN_AFTER) return;
    const taken = this.#budget.take(kind, now);
    if (!taken.given) {
      if (taken.first) this.#journal.write(level, suppressedWords(kind));
      return;
    }
    told.delete(key);
    told.set(key, now);
    for (const oldest of told.keys()) if (told.size > MOST_KEYS) told.delete(oldest);
    this.#told.set(kind, told);
    const more = taken.before === 0 ? "" : ` (before it ${taken.before} were suppressed)`;
    this.#journal.write(level, `${line}${more}`);
  }

  /** Tells a rejected packet, once per instance, reason and sender. */
  sayReject(plan: Plan, reject: Reject, source: Ip): void {
    const words = rejectWords(plan, reject, source);
    const line = `${labelOf(plan)}: ignored a packet: ${words} [${reject.reason}]`;
    this.say("warning", reject.reason, `${keyOf(plan)} ${formatIp(source)}`, line);
  }

  /** Tells what is odd about an accepted advert, once per instance, oddity and sender. */
  sayNotice(plan: Plan, notice: Notice, source: Ip): void {
    const sender = formatIp(source);
    const line = `${labelOf(plan)}: ${nameIn(plan, source)}: ${NOTICES[notice.kind]}: ${
      shorten(notice.detail)
    }`;
    this.say("warning", notice.kind, `${keyOf(plan)} ${sender}`, line);
  }

  /**
   * Tells that this backup has almost taken over from a living master; `count` is the how manieth
   * time.
   */
  sayNearMiss(plan: Plan, miss: NearMiss | AdvertsLost, count: number): void {
    const { silence, limit, master } = miss;
    const seen = `near miss: ${nameIn(plan, master)} was silent for ${formatDuration(silence)}`;
    const line = miss.kind === "near-miss"
      ? `${labelOf(plan)}: ${seen}, after ${formatDuration(limit)} this node takes over`
      : `${labelOf(plan)}: ${seen}, and reports that it is master: this node stays backup; ` +
        advertsLostWords(plan);
    this.say("warning", "near-miss", `${keyOf(plan)} ${count}`, line);
  }
}

function suppressedWords(kind: string): string {
  return `further packet warnings are suppressed (${kind}); see \`floatip status\``;
}

/** What a packet says may be long: 255 addresses fit in one. */
function shorten(text: string): string {
  return text.length <= LONGEST_DETAIL ? text : `${text.slice(0, LONGEST_DETAIL)} ...`;
}

/**
 * "192.168.1.77: a stranger uses this VRID for other addresses: 192.168.1.80, ours is
 * 192.168.1.50".
 */
export function rejectWords(plan: Plan, reject: Reject, source: Ip): string {
  const meaning = REJECT_REASONS[reject.reason];
  const detail = reject.detail === "" ? "" : `: ${shorten(reject.detail)}`;
  return `${nameIn(plan, source)}: ${meaning}${detail}`;
}
