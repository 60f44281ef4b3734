/** Sends whole Ethernet frames by a packet socket (packet(7)) that receives nothing. */
import { SOCKADDR_LL } from "./abi.ts";
import { AF_PACKET, MSG_DONTWAIT, SOCK_RAW } from "./constants.ts";
import type { Libc } from "./libc.ts";
import { demand } from "./refusal.ts";
import { Socket } from "./socket.ts";

/** Sends frames. */
export class PacketSocket implements Disposable {
  readonly #socket: Socket;

  /** Throws HostError (EPERM). */
  constructor(libc: Libc) {
    // Protocol 0: not one frame is copied to it.
    this.#socket = Socket.open(libc, AF_PACKET, SOCK_RAW, 0, "frames");
  }

  /**
   * Sends `frame`, Ethernet header first, out of the interface with `index`. Throws HostError
   * (ENETDOWN, ENXIO).
   */
  send(index: number, name: string, frame: Uint8Array): void {
    const address = packetAddress(index, 0);
    const { libc, fd } = this.#socket;
    const result = libc.sendto(
      fd,
      new Uint8Array(frame),
      MSG_DONTWAIT,
      new Uint8Array(address),
    );
    demand(result, "sendto", `a frame on ${name}`);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

/** The struct sockaddr_ll of an interface; index 0 stands for all, protocol 0 for none. */
export function packetAddress(ifindex: number, protocol: number): Uint8Array {
  const unused = { hatype: 0, pkttype: 0, halen: 0, addr: new Uint8Array(8) };
  return SOCKADDR_LL.write({ family: AF_PACKET, protocol, ifindex, ...unused });
}
