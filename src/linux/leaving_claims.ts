/**
 * Claims that leave by a link of this machine: a device on top of it, such as the macvlan of a
 * container, sends them. It and this machine do not hear each other, so they are seen only when
 * other machines ask.
 */
import { HostError } from "../host.ts";
import { type Family, type Ip, ipKey, sameIp } from "../net/ip.ts";
import { formatMac, type Mac } from "../net/mac.ts";
import { after, between, type Instant, seconds } from "../time.ts";
import { decodeArp } from "../wire/arp.ts";
import { decodeEthernet, ETHERTYPE } from "../wire/ethernet.ts";
import { leavingFilter } from "./claim_filter.ts";
import { ETH_P_ALL } from "./constants.ts";
import type { Libc } from "./libc.ts";
import { attachFilter, openFiltered } from "./packet_filter.ts";
import { packetAddress } from "./packet_socket.ts";
import type { Poller } from "./poller.ts";
import type { Socket } from "./socket.ts";
import type { Throttle } from "./throttle.ts";
import { sameBytes } from "../net/bytes.ts";

/**
 * A node that doubts asks every two seconds for an address, one that does not every ten. Where one
 * asks again so soon, it is listened for what leaves.
 */
const AGAIN_WITHIN = seconds(5);

/** So long after the last question. The kernel copies each frame that leaves meanwhile. */
const FOR = seconds(10);

/** Most machines, times addresses, whose questions are counted. */
const MOST_COUNTED = 256;

/** Room for some tens of frames. */
const RECEIVE_BUFFER = 16 * 1024;

/** What is listened for on one link, of one family. */
export interface Wanted {
  readonly index: number;
  readonly interface: string;
  readonly family: Family;
  readonly mac: Mac | undefined;
  /** By {@link ipKey}. */
  readonly addresses: ReadonlyMap<string, Ip>;
}

/** Listens on one link, for IPv4, while another machine is in doubt. */
export class LeavingClaims implements Disposable {
  readonly #libc: Libc;
  readonly #poller: Poller;
  readonly #throttle: Throttle;
  /** When an address was asked for last, by machine and address. */
  readonly #asked = new Map<string, Instant>();
  #socket: Socket | undefined;
  #until: Instant | undefined;

  constructor(libc: Libc, poller: Poller, throttle: Throttle) {
    this.#libc = libc;
    this.#poller = poller;
    this.#throttle = throttle;
  }

  /** What is readable where something left. */
  get fd(): number | undefined {
    return this.#socket?.fd;
  }

  /** Until when it listens. */
  get until(): Instant | undefined {
    return this.#until;
  }

  /**
   * A frame that arrived: does another machine ask for an address, again, by a probe or by an
   * ordinary request?
   */
  take(frame: Uint8Array, wanted: Wanted): void {
    const ethernet = decodeEthernet(frame);
    const arp = ethernet?.etherType === ETHERTYPE.arp ? decodeArp(ethernet.payload) : undefined;
    // An announcement has its own address as target.
    if (arp?.operation !== "request" || sameIp(arp.senderIp, arp.targetIp)) return;
    const { senderMac, targetMac, targetIp } = arp;
    // With a mark: a second question of the same moment, for clones.
    if (targetMac.some((byte) => byte !== 0)) return;
    const own = wanted.mac;
    if (own === undefined || sameBytes(own, senderMac) || !wanted.addresses.has(ipKey(targetIp))) {
      return;
    }
    const now = this.#poller.now();
    const key = `${formatMac(senderMac)} ${ipKey(targetIp)}`;
    if (this.#asked.size >= MOST_COUNTED && !this.#asked.has(key)) this.#asked.clear();
    const before = this.#asked.get(key);
    this.#asked.set(key, now);
    if (before === undefined || between(before, now) > AGAIN_WITHIN) return;
    try {
      this.#socket ??= this.#open(wanted, own);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      // What cannot be heard is not told: the nodes that ask see both answers.
      return;
    }
    this.#until = after(now, FOR);
  }

  /** The addresses, or the link's MAC, are others. */
  follow(wanted: Wanted): void {
    if (this.#socket === undefined) return;
    if (wanted.mac === undefined) return this[Symbol.dispose]();
    attachFilter(this.#socket, leavingFilter([...wanted.addresses.values()], wanted.mac));
  }

  /** Ends it where no machine has asked again. */
  release(now: Instant): void {
    if (this.#until !== undefined && this.#until <= now) this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#until = undefined;
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    this.#poller.remove(socket.fd);
    this.#throttle.forget(socket.fd);
    socket[Symbol.dispose]();
  }

  #open({ index, interface: name, addresses }: Wanted, own: Mac): Socket {
    const program = leavingFilter([...addresses.values()], own);
    const address = packetAddress(index, ETH_P_ALL);
    return openFiltered(this.#libc, program, RECEIVE_BUFFER, address, `claims leaving ${name}`)
      .prepare(({ fd }) => this.#poller.add(fd));
  }
}
