/**
 * Carries frames from one port of a bridge to another, late: what a machine says takes its time. A
 * program of its own, run inside the namespace of the bridge, where that way is cut. In the way of
 * no other frame. Arguments: FROM_INDEX TO_INDEX DELAY_MS.
 */
import { checksum } from "../../src/wire/checksum.ts";
import { libc, openPacketSocket } from "../support/lab/packet_socket.ts";

const ETH_P_ALL = 3;
/** sll_pkttype of what this machine itself has sent out of the port. */
const OUTGOING = 4;

/**
 * Of IPv4 without options behind the Ethernet header: what a virtual card sends has no checksum
 * yet. 0 says that there is none (RFC 768); TCP has to have one.
 */
const AT_PROTOCOL = 23, UDP = 17, TCP = 6, AT_CHECKSUM = 40;
const AT_LENGTH = 16, AT_ADDRESSES = 26, AT_TCP = 34, AT_TCP_CHECKSUM = 50;

const [fromIndex = 0, toIndex = 0, delay = 0] = Deno.args.map(Number);
relay(openPacketSocket(fromIndex, ETH_P_ALL), openPacketSocket(toIndex, 0), delay);

function relay(from: number, to: number, delayMs: number): never {
  const queue: { readonly at: number; readonly frame: Uint8Array<ArrayBuffer> }[] = [];
  const frame = new Uint8Array(65_600), place = new Uint8Array(20);
  for (;;) {
    for (;;) {
      const size = Uint8Array.from([place.length, 0, 0, 0]);
      const length = Number(libc.recvfrom(from, frame, BigInt(frame.length), 0, place, size));
      if (length <= 0) break;
      if (place[10] === OUTGOING) continue;
      const copy = frame.slice(0, length);
      if (copy[AT_PROTOCOL] === UDP) copy.fill(0, AT_CHECKSUM, AT_CHECKSUM + 2);
      if (copy[12] === 8 && copy[13] === 0 && copy[AT_PROTOCOL] === TCP) checkTcp(copy);
      queue.push({ at: performance.now() + delayMs, frame: copy });
    }
    while (queue[0] !== undefined && queue[0].at <= performance.now()) {
      const due = queue.shift()?.frame ?? frame;
      libc.send(to, due, BigInt(due.length), 0);
    }
    libc.usleep(1000);
  }
}

/** RFC 9293, 3.1: over the addresses, the protocol, the length, and all that follows. */
function checkTcp(frame: Uint8Array<ArrayBuffer>): void {
  const view = new DataView(frame.buffer);
  const end = 14 + view.getUint16(AT_LENGTH);
  view.setUint16(AT_TCP_CHECKSUM, 0);
  const length = end - AT_TCP;
  const rest = Uint8Array.of(0, TCP, length >> 8, length & 0xff);
  view.setUint16(AT_TCP_CHECKSUM, checksum(rest, frame.subarray(AT_ADDRESSES, end)));
}
