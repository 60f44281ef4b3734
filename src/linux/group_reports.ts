/**
 * Which machines hear the group of IPv4 adverts: their kernels say so in IGMP reports when they are
 * asked. One socket (raw(7)) on one link, for as long as a question is open.
 */
import { includesIp, type Ip } from "../net/ip.ts";
import { groupsHeard, IGMP_PROTOCOL, REPORTS_GROUP } from "../wire/igmp.ts";
import { decodeIpv4 } from "../wire/ipv4.ts";
import { groupOf } from "../wire/vrrp.ts";
import { IP_MREQN } from "./abi.ts";
import { AF_INET, IP_ADD_MEMBERSHIP, IPPROTO_IP, SOCK_RAW } from "./constants.ts";
import type { Receiver } from "./datagram.ts";
import type { Libc } from "./libc.ts";
import { Socket } from "./socket.ts";

/** Of many reports in one go the rest waits for the next look. */
const MOST_AT_ONCE = 64;

/** Room for some 20 reports: all machines of a LAN answer within a second. */
const RECEIVE_BUFFER = 16 * 1024;

/** Opens the socket on the link called `name` with `index`. Throws HostError (EPERM, ENODEV). */
export function openReports(libc: Libc, name: string, index: number): Socket {
  return Socket.open(libc, AF_INET, SOCK_RAW, IGMP_PROTOCOL, "who hears adverts")
    .prepare((socket) => {
      socket.setReceiveBuffer(RECEIVE_BUFFER);
      socket.bindToDevice(name);
      // Reports of version 3 go to a group of their own, which a host is in for no other reason.
      const group = { group: REPORTS_GROUP.bytes, address: new Uint8Array(4), ifindex: index };
      socket.set(IPPROTO_IP, IP_ADD_MEMBERSHIP, IP_MREQN.write(group), "IP_ADD_MEMBERSHIP");
    });
}

/** Who has said, of what is queued on `socket`, that it hears adverts. */
export function drainReports({ fd }: Socket, receiver: Receiver): readonly Ip[] {
  const members: Ip[] = [];
  for (let count = 0; count < MOST_AT_ONCE; count++) {
    const received = receiver.receive(fd);
    if (typeof received === "number") break;
    const packet = decodeIpv4(received.data);
    if (packet === undefined || !includesIp(groupsHeard(packet), groupOf("ipv4"))) continue;
    members.push(packet.source);
  }
  return members;
}
