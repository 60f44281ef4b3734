/**
 * Claims of addresses: what ARP and Neighbor Discovery tell of which machine has which address, in
 * one form.
 */
import { type Ip, isUnspecified, sameIp } from "../net/ip.ts";
import { BROADCAST_MAC, type Mac } from "../net/mac.ts";
import { type Arp, decodeArp } from "./arp.ts";
import { decodeEthernet, ETHERTYPE } from "./ethernet.ts";
import { decodeIpv6 } from "./ipv6.ts";
import { decodeNeighbor } from "./ndp.ts";
import { sameBytes } from "../net/bytes.ts";

/** "`address` is at `mac`." */
export interface Claim {
  readonly address: Ip;
  readonly mac: Mac;
  /**
   * Said unasked, which neighbours act on; or as an answer to one that asked, or to a question
   * whose answer goes to all.
   */
  readonly how: "unasked" | "answer" | "answer-to-all";
}

/**
 * What `frame` claims: the sender of an ARP request or reply, the target of a Neighbor
 * Advertisement. Undefined where it claims nothing: other frames, probes (sender 0.0.0.0, RFC 5227
 * 2.1), solicitations.
 */
export function claimIn(frame: Uint8Array): Claim | undefined {
  const ethernet = decodeEthernet(frame);
  if (ethernet?.etherType === ETHERTYPE.arp) {
    const arp = decodeArp(ethernet.payload);
    if (arp === undefined || isUnspecified(arp.senderIp)) return undefined;
    return { address: arp.senderIp, mac: arp.senderMac, how: howOf(arp) };
  }
  if (ethernet?.etherType !== ETHERTYPE.ipv6) return undefined;
  const packet = decodeIpv6(ethernet.payload);
  const neighbor = packet && decodeNeighbor(packet);
  if (neighbor?.kind !== "na") return undefined;
  const how = neighbor.solicited ? "answer" : "unasked";
  return { address: neighbor.target, mac: neighbor.mac ?? ethernet.source, how };
}

/** A reply about the address that it is sent to is an announcement (some speakers send such). */
function howOf({ operation, senderIp, targetIp, targetMac }: Arp): Claim["how"] {
  if (operation === "request" || sameIp(senderIp, targetIp)) return "unasked";
  return sameBytes(targetMac, BROADCAST_MAC) ? "answer-to-all" : "answer";
}
