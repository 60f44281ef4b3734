/**
 * An etcd cluster as what decides on exclusive leases: this node's part in each of them, which
 * members it asks, and what nodes tell each other at a planned move (decision 0081).
 */
import { after, earliest, type Instant, type Nanoseconds, nanoseconds } from "../../time.ts";
import type { Arbiter, ArbiterOptions, LeaseNote, LeaseSettings, LeaseView } from "../exclusive.ts";
import { type Reading, restAtLeast } from "../votes/clocks.ts";
import { type Answered, answered, failed, given } from "./answers.ts";
import { type Call, callOf, type CallResult, probeOf } from "./gateway.ts";
import {
  endOf,
  type EtcdLease,
  type EtcdNote,
  type EtcdStep,
  isLiving,
  noteOf,
  restOf,
  resumeLease,
  settle,
  startLease,
} from "./lease.ts";
import { Members, PROBE_EVERY } from "./members.ts";
import type { Deed } from "./record.ts";
import * as requests from "./requests.ts";
import { readingIn } from "../votes/note.ts";
import { decodeTalk, encodeTalk, type Given, type Wished } from "./talk.ts";
import { AGAIN } from "./terms.ts";
import { refusalsOf } from "./words.ts";

/** Which etcd it is, as the file says. */
export interface EtcdPlace {
  /** What the keys begin with. */
  readonly prefix: string;
  /** Members: host and port, for people. */
  readonly members: readonly string[];
}

/** What it works with. */
export interface EtcdOptions extends ArbiterOptions {
  /** Has `call` made, beside the loop; what came of it comes back with `id`. */
  readonly call: (id: number, member: number, call: Call) => void;
}

interface Part {
  lease: EtcdLease;
  hold: Nanoseconds;
  /** Requests in a row that were lost. */
  losses: number;
  /** When etcd has answered last. */
  heardAt: Reading | undefined;
  /** Which process of which node wishes to have it. */
  wished: (Pick<Wished, "id" | "token"> & { readonly by: string }) | undefined;
}

interface UnderWay {
  readonly member: number;
  /** Undefined: whether the member answers is all that is asked. */
  readonly request: { readonly lease: string; readonly id: number } | undefined;
}

/** Calls whose results may come yet, at most. */
const MOST_UNDER_WAY = 1024;

/** The leases of one node. */
export class Etcd implements Arbiter {
  readonly #options: EtcdOptions;
  #prefix: string;
  #members: Members;
  readonly #parts = new Map<string, Part>();
  readonly #underWay = new Map<number, UnderWay>();
  #lastCall = 0;
  #probeAt: Instant;
  /** When a part has something to do; stale where it is undefined. */
  #due: { readonly at: Instant | undefined } | undefined;

  constructor(options: EtcdOptions, { prefix, members }: EtcdPlace) {
    this.#options = options;
    this.#prefix = prefix;
    this.#members = new Members(members);
    this.#probeAt = options.now();
  }

  /** The members are others, or are asked in another way: what was asked before is lost. */
  settlePlace({ prefix, members }: EtcdPlace): void {
    this.#underWay.clear();
    this.#members = new Members(members, this.#members.cluster);
    this.#probeAt = this.#options.now();
    this.#due = undefined;
    if (prefix === this.#prefix) return;
    this.#prefix = prefix;
    this.#begin();
  }

  settle(leases: readonly LeaseSettings[]): void {
    const names = new Set(leases.map(({ lease }) => lease));
    for (const lease of this.#parts.keys()) if (!names.has(lease)) this.#parts.delete(lease);
    for (const { lease, terms: { hold } } of leases) {
      const part = this.#parts.get(lease);
      // A shorter hold is that of the next renewal; a fence that stands outlasts none.
      if (part !== undefined) part.hold = hold;
      else this.#parts.set(lease, newPart(this.#start(), hold));
    }
    this.#due = undefined;
  }

  ask(lease: string): void {
    this.#change(lease, (part, now) => requests.ask(part.lease, now));
  }

  wish(lease: string, holder: string): void {
    const part = this.#parts.get(lease);
    const now = this.#options.clocks();
    // What it could not renew it does not want of a node that can.
    const isHeard = part?.heardAt !== undefined && isLiving(part.heardAt, now);
    const wished = isHeard ? requests.wish(part.lease, now) : undefined;
    if (wished === undefined) return this.ask(lease);
    const { wish: { id } } = wished;
    const { token } = wished.lease;
    this.#change(lease, () => ({ lease: wished.lease, requests: [] }));
    this.#options.send(holder, encodeTalk({ kind: "etcd-wish", lease, id, token }));
  }

  release(lease: string): void {
    this.#change(lease, (part, now) => requests.release(part.lease, now));
  }

  lapse(lease: string): void {
    this.#change(lease, (part, now) => requests.lapse(part.lease, now));
  }

  transfer(lease: string, to: string): void {
    this.#change(lease, (part, now) => {
      const { wished } = part;
      part.wished = undefined;
      const step = wished?.by === to
        ? requests.give(part.lease, now, { node: to, token: wished.token, id: wished.id })
        : undefined;
      return step ?? requests.release(part.lease, now);
    });
  }

  endOf(lease: string): Reading | undefined {
    const part = this.#parts.get(lease);
    return part && endOf(part.lease);
  }

  viewOf(lease: string): LeaseView {
    const now = this.#options.clocks();
    const members = this.#members.view(now);
    const { have, need, of } = members;
    const part = this.#parts.get(lease);
    if (part === undefined) {
      return { have, need, of, remaining: undefined, epoch: undefined, refusals: [] };
    }
    const { hold } = settle(part.lease, now);
    return {
      have,
      need,
      of,
      remaining: hold && restAtLeast(hold.end, now),
      epoch: hold?.epoch,
      refusals: hold === undefined ? refusalsOf(part.lease, members, now) : members.faults,
    };
  }

  /** What its members last answered is still known. */
  lossOf(lease: string): LeaseView {
    return this.viewOf(lease);
  }

  noteOf(lease: string): LeaseNote | undefined {
    const part = this.#parts.get(lease);
    const note = part && noteOf(part.lease, this.#options.clocks());
    return note && { ...note, lease };
  }

  resume(lease: string, note: LeaseNote): boolean {
    const part = this.#parts.get(lease);
    const read = readNote(note);
    if (part === undefined || read === undefined || note.lease !== lease) return false;
    const resumed = resumeLease(read, this.#options.clocks());
    if (resumed === undefined) return false;
    part.lease = resumed;
    this.#due = undefined;
    return true;
  }

  take(peer: string, text: Uint8Array): boolean {
    const message = decodeTalk(text);
    if (message === undefined) return false;
    if (message.kind === "etcd-wish") this.#wished(peer, message);
    else this.#given(message);
    return true;
  }

  answered(id: number, result: CallResult): void {
    const call = this.#underWay.get(id);
    if (call === undefined) return;
    this.#underWay.delete(id);
    const { member, request } = call;
    if (result.kind === "answer") {
      const before = this.#members.cluster;
      this.#members.answered(member, this.#options.clocks(), result.cluster);
      if (before !== this.#members.cluster && before !== undefined) this.#begin();
    } else this.#members.lost(member, result.words);
    if (request === undefined) return;
    const isUsed = result.kind === "answer" && result.cluster === this.#members.cluster;
    this.#change(request.lease, (part, now) => {
      if (!isUsed) {
        // Each member is tried once without waiting.
        const wait = ++part.losses < this.#members.count ? nanoseconds(0) : AGAIN;
        return { lease: failed(part.lease, now, wait), requests: [] };
      }
      part.losses = 0;
      part.heardAt = now;
      return answered(part.lease, now, request.id, result.answer, part.hold);
    });
  }

  nextDeadline(): Instant | undefined {
    if (this.#parts.size === 0) return undefined;
    if (this.#due === undefined) {
      const [now, reading] = [this.#options.now(), this.#options.clocks()];
      let at: Instant | undefined = this.#probeAt;
      for (const { lease } of this.#parts.values()) {
        at = earliest(at, after(now, restOf(lease, reading)));
      }
      this.#due = { at };
    }
    return this.#due.at;
  }

  tick(now: Instant): void {
    const due = this.nextDeadline();
    if (due === undefined || due > now) return;
    this.#due = undefined;
    if (this.#probeAt <= now) {
      this.#probeAt = after(now, nanoseconds(PROBE_EVERY / 4));
      for (const member of this.#members.toProbe(this.#options.clocks())) {
        this.#call(member, probeOf(this.#prefix), undefined);
      }
    }
    for (const lease of [...this.#parts.keys()]) {
      this.#change(lease, (part, reading) => requests.tick(part.lease, reading));
    }
  }

  #start(): EtcdLease {
    const { randomBytes, clocks } = this.#options;
    return startLease(randomBytes(8).toHex(), clocks());
  }

  /** Another etcd: nothing that the one before has said counts. */
  #begin(): void {
    for (const [lease, part] of this.#parts) {
      const { wants } = part.lease;
      this.#change(lease, () => ({ lease: { ...this.#start(), wants }, requests: [] }));
    }
  }

  #wished(by: string, { lease, id, token }: Wished): void {
    const part = this.#parts.get(lease);
    if (part === undefined || endOf(part.lease) === undefined) return;
    part.wished = { by, id, token };
    this.#options.onWish(lease, by);
  }

  #given({ lease, id, revision }: Given): void {
    this.#change(lease, (part, now) => ({
      lease: given(part.lease, now, { id, revision }, part.hold),
      requests: [],
    }));
  }

  /** One step of a part; tells where its hold is another one. */
  #change(lease: string, step: (part: Part, now: Reading) => EtcdStep | Answered): void {
    const part = this.#parts.get(lease);
    if (part === undefined) return;
    const before = part.lease.hold;
    const outcome: Answered = step(part, this.#options.clocks());
    part.lease = outcome.lease;
    this.#due = undefined;
    for (const { id, deed } of outcome.requests) this.#request(part, lease, id, deed);
    if (outcome.given !== undefined) {
      const { node, id, revision } = outcome.given;
      this.#options.send(node, encodeTalk({ kind: "etcd-given", lease, id, revision }));
    }
    const { hold } = part.lease;
    const isSame = hold?.epoch === before?.epoch && hold?.end.boot === before?.end.boot &&
      hold?.end.raw === before?.end.raw;
    if (!isSame) this.#options.onChange(lease);
  }

  #request({ lease: { token } }: Part, lease: string, id: number, deed: Deed): void {
    const { self, clocks } = this.#options;
    const call = callOf({ prefix: this.#prefix, node: self, token }, lease, deed);
    this.#call(this.#members.next(clocks()), call, { lease, id });
  }

  #call(member: number, call: Call, request: UnderWay["request"]): void {
    const [oldest] = this.#underWay.keys();
    if (this.#underWay.size >= MOST_UNDER_WAY && oldest !== undefined) {
      this.#underWay.delete(oldest);
    }
    const id = ++this.#lastCall;
    this.#underWay.set(id, { member, request });
    this.#options.call(id, member, call);
  }
}

function newPart(lease: EtcdLease, hold: Nanoseconds): Part {
  return { lease, hold, losses: 0, heardAt: undefined, wished: undefined };
}

/** What the process before wrote down; undefined: another kind of arbiter did. */
function readNote(note: LeaseNote): EtcdNote | undefined {
  const { token, epoch } = note;
  const end = readingIn(note["end"]);
  if (typeof token !== "string" || typeof epoch !== "number" || end === undefined) return undefined;
  return { token, epoch, end };
}
