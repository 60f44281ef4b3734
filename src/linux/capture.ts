/**
 * VRRP frames that pass this machine's interfaces, by a packet socket (packet(7)) that only
 * receives.
 */
import type { Instant } from "../time.ts";
import { SOCKADDR_LL } from "./abi.ts";
import { ETH_P_ALL, PACKET_OUTGOING } from "./constants.ts";
import { Receiver } from "./datagram.ts";
import { Libc } from "./libc.ts";
import { framesOf, openFiltered, type Wanted } from "./packet_filter.ts";
import { packetAddress } from "./packet_socket.ts";
import { Poller } from "./poller.ts";
import { demand } from "./refusal.ts";
import type { Socket } from "./socket.ts";

/** One frame that passed. */
export interface CapturedFrame {
  readonly interface: string;
  /** Ethernet header first. */
  readonly frame: Uint8Array;
  /** Sent by this machine itself. */
  readonly outgoing: boolean;
  /** When it was read, on the capture's own clock (CLOCK_BOOTTIME). */
  readonly at: Instant;
}

/** Room for a burst of some thousand frames. */
const RECEIVE_BUFFER = 1024 * 1024;

/** The longest frame: a jumbo one, or what segmentation offload puts together. */
const FRAME_SIZE = 64 * 1024;

/** A batch has at most so many frames, so that a flood is shown as it comes. */
const MOST_AT_ONCE = 1024;

/**
 * Hears the VRRP frames of the interface called `interfaceName`, or of all, and what else is
 * `wanted`, own ones included. Throws HostError (ENODEV, EPERM).
 */
export function openCapture(
  interfaceName: string | undefined,
  wanted: Wanted = {},
): Capture {
  const libc = new Libc();
  const what = `frames on ${interfaceName ?? "all interfaces"}`;
  const index = interfaceName === undefined
    ? 0
    : demand(libc.ifNametoindex(interfaceName), "if_nametoindex", interfaceName);
  const address = packetAddress(index, ETH_P_ALL);
  const socket = openFiltered(libc, framesOf(wanted), RECEIVE_BUFFER, address, what);
  return new Capture(libc, socket, new Map([[index, interfaceName ?? "any"]]));
}

/** A running capture; made by {@link openCapture}. */
export class Capture implements Disposable {
  readonly #libc: Libc;
  readonly #socket: Socket;
  readonly #poller: Poller;
  readonly #receiver: Receiver;
  readonly #names: Map<number, string>;

  /** `names` are those of interfaces that are known already, by index. */
  constructor(libc: Libc, socket: Socket, names: ReadonlyMap<number, string>) {
    this.#names = new Map(names);
    this.#libc = libc;
    this.#socket = socket;
    this.#poller = new Poller(libc);
    this.#receiver = new Receiver(libc, FRAME_SIZE);
    this.#poller.add(socket.fd);
  }

  /** The next frames, at least one; none at all once the capture is closed. One call at a time. */
  async read(): Promise<readonly CapturedFrame[]> {
    for (;;) {
      await this.#poller.poll(undefined);
      if (this.#poller.disposed) return [];
      const frames = this.#drain();
      if (frames.length > 0) return frames;
    }
  }

  /** Stops; a `read` that is under way resolves with nothing. */
  [Symbol.dispose](): void {
    if (this.#poller.disposed) return;
    this.#socket[Symbol.dispose]();
    this.#poller[Symbol.dispose]();
    this.#poller.whenIdle(() => this.#libc[Symbol.dispose]());
  }

  #drain(): readonly CapturedFrame[] {
    const frames: CapturedFrame[] = [];
    while (frames.length < MOST_AT_ONCE) {
      const received = this.#receiver.receive(this.#socket.fd);
      // EAGAIN, or ENETDOWN once when an interface goes down: the others are still heard.
      if (typeof received === "number") break;
      if (!SOCKADDR_LL.fits(received.name)) continue;
      const { ifindex, pkttype } = SOCKADDR_LL.read(received.name);
      frames.push({
        interface: this.#nameOf(ifindex),
        frame: received.data.slice(),
        outgoing: pkttype === PACKET_OUTGOING,
        at: this.#poller.now(),
      });
    }
    return frames;
  }

  #nameOf(index: number): string {
    const known = this.#names.get(index);
    if (known !== undefined) return known;
    const name = this.#libc.ifIndextoname(index) ?? `if${index}`;
    this.#names.set(index, name);
    return name;
  }
}
