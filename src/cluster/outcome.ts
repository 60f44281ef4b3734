/** What becomes of a datagram of the channel, and what the caller seals and opens for it. */
import type { Ip } from "../net/ip.ts";
import type { Malformed } from "./datagram.ts";
import type { KeyRef } from "./session.ts";

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

/** Why a datagram changes nothing. */
export type Refused =
  | Malformed
  /** From an address of no node. */
  | "stranger"
  /** Sealed with a secret that is not known here. */
  | "other-secret"
  /** Our own process, or our own name. */
  | "own-name"
  /** Another name than the file gives that address. */
  | "other-name"
  /** An ACK to a HELLO that was not sent, or long ago. */
  | "unasked"
  /** DATA of a process without a session. */
  | "no-session"
  /** DATA that was seen before, or is older than the window. */
  | "replayed"
  /** Not sealed by a node of this cluster. */
  | "tag"
  /** More than is answered or looked at for one peer. */
  | "too-many";

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
    readonly text: Uint8Array;
  };
