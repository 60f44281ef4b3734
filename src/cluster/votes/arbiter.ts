/**
 * Votes as what decides on exclusive leases: this node's part in each of them, its own voter, and
 * their messages. A machine without leases, such as a witness, is a voter alone.
 */
import { after, earliest, type Instant } from "../../time.ts";
import type { Arbiter, ArbiterOptions, LeaseNote, LeaseSettings, LeaseView } from "../exclusive.ts";
import { type Contest, type Holder, resettled, type Step } from "./candidacy.ts";
import { isSurelyOver, type Reading } from "./clocks.ts";
import { offer, transfer, wish } from "./handover.ts";
import * as holding from "./holder.ts";
import { decodeVote, encodeVote, isVote, type Outgoing, type VoteMessage } from "./message.ts";
import { decodeLeaseNote, type VotesNote } from "./note.ts";
import type { Terms } from "./terms.ts";
import { asked, released, startVoter, transferred, type Voted, type Voter } from "./voter.ts";
import type { Voters } from "./voters.ts";
import { viewOf } from "./words.ts";

/** This node's part in one lease. */
interface Part {
  contest: Contest;
  holder: Holder;
  /** The living holder that is asked to give it up. */
  wishTo: string | undefined;
  /** The last wish of another node. */
  wished:
    | { readonly by: string; readonly wish: Extract<VoteMessage, { kind: "vote-wish" }> }
    | undefined;
}

/** The votes of one node. */
export class Votes implements Arbiter {
  readonly #options: ArbiterOptions;
  #voters: Voters;
  #voter: Voter;
  readonly #parts = new Map<string, Part>();
  /** When a part has something to do; stale where it is undefined. */
  #due: { readonly at: Instant | undefined } | undefined;

  constructor(options: ArbiterOptions, voters: Voters) {
    this.#options = options;
    this.#voters = voters;
    this.#voter = startVoter(options.clocks());
  }

  /** Another list of those that vote: what was asked of those before is not used. */
  settleVoters(voters: Voters): void {
    if (voters.fingerprint === this.#voters.fingerprint) return;
    this.#voters = voters;
    for (const part of this.#parts.values()) {
      this.#resettle(part, { ...part.contest, voters });
    }
  }

  settle(leases: readonly LeaseSettings[]): void {
    const names = new Set(leases.map(({ lease }) => lease));
    for (const lease of this.#parts.keys()) if (!names.has(lease)) this.#parts.delete(lease);
    for (const { lease, terms } of leases) {
      const part = this.#parts.get(lease);
      if (part === undefined) this.#parts.set(lease, this.#newPart(lease, terms));
      else if (!isSame(part.contest.terms, terms)) {
        this.#resettle(part, { ...part.contest, terms });
      }
    }
    this.#due = undefined;
  }

  ask(lease: string): void {
    this.#change(lease, (part, now) => {
      part.wishTo = undefined;
      return holding.ask(part.contest, part.holder, now);
    });
  }

  wish(lease: string, holder: string): void {
    this.#change(lease, (part, now) => {
      part.wishTo = holder;
      const { messages, ...step } = wishAndAsk(part, now, holder);
      // Its voter would refuse, and the answer delay what it says as the holder.
      const isInVain = ({ to, message }: Outgoing) => to === holder && message.kind === "vote-ask";
      return { ...step, messages: messages.filter((one) => !isInVain(one)) };
    });
  }

  release(lease: string): void {
    this.#change(lease, (part, now) => {
      part.wishTo = undefined;
      return holding.release(part.contest, part.holder, now);
    });
  }

  lapse(lease: string): void {
    this.#change(lease, (part) => {
      part.wishTo = undefined;
      return holding.lapse(part.holder);
    });
  }

  transfer(lease: string, to: string): void {
    this.#change(lease, (part, now) => {
      const { contest, holder, wished } = part;
      part.wished = undefined;
      part.wishTo = undefined;
      const given = wished?.by === to ? transfer(contest, holder, now, to, wished.wish) : undefined;
      return given ?? holding.release(contest, holder, now);
    });
  }

  endOf(lease: string): Reading | undefined {
    const part = this.#parts.get(lease);
    return part && holding.endOf(part.contest, part.holder);
  }

  viewOf(lease: string): LeaseView {
    const part = this.#parts.get(lease);
    if (part !== undefined) return viewOf(part.contest, part.holder, this.#options.clocks());
    const { need, names: of } = this.#voters;
    return { have: 0, need, of, remaining: undefined, epoch: undefined, refusals: [] };
  }

  noteOf(lease: string): LeaseNote | undefined {
    const part = this.#parts.get(lease);
    const now = this.#options.clocks();
    const note = part && holding.noteOf(part.contest, part.holder, now);
    if (note === undefined) return undefined;
    const last = this.#voter.votes.get(lease)?.last;
    const isOwn = last?.to === this.#options.self && last.token === note.token;
    const written: VotesNote = { ...note, promise: isOwn ? last : undefined };
    return { ...written };
  }

  resume(lease: string, note: LeaseNote): boolean {
    const part = this.#parts.get(lease);
    const read = decodeLeaseNote(note);
    const now = this.#options.clocks();
    if (part === undefined || read === undefined || read.lease !== lease) return false;
    const holder = holding.resumeHolder(read, now);
    if (holder === undefined) return false;
    part.holder = { ...holder, highest: Math.max(holder.highest, part.holder.highest) };
    this.#due = undefined;
    // It has promised nothing since its start, and does not before its silence is over.
    const isSilent = !isSurelyOver(this.#voter.silentUntil, now);
    const vote = this.#voter.votes.get(lease);
    if (isSilent && read.promise !== undefined && vote?.last === undefined) {
      const epoch = Math.max(read.promise.epoch, vote?.epoch ?? 0);
      const last = { ...read.promise, to: this.#options.self };
      const votes = new Map(this.#voter.votes).set(lease, { epoch, last });
      this.#voter = { ...this.#voter, votes };
    }
    return true;
  }

  take(peer: string, text: Uint8Array): boolean {
    if (!isVote(text)) return false;
    const message = decodeVote(text);
    if (message !== undefined) this.#receive(peer, message);
    return true;
  }

  nextDeadline(): Instant | undefined {
    if (this.#due === undefined) {
      const [now, reading] = [this.#options.now(), this.#options.clocks()];
      let at: Instant | undefined;
      for (const { contest, holder } of this.#parts.values()) {
        const rest = holding.restOf(contest, holder, reading);
        if (rest !== undefined) at = earliest(at, after(now, rest));
      }
      this.#due = { at };
    }
    return this.#due.at;
  }

  tick(now: Instant): void {
    const due = this.nextDeadline();
    if (due === undefined || due > now) return;
    this.#due = undefined;
    for (const lease of [...this.#parts.keys()]) {
      this.#change(lease, (part, reading) => {
        const { contest, holder, wishTo } = part;
        const step = holding.tick(contest, holder, reading);
        const repeats = step.messages.length > 0 && wishTo !== undefined;
        return repeats ? wishAndAsk({ contest, holder }, reading, wishTo) : step;
      });
    }
  }

  #newPart(lease: string, terms: Terms): Part {
    const { self, randomBytes, floorOf } = this.#options;
    const token = randomBytes(8).toHex();
    return {
      contest: { self, lease, voters: this.#voters, terms },
      holder: holding.startHolder(token, floorOf(lease)),
      wishTo: undefined,
      wished: undefined,
    };
  }

  #resettle(part: Part, contest: Contest): void {
    part.contest = contest;
    part.holder = resettled(contest, part.holder);
    if (part.holder.askAt !== undefined) this.ask(contest.lease);
    this.#options.onChange(contest.lease);
  }

  #receive(from: string, message: VoteMessage): void {
    const now = this.#options.clocks();
    const voters = this.#voters;
    switch (message.kind) {
      case "vote-ask":
        return this.#vote(asked(voters, this.#voter, now, from, message));
      case "vote-release":
        this.#voter = released(this.#voter, from, message);
        return;
      case "vote-transfer":
        return this.#vote(transferred(voters, this.#voter, now, from, message));
      case "vote-grant":
        return this.#change(message.lease, ({ contest, holder }, reading) => ({
          holder: holding.granted(contest, holder, reading, from, message),
          messages: [],
        }));
      case "vote-refusal":
        return this.#change(
          message.lease,
          ({ contest, holder }, reading) =>
            holding.refused(contest, holder, reading, from, message),
        );
      case "vote-wish":
        return this.#wished(from, message);
      case "vote-offer":
        return this.#offered(from, message);
    }
  }

  #wished(by: string, message: Extract<VoteMessage, { kind: "vote-wish" }>): void {
    const part = this.#parts.get(message.lease);
    if (part === undefined) return;
    const now = this.#options.clocks();
    const { contest, holder } = part;
    if (transfer(contest, holder, now, by, message) === undefined) {
      // It may not know yet how high epochs are.
      const again = offer(contest, holder, by);
      if (again !== undefined) this.#send([again]);
      return;
    }
    part.wished = { by, wish: message };
    this.#options.onWish(message.lease, by);
  }

  #offered(from: string, { lease, epoch }: Extract<VoteMessage, { kind: "vote-offer" }>): void {
    const part = this.#parts.get(lease);
    if (part?.wishTo !== from || epoch < (part.holder.candidacy?.asking ?? 0)) return;
    this.#change(lease, ({ contest, holder }, now) => wish(contest, holder, now, from, epoch));
  }

  #vote({ voter, messages }: Voted): void {
    this.#voter = voter;
    this.#send(messages);
  }

  /** One step of a part; tells where its hold is another one. */
  #change(lease: string, step: (part: Part, now: Reading) => Step): void {
    const part = this.#parts.get(lease);
    if (part === undefined) return;
    const before = holding.endOf(part.contest, part.holder);
    part.holder = this.#informed(lease, part.holder);
    const { holder, messages } = step(part, this.#options.clocks());
    part.holder = holder;
    this.#due = undefined;
    this.#send(messages);
    const end = holding.endOf(part.contest, part.holder);
    if (end?.boot !== before?.boot || end?.raw !== before?.raw) this.#options.onChange(lease);
  }

  /** A node that asks for the first time knows what its own voter has heard. */
  #informed(lease: string, holder: Holder): Holder {
    if (holder.candidacy !== undefined) return holder;
    const highest = Math.max(holder.highest, this.#voter.votes.get(lease)?.epoch ?? 0);
    return highest === holder.highest ? holder : { ...holder, highest };
  }

  /** What is for this node itself is heard at once, before anything leaves. */
  #send(messages: readonly Outgoing[]): void {
    const { self, send } = this.#options;
    for (const { to, message } of messages) if (to === self) this.#receive(self, message);
    for (const { to, message } of messages) if (to !== self) send(to, encodeVote(message));
  }
}

function isSame(a: Terms, b: Terms): boolean {
  return a.term === b.term && a.hold === b.hold && a.renewEvery === b.renewEvery;
}

/** The holder is asked to give it up, and the voters, of which some may be free. */
function wishAndAsk(
  { contest, holder }: Pick<Part, "contest" | "holder">,
  now: Reading,
  to: string,
): Step {
  const wished = wish(contest, holder, now, to, holder.highest);
  const step = holding.ask(contest, wished.holder, now);
  return { holder: step.holder, messages: [...wished.messages, ...step.messages] };
}
