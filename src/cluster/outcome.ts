/** What becomes of a datagram of the channel, and what the caller seals and opens for it. */
import type { Ip } from "../net/ip.ts";
import type { Malformed } from "./datagram.ts";
import type { KeyRef } from "./session.ts";

/** A datagram to send: one that is to be sealed, or one that has its tag. */
export type ToSend = ToSeal | Tagged;

/** A datagram that is ready: `head`, then `tag`. */
export interface Tagged {
  readonly to: Ip;
  readonly head: Uint8Array;
  readonly tag: Uint8Array;
}

/** A datagram to seal and send: `head`, then AES-GCM of `text` with `head` as associated data. */
export interface ToSeal {
  readonly to: Ip;
  readonly key: KeyRef;
  readonly nonce: Uint8Array;
  readonly head: Uint8Array;
  readonly text: Uint8Array;
}

/** A tag to verify; the result comes back by {@link Sessions.opened}. */
export interface ToOpen {
  readonly id: number;
  readonly key: KeyRef;
  readonly nonce: Uint8Array;
  readonly associated: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Why a datagram of the channel changes nothing, for people. */
export const REFUSED = {
  length: "too short or too long for what it is",
  magic: "none of floatip's",
  version: "of another version of the channel",
  type: "of an unknown type",
  name: "with a name that is none",
  stranger: "from an address of no node",
  "other-secret": "sealed with a secret that is not known here",
  "own-name": "by this node's own name: it was sent back",
  "other-name": "by another name than the file gives its address",
  unasked: "an answer to a question that was not put, or long ago",
  "no-session": "of a process without a session, such as one that has ended",
  replayed: "seen before, or far too late",
  tag: "not sealed by a node of this cluster, or changed on its way",
  "too-many": "more of one node at once than is looked at",
} as const satisfies Readonly<Record<Malformed, string> & Record<string, string>>;

/** Why a datagram changes nothing. */
export type Refused = keyof typeof REFUSED;

/** What becomes of a datagram. */
export type Outcome =
  | { readonly kind: "refused"; readonly reason: Refused; readonly peer?: string }
  | { readonly kind: "open"; readonly job: ToOpen }
  | { readonly kind: "nothing" }
  | { readonly kind: "send"; readonly datagrams: readonly ToSeal[] }
  | {
    readonly kind: "message";
    readonly peer: string;
    readonly from: Ip;
    /** Of which of its processes: the hint of its sid. */
    readonly session: bigint;
    readonly text: Uint8Array;
  }
  /** The report with this number still holds. */
  | {
    readonly kind: "beat";
    readonly peer: string;
    readonly session: bigint;
    readonly number: number;
  };

/** A datagram of `peer`, where it is of one, that changes nothing. */
export function refused(reason: Refused, peer?: { readonly name: string }): Outcome {
  return peer === undefined
    ? { kind: "refused", reason }
    : { kind: "refused", reason, peer: peer.name };
}
