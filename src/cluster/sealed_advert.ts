/**
 * A sealed advert: a head, then the VRRP message as it would be without. The tag is made within the
 * turn (blake2s.ts), so that an advert is judged before any deadline that it puts off.
 */
import { be16, bytes, layout } from "../wire/layout.ts";
import {
  CHANNEL_MAGIC,
  CHANNEL_VERSION,
  messageIn,
  SEALED_HEAD,
  SEALED_TYPE,
} from "../wire/sealed.ts";
import { sameSecret } from "../wire/vrrp.ts";
import { type TagKey, tagOf } from "./blake2s.ts";
import { TAG_SIZE } from "./datagram.ts";

/** What the tag covers: the head before it, where the advert is sent to, and the message. */
const COVERED = layout("covered head of a sealed advert", 28, {
  head: bytes(0, 24),
  port: be16(24),
  family: be16(26),
});

/** Where an advert goes. */
export interface Road {
  readonly port: number;
  readonly family: "ipv4" | "ipv6";
}

/** Which session and which advert of it. */
export interface Seal {
  readonly keyId: number;
  readonly hint: bigint;
  readonly counter: number;
}

/** One whose tag is not verified. */
export interface SealedAdvert extends Seal {
  readonly message: Uint8Array;
  readonly tag: Uint8Array;
  readonly head: Uint8Array;
}

/** `message` sealed with `key`. */
export function sealAdvert(
  { keyId, hint, counter }: Seal,
  road: Road,
  key: TagKey,
  message: Uint8Array,
): Uint8Array {
  const sealed = new Uint8Array(SEALED_HEAD.size + message.length);
  const tag = new Uint8Array(TAG_SIZE);
  const magic = { magic: CHANNEL_MAGIC, version: CHANNEL_VERSION, type: SEALED_TYPE };
  SEALED_HEAD.write({ ...magic, keyId, hint, counter: BigInt(counter), tag }, sealed);
  sealed.set(message, SEALED_HEAD.size);
  sealed.set(tagOf(key, covered(sealed.subarray(0, 24), road, message)), 24);
  return sealed;
}

/** Reads one, of which nothing is to be believed yet; undefined: it is none. */
export function readSealedAdvert(payload: Uint8Array): SealedAdvert | undefined {
  const message = messageIn(payload);
  if (message === payload) return undefined;
  const { keyId, hint, counter, tag } = SEALED_HEAD.read(payload);
  if (counter > Number.MAX_SAFE_INTEGER) return undefined;
  return { keyId, hint, counter: Number(counter), tag, message, head: payload.subarray(0, 24) };
}

/** Is the tag that of `key`? */
export function isGenuine({ head, message, tag }: SealedAdvert, road: Road, key: TagKey): boolean {
  return sameSecret(tagOf(key, covered(head, road, message)), tag);
}

function covered(head: Uint8Array, { port, family }: Road, message: Uint8Array): Uint8Array {
  const all = new Uint8Array(COVERED.size + message.length);
  COVERED.write({ head, port, family: family === "ipv4" ? 4 : 6 }, all);
  all.set(message, COVERED.size);
  return all;
}
