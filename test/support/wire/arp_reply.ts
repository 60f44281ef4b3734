/** Answers of other machines to ARP. */
import type { Mac } from "../../../src/net/mac.ts";
import { type Arp, encodeArp } from "../../../src/wire/arp.ts";
import { encodeEthernet, ETHERTYPE } from "../../../src/wire/ethernet.ts";

/** The whole frame (42 bytes) that answers `request`: its target address is at `mac`. */
export function arpReply(mac: Mac, request: Arp): Uint8Array {
  const payload = encodeArp({
    operation: "reply",
    senderMac: mac,
    senderIp: request.targetIp,
    targetMac: request.senderMac,
    targetIp: request.senderIp,
  });
  const destination = request.senderMac;
  return encodeEthernet({ destination, source: mac, etherType: ETHERTYPE.arp, payload });
}
