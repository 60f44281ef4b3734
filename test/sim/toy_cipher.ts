/**
 * A toy in place of AES-GCM: nothing is hidden, but a text that was changed, or sealed with another
 * key, does not open. Synchronous, and the same in every run.
 */
import { TAG_SIZE } from "../../src/cluster/datagram.ts";
import type { ToOpen, ToSeal } from "../../src/cluster/outcome.ts";

/** `text` with its tag; `secret` is what the key's id stands for. */
export function toySeal({ key, nonce, head, text }: ToSeal, secret = ""): Uint8Array {
  const sealed = new Uint8Array(text.length + TAG_SIZE);
  sealed.set(text);
  sealed.set(tagOf(key.keyId, secret, [key.info, nonce, head, text]), text.length);
  return sealed;
}

/** The text; undefined where the tag is wrong. */
export function toyOpen(
  { key, nonce, associated, sealed }: ToOpen,
  secret = "",
): Uint8Array | undefined {
  const text = sealed.subarray(0, sealed.length - TAG_SIZE);
  const tag = tagOf(key.keyId, secret, [key.info, nonce, associated, text]);
  return tag.every((byte, at) => byte === sealed[text.length + at]) ? text.slice() : undefined;
}

/** What all that is sealed with a secret begins with: its hash is worked out once. */
const BEGUN = new Map<string, Hash>();

/** Two, since one has 32 bits: of ten million spoilt datagrams some would have its tag. */
type Hash = readonly [number, number];

/** A tag of all that is covered: FNV-1a, and one that spreads each byte over all of it. */
function tagOf(keyId: number, secret: string, parts: readonly Uint8Array[]): Uint8Array {
  let [one, other] = parts.reduce(hashed, begunWith(keyId, secret));
  const tag = new Uint8Array(TAG_SIZE);
  for (let lane = 0; lane < TAG_SIZE; lane += 2) {
    one = Math.imul(one ^ lane, 0x01000193);
    other = Math.imul(other ^ lane, 0x85ebca6b);
    tag[lane] = one >>> 11 & 0xff;
    tag[lane + 1] = other >>> 11 & 0xff;
  }
  return tag;
}

function begunWith(keyId: number, secret: string): Hash {
  const key = `${keyId} ${secret}`;
  const known = BEGUN.get(key);
  if (known !== undefined) return known;
  const begun = hashed([0x811c9dc5 ^ keyId, keyId], new TextEncoder().encode(secret));
  BEGUN.set(key, begun);
  return begun;
}

function hashed([before, other]: Hash, part: Uint8Array): Hash {
  let fnv = Math.imul(before ^ part.length, 0x01000193);
  let spread = Math.imul(other ^ part.length, 0x85ebca6b);
  for (let at = 0; at < part.length; at++) {
    const byte = part[at] ?? 0;
    fnv = Math.imul(fnv ^ byte, 0x01000193);
    spread = Math.imul(spread ^ byte, 0x85ebca6b);
    spread ^= spread >>> 13;
  }
  return [fnv, spread];
}
