/**
 * Sessions between the processes of a cluster: which process is behind a name, and fresh messages
 * of it (decision 0073). Pure: datagrams, verdicts on tags and instants come in; datagrams to seal
 * and messages go out. Sealing and opening (AES-GCM) are the caller's, beside the loop.
 *
 * Freshness comes from the receiver and not from a clock: a process draws a sid for each peer at
 * its start, a HELLO draws a nonce, and an ACK repeats both. The key of a session is derived from
 * the sids and names of both ends. A recording therefore names a sid or a nonce that its receiver
 * no longer has. BEATs have their tag within the turn, and share the counters of DATA.
 */
import { affords, type Limits, spend } from "../budget.ts";
import { type Ip, ipKey } from "../net/ip.ts";
import { after, between, earliest, type Instant, milliseconds, seconds } from "../time.ts";
import { isGenuineBeat, newBeat } from "./beat.ts";
import {
  type BeatHead,
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
import type { Ends } from "./advert_seals.ts";
import { type Outcome, refused, type Tagged, type ToSeal } from "./outcome.ts";
import {
  forget,
  freshSessionOf,
  greetLater,
  greetSoon,
  greetSooner,
  hasAsked,
  isKnown,
  newPeer,
  noteHello,
  type Peer,
  type PeerAddresses,
  type PeerView,
  retire,
  viewOf,
} from "./peer.ts";
import { noted } from "./replay_window.ts";
import {
  dataNonce,
  greetingKey,
  type KeyRef,
  newSession,
  type Own,
  type Secret,
  type Session,
} from "./session.ts";
import { assert } from "../assert.ts";
import { sameBytes } from "../net/bytes.ts";

/** A replaced process that answered shows for so long that two processes have one name. */
const TWICE = seconds(10);
/** Tags that are being verified, for each peer. */
const OPENING = 16;
/**
 * Tags of it that failed: so many cost some percent of a processor. More than that, sent from its
 * address, silence it.
 */
const FAILURES: Limits = { most: 64, every: milliseconds(2) };

interface Opening {
  readonly peer: Peer;
  readonly from: Ip;
  readonly head: Greeting | DataHead;
}

/** The text of a DATA that says nothing but that its sender has a session. */
const PROOF = new Uint8Array(0);

/** The sessions of one process with all other nodes. */
export class Sessions {
  #own: Own;
  readonly #random: (count: number) => Uint8Array;
  #peers: readonly Peer[] = [];
  #byAddress: ReadonlyMap<string, Peer> = new Map();
  readonly #opening = new Map<number, Opening>();
  /** Undefined: they may be others. */
  #ends: Sessions["ends"] | undefined;
  #lastId = 0;

  /** `random` gives so many random bytes. */
  constructor(own: Own, peers: readonly PeerAddresses[], random: (count: number) => Uint8Array) {
    this.#own = own;
    this.#random = random;
    this.settle(own, peers);
  }

  /**
   * Another file: sessions with peers that stay go on, unless this node is called another name.
   */
  settle(own: Own, peers: readonly PeerAddresses[]): void {
    const before = own.name === this.#own.name ? this.#peers : [];
    this.#own = own;
    this.#ends = undefined;
    this.#peers = peers.map(({ name, addresses }) => {
      const known = before.find((peer) => peer.name === name);
      if (known === undefined) return newPeer({ name, addresses }, this.#random(SID_SIZE));
      known.addresses = addresses;
      return known;
    });
    this.#byAddress = new Map(
      this.#peers.flatMap((peer) => peer.addresses.map((ip) => [ipKey(ip), peer] as const)),
    );
    // What is being opened with a secret that is not in the file any more is not believed.
    for (const [id, { peer, head }] of this.#opening) {
      if (this.#peers.includes(peer) && own.secrets.some(({ id }) => id === head.keyId)) continue;
      this.#opening.delete(id);
      peer.opening--;
    }
  }

  /** A datagram from `from`. Nothing but a counter changes before its tag was verified. */
  receive(now: Instant, from: Ip, datagram: Uint8Array): Outcome {
    const peer = this.#byAddress.get(ipKey(from));
    if (peer === undefined) return refused("stranger");
    const decoded = decodeDatagram(datagram);
    if (typeof decoded === "string") return refused(decoded, peer);
    const secret = this.#own.secrets.find(({ id }) => id === decoded.head.keyId);
    if (secret === undefined) {
      peer.otherSecret = now;
      return refused("other-secret", peer);
    }
    if (peer.opening >= OPENING || !affords(peer.failuresPaid, FAILURES, now)) {
      return refused("too-many", peer);
    }
    const { head } = decoded;
    switch (head.kind) {
      case "data":
        return this.#receiveData(now, peer, from, { ...decoded, head });
      case "beat":
        return this.#receiveBeat(now, peer, secret, { ...decoded, head });
      default:
        return this.#receiveGreeting(now, peer, from, { ...decoded, head });
    }
  }

  /** The verdict on a tag: the opened text, or undefined where the tag is wrong. */
  opened(now: Instant, id: number, text: Uint8Array | undefined): Outcome {
    const opening = this.#opening.get(id);
    if (opening === undefined) return { kind: "nothing" };
    this.#opening.delete(id);
    const { peer, from, head } = opening;
    peer.opening--;
    if (text === undefined) return wrongTag(now, peer);
    if (head.kind === "data") return this.#acceptData(now, opening, head, text);
    return head.kind === "hello"
      ? this.#answer(now, peer, from, head)
      : this.#acceptAck(now, peer, head);
  }

  /** `message` for the peer called `name`, at each of its addresses; none without a session. */
  send(name: string, message: Uint8Array): readonly ToSeal[] {
    assert(message.length <= MAX_MESSAGE, `a message has at most ${MAX_MESSAGE} bytes`);
    const peer = this.#peers.find((one) => one.name === name);
    if (peer === undefined) return [];
    // One that has not proved itself is spoken to as well: each end waits for DATA of the other.
    const sessions = [peer.current, peer.next].filter((session) => session !== undefined);
    return sessions.flatMap((session) => this.#seal(peer, session, message));
  }

  /**
   * "My report `number` still holds" for each peer with a session, at each of its addresses;
   * undefined: one of them cannot be told so, such as a peer of an older version.
   */
  beat(number: number): readonly Tagged[] | undefined {
    const needsReport = ({ current, next }: Peer): boolean =>
      next !== undefined || current?.can.readsBeats === false;
    if (this.#peers.some(needsReport)) return undefined;
    const [secret] = this.#own.secrets;
    return this.#peers.flatMap(({ addresses, current }) => {
      if (current === undefined) return [];
      return addresses.map((to) =>
        newBeat(to, current, secret, { counter: ++current.counter, number })
      );
    });
  }

  /** The HELLOs that are due, and what is too old goes. */
  tick(now: Instant): readonly ToSeal[] {
    for (const peer of this.#peers) if (forget(now, peer)) this.#ends = undefined;
    return this.#peers.filter(({ helloAt }) => helloAt <= now)
      .flatMap((peer) => this.#hello(now, peer));
  }

  nextDeadline(): Instant | undefined {
    let first: Instant | undefined;
    for (const { helloAt } of this.#peers) first = earliest(first, helloAt);
    return first;
  }

  /**
   * The ends of all sessions that were not replaced, with the names of their peers; the same list
   * while they are the same.
   */
  get ends(): readonly (readonly [string, Ends])[] {
    return this.#ends ??= this.#peers.flatMap(({ name, ownSid: own, current, next }) =>
      [current, next].flatMap((session) => {
        if (session === undefined) return [];
        const { sid: other, can: { opens } } = session;
        return [[name, { own, other, opens, isProved: session === current }] as const];
      })
    );
  }

  /** What is known at `now` of the peer called `name`; undefined: it is none. */
  peer(name: string, now: Instant): PeerView | undefined {
    const found = this.#peers.find((one) => one.name === name);
    return found && viewOf(found, now);
  }

  /** What is known of each peer at `now`. */
  peers(now: Instant): readonly PeerView[] {
    return this.#peers.map((peer) => viewOf(peer, now));
  }

  #receiveData(
    now: Instant,
    peer: Peer,
    from: Ip,
    { head, ...rest }: Unverified<DataHead>,
  ): Outcome {
    // Before the tag: a recording costs no cryptography.
    const session = freshSessionOf(peer, head, now);
    if (typeof session === "string") return refused(session, peer);
    const key = { keyId: head.keyId, info: session.receiving };
    return this.#open({ peer, from, head }, key, dataNonce(head.counter), rest);
  }

  /** As {@link #receiveData}, but its tag is verified at once. */
  #receiveBeat(now: Instant, peer: Peer, secret: Secret, beat: Unverified<BeatHead>): Outcome {
    const { hint, counter, number } = beat.head;
    const session = freshSessionOf(peer, beat.head, now);
    if (typeof session === "string") return refused(session, peer);
    if (!isGenuineBeat(beat, session, secret)) return wrongTag(now, peer);
    const said = { kind: "beat", peer: peer.name, session: hint, number } as const;
    // The first word of a session is answered, so that it is there on both sides.
    return this.#accept(now, peer, session, counter, session === peer.next ? undefined : said);
  }

  #receiveGreeting(
    now: Instant,
    peer: Peer,
    from: Ip,
    { head, ...rest }: Unverified<Greeting>,
  ): Outcome {
    if (head.name === this.#own.name) return refused("own-name", peer);
    // A name of the file may be a recording's. Another one is looked at: files may differ.
    const isOther = head.name !== peer.name;
    if (isOther && (head.kind === "ack" || this.#peers.some(({ name }) => name === head.name))) {
      return refused("other-name", peer);
    }
    const obstacle = head.kind === "hello" ? peer.answers.obstacle(now, from, head) : undefined;
    if (obstacle !== undefined) return refused(obstacle, peer);
    if (
      head.kind === "ack" && !(sameBytes(head.to, peer.ownSid) && hasAsked(now, peer, head.asked))
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
    // The same datagram may have been opened twice at one time.
    const obstacle = peer.answers.obstacle(now, from, head);
    if (obstacle !== undefined) return refused(obstacle, peer);
    peer.answers.note(now, from, head);
    if (head.name !== peer.name) {
      peer.otherName = { name: head.name, at: now };
      return refused("other-name", peer);
    }
    peer.greeted = now;
    const ack = this.#greet("ack", peer, from, { to: head.sid, asked: head.asked });
    if (!isKnown(peer, head.sid)) greetSoon(now, peer);
    const own = peer.helloAt <= now ? this.#hello(now, peer) : [];
    return { kind: "send", datagrams: [ack, ...own] };
  }

  #acceptAck(now: Instant, peer: Peer, head: Greeting): Outcome {
    const asked = peer.asked.find(({ nonce }) => nonce === head.asked);
    // Another ACK to the same HELLO may have come while this one was verified.
    if (asked !== undefined) peer.roundTrip = between(asked.at, now);
    if (isKnown(peer, head.sid)) return { kind: "nothing" };
    const back = peer.past.find(({ sid }) => sameBytes(sid, head.sid));
    peer.past = peer.past.filter((session) => session !== back);
    // It lives: it answers what was asked after the one that replaced it had answered.
    const isTwice = back !== undefined && peer.current !== undefined && asked !== undefined &&
      asked.at > peer.current.since;
    if (isTwice) peer.twiceUntil = after(now, TWICE);
    retire(peer, peer.next);
    const own = { name: this.#own.name, sid: peer.ownSid };
    peer.next = back ?? newSession(own, { name: peer.name, sid: head.sid }, head);
    peer.next.since = now;
    this.#ends = undefined;
    return { kind: "send", datagrams: this.#seal(peer, peer.next, PROOF) };
  }

  #acceptData(now: Instant, { peer, from }: Opening, head: DataHead, text: Uint8Array): Outcome {
    // The same datagram may have been opened twice at one time.
    const session = freshSessionOf(peer, head, now);
    if (typeof session === "string") return refused(session, peer);
    const said = { kind: "message", peer: peer.name, from, session: head.hint, text } as const;
    return this.#accept(now, peer, session, head.counter, text.length > 0 ? said : undefined);
  }

  /** One of `session`, fresh, whose tag is right; `said`: what it says, if anything. */
  #accept(
    now: Instant,
    peer: Peer,
    session: Session,
    counter: bigint,
    said: Outcome | undefined,
  ): Outcome {
    session.window = noted(session.window, counter, now);
    session.heard = now;
    if (peer.past.includes(session)) {
      // It was under way when its process was replaced, or was kept back until now; or that process
      // lives, and answers a HELLO.
      greetSooner(now, peer);
      return { kind: "nothing" };
    }
    const isNew = session === peer.next;
    if (isNew) {
      retire(peer, peer.current);
      peer.current = session;
      peer.next = undefined;
      this.#ends = undefined;
      greetLater(now, peer);
    }
    peer.otherSecret = undefined;
    if (said !== undefined) return said;
    // Our first proof may have come before our ACK: the peer had no session to open it with.
    if (isNew) return { kind: "send", datagrams: this.#seal(peer, session, PROOF) };
    return { kind: "nothing" };
  }

  #hello(now: Instant, peer: Peer): readonly ToSeal[] {
    const nonce = hintOf(this.#random(8));
    noteHello(now, peer, nonce);
    const whom = peer.answers.newest ?? new Uint8Array(SID_SIZE);
    return peer.addresses.map((to) => this.#greet("hello", peer, to, { to: whom, asked: nonce }));
  }

  #greet(
    kind: "hello" | "ack",
    { ownSid: sid }: Peer,
    to: Ip,
    fields: Pick<Greeting, "to" | "asked">,
  ): ToSeal {
    const { name, secrets: [{ id: keyId }] } = this.#own;
    const nonce = this.#random(NONCE_SIZE);
    const can = { opens: true, readsBeats: true, knowsPairs: true };
    const head = encodeGreeting({ kind, keyId, sid, name, ...can, nonce, ...fields });
    return { to, key: greetingKey(keyId), nonce, head, text: new Uint8Array(0) };
  }

  #seal(
    { addresses }: Pick<Peer, "addresses">,
    session: Session,
    text: Uint8Array,
  ): readonly ToSeal[] {
    const [{ id: keyId }] = this.#own.secrets;
    return addresses.map((to) => {
      const counter = ++session.counter;
      const head = encodeDataHead({ keyId, hint: session.sendHint, counter });
      const key = { keyId, info: session.sending };
      return { to, key, nonce: dataNonce(counter), head, text };
    });
  }
}

function wrongTag(now: Instant, peer: Peer): Outcome {
  peer.failuresPaid = spend(peer.failuresPaid, FAILURES, now);
  return refused("tag", peer);
}
