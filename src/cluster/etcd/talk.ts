/**
 * What nodes say to each other about leases in etcd, when one gives a lease up in favour of
 * another: JSON in UTF-8 in the sealed channel. Fields that are not known are skipped.
 */
import { tableIn } from "./record.ts";

/** The sender wants the receiver, which holds the lease, to give it up in its favour. */
export interface Wished {
  readonly kind: "etcd-wish";
  readonly lease: string;
  readonly id: number;
  readonly token: string;
}

/** Etcd has made the receiver the owner, as it had wished by `id`. */
export interface Given {
  readonly kind: "etcd-given";
  readonly lease: string;
  readonly id: number;
  readonly revision: number;
}

/** Bytes of a message, at most. */
const LONGEST = 400;

/** `message` as text. */
export function encodeTalk(message: Wished | Given): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

/** What a text says; undefined where it is none of these. Never throws. */
export function decodeTalk(text: Uint8Array): Wished | Given | undefined {
  if (text.length > LONGEST) return undefined;
  const { kind, lease, id, token, revision } = tableIn(new TextDecoder().decode(text));
  if (typeof lease !== "string" || typeof id !== "number") return undefined;
  if (kind === "etcd-wish" && typeof token === "string" && /^[0-9a-f]{16}$/.test(token)) {
    return { kind, lease, id, token };
  }
  if (kind === "etcd-given" && typeof revision === "number") return { kind, lease, id, revision };
  return undefined;
}
