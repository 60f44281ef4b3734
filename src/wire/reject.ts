/** Reasons why a packet was not accepted, a closed union: name = counter = log line = test. */

/**
 * In the order in which a receiver looks (RFC 9568 7.1, RFC 3768 7.1), each with its meaning in
 * words.
 */
export const REJECT_REASONS = {
  "unknown-vrid": "no instance here has this VRID",
  "source": "its source is no address that a node can have",
  "ttl": "TTL or hop limit is not 255: it came through a router",
  "not-sealed": "it is not sealed, and its node seals what it sends",
  "replayed": "it is sealed, and was seen before",
  "too-short": "too short for a VRRP header",
  "version": "the VRRP version is not the instance's",
  "type": "not an advertisement (type is not 1)",
  "count-zero": "it names no address",
  "length": "its length does not fit its address count",
  "carp": "it is CARP, not VRRP: the two share a group and a protocol number",
  "auth-hmac": "it is signed with keepalived's auth_hmac, which floatip cannot read",
  "checksum": "the checksum is wrong in both forms",
  "interval-zero": "its advertisement interval is 0",
  "source-port": "it comes from another UDP port than floatip's",
  "auth-type": "the authentication type is not the instance's",
  "auth-password": "the password is wrong",
  "interval-mismatch": "VRRPv2 demands equal intervals",
  "own-packet": "it is our own, sent back to us",
  "own-address": "another machine sends from this node's address: a clone?",
  "unknown-peer": "its source is not among the configured peers",
  "destination": "sent by another transport than the instance's",
  "addresses": "a stranger uses this VRID for other addresses",
} as const;

/** The name of a reason. */
export type RejectReason = keyof typeof REJECT_REASONS;

/**
 * A packet that was not accepted. It changes no state and touches no timer; it is counted under its
 * reason.
 */
export interface Reject {
  readonly reason: RejectReason;
  /** What was found, for people: "interval 2 s, ours is 1 s". Never a password. */
  readonly detail: string;
}

/** Did a decoder say no? Tells a {@link Reject} from whatever else it may return. */
export function isReject<T extends object>(decoded: T | Reject): decoded is Reject {
  return "reason" in decoded;
}
