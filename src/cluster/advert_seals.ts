/**
 * Adverts by UDP between nodes that have sessions: sealed, and taken once (decision 0086). Pure.
 *
 * A process that goes on in place of another one goes on with its sessions ({@link SessionNote})
 * until it has some of its own. A tag has no nonce that must not come twice, so that a note may be
 * a little old.
 */
import { type Ip, ipKey } from "../net/ip.ts";
import { after, type Instant, seconds } from "../time.ts";
import { hintOf, SID_SIZE } from "./datagram.ts";
import type { PeerAddresses } from "./peer.ts";
import {
  isGenuine,
  readSealedAdvert,
  type Road,
  sealAdvert,
  type SealedAdvert,
} from "./sealed_advert.ts";
import { newSession, type Secret, type TagKeys, tagKeysOf } from "./session.ts";
import { sameBytes } from "../net/bytes.ts";

/** A session, as the next process is to know it. */
export interface SessionNote {
  readonly peer: string;
  /** Both sids, in hexadecimal. */
  readonly own: string;
  readonly other: string;
  readonly counter: number;
  /** Is it spoken by? */
  readonly speaks: boolean;
  /** Absent: what was heard since may not be known. */
  readonly heard?: readonly (readonly [string, number])[];
  /** It seals what it sends here. */
  readonly seals: boolean;
}

/** Why an advert is not taken. */
export type Unsealed = "not-sealed" | "replayed";

/** An advert that is taken. */
export interface Opened {
  readonly message: Uint8Array;
  /**
   * It is sealed for the process before this one, which its sender takes no plain advert of: it
   * does not hear this process yet.
   */
  readonly isUnproved: boolean;
}

/** The process of another node, and this one as it is known to it. */
export interface Ends {
  readonly own: Uint8Array;
  readonly other: Uint8Array;
  /** Does it say that it opens sealed adverts? */
  readonly opens: boolean;
  /** Does it know the session too? */
  readonly isProved: boolean;
}

interface AdvertSession {
  readonly own: Uint8Array;
  readonly other: Uint8Array;
  readonly hint: bigint;
  /** Later ones have higher numbers. */
  readonly order: number;
  readonly keys: Map<number, TagKeys>;
  counter: number;
  readonly opens: boolean;
  isProved: boolean;
  /** Is what it was sent by the process before this one known? */
  readonly isHeard: boolean;
  /** The highest counter, by road and virtual router. */
  readonly highest: Map<string, number>;
}

interface AdvertPeer {
  readonly name: string;
  /** The newest first. */
  sessions: readonly AdvertSession[];
  /** The order of the session of the last advert that was taken. */
  order: number;
  /** It says that it seals what it sends here; until then what it says last counts. */
  sealsUntil: Instant | undefined;
}

/** Sessions that are kept, for each peer. */
const MOST_SESSIONS = 4;
/** A process that goes on for another one counts from so much further on. */
const LEAP = 2 ** 32;
/** A node that is silent for so long may come back without a seal. */
const SILENT = seconds(30);
const LABEL = new TextEncoder().encode("floatip advert 1");

/** The seals of one process. */
export class AdvertSeals {
  #name = "";
  #secrets: readonly Secret[] = [];
  #peers: ReadonlyMap<string, AdvertPeer> = new Map();
  #byAddress: ReadonlyMap<string, AdvertPeer> = new Map();
  #order = 0;
  readonly #started: Instant;
  #sealing: readonly string[] | undefined;

  /** `started`: when this process did. */
  constructor(started: Instant) {
    this.#started = started;
  }

  /** The file: this node's name, its secrets, of which the first seals, and the other nodes. */
  settle(name: string, secrets: readonly Secret[], peers: readonly PeerAddresses[]): void {
    const before = name === this.#name ? this.#peers : new Map<string, AdvertPeer>();
    this.#name = name;
    this.#sealing = undefined;
    this.#secrets = secrets;
    this.#peers = new Map(
      peers.map(({ name }) => [name, before.get(name) ?? newPeer(name)] as const),
    );
    this.#byAddress = new Map(
      peers.flatMap(({ name, addresses }) =>
        addresses.map((ip) => [ipKey(ip), this.#peers.get(name) ?? newPeer(name)] as const)
      ),
    );
  }

  /** There is a session with a process of the node called `name`. */
  meet(name: string, { own, other, opens, isProved }: Ends): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    const known = peer.sessions.find((one) =>
      sameBytes(one.own, own) && sameBytes(one.other, other)
    );
    if (known === undefined) {
      this.#add(peer, {
        ...{ own, other, opens, isProved },
        ...{ counter: 0, isHeard: true, highest: new Map() },
      });
    } else if (isProved && !known.isProved) {
      known.isProved = true;
      this.#sealing = undefined;
    }
  }

  /**
   * The node called `name` says at `now` by which sessions it seals: hints of the sids of those to
   * which it does. Undefined: it does not know of seals, or is about to end.
   */
  tell(name: string, seals: readonly string[] | undefined, now: Instant): void {
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    const isToHere = peer.sessions.some(({ own, isHeard }) =>
      isHeard && seals?.includes(hintText(own)) === true
    );
    peer.sealsUntil = isToHere ? after(now, SILENT) : undefined;
  }

  /** By which sessions this process seals: hints of the others' sids. */
  get sealing(): readonly string[] {
    return this.#sealing ??= [...this.#peers.values()].flatMap((peer) => {
      const session = sendingOf(peer);
      return session === undefined ? [] : [hintText(session.other)];
    });
  }

  /** What is sent to `to` for `message`: sealed where its node opens that. */
  seal(to: Ip, road: Road, message: Uint8Array): Uint8Array {
    const peer = this.#byAddress.get(ipKey(to));
    const session = peer && sendingOf(peer);
    const [secret] = this.#secrets;
    const keys = session && secret && this.#keysOf(peer, session, secret.id);
    if (session === undefined || secret === undefined || keys === undefined) return message;
    const seal = { keyId: secret.id, hint: hintOf(session.own), counter: ++session.counter };
    return sealAdvert(seal, road, keys.send, message);
  }

  /** The message in `payload`, which came from `from` at `now`, or why it is not taken. */
  open(from: Ip, road: Road, payload: Uint8Array, now: Instant): Opened | Unsealed {
    const sealed = readSealedAdvert(payload);
    const peer = this.#byAddress.get(ipKey(from));
    const session = peer && sealed && this.#sessionOf(peer, sealed, road);
    if (peer !== undefined && sealed !== undefined && session !== undefined) {
      return this.#take(peer, session, sealed, from, road, now);
    }
    const mustBeSealed = peer?.sealsUntil !== undefined && peer.sealsUntil >= now;
    if (mustBeSealed) return "not-sealed";
    // Without a session there is nothing to hold a seal against: it is what a plain one is.
    const isUnproved = peer !== undefined && sealed !== undefined &&
      sendingOf(peer) === undefined && after(this.#started, SILENT) >= now;
    return { message: sealed?.message ?? payload, isUnproved };
  }

  /** For the process after this one. `isLast`: this one takes no advert any more. */
  note(isLast: boolean, now: Instant): readonly SessionNote[] {
    return [...this.#peers.values()].flatMap((peer) => {
      const { name, sessions, sealsUntil } = peer;
      const sending = sendingOf(peer);
      return sessions.map((session): SessionNote => ({
        peer: name,
        own: session.own.toHex(),
        other: session.other.toHex(),
        counter: session.counter,
        speaks: session === sending,
        seals: sealsUntil !== undefined && sealsUntil >= now,
        ...(isLast && session.isHeard ? { heard: [...session.highest] } : {}),
      }));
    });
  }

  /** What the process before this one wrote down. */
  restore(notes: readonly SessionNote[], now: Instant): void {
    for (const { peer: name, own, other, counter, speaks, heard, seals } of notes.toReversed()) {
      const peer = this.#peers.get(name);
      if (peer === undefined || own.length !== 2 * SID_SIZE || other.length !== own.length) {
        continue;
      }
      const [ownSid, otherSid] = [Uint8Array.fromHex(own), Uint8Array.fromHex(other)];
      this.#add(peer, {
        own: ownSid,
        other: otherSid,
        counter: counter + LEAP,
        opens: speaks,
        isProved: speaks,
        isHeard: heard !== undefined,
        highest: new Map(heard),
      });
      if (seals && heard !== undefined) peer.sealsUntil = after(now, SILENT);
    }
  }

  #add(peer: AdvertPeer, session: Omit<AdvertSession, "hint" | "order" | "keys">): void {
    this.#sealing = undefined;
    const order = ++this.#order;
    const added = { ...session, hint: hintOf(session.other), order, keys: new Map() };
    peer.sessions = [added, ...peer.sessions].slice(0, MOST_SESSIONS);
  }

  #sessionOf(peer: AdvertPeer, sealed: SealedAdvert, road: Road): AdvertSession | undefined {
    return peer.sessions.find((session) => {
      if (session.hint !== sealed.hint || !session.isHeard) return false;
      const keys = this.#keysOf(peer, session, sealed.keyId);
      return keys !== undefined && isGenuine(sealed, road, keys.receive);
    });
  }

  #take(
    peer: AdvertPeer,
    session: AdvertSession,
    { message, counter }: SealedAdvert,
    from: Ip,
    road: Road,
    now: Instant,
  ): Opened | Unsealed {
    const stream = `${ipKey(from)} ${road.port} ${message[1]}`;
    // One session takes the place of another, and none comes back.
    if (session.order < peer.order || counter <= (session.highest.get(stream) ?? 0)) {
      return "replayed";
    }
    session.highest.set(stream, counter);
    peer.order = session.order;
    if (peer.sealsUntil !== undefined) peer.sealsUntil = after(now, SILENT);
    return { message, isUnproved: false };
  }

  /** Undefined: the file has no such secret, whatever was derived of it before. */
  #keysOf({ name }: AdvertPeer, session: AdvertSession, keyId: number) {
    const secret = this.#secrets.find(({ id }) => id === keyId);
    if (secret === undefined) return undefined;
    const known = session.keys.get(keyId);
    if (known !== undefined) return known;
    const { own, other } = session;
    const ends = newSession({ name: this.#name, sid: own }, { name, sid: other });
    const keys = tagKeysOf(secret.bytes, LABEL, ends);
    session.keys.set(keyId, keys);
    return keys;
  }
}

/** The newest that both know, where its process opens seals. */
function sendingOf({ sessions }: AdvertPeer): AdvertSession | undefined {
  const newest = sessions.find(({ isProved }) => isProved);
  return newest?.opens ? newest : undefined;
}

function newPeer(name: string): AdvertPeer {
  return { name, sessions: [], order: 0, sealsUntil: undefined };
}

function hintText(sid: Uint8Array): string {
  return sid.subarray(0, 8).toHex();
}
