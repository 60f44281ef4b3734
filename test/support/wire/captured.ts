/** Frames captured from Debian's keepalived 2.2.7 and from 2.4.3, one field per line. */
import { ip } from "../../../src/net/ip.ts";
import type { VrrpDatagram } from "../../../src/wire/vrrp.ts";

/**
 * The bytes of hexadecimal text; blanks, newlines and everything after "#" in a line are left
 * aside.
 */
export function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replaceAll(/#.*/g, "").replaceAll(/\s/g, ""));
}

/** One captured advert: VRID 51, priority 100, 1 s. */
export interface Captured {
  readonly name: string;
  readonly datagram: VrrpDatagram;
  /** The IPv4 header it came with, where it was kept. */
  readonly header?: Uint8Array;
}

const A = ip("10.99.0.1");
const B = ip("10.99.0.2");
const GROUP = ip("224.0.0.18");

function captured(
  name: string,
  destination: typeof A,
  payload: string,
  header?: string,
): Captured {
  const datagram = { source: A, destination, ttl: 255, payload: hex(payload) };
  return header === undefined ? { name, datagram } : { name, datagram, header: hex(header) };
}

/**
 * A captured IPv4 header from 10.99.0.1, which differs in length, checksum and destination only.
 */
function ipHeader(totalLength: string, sum: string, destination: string): string {
  return `
    45           # version 4, IHL 5
    c0           # type of service
    ${totalLength}
    0001         # id
    0000         # not fragmented
    ff           # TTL
    70           # VRRP
    ${sum}
    0a630001     # 10.99.0.1
    ${destination}`;
}

/** The adverts. */
export const CAPTURED: readonly Captured[] = [
  captured(
    "v2, no authentication",
    GROUP,
    `
    21           # version 2, advertisement
    33           # VRID 51
    64           # priority 100
    01           # 1 address
    00           # no authentication
    01           # 1 s
    7003         # checksum
    0a630064     # 10.99.0.100
    0000000000000000`,
    ipHeader("0028", "d02e", "e0000012"),
  ),
  captured(
    "v2, password secret12",
    GROUP,
    `
    21
    33
    64
    01
    01           # simple text password
    01
    0185
    0a630064
    7365637265743132`,
    ipHeader("0028", "d02e", "e0000012"),
  ),
  captured(
    "v2, password abc",
    GROUP,
    `
    21
    33
    64
    01
    01
    01
    aaa0
    0a630064
    6162630000000000`,
  ),
  captured(
    "v2, unicast",
    B,
    `
    21
    33
    64
    01
    00
    01
    7003         # the destination is not covered
    0a630064
    0000000000000000`,
    ipHeader("0028", "a5dc", "0a630002"),
  ),
  captured(
    "v3, multicast",
    GROUP,
    `
    31           # version 3, advertisement
    33
    64
    01
    0064         # 100 cs
    74ad         # with pseudo-header
    0a630064`,
    ipHeader("0020", "d036", "e0000012"),
  ),
  captured(
    "v3, unicast",
    B,
    `
    31
    33
    64
    01
    0064
    4a5b         # with pseudo-header, real destination
    0a630064`,
    ipHeader("0020", "a5e4", "0a630002"),
  ),
  captured(
    "v3, v3_checksum_as_v2",
    GROUP,
    `
    31
    33
    64
    01
    0064
    5fa0         # message only
    0a630064`,
  ),
  {
    name: "v3, IPv6",
    datagram: {
      source: ip("fe80::3cc6:a7ff:fe7f:204"),
      destination: ip("ff02::12"),
      ttl: 255,
      payload: hex(`
        31
        33
        64
        02       # 2 addresses
        0064
        88d3
        fe80 0000 0000 0000 0000 0000 0000 0100
        fd00 0099 0000 0000 0000 0000 0000 0100`),
    },
  },
];

/** The captured gratuitous ARP for 10.99.0.100. */
export const CAPTURED_GRATUITOUS_ARP = hex(`
  ffffffffffff   # to everyone
  3ec6a77f0204
  0806           # ARP
  0001           # Ethernet
  0800           # IPv4
  06
  04
  0001           # request
  3ec6a77f0204   # sender
  0a630064
  ffffffffffff   # target
  0a630064`);
