/** A peer: its sessions, the HELLOs that it was sent, and what it may still cost. */
import type { Ip } from "../net/ip.ts";
import { after, type Instant, milliseconds, type Nanoseconds, seconds } from "../time.ts";
import { Answers } from "./answers.ts";
import { isFresh } from "./replay_window.ts";
import type { Session } from "./session.ts";
import { sameBytes } from "../net/bytes.ts";

/**
 * Replaced sessions that are kept, for each peer: the counters of one that comes back go on, so
 * that a recorded ACK does not make its recorded DATA fresh.
 */
const PAST = 16;
/** A session that no DATA has proved is dropped. */
const UNPROVED = seconds(5);
/** An ACK counts for so long after its HELLO. */
const ASKED = seconds(2);
/** Nonces of HELLOs that an ACK may still repeat. */
const NONCES = 8;

/** A HELLO goes to a peer without a session, or one that is silent, this often. */
const HELLO_EVERY = seconds(1);
/**
 * The first one may be lost, as where a port of a switch has just come up: so long after it, and
 * after each that follows, the next ones go.
 */
const HELLO_FIRST = [milliseconds(100), milliseconds(200), milliseconds(400)];
/** And to one with a session: measures the way, and finds a second process. */
const HELLO_SELDOM = seconds(30);
/** A peer counts as silent when no DATA came for so long. */
const SILENT = seconds(3);
/**
 * The HELLO of an unknown process is answered by one of our own, not sooner than this after the
 * last.
 */
const HELLO_AGAIN = milliseconds(200);

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
  /** What it last called itself, where the file calls it otherwise, and when. */
  readonly otherName: OtherName | undefined;
  /** When its last HELLO came; it may be a recording. */
  readonly greeted: Instant | undefined;
}

/** A name that the file does not have, and when it came. */
export interface OtherName {
  readonly name: string;
  readonly at: Instant;
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
  /** HELLOs since nothing was known of its process. */
  tries: number;
  roundTrip: Nanoseconds | undefined;
  twiceUntil: Instant | undefined;
  otherSecret: Instant | undefined;
  otherName: OtherName | undefined;
  greeted: Instant | undefined;
  readonly answers: Answers;
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
    tries: 0,
    roundTrip: undefined,
    twiceUntil: undefined,
    otherSecret: undefined,
    otherName: undefined,
    greeted: undefined,
    answers: new Answers(ownSid),
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
    otherName: peer.otherName,
    greeted: peer.greeted,
  };
}

/** A HELLO with `nonce` goes to it now. */
export function noteHello(now: Instant, peer: Peer, nonce: bigint): void {
  const { current, next, twiceUntil, tries } = peer;
  const isSilent = current?.heard === undefined || after(current.heard, SILENT) <= now;
  const isSettled = !isSilent && next === undefined && (twiceUntil ?? now) <= now;
  peer.asked = [...peer.asked, { nonce, at: now }].slice(-NONCES);
  peer.lastHello = now;
  peer.helloAt = after(now, isSettled ? HELLO_SELDOM : HELLO_FIRST[tries] ?? HELLO_EVERY);
  peer.tries++;
}

/** A process of it that is not known has said HELLO. */
export function greetSoon(now: Instant, peer: Peer): void {
  const { lastHello, helloAt } = peer;
  const again = lastHello === undefined ? now : after(lastHello, HELLO_AGAIN);
  if (again < helloAt) peer.helloAt = again;
  // However often recordings come, HELLOs in quick succession begin again once a second.
  if (lastHello === undefined || after(lastHello, HELLO_EVERY) <= now) peer.tries = 0;
}

/** It may be that another process of it lives. */
export function greetSooner(now: Instant, peer: Peer): void {
  const soon = after(peer.lastHello ?? now, HELLO_EVERY);
  if (soon < peer.helloAt) peer.helloAt = soon;
}

/** Its process is known now: HELLOs in quick succession end. */
export function greetLater(now: Instant, peer: Peer): void {
  const later = after(peer.lastHello ?? now, HELLO_EVERY);
  if (later > peer.helloAt) peer.helloAt = later;
}

/** A session that nothing has proved goes. Answers whether there was one. */
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

/** The session that what has `hint` and `counter` is of, if it is no recording; or why not. */
export function freshSessionOf(
  { current, next, past }: Peer,
  { hint, counter }: { readonly hint: bigint; readonly counter: bigint },
  now: Instant,
): Session | "no-session" | "replayed" {
  const session = [current, next, ...past].find((one) => one?.hints.includes(hint));
  if (session === undefined) return "no-session";
  return isFresh(session.window, counter, now) ? session : "replayed";
}

/** Was the peer sent a HELLO with `nonce`, not long ago? */
export function hasAsked(now: Instant, { asked }: Peer, nonce: bigint): boolean {
  return asked.some((one) => one.nonce === nonce && after(one.at, ASKED) >= now);
}

/** Is the process `sid` the one that the peer's sessions are with? */
export function isKnown({ current, next }: Peer, sid: Uint8Array): boolean {
  return [current, next].some((one) => sameBytes(one?.sid, sid));
}
