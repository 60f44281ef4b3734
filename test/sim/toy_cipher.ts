/**
 * A toy in place of AES-GCM: nothing is hidden, but a text that was changed, or sealed with another
 * key, does not open. Synchronous, and the same in every run.
 */
import { TAG_SIZE } from "../../src/cluster/datagram.ts";
import type { ToOpen, ToSeal } from "../../src/cluster/outcome.ts";

/** `text` with its tag; `secret` is what the key's id stands for. */
export function toySeal({ key, nonce, head, text }: ToSeal, secret = ""): Uint8Array {
  return Uint8Array.from([...text, ...tagOf(key.keyId, secret, [key.info, nonce, head, text])]);
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

/** A tag of all that is covered (FNV-1a, spread). */
function tagOf(keyId: number, secret: string, parts: readonly Uint8Array[]): Uint8Array {
  const all = [new TextEncoder().encode(secret), ...parts];
  const tag = new Uint8Array(TAG_SIZE);
  let hash = 0x811c9dc5 ^ keyId;
  for (const part of all) {
    hash = Math.imul(hash ^ part.length, 0x01000193);
    for (let at = 0; at < part.length; at++) hash = Math.imul(hash ^ (part[at] ?? 0), 0x01000193);
  }
  for (let lane = 0; lane < TAG_SIZE; lane++) {
    hash = Math.imul(hash ^ lane, 0x01000193);
    tag[lane] = hash >>> 11 & 0xff;
  }
  return tag;
}
