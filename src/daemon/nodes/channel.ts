/** The channel between the nodes of the file: sessions with each, over the host's sockets. */
import type { Outcome, Refused } from "../../cluster/outcome.ts";
import type { PeerView } from "../../cluster/peer.ts";
import { Sessions } from "../../cluster/sessions.ts";
import type { Config } from "../../config/config.ts";
import type { ChannelSettings, Host, HostError, HostEvent } from "../../host.ts";
import { after, earliest, type Instant, milliseconds, seconds } from "../../time.ts";
import { channelPlan } from "./channel_plan.ts";
import type { Journal } from "../journal/journal.ts";
import type { Ticker } from "../ticker.ts";

/** A socket that was refused is asked for again after this. */
const ASK_AGAIN = seconds(5);

type Message = Extract<Outcome, { kind: "message" }>;

/** What a channel works with. */
export interface ChannelOptions {
  readonly host: Pick<
    Host,
    "now" | "randomBytes" | "openChannel" | "closeChannel" | "sealAndSend" | "openSealed"
  >;
  readonly journal: Journal;
  /** The configuration in force. */
  readonly config: () => Config;
  /** This node's name; undefined before that is known. */
  readonly self: () => string | undefined;
  /** A message of a peer, fresh and its own; opened at `at`. */
  readonly onMessage: (message: Message, at: Instant) => void;
  /** A report of a peer still holds. Answers whether that changes anything. */
  readonly onBeat: (beat: Extract<Outcome, { kind: "beat" }>, at: Instant) => boolean;
  /** There may be another session. */
  readonly onSession: (all: Sessions["ends"]) => void;
  /** The file has no [cluster] any more: it can say a last thing now. */
  readonly onEnd: (now: Instant) => void;
}

/** What is said last is sealed and sent within this. */
const LAST_WORDS = milliseconds(30);

/** Closed where the file has no [cluster]. */
export class Channel implements Ticker {
  readonly #options: ChannelOptions;
  #sessions: Sessions | undefined;
  /** What was settled last. */
  #settled: { readonly config: Config; readonly self: string } | undefined;
  /** What the host is to open; undefined: nothing. */
  #settings: ChannelSettings | undefined;
  /** What the host refuses, and when it is asked again. */
  #refusals: readonly HostError[] = [];
  #askAgainAt: Instant | undefined;
  #endsAt: Instant | undefined;
  /** The sessions that were told last. */
  #ends: Sessions["ends"] | undefined;
  readonly #refused = new Map<Refused, number>();

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /**
   * An event of the host's. False: nothing that others look at has changed, as when a datagram is
   * yet to be opened.
   */
  take(event: Extract<HostEvent, { kind: "channel" | "opened" }>): boolean {
    if (this.#sessions === undefined) return false;
    const now = event.kind === "channel" ? event.at : this.#options.host.now();
    const outcome = event.kind === "channel"
      ? this.#sessions.receive(now, event.from, event.datagram)
      : this.#sessions.opened(now, event.id, event.text);
    // Its first word may be a report, which says more of the session.
    const { ends } = this.#sessions;
    if (ends !== this.#ends) this.#options.onSession(ends);
    this.#ends = ends;
    return this.#carryOut(outcome, now);
  }

  /**
   * Says to all with a session that the report `number` still holds. False: not all can be told so.
   */
  beat(number: number): boolean {
    const all = this.#sessions?.beat(number);
    if (all === undefined) return false;
    if (all.length > 0) this.#options.host.sealAndSend(all);
    return true;
  }

  /**
   * Sends `message`, of MAX_MESSAGE bytes at most, to the node called `name`, at each of its
   * addresses. It may be lost; without a session it is.
   */
  send(name: string, message: Uint8Array): void {
    const jobs = this.#sessions?.send(name, message) ?? [];
    if (jobs.length > 0) this.#options.host.sealAndSend(jobs);
  }

  /** What is known of the process of the node called `name`; undefined: the channel has none. */
  peer(name: string, now: Instant): PeerView | undefined {
    return this.#sessions?.peer(name, now);
  }

  /** What is known of the processes of the other nodes; empty where the file has no channel. */
  peers(now: Instant): readonly PeerView[] {
    return this.#sessions?.peers(now) ?? [];
  }

  /** How many datagrams were refused since the start, by reason. */
  get refused(): ReadonlyMap<Refused, number> {
    return this.#refused;
  }

  /** What a person should look at. */
  get attention(): readonly string[] {
    return this.#refusals.map(({ message }) => `the nodes' channel cannot be opened: ${message}`);
  }

  nextDeadline(): Instant | undefined {
    return earliest(this.#askAgainAt, this.#endsAt, this.#sessions?.nextDeadline());
  }

  tick(now: Instant): void {
    this.#settle(now);
    if (this.#askAgainAt !== undefined && this.#askAgainAt <= now) this.#open(now);
    const due = this.#sessions?.nextDeadline();
    if (this.#sessions === undefined || due === undefined || due > now) return;
    this.#options.host.sealAndSend(this.#sessions.tick(now));
  }

  /** Before the end of the process. */
  close(): void {
    if (this.#sessions === undefined) return;
    this.#options.host.closeChannel();
    this.#sessions = undefined;
    this.#settled = this.#settings = undefined;
    this.#refusals = [];
    this.#askAgainAt = undefined;
  }

  /** The file, or what this node is in it, may be another one. */
  #settle(now: Instant): void {
    const [config, self] = [this.#options.config(), this.#options.self()];
    if (self === undefined) return;
    if (this.#settled?.config === config && this.#settled.self === self) return;
    const plan = channelPlan(config, self);
    if (plan === undefined && !this.#isOver(now)) return;
    this.#endsAt = undefined;
    if (plan === undefined) this.close();
    this.#settled = { config, self };
    if (plan === undefined) return;
    const { host } = this.#options;
    if (this.#sessions === undefined) {
      this.#sessions = new Sessions(plan, plan.peers, (count) => host.randomBytes(count));
    } else this.#sessions.settle(plan, plan.peers);
    this.#settings = plan.settings;
    this.#open(now);
  }

  /** A reload took [cluster] out: the others are told before the channel closes. */
  #isOver(now: Instant): boolean {
    if (this.#sessions === undefined) return true;
    if (this.#endsAt === undefined) {
      this.#options.onEnd(now);
      this.#endsAt = after(now, LAST_WORDS);
    }
    return this.#endsAt <= now;
  }

  #open(now: Instant): void {
    if (this.#settings === undefined) return;
    const before = this.attention;
    this.#refusals = this.#options.host.openChannel(this.#settings);
    this.#askAgainAt = this.#refusals.length > 0 ? after(now, ASK_AGAIN) : undefined;
    this.#tell(before);
  }

  /** Once for each refusal, and when there is none any more. */
  #tell(before: readonly string[]): void {
    const { journal } = this.#options;
    for (const words of this.attention) {
      if (!before.includes(words)) journal.write("warning", words);
    }
    if (before.length > 0 && this.#refusals.length === 0) {
      journal.write("info", "the nodes' channel is open");
    }
  }

  #carryOut(outcome: Outcome, now: Instant): boolean {
    const { host, onMessage, onBeat } = this.#options;
    switch (outcome.kind) {
      case "refused":
        this.#refused.set(outcome.reason, (this.#refused.get(outcome.reason) ?? 0) + 1);
        return false;
      case "open":
        host.openSealed(outcome.job);
        return false;
      case "send":
        host.sealAndSend(outcome.datagrams);
        return true;
      case "message":
        onMessage(outcome, now);
        return true;
      case "beat":
        return onBeat(outcome, now);
      case "nothing":
        return false;
    }
  }
}
