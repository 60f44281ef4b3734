/** A peer: its sessions, the HELLOs that it was sent, and what it may still cost. */
import type { Ip } from "../net/ip.ts";
import { after, type Instant, type Nanoseconds, seconds } from "../time.ts";
import type { Session } from "./session.ts";

/**
 * Replaced sessions that are kept, for each peer: the counters of one that comes back go on, so
 * that a recorded ACK does not make its recorded DATA fresh.
 */
const PAST = 16;
/** A session that no DATA has proved is dropped. */
const UNPROVED = seconds(5);
/** An ACK counts for so long after its HELLO. */
const ASKED = seconds(2);

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
  /** Since when the session is there. */
  readonly since: Instant | undefined;
  /** When the last DATA came. */
  readonly heard: Instant | undefined;
  /** A HELLO and its ACK, the last time. */
  readonly roundTrip: Nanoseconds | undefined;
  /** Two living processes have this name. */
  readonly isTwice: boolean;
  /** When it last used a secret that is not known here. */
  readonly otherSecret: Instant | undefined;
}

/** A node of the file other than this one, and all that has happened between it and this one. */
export interface Peer {
  readonly name: string;
  addresses: readonly Ip[];
  /**
   * By which this process is known to it, drawn when the peer was first named: one that is named
   * again after a while gets new keys, so that no counter of a key is ever used twice.
   */
  readonly ownSid: Uint8Array;
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

const START = 0 as Instant;

/** A peer that nothing is known of; `ownSid`: {@link Peer.ownSid}. */
export function newPeer({ name, addresses }: PeerAddresses, ownSid: Uint8Array): Peer {
  return {
    name,
    addresses,
    ownSid,
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

/** What is known of `peer` at `now`. */
export function viewOf(peer: Peer, now: Instant): PeerView {
  return {
    name: peer.name,
    hasSession: peer.current !== undefined,
    since: peer.current?.since,
    heard: peer.current?.heard,
    roundTrip: peer.roundTrip,
    isTwice: peer.twiceUntil !== undefined && peer.twiceUntil > now,
    otherSecret: peer.otherSecret,
  };
}

/** A session that nothing has proved goes. True: one did. */
export function forget(now: Instant, peer: Peer): boolean {
  const { next } = peer;
  if (next === undefined || after(next.since, UNPROVED) > now) return false;
  retire(peer, next);
  peer.next = undefined;
  return true;
}

/** `session` is replaced, and kept with those that were. */
export function retire(peer: Peer, session: Session | undefined): void {
  if (session !== undefined) peer.past = [session, ...peer.past].slice(0, PAST);
}

/** The session whose peer's sid begins with `hint`. */
export function sessionOf({ current, next, past }: Peer, hint: bigint): Session | undefined {
  return [current, next, ...past].find((session) => session?.hint === hint);
}

/** Was the peer sent a HELLO with `nonce`, not long ago? */
export function hasAsked(now: Instant, { asked }: Peer, nonce: bigint): boolean {
  return asked.some((one) => one.nonce === nonce && after(one.at, ASKED) >= now);
}

/** Is the process `sid` the one that the peer's sessions are with? */
export function isKnown({ current, next }: Peer, sid: Uint8Array): boolean {
  return [current, next].some((one) => one !== undefined && isEqual(one.sid, sid));
}

/** Are both the same bytes? What is compared is no secret. */
export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
