/**
 * BEAT: "my report with this number still holds", with a tag of keyed BLAKE2s that is made and
 * verified within the turn (decision 0091).
 */
import type { Ip } from "../net/ip.ts";
import { sameSecret } from "../wire/vrrp.ts";
import { tagOf } from "./blake2s.ts";
import { type BeatHead, encodeBeat, type Unverified } from "./datagram.ts";
import type { Tagged } from "./outcome.ts";
import { type Secret, type Session, type TagKeys, tagKeysOf } from "./session.ts";

const LABEL = new TextEncoder().encode("floatip beat 1");

/** A BEAT in `session` to the address `to`. */
export function newBeat(
  to: Ip,
  session: Session,
  secret: Secret,
  fields: Pick<BeatHead, "counter" | "number">,
): Tagged {
  const head = encodeBeat({ ...fields, keyId: secret.id, hint: session.sendHint });
  return { to, head, tag: tagOf(keysOf(session, secret).send, head) };
}

/** Is the tag that of the other end of `session`? */
export function isGenuineBeat(
  { associated, sealed }: Unverified<BeatHead>,
  session: Session,
  secret: Secret,
): boolean {
  return sameSecret(tagOf(keysOf(session, secret).receive, associated), sealed);
}

function keysOf(session: Session, secret: Secret): TagKeys {
  const known = session.beatKeys.get(secret.id);
  if (known !== undefined) return known;
  const keys = tagKeysOf(secret.bytes, LABEL, session);
  session.beatKeys.set(secret.id, keys);
  return keys;
}
