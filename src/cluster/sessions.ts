/**
 * Sessions between the processes of a cluster: which process is behind a name, and fresh messages
 * of it (decision 0073). Pure: datagrams, verdicts on tags and instants come in; datagrams to seal
 * and messages go out. Sealing and opening (AES-GCM) are the caller's, beside the loop.
 *
 * Freshness comes from the receiver and not from a clock: a process draws a sid at its start, a
 * HELLO draws a nonce, and an ACK repeats both. The key of a session is derived from the sids and
 * names of both ends. A recording therefore names a sid or a nonce that its receiver no longer has.
 */
import { affords, type Limits, spend } from "../budget.ts";
import { type Ip, ipKey } from "../net/ip.ts";
import { after, between, earliest, type Instant, milliseconds, seconds } from "../time.ts";
import type { Nanoseconds } from "../time.ts";
import {
  type DataHead,
  decodeDatagram,
  encodeDataHead,
  encodeGreeting,
  type Greeting,
  hintOf,
  MAX_MESSAGE,
  NONCE_SIZE,
  SID_SIZE,
  type Unverified,
} from "./datagram.ts";
import type { Outcome, Refused, ToSeal } from "./outcome.ts";
import { isFresh, noted } from "./replay_window.ts";
import {
  dataNonce,
  greetingKey,
  type KeyRef,
  newSession,
  type Own,
  type Session,
} from "./session.ts";
import { assert } from "../assert.ts";

/** A HELLO goes to a peer without a session, or one that is silent, this often. */
const HELLO_EVERY = seconds(1);
/** And to one with a session: measures the way, and finds a second process. */
const HELLO_SELDOM = seconds(10);
/** A peer counts as silent when no DATA came for so long. */
const SILENT = seconds(3);
/**
 * The HELLO of an unknown process is answered by one of our own, not sooner than this after the
 * last.
 */
const HELLO_AGAIN = milliseconds(200);
/** DATA of a replaced session shows for so long that two processes have one name. */
const TWICE = seconds(10);
/**
 * Replaced sessions that are kept, for each peer: the counters of one that comes back go on, so
 * that a recorded ACK does not make its recorded DATA fresh.
 */
const PAST = 16;
/** DATA of a replaced session is not late any more after this: its process lives. */
const SETTLED = seconds(1);
/** A session that no DATA has proved is dropped. */
const UNPROVED = seconds(5);
/** An ACK counts for so long after its HELLO. */
const ASKED = seconds(2);
/** Nonces of HELLOs that an ACK may still repeat, for each peer. */
const NONCES = 8;
/** Tags that are being verified, for each peer. */
const OPENING = 16;
/** ACKs to one peer, and tags of it that failed. */
const ANSWERS: Limits = { most: 8, every: milliseconds(100) };
const FAILURES: Limits = { most: 32, every: milliseconds(50) };

/** A node of the file other than this one. */
export interface PeerAddresses {
  readonly name: string;
  /** Each address by which it is reached. */
  readonly addresses: readonly Ip[];
}

/** What is known of a peer's process. */
export interface PeerView {
  readonly name: string;
  /** The session has been proved by DATA. */
  readonly hasSession: boolean;
  /** When the last DATA came. */
  readonly heard: Instant | undefined;
  /** A HELLO and its ACK, the last time. */
  readonly roundTrip: Nanoseconds | undefined;
  /** Two living processes have this name. */
  readonly isTwice: boolean;
  /** When it last used a secret that is not known here. */
  readonly otherSecret: Instant | undefined;
}

interface Peer {
  readonly name: string;
  readonly addresses: readonly Ip[];
  current: Session | undefined;
  /** Answered our HELLO, and has not yet proved itself by DATA. */
  next: Session | undefined;
  /** Were replaced, the newest first. */
  past: readonly Session[];
  asked: readonly { readonly nonce: bigint; readonly at: Instant }[];
  helloAt: Instant;
  lastHello: Instant | undefined;
  roundTrip: Nanoseconds | undefined;
  twiceUntil: Instant | undefined;
  otherSecret: Instant | undefined;
  answersPaid: Instant;
  failuresPaid: Instant;
  opening: number;
}

interface Opening {
  readonly peer: Peer;
  readonly from: Ip;
  readonly head: Greeting | DataHead;
}

const START = 0 as Instant;
/** The sessions of one process with all other nodes. */
export class Sessions {
  readonly #own: Own;
  readonly #random: (count: number) => Uint8Array;
  readonly #peers: readonly Peer[];
  readonly #byAddress: ReadonlyMap<string, Peer>;
  readonly #opening = new Map<number, Opening>();
  #lastId = 0;

  /** `random` gives so many random bytes. */
  constructor(own: Own, peers: readonly PeerAddresses[], random: (count: number) => Uint8Array) {
    assert(own.sid.length === SID_SIZE, `a sid has ${SID_SIZE} bytes`);
    this.#own = own;
    this.#random = random;
    this.#peers = peers.map(newPeer);
    this.#byAddress = new Map(
      this.#peers.flatMap((peer) => peer.addresses.map((ip) => [ipKey(ip), peer] as const)),
    );
  }

  /** A datagram from `from`. Nothing but a counter changes before its tag was verified. */
  receive(now: Instant, from: Ip, datagram: Uint8Array): Outcome {
    const peer = this.#byAddress.get(ipKey(from));
    if (peer === undefined) return refused("stranger");
    const decoded = decodeDatagram(datagram);
    if (typeof decoded === "string") return refused(decoded, peer);
    if (!this.#own.keyIds.includes(decoded.head.keyId)) {
      peer.otherSecret = now;
      return refused("other-secret", peer);
    }
    if (peer.opening >= OPENING || !affords(peer.failuresPaid, FAILURES, now)) {
      return refused("too-many", peer);
    }
    const { head } = decoded;
    return head.kind === "data"
      ? this.#receiveData(peer, from, { ...decoded, head })
      : this.#receiveGreeting(now, peer, from, { ...decoded, head });
  }

  /** The verdict on a tag: the opened text, or undefined where the tag is wrong. */
  opened(now: Instant, id: number, text: Uint8Array | undefined): Outcome {
    const opening = this.#opening.get(id);
    if (opening === undefined) return { kind: "nothing" };
    this.#opening.delete(id);
    const { peer, from, head } = opening;
    peer.opening--;
    if (text === undefined) {
      peer.failuresPaid = spend(peer.failuresPaid, FAILURES, now);
      return refused("tag", peer);
    }
    if (head.kind === "data") return acceptData(now, peer, from, head, text);
    return head.kind === "hello"
      ? this.#answer(now, peer, from, head)
      : this.#acceptAck(now, peer, head);
  }

  /** `message` for the peer called `name`, at each of its addresses; none without a session. */
  send(name: string, message: Uint8Array): readonly ToSeal[] {
    assert(message.length <= MAX_MESSAGE, `a message has at most ${MAX_MESSAGE} bytes`);
    const peer = this.#peers.find((one) => one.name === name);
    // One that has not proved itself is spoken to as well: each end waits for DATA of the other.
    const sessions = [peer?.current, peer?.next].filter((session) => session !== undefined);
    return sessions.flatMap((session) => this.#seal(peer?.addresses ?? [], session, message));
  }

  /** The HELLOs that are due, and what is too old goes. */
  tick(now: Instant): readonly ToSeal[] {
    for (const peer of this.#peers) forget(now, peer);
    return this.#peers.filter(({ helloAt }) => helloAt <= now)
      .flatMap((peer) => this.#hello(now, peer));
  }

  nextDeadline(): Instant | undefined {
    return earliest(...this.#peers.map(({ helloAt }) => helloAt));
  }

  /** What is known of each peer at `now`. */
  peers(now: Instant): readonly PeerView[] {
    return this.#peers.map((peer) => ({
      name: peer.name,
      hasSession: peer.current !== undefined,
      heard: peer.current?.heard,
      roundTrip: peer.roundTrip,
      isTwice: peer.twiceUntil !== undefined && peer.twiceUntil > now,
      otherSecret: peer.otherSecret,
    }));
  }

  #receiveData(peer: Peer, from: Ip, { head, ...rest }: Unverified<DataHead>): Outcome {
    const session = sessionOf(peer, head.hint);
    if (session === undefined) return refused("no-session", peer);
    // Before the tag: a recording costs no cryptography.
    if (!isFresh(session.window, head.counter)) return refused("replayed", peer);
    const key = { keyId: head.keyId, info: session.receiving };
    return this.#open({ peer, from, head }, key, dataNonce(head.counter), rest);
  }

  #receiveGreeting(
    now: Instant,
    peer: Peer,
    from: Ip,
    { head, ...rest }: Unverified<Greeting>,
  ): Outcome {
    if (head.name === this.#own.name) return refused("own-name", peer);
    if (head.name !== peer.name) return refused("other-name", peer);
    if (head.kind === "hello" && !affords(peer.answersPaid, ANSWERS, now)) {
      return refused("too-many", peer);
    }
    if (
      head.kind === "ack" && !(isEqual(head.to, this.#own.sid) && hasAsked(now, peer, head.asked))
    ) {
      return refused("unasked", peer);
    }
    return this.#open({ peer, from, head }, greetingKey(head.keyId), head.nonce, rest);
  }

  #open(
    opening: Opening,
    key: KeyRef,
    nonce: Uint8Array,
    { associated, sealed }: Omit<Unverified<unknown>, "head">,
  ): Outcome {
    const id = ++this.#lastId;
    this.#opening.set(id, opening);
    opening.peer.opening++;
    return { kind: "open", job: { id, key, nonce, associated, sealed } };
  }

  /** A HELLO earns an ACK, and where its process is unknown a HELLO of ours: nothing else. */
  #answer(now: Instant, peer: Peer, from: Ip, head: Greeting): Outcome {
    peer.answersPaid = spend(peer.answersPaid, ANSWERS, now);
    const ack = this.#greet("ack", from, head.sid, head.asked);
    const again = peer.lastHello === undefined ? now : after(peer.lastHello, HELLO_AGAIN);
    if (!isKnown(peer, head.sid) && again < peer.helloAt) peer.helloAt = again;
    const own = peer.helloAt <= now ? this.#hello(now, peer) : [];
    return { kind: "send", datagrams: [ack, ...own] };
  }

  #acceptAck(now: Instant, peer: Peer, head: Greeting): Outcome {
    const asked = peer.asked.find(({ nonce }) => nonce === head.asked);
    // Another ACK to the same HELLO may have come while this one was verified.
    if (asked !== undefined) peer.roundTrip = between(asked.at, now);
    if (isKnown(peer, head.sid)) return { kind: "nothing" };
    const back = peer.past.find(({ sid }) => isEqual(sid, head.sid));
    peer.past = peer.past.filter((session) => session !== back);
    retire(peer, peer.next);
    peer.next = back ?? newSession(this.#own, peer.name, head.sid);
    peer.next.since = now;
    return { kind: "nothing" };
  }

  #hello(now: Instant, peer: Peer): readonly ToSeal[] {
    const nonce = hintOf(this.#random(8));
    const isSilent = peer.current?.heard === undefined || after(peer.current.heard, SILENT) <= now;
    peer.asked = [...peer.asked, { nonce, at: now }].slice(-NONCES);
    peer.lastHello = now;
    peer.helloAt = after(now, isSilent || peer.next !== undefined ? HELLO_EVERY : HELLO_SELDOM);
    const nowhere = new Uint8Array(SID_SIZE);
    return peer.addresses.map((to) => this.#greet("hello", to, nowhere, nonce));
  }

  #greet(kind: "hello" | "ack", to: Ip, toSid: Uint8Array, asked: bigint): ToSeal {
    const [keyId] = this.#own.keyIds;
    const { name, sid } = this.#own;
    const nonce = this.#random(NONCE_SIZE);
    const head = encodeGreeting({ kind, keyId, sid, to: toSid, asked, name, nonce });
    return { to, key: greetingKey(keyId), nonce, head, text: new Uint8Array(0) };
  }

  #seal(addresses: readonly Ip[], session: Session, text: Uint8Array): readonly ToSeal[] {
    const [keyId] = this.#own.keyIds;
    return addresses.map((to) => {
      const counter = ++session.counter;
      const head = encodeDataHead({ keyId, hint: hintOf(this.#own.sid), counter });
      const key = { keyId, info: session.sending };
      return { to, key, nonce: dataNonce(counter), head, text };
    });
  }
}

function acceptData(
  now: Instant,
  peer: Peer,
  from: Ip,
  head: DataHead,
  text: Uint8Array,
): Outcome {
  const session = sessionOf(peer, head.hint);
  if (session === undefined) return refused("no-session", peer);
  // The same datagram may have been opened twice at one time.
  if (!isFresh(session.window, head.counter)) return refused("replayed", peer);
  session.window = noted(session.window, head.counter);
  session.heard = now;
  if (peer.past.includes(session)) {
    // What was under way when it was replaced proves nothing.
    const replaced = peer.current?.since ?? now;
    if (after(replaced, SETTLED) <= now) peer.twiceUntil = after(now, TWICE);
    return { kind: "nothing" };
  }
  if (session === peer.next) {
    retire(peer, peer.current);
    peer.current = session;
    peer.next = undefined;
  }
  peer.otherSecret = undefined;
  return { kind: "message", peer: peer.name, from, text };
}

/** A session that nothing has proved goes. */
function forget(now: Instant, peer: Peer): void {
  const { next } = peer;
  if (next === undefined || after(next.since, UNPROVED) > now) return;
  retire(peer, next);
  peer.next = undefined;
}

function retire(peer: Peer, session: Session | undefined): void {
  if (session !== undefined) peer.past = [session, ...peer.past].slice(0, PAST);
}

function sessionOf({ current, next, past }: Peer, hint: bigint): Session | undefined {
  return [current, next, ...past].find((session) => session?.hint === hint);
}

function newPeer({ name, addresses }: PeerAddresses): Peer {
  return {
    name,
    addresses,
    current: undefined,
    next: undefined,
    past: [],
    asked: [],
    helloAt: START,
    lastHello: undefined,
    roundTrip: undefined,
    twiceUntil: undefined,
    otherSecret: undefined,
    answersPaid: START,
    failuresPaid: START,
    opening: 0,
  };
}

function hasAsked(now: Instant, { asked }: Peer, nonce: bigint): boolean {
  return asked.some((one) => one.nonce === nonce && after(one.at, ASKED) >= now);
}

/** Is the process `sid` the one that the peer's sessions are with? */
function isKnown({ current, next }: Peer, sid: Uint8Array): boolean {
  return [current, next].some((one) => one !== undefined && isEqual(one.sid, sid));
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function refused(reason: Refused, peer?: Peer): Outcome {
  return peer === undefined
    ? { kind: "refused", reason }
    : { kind: "refused", reason, peer: peer.name };
}
