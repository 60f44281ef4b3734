/** A captured Ethernet frame, as far as it concerns floating addresses. */
import { type Arp, decodeArp } from "./arp.ts";
import { decodeEthernet, type EthernetFrame, ETHERTYPE } from "./ethernet.ts";
import { decodeIpv4 } from "./ipv4.ts";
import { decodeIpv6 } from "./ipv6.ts";
import { decodeNeighbor, type NeighborAdvert, type NeighborSolicit } from "./ndp.ts";
import { isQuestion } from "./presence.ts";
import { messageIn } from "./sealed.ts";
import { decodeUdp, UDP_PROTOCOL } from "./udp.ts";
import { VRRP_PROTOCOL, type VrrpDatagram } from "./vrrp.ts";

/**
 * One frame, understood. `ethernet` is absent only where there is not even a whole Ethernet header.
 */
export type Frame =
  | { readonly kind: "arp"; readonly ethernet: EthernetFrame; readonly arp: Arp }
  | { readonly kind: "na"; readonly ethernet: EthernetFrame; readonly neighbor: NeighborAdvert }
  | { readonly kind: "ns"; readonly ethernet: EthernetFrame; readonly neighbor: NeighborSolicit }
  /** A VRRP message, well-formed or not: decodeAdvert judges it. */
  | { readonly kind: "vrrp"; readonly ethernet: EthernetFrame; readonly datagram: VrrpDatagram }
  /** Something else, or something broken. */
  | { readonly kind: "other"; readonly ethernet: EthernetFrame | undefined };

/**
 * Reads a frame. UDP to one of `ports` is taken for VRRP. Never throws, whatever the bytes.
 * Payloads are views into `frame`, not copies.
 */
export function decodeFrame(frame: Uint8Array, ports: readonly number[] = []): Frame {
  const ethernet = decodeEthernet(frame);
  const other: Frame = { kind: "other", ethernet };
  switch (ethernet?.etherType) {
    case ETHERTYPE.arp:
      return arpIn(ethernet) ?? other;
    case ETHERTYPE.ipv4:
      return ipv4In(ethernet, ports) ?? other;
    case ETHERTYPE.ipv6:
      return ipv6In(ethernet, ports) ?? other;
    default:
      return other;
  }
}

function arpIn(ethernet: EthernetFrame): Frame | undefined {
  const arp = decodeArp(ethernet.payload);
  return arp && { kind: "arp", ethernet, arp };
}

function ipv4In(ethernet: EthernetFrame, ports: readonly number[]): Frame | undefined {
  const packet = decodeIpv4(ethernet.payload);
  if (packet === undefined) return undefined;
  const { source, destination, ttl, payload } = packet;
  const datagram = vrrpIn(packet.protocol, { source, destination, ttl, payload }, ports);
  return datagram && { kind: "vrrp", ethernet, datagram };
}

function ipv6In(ethernet: EthernetFrame, ports: readonly number[]): Frame | undefined {
  const packet = decodeIpv6(ethernet.payload);
  if (packet === undefined) return undefined;
  const { source, destination, hopLimit: ttl, payload } = packet;
  const datagram = vrrpIn(packet.nextHeader, { source, destination, ttl, payload }, ports);
  if (datagram !== undefined) return { kind: "vrrp", ethernet, datagram };
  const neighbor = decodeNeighbor(packet);
  if (neighbor === undefined) return undefined;
  return neighbor.kind === "na"
    ? { kind: "na", ethernet, neighbor }
    : { kind: "ns", ethernet, neighbor };
}

/**
 * The message in an IP packet of `protocol`, as it is or in UDP; a question of floatip's to another
 * node is none.
 */
function vrrpIn(
  protocol: number,
  packet: VrrpDatagram,
  ports: readonly number[],
): VrrpDatagram | undefined {
  if (protocol === VRRP_PROTOCOL) return isQuestion(packet.payload) ? undefined : packet;
  const udp = protocol === UDP_PROTOCOL ? decodeUdp(packet.payload) : undefined;
  if (udp === undefined || !ports.includes(udp.destinationPort)) return undefined;
  if (isQuestion(udp.payload)) return undefined;
  return { ...packet, payload: messageIn(udp.payload), port: udp.sourcePort };
}
