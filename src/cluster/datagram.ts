/** Datagrams of the channel between nodes: HELLO, ACK, DATA and BEAT (decisions 0073, 0091). */
import { be16, be32, be64, bytes, layout, u8 } from "../wire/layout.ts";
import { CHANNEL_MAGIC, CHANNEL_VERSION, SESSION_FIELDS } from "../wire/sealed.ts";

/** 4 is that of a sealed advert. */
const TYPES = { hello: 1, ack: 2, data: 3, beat: 5 } as const;

/** Bytes of a whole datagram, at most: it fits the smallest MTU of IPv6 with a tunnel around it. */
export const MAX_DATAGRAM = 1200;
/** Bytes that AES-GCM adds to what it seals. */
export const TAG_SIZE = 16;
/** The random bytes by which a process is known. */
export const SID_SIZE = 16;
/** The nonce of AES-GCM. */
export const NONCE_SIZE = 12;
/** A name of [nodes], in bytes of UTF-8. */
export const MAX_NAME = 63;

/**
 * HELLO and ACK before their tag. They are equally long, so that an answer is no amplification.
 * Both seal an empty text with the key of greetings; all of the head is authenticated.
 */
export const GREETING = layout("greeting of the channel", 132, {
  magic: be16(0),
  version: u8(2),
  type: u8(3),
  /** Which secret; see keyIdOf. */
  keyId: be32(4),
  /** The sender's process. */
  sid: bytes(8, SID_SIZE),
  /** The process that asked, or in a HELLO the one that is thought to be there; zero: none. */
  to: bytes(24, SID_SIZE),
  /** Drawn for each HELLO, repeated by its ACK. */
  asked: be64(40),
  nameLength: u8(48),
  /** The sender's name, padded with zeros. */
  name: bytes(49, MAX_NAME),
  /** What the sender can do; a bit that is not known means nothing. */
  abilities: be64(112),
  nonce: bytes(120, NONCE_SIZE),
});

/** DATA before what is sealed. */
export const DATA_HEAD = layout("data of the channel", 24, SESSION_FIELDS);

/** BEAT before its tag: the head of a DATA, and what it says. One block of BLAKE2s. */
export const BEAT = layout("beat of the channel", 32, {
  ...SESSION_FIELDS,
  /** The sender's report with this number still holds. */
  number: be64(24),
});

const OPENS = 1n, READS_BEATS = 2n, KNOWS_PAIRS = 4n;

/** Bytes of a message in one DATA, at most. */
export const MAX_MESSAGE = MAX_DATAGRAM - DATA_HEAD.size - TAG_SIZE;

/** What the sender of a greeting can do. */
export interface Abilities {
  /** Does it open sealed adverts (sealed_advert.ts)? */
  readonly opens: boolean;
  /** Does it read BEATs? */
  readonly readsBeats: boolean;
  /** Does it know the hint of a pair ({@link pairHintOf})? */
  readonly knowsPairs: boolean;
}

/** HELLO or ACK as values. */
export interface Greeting extends Abilities {
  readonly kind: "hello" | "ack";
  readonly keyId: number;
  readonly sid: Uint8Array;
  readonly to: Uint8Array;
  readonly asked: bigint;
  readonly name: string;
  readonly nonce: Uint8Array;
}

/** DATA as values. */
export interface DataHead {
  readonly kind: "data";
  readonly keyId: number;
  readonly hint: bigint;
  readonly counter: bigint;
}

/** BEAT as values. */
export interface BeatHead extends Omit<DataHead, "kind"> {
  readonly kind: "beat";
  /** The number of a report. */
  readonly number: number;
}

/** A datagram whose tag is not yet verified. */
export interface Unverified<Head> {
  readonly head: Head;
  /** What the tag covers beside the sealed text. */
  readonly associated: Uint8Array;
  /** The sealed text with its tag; of a BEAT the tag. */
  readonly sealed: Uint8Array;
}

/** Why a datagram is none of the channel. */
export type Malformed = "length" | "magic" | "version" | "type" | "name";

/** Reads a datagram; nothing in it is to be believed before its tag was verified. Never throws. */
export function decodeDatagram(
  datagram: Uint8Array,
): Unverified<Greeting | DataHead | BeatHead> | Malformed {
  if (datagram.length > MAX_DATAGRAM || !DATA_HEAD.fits(datagram)) return "length";
  const { magic, version, type, ...data } = DATA_HEAD.read(datagram);
  if (magic !== CHANNEL_MAGIC) return "magic";
  if (version !== CHANNEL_VERSION) return "version";
  if (type === TYPES.data) {
    if (datagram.length < DATA_HEAD.size + TAG_SIZE) return "length";
    return { head: { kind: "data", ...data }, ...split(datagram, DATA_HEAD.size) };
  }
  if (type === TYPES.beat) return decodeBeat(datagram);
  if (type !== TYPES.hello && type !== TYPES.ack) return "type";
  if (datagram.length !== GREETING.size + TAG_SIZE) return "length";
  const { keyId, sid, to, asked, nameLength, name, abilities, nonce } = GREETING.read(
    datagram,
  );
  const text = decodeName(name, nameLength);
  if (text === undefined) return "name";
  const kind = type === TYPES.hello ? "hello" : "ack";
  const can = {
    opens: (abilities & OPENS) !== 0n,
    readsBeats: (abilities & READS_BEATS) !== 0n,
    knowsPairs: (abilities & KNOWS_PAIRS) !== 0n,
  };
  return {
    head: { kind, keyId, sid, to, asked, name: text, ...can, nonce },
    ...split(datagram, GREETING.size),
  };
}

function decodeBeat(datagram: Uint8Array): Unverified<BeatHead> | Malformed {
  if (datagram.length !== BEAT.size + TAG_SIZE) return "length";
  const { keyId, hint, counter, number } = BEAT.read(datagram);
  const head = { kind: "beat", keyId, hint, counter, number: Number(number) } as const;
  return { head, ...split(datagram, BEAT.size) };
}

/** The bytes of a greeting before its tag. */
export function encodeGreeting(
  { kind, name, opens, readsBeats, knowsPairs, ...fields }: Greeting,
): Uint8Array {
  const text = new TextEncoder().encode(name);
  const padded = new Uint8Array(MAX_NAME);
  padded.set(text.subarray(0, MAX_NAME));
  return GREETING.write({
    ...fields,
    magic: CHANNEL_MAGIC,
    version: CHANNEL_VERSION,
    type: TYPES[kind],
    nameLength: text.length,
    name: padded,
    abilities: (opens ? OPENS : 0n) | (readsBeats ? READS_BEATS : 0n) |
      (knowsPairs ? KNOWS_PAIRS : 0n),
  });
}

/** The bytes of a DATA before what is sealed. */
export function encodeDataHead({ keyId, hint, counter }: Omit<DataHead, "kind">): Uint8Array {
  return DATA_HEAD.write({
    magic: CHANNEL_MAGIC,
    version: CHANNEL_VERSION,
    type: TYPES.data,
    keyId,
    hint,
    counter,
  });
}

/** The bytes of a BEAT before its tag. */
export function encodeBeat({ number, ...head }: Omit<BeatHead, "kind">): Uint8Array {
  return BEAT.write({
    ...head,
    magic: CHANNEL_MAGIC,
    version: CHANNEL_VERSION,
    type: TYPES.beat,
    number: BigInt(number),
  });
}

/** The first 8 bytes of a sid. */
export function hintOf(sid: Uint8Array): bigint {
  return new DataView(sid.buffer, sid.byteOffset).getBigUint64(0);
}

/**
 * What DATA and BEAT from the process `from` to `to` name: of both, so that what was said to the
 * process before `to` is known for a recording without a look at its tag. Not that of the way back.
 */
export function pairHintOf(from: Uint8Array, to: Uint8Array): bigint {
  return hintOf(from) ^ hintOf(to.subarray(8));
}

function split(datagram: Uint8Array, at: number) {
  return { associated: datagram.subarray(0, at), sealed: datagram.subarray(at) };
}

function decodeName(padded: Uint8Array, length: number): string | undefined {
  if (length === 0 || length > MAX_NAME || padded.subarray(length).some((byte) => byte !== 0)) {
    return undefined;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(padded.subarray(0, length));
  } catch {
    return undefined;
  }
}
