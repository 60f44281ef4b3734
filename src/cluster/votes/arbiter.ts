/**
 * Votes as what decides on exclusive leases: this node's part in each of them, its own voter, and
 * their messages. A machine without leases, such as a witness, is a voter alone.
 */
import { after, earliest, type Instant } from "../../time.ts";
import type { Arbiter, ArbiterOptions, LeaseNote, LeaseSettings, LeaseView } from "../exclusive.ts";
import {
  type Contest,
  type Holder,
  informed,
  isInForce,
  resettled,
  type Step,
} from "./candidacy.ts";
import { isSurelyOver, type Reading } from "./clocks.ts";
import { offer, transfer, wish } from "./handover.ts";
import * as holding from "./holder.ts";
import { decodeVote, encodeVote, isVote, type Outgoing, type VoteMessage } from "./message.ts";
import { votersOf } from "./message.ts";
import { decodeLeaseNote, type VotersNote, type VotesNote } from "./note.ts";
import type { Terms } from "./terms.ts";
import { asked, introduced, released, startVoter, transferred, type Vote } from "./voter.ts";
import { type Voted, type Voter, votersFor } from "./voter.ts";
import { type DiskOptions, VotersDisk } from "./voters_disk.ts";
import { isSameList, nameOf, needOf, type VoterList } from "./voters.ts";
import { lossOf, viewOf } from "./words.ts";

/** This node's part in one lease. */
interface Part {
  contest: Contest;
  holder: Holder;
  /** What it had when its last hold ended by itself; undefined: it lasts, or there was none. */
  lost: LeaseView | undefined;
  /** The living holder that is asked to give it up. */
  wishTo: string | undefined;
  /** The last wish of another node. */
  wished:
    | { readonly by: string; readonly wish: Extract<VoteMessage, { kind: "vote-wish" }> }
    | undefined;
}

/** What votes work with besides. */
export interface VotesOptions extends ArbiterOptions, DiskOptions {
  /** What the process before this one wrote down of voters; undefined: nothing. */
  readonly voters: VotersNote | undefined;
}

/** The votes of one node. */
export class Votes implements Arbiter {
  readonly #options: VotesOptions;
  /** This node's name. */
  #self: string;
  /** Those that vote, by the file. */
  #file: VoterList;
  /** The same, when there was last nothing to change. */
  #settledFile: VoterList;
  #voter: Voter;
  readonly #disk: VotersDisk;
  readonly #parts = new Map<string, Part>();
  /** When a part has something to do; stale where it is undefined. */
  #due: { readonly at: Instant | undefined } | undefined;

  /** `leases`: all that the file names, whether or not this machine may hold them. */
  constructor(options: VotesOptions, file: VoterList, leases: readonly string[]) {
    this.#options = options;
    this.#self = options.self;
    this.#disk = new VotersDisk(options);
    this.#file = file;
    this.#settledFile = options.voters?.file ?? file;
    const known = [...options.voters?.leases ?? []].map(([lease, { epoch, voters }]) => {
      const saved = { ...voters.stamp, promised: epoch };
      return [lease, { epoch, last: undefined, voters, saved }] as const;
    });
    this.#voter = startVoter(options.clocks(), new Map<string, Vote>(known));
    this.#introduce(leases);
  }

  /** The file may name other voters: they are wished for, those in force stay. */
  settleVoters(file: VoterList, leases: readonly string[]): void {
    const isSame = isSameList(file, this.#file);
    this.#file = file;
    this.#introduce(leases);
    if (isSame) return;
    for (const [lease, part] of this.#parts) {
      part.contest = { ...part.contest, file, isWish: !isInForce({ file }, part.holder) };
      if (part.holder.askAt !== undefined) this.ask(lease);
      this.#options.onChange(lease);
    }
    this.#due = undefined;
  }

  /** This machine has another name: what it asked for by the one before is not used. */
  rename(self: string): void {
    if (self === this.#self) return;
    this.#self = self;
    this.withdraw();
  }

  /** Nothing is asked for or held any more; what was promised to others stays. */
  withdraw(): void {
    this.#parts.clear();
    this.#due = undefined;
  }

  settle(leases: readonly LeaseSettings[]): void {
    const names = new Set(leases.map(({ lease }) => lease));
    for (const lease of this.#parts.keys()) if (!names.has(lease)) this.#parts.delete(lease);
    for (const { lease, terms } of leases) {
      const part = this.#parts.get(lease);
      if (part === undefined) this.#parts.set(lease, this.#newPart(lease, terms));
      else if (!isSame(part.contest.terms, terms)) {
        part.contest = { ...part.contest, terms };
        part.holder = resettled(part.holder);
        if (part.holder.askAt !== undefined) this.ask(lease);
        this.#options.onChange(lease);
      }
    }
    this.#settleFile();
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
    return part && holding.endOf(part.holder);
  }

  viewOf(lease: string): LeaseView {
    const part = this.#parts.get(lease);
    if (part !== undefined) return viewOf(part.contest, part.holder, this.#options.clocks());
    const none = { remaining: undefined, epoch: undefined, refusals: [] };
    return { have: 0, need: needOf(this.#file), of: this.#file.map(nameOf), ...none };
  }

  lossOf(lease: string): LeaseView {
    const part = this.#parts.get(lease);
    const lost = part && lossOf(part.contest, part.holder, this.#options.clocks());
    return lost ?? part?.lost ?? this.viewOf(lease);
  }

  noteOf(lease: string): LeaseNote | undefined {
    const part = this.#parts.get(lease);
    const now = this.#options.clocks();
    const note = part && holding.noteOf(part.contest, part.holder, now);
    if (note === undefined) return undefined;
    const last = this.#voter.votes.get(lease)?.last;
    const isOwn = last?.to === this.#self && last.token === note.token;
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
      const last = { ...read.promise, to: this.#self };
      const votes = new Map(this.#voter.votes).set(lease, { ...vote, epoch, last });
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
      for (const { holder } of this.#parts.values()) {
        const rest = holding.restOf(holder, reading);
        if (rest !== undefined) at = earliest(at, after(now, rest));
      }
      this.#due = { at };
    }
    return earliest(this.#due.at, this.#disk.nextDeadline());
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
    const { voter, messages } = this.#disk.tick(now, this.#settledFile, this.#voter);
    this.#voter = voter;
    this.#send(messages);
  }

  /** What is new to this machine goes by its file, from now on and after a reboot. */
  #introduce(leases: readonly string[]): void {
    const before = this.#voter;
    for (const lease of leases) this.#voter = introduced(this.#voter, lease, this.#file);
    if (this.#voter !== before) this.#disk.want();
  }

  #newPart(lease: string, terms: Terms): Part {
    const { randomBytes, floorOf } = this.#options;
    const token = randomBytes(8).toHex();
    const [self, file] = [this.#self, this.#file];
    const voters = votersFor(this.#voter, lease, file);
    const holder = holding.startHolder(token, voters, floorOf(lease));
    const isWish = !isSameList(file, this.#settledFile) && !isInForce({ file }, holder);
    return {
      contest: { self, lease, file, isWish, terms },
      holder,
      lost: undefined,
      wishTo: undefined,
      wished: undefined,
    };
  }

  /** Is nothing wished for any more? Then the list of the file is the one to compare with. */
  #settleFile(): void {
    for (const part of this.#parts.values()) {
      const { contest, holder } = part;
      if (!contest.isWish || holder.voters.lists.length > 1) continue;
      if (isInForce(contest, holder)) part.contest = { ...contest, isWish: false };
    }
    if (this.#parts.values().some(({ contest }) => contest.isWish)) return;
    if (isSameList(this.#settledFile, this.#file)) return;
    this.#settledFile = this.#file;
    this.#disk.want();
  }

  #receive(from: string, message: VoteMessage): void {
    const now = this.#options.clocks();
    const file = this.#file;
    switch (message.kind) {
      case "vote-ask":
        return this.#vote(asked(file, this.#voter, now, from, message));
      case "vote-release":
        this.#voter = released(this.#voter, from, message);
        return;
      case "vote-transfer":
        return this.#vote(transferred(file, this.#voter, now, from, message));
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

  #offered(
    from: string,
    { lease, epoch, voters: mark }: Extract<VoteMessage, { kind: "vote-offer" }>,
  ): void {
    const part = this.#parts.get(lease);
    const voters = votersOf(mark);
    if (part !== undefined && voters !== undefined) part.holder = informed(part.holder, voters);
    if (part?.wishTo !== from || epoch < (part.holder.candidacy?.asking ?? 0)) return;
    this.#change(lease, ({ contest, holder }, now) => wish(contest, holder, now, from, epoch));
  }

  #vote(voted: Voted): void {
    this.#voter = voted.voter;
    this.#send(this.#disk.passed(voted));
  }

  /** One step of a part; tells where its hold is another one. */
  #change(lease: string, step: (part: Part, now: Reading) => Step): void {
    const part = this.#parts.get(lease);
    if (part === undefined) return;
    const before = holding.endOf(part.holder);
    const now = this.#options.clocks();
    part.lost = lossOf(part.contest, part.holder, now) ?? (before ? undefined : part.lost);
    part.holder = this.#informed(lease, part.holder);
    const { holder, messages } = step(part, now);
    part.holder = holder;
    this.#due = undefined;
    this.#send(messages);
    if (part.contest.isWish) this.#settleFile();
    const end = holding.endOf(part.holder);
    if (end?.boot !== before?.boot || end?.raw !== before?.raw) this.#options.onChange(lease);
  }

  /** A node knows the voters, and one that asks for the first time the epoch, of its own voter. */
  #informed(lease: string, holder: Holder): Holder {
    const vote = this.#voter.votes.get(lease);
    const told = vote?.voters === undefined ? holder : informed(holder, vote.voters);
    if (told.candidacy !== undefined) return told;
    const highest = Math.max(told.highest, vote?.epoch ?? 0);
    return highest === told.highest ? told : { ...told, highest };
  }

  /** What is for this node itself is heard at once, before anything leaves. */
  #send(messages: readonly Outgoing[]): void {
    const self = this.#self;
    const { send } = this.#options;
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
