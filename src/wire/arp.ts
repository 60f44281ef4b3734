/** ARP for IPv4 over Ethernet (RFC 826): requests, replies and announcements. */
import { assert } from "../assert.ts";
import { type Ip, ip, ipFromBytes } from "../net/ip.ts";
import { BROADCAST_MAC, type Mac } from "../net/mac.ts";
import { encodeEthernet, ETHERTYPE } from "./ethernet.ts";
import { be16, bytes, layout, u8 } from "./layout.ts";

/** An ARP message for Ethernet and IPv4. */
export const ARP_MESSAGE = layout("ARP message", 28, {
  hardwareType: be16(0),
  protocolType: be16(2),
  hardwareSize: u8(4),
  protocolSize: u8(5),
  operation: be16(6),
  senderMac: bytes(8, 6),
  senderIp: bytes(14, 4),
  targetMac: bytes(18, 6),
  targetIp: bytes(24, 4),
});

/** What ARP says; other operations than these two are not ours. */
export interface Arp {
  readonly operation: "request" | "reply";
  readonly senderMac: Mac;
  readonly senderIp: Ip;
  readonly targetMac: Mac;
  readonly targetIp: Ip;
}

const ETHERNET = {
  hardwareType: 1,
  protocolType: ETHERTYPE.ipv4,
  hardwareSize: 6,
  protocolSize: 4,
};
const OPERATIONS = { request: 1, reply: 2 } as const;
const UNKNOWN_MAC: Mac = new Uint8Array(6);
const NO_ADDRESS = ip("0.0.0.0");

/** The message's 28 bytes. */
export function encodeArp(arp: Arp): Uint8Array {
  assert(arp.senderIp.family === "ipv4" && arp.targetIp.family === "ipv4", "ARP is for IPv4");
  return ARP_MESSAGE.write({
    ...ETHERNET,
    operation: OPERATIONS[arp.operation],
    senderMac: arp.senderMac,
    senderIp: arp.senderIp.bytes,
    targetMac: arp.targetMac,
    targetIp: arp.targetIp.bytes,
  });
}

/**
 * Reads a message; padding after it is left aside. Undefined where it is not a request or reply for
 * Ethernet and IPv4.
 */
export function decodeArp(payload: Uint8Array): Arp | undefined {
  if (!ARP_MESSAGE.fits(payload)) return undefined;
  const message = ARP_MESSAGE.read(payload);
  const { hardwareType, protocolType, hardwareSize, protocolSize } = message;
  if (hardwareType !== ETHERNET.hardwareType || protocolType !== ETHERNET.protocolType) {
    return undefined;
  }
  if (hardwareSize !== 6 || protocolSize !== 4) return undefined;
  if (message.operation !== OPERATIONS.request && message.operation !== OPERATIONS.reply) {
    return undefined;
  }
  return {
    operation: message.operation === OPERATIONS.request ? "request" : "reply",
    senderMac: message.senderMac,
    senderIp: ipFromBytes(message.senderIp),
    targetMac: message.targetMac,
    targetIp: ipFromBytes(message.targetIp),
  };
}

/**
 * The whole frame (42 bytes) that tells everyone that `address` is now at `mac`: a broadcast
 * request, sender and target both the address (RFC 5227 3), target MAC all ones as keepalived sends
 * it.
 */
export function gratuitousArp(mac: Mac, address: Ip): Uint8Array {
  return broadcast({
    operation: "request",
    senderMac: mac,
    senderIp: address,
    targetMac: BROADCAST_MAC,
    targetIp: address,
  });
}

/** The whole frame (42 bytes) that asks who has `target`, from `source` at `mac`. */
export function arpRequest(mac: Mac, source: Ip, target: Ip): Uint8Array {
  return broadcast({
    operation: "request",
    senderMac: mac,
    senderIp: source,
    targetMac: UNKNOWN_MAC,
    targetIp: target,
  });
}

/**
 * The whole frame (42 bytes) that asks who has `target` without claiming anything: sender 0.0.0.0
 * (RFC 5227 2.1.1).
 */
export function arpProbe(mac: Mac, target: Ip): Uint8Array {
  return arpRequest(mac, NO_ADDRESS, target);
}

/**
 * The same, but its answer goes to everybody: as the sender's MAC stands ff:ff:ff:ff:ff:ff. So it
 * arrives where a machine with this very `mac` answers, which a switch would not send back to where
 * it came from. `mark` (6 bytes, which a receiver passes over) tells the frame from another
 * machine's that asks the same.
 */
export function arpProbeToAll(mac: Mac, target: Ip, mark: Uint8Array): Uint8Array {
  return encodeEthernet({
    destination: BROADCAST_MAC,
    source: mac,
    etherType: ETHERTYPE.arp,
    payload: encodeArp({
      operation: "request",
      senderMac: BROADCAST_MAC,
      senderIp: NO_ADDRESS,
      targetMac: mark,
      targetIp: target,
    }),
  });
}

function broadcast(arp: Arp): Uint8Array {
  return encodeEthernet({
    destination: BROADCAST_MAC,
    source: arp.senderMac,
    etherType: ETHERTYPE.arp,
    payload: encodeArp(arp),
  });
}
