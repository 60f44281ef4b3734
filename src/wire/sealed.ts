/** The head before a VRRP message by UDP that a session of [cluster] seals (decision 0086). */
import { be16, be32, be64, bytes, layout, u8 } from "./layout.ts";

/** "FL", at the head of all that nodes tell each other: no version of VRRP begins so. */
export const CHANNEL_MAGIC = 0x464c;
/** Beside the types of the nodes' channel. */
export const SEALED_TYPE = 4;
/** Of these heads. */
export const CHANNEL_VERSION = 1;

/** How all begins that is said by a session. */
export const SESSION_FIELDS = {
  magic: be16(0),
  version: u8(2),
  type: u8(3),
  /** Which secret. */
  keyId: be32(4),
  /** Which session: of the sids of both ends, or, of a sealed advert, of its sender's. */
  hint: be64(8),
  /** Rises within a session, from 1: one count for DATA and BEAT, and one for sealed adverts. */
  counter: be64(16),
} as const;

/** The message follows it, readable as without. */
export const SEALED_HEAD = layout("head of a sealed advert", 40, {
  ...SESSION_FIELDS,
  tag: bytes(24, 16),
});

/** The VRRP message in the payload of a UDP datagram, sealed or not; nothing is verified. */
export function messageIn(payload: Uint8Array): Uint8Array {
  if (!SEALED_HEAD.fits(payload)) return payload;
  const [high = 0, low = 0, version, type] = payload;
  const isSealed = (high << 8 | low) === CHANNEL_MAGIC && version === CHANNEL_VERSION &&
    type === SEALED_TYPE;
  return isSealed ? payload.subarray(SEALED_HEAD.size) : payload;
}
