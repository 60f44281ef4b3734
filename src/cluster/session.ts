/** One session: both ends' processes, the keys derived from them, and the counters of its DATA. */
import type { Instant } from "../time.ts";
import { type TagKey, tagKey, tagOf } from "./blake2s.ts";
import { type Abilities, hintOf, NONCE_SIZE, pairHintOf, TAG_SIZE } from "./datagram.ts";
import { EMPTY_WINDOW, type ReplayWindow } from "./replay_window.ts";

/** A key: derived by HKDF-SHA-256 from the secret with this id, without a salt. */
export interface KeyRef {
  readonly keyId: number;
  readonly info: Uint8Array;
}

/** A secret of the file. */
export interface Secret {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** This process, and the secrets it knows. */
export interface Own {
  readonly name: string;
  /** All verify, the first seals. */
  readonly secrets: readonly [Secret, ...Secret[]];
}

/** Keys of tags, from this process and to it. */
export interface TagKeys {
  readonly send: TagKey;
  readonly receive: TagKey;
}

/** One end of a session. */
export interface End {
  readonly name: string;
  /** {@link SID_SIZE} random bytes. */
  readonly sid: Uint8Array;
}

/** What is known of a peer's process that has answered our HELLO. */
export interface Session {
  readonly sid: Uint8Array;
  readonly can: Abilities;
  /** Of BEATs, by the secret's id. */
  readonly beatKeys: Map<number, TagKeys>;
  /** What is said by it names this. */
  readonly sendHint: bigint;
  /** And what comes by it one of these: that of the pair, or of its sender, an older version. */
  readonly hints: readonly bigint[];
  /** Info of the keys, by direction. */
  readonly sending: Uint8Array;
  readonly receiving: Uint8Array;
  /** When its process answered our HELLO, the last time. */
  since: Instant;
  counter: bigint;
  window: ReplayWindow;
  heard: Instant | undefined;
}

const GREETINGS = new TextEncoder().encode("floatip greeting 1");

/** What the oldest versions could. */
const NOTHING: Abilities = { opens: false, readsBeats: false, knowsPairs: false };

/** A session with the process `other`, which has just answered that it can do that. */
export function newSession(own: End, other: End, can = NOTHING): Session {
  return {
    sid: other.sid,
    can,
    beatKeys: new Map(),
    sendHint: can.knowsPairs ? pairHintOf(own.sid, other.sid) : hintOf(own.sid),
    hints: [pairHintOf(other.sid, own.sid), hintOf(other.sid)],
    sending: sessionInfo(own, other),
    receiving: sessionInfo(other, own),
    since: 0 as Instant,
    counter: 0n,
    window: EMPTY_WINDOW,
    heard: undefined,
  };
}

/** The info of the key from one end to the other: names and sids, each at a fixed place. */
function sessionInfo(from: End, to: End): Uint8Array {
  const encoder = new TextEncoder();
  const parts = [from, to].flatMap(({ name, sid }) => {
    const text = encoder.encode(name);
    return [[text.length], text, sid];
  });
  return Uint8Array.from([...encoder.encode("floatip session 1"), ...parts.flatMap((p) => [...p])]);
}

/** Keys of tags that are for nothing but what `label` says: keyed BLAKE2s of the session's info. */
export function tagKeysOf(
  secret: Uint8Array,
  label: Uint8Array,
  { sending, receiving }: Pick<Session, "sending" | "receiving">,
): TagKeys {
  const whole = tagKey(secret, WHOLE);
  const of = (info: Uint8Array): TagKey =>
    tagKey(tagOf(whole, Uint8Array.from([...label, ...info])), TAG_SIZE);
  return { send: of(sending), receive: of(receiving) };
}

/** Bytes of a tag that becomes a key. */
const WHOLE = 32;

/** The key of HELLO and ACK. */
export function greetingKey(keyId: number): KeyRef {
  return { keyId, info: GREETINGS };
}

/** The nonce of a DATA. Each is used once: the key is that of one direction of one session. */
export function dataNonce(counter: bigint): Uint8Array {
  const nonce = new Uint8Array(NONCE_SIZE);
  new DataView(nonce.buffer).setBigUint64(NONCE_SIZE - 8, counter);
  return nonce;
}
