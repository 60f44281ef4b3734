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
const BEGUN = new Map<string, number>();

/** A tag of all that is covered (FNV-1a, spread). */
function tagOf(keyId: number, secret: string, parts: readonly Uint8Array[]): Uint8Array {
  let hash = begunWith(keyId, secret);
  for (const part of parts) hash = hashed(hash, part);
  const tag = new Uint8Array(TAG_SIZE);
  for (let lane = 0; lane < TAG_SIZE; lane++) {
    hash = Math.imul(hash ^ lane, 0x01000193);
    tag[lane] = hash >>> 11 & 0xff;
  }
  return tag;
}

function begunWith(keyId: number, secret: string): number {
  const key = `${keyId} ${secret}`;
  const known = BEGUN.get(key);
  if (known !== undefined) return known;
  const begun = hashed(0x811c9dc5 ^ keyId, new TextEncoder().encode(secret));
  BEGUN.set(key, begun);
  return begun;
}

function hashed(before: number, part: Uint8Array): number {
  let hash = Math.imul(before ^ part.length, 0x01000193);
  for (let at = 0; at < part.length; at++) hash = Math.imul(hash ^ (part[at] ?? 0), 0x01000193);
  return hash;
}
