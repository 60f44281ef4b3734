/**
 * Adverts whose IPv4 source is an address that this program holds: the one of an owner that is
 * back. Linux drops what comes from an own address (a martian source), so packet sockets
 * (packet(7)), which see it before that, hear it.
 */
import type { Limits } from "../budget.ts";
import { type Endpoint, HostError } from "../host.ts";
import { type Interfaces, linkNamed } from "../net/interfaces.ts";
import { type Ip, ipKey, sameIp } from "../net/ip.ts";
import { after, between, earliest, type Instant, milliseconds } from "../time.ts";
import { decodeFrame } from "../wire/frame.ts";
import { UDP_PROTOCOL } from "../wire/udp.ts";
import { groupOf, VRRP_PROTOCOL, type VrrpDatagram } from "../wire/vrrp.ts";
import type { TakenAdvert } from "./advert_intake.ts";
import { describe } from "./advert_socket.ts";
import { ETH_P_IP, PACKET_HOST, PACKET_MULTICAST } from "./constants.ts";
import type { Receiver } from "./datagram.ts";
import type { Libc } from "./libc.ts";
import {
  attachFilter,
  MOST_INSTRUCTIONS,
  openFiltered,
  PACKET_TYPE_AT,
  type Program,
} from "./packet_filter.ts";
import { packetAddress } from "./packet_socket.ts";
import type { Poller } from "./poller.ts";
import type { Socket } from "./socket.ts";
import { Throttle } from "./throttle.ts";

/** One socket never gives more frames than this at once. */
const MOST_AT_ONCE = 32;

/** Frames of one socket: an owner's adverts at the shortest interval, of a flood a sample. */
const LIMITS: Limits = { most: 256, every: milliseconds(4) };

/** Room for about a hundred frames. */
const RECEIVE_BUFFER = 64 * 1024;

/**
 * Where the list of many held addresses has just changed, the next change waits so long: others may
 * come in a row, and each makes all filters again.
 */
const PAUSE = milliseconds(100);
/** So many are not waited for. */
const FEW = 16;

/** With more the filter would be too long: each takes two instructions, beside a few. */
const MOST_SOURCES = MOST_INSTRUCTIONS / 2 - 32;

/** What is heard at one endpoint. */
interface Wanted {
  readonly key: string;
  readonly endpoint: Endpoint;
  readonly index: number;
}

interface Listener extends Wanted {
  readonly socket: Socket;
  /** What its filter was made for. */
  readonly sources: Sources;
}

/** The held addresses, and the same by {@link ipKey}. */
interface Sources {
  readonly list: readonly Ip[];
  readonly keys: ReadonlySet<string>;
}

/** What the sockets were last opened for. */
interface Settled {
  readonly endpoints: readonly Endpoint[];
  readonly interfaces: Interfaces;
  readonly sources: Sources;
  readonly at: Instant;
}

/** The sockets, one for each IPv4 endpoint from the moment that an address is held. */
export class HeldSources implements Disposable {
  readonly #libc: Libc;
  readonly #poller: Poller;
  readonly #throttle: Throttle;
  #listeners: ReadonlyMap<string, Listener> = new Map();
  #settled: Settled | undefined;
  /** When a change that waits is looked at. */
  #dueAt: Instant | undefined;

  constructor(libc: Libc, poller: Poller) {
    this.#libc = libc;
    this.#poller = poller;
    this.#throttle = new Throttle(poller, LIMITS);
  }

  /**
   * When a socket that said too much is to be heard again, or a change has waited for long enough.
   */
  get deadline(): Instant | undefined {
    return earliest(this.#throttle.deadline, this.#dueAt);
  }

  /** Hears those again whose time has come. */
  release(now: Instant): void {
    this.#throttle.release(now);
  }

  /**
   * Hears `endpoints` from now on, from those addresses of `interfaces` that floatip has put there.
   * What the kernel refuses is not heard: then the two holders are told as a conflict. Again with
   * the same two: nothing.
   */
  settle(endpoints: readonly Endpoint[], interfaces: Interfaces): void {
    const last = this.#settled;
    const isSamePlace = last?.endpoints === endpoints;
    if (isSamePlace && last.interfaces === interfaces) return;
    const at = this.#poller.now();
    if (isSamePlace && last.sources.list.length > FEW && between(last.at, at) < PAUSE) {
      this.#dueAt = after(last.at, PAUSE);
      return;
    }
    this.#dueAt = undefined;
    const sources = sourcesIn(interfaces, last?.sources);
    this.#settled = { endpoints, interfaces, sources, at };
    const wanted = wantedOf(endpoints, interfaces)
      .filter(({ key }) => sources.list.length > 0 || this.#listeners.has(key));
    const kept = new Set(wanted.map(({ key }) => key));
    for (const [key, { socket }] of this.#listeners) if (!kept.has(key)) this.#close(socket);
    this.#listeners = new Map(wanted.flatMap((one) => {
      const socket = this.#listen(one, sources, this.#listeners.get(one.key));
      return socket === undefined ? [] : [[one.key, { ...one, socket, sources }] as const];
    }));
  }

  /** Gives what is queued on the `ready` descriptors to `take`. */
  drain(
    ready: ReadonlySet<number>,
    receiver: Receiver,
    take: (advert: TakenAdvert) => void,
  ): void {
    for (const { socket, endpoint, sources } of this.#listeners.values()) {
      if (!ready.has(socket.fd)) continue;
      this.#throttle.read(socket.fd, receiver, MOST_AT_ONCE, ({ data, truncated }) => {
        const datagram = truncated ? undefined : advertIn(data, endpoint);
        if (datagram === undefined || !sources.keys.has(ipKey(datagram.source))) return;
        take({ endpoint, datagram, at: this.#poller.now() });
      });
    }
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.#listeners.values()) this.#close(socket);
    this.#listeners = new Map();
  }

  /**
   * The socket for `wanted`: the one of `before` with another filter, since to close one takes the
   * kernel some 10 ms.
   */
  #listen(wanted: Wanted, sources: Sources, before: Listener | undefined): Socket | undefined {
    if (before?.sources === sources) return before.socket;
    const { endpoint, index } = wanted;
    const program = heldSourceFilter(endpoint, sources.list);
    try {
      if (before !== undefined) {
        attachFilter(before.socket, program);
        return before.socket;
      }
      const what = `adverts from held addresses at ${describe(endpoint)}`;
      const address = packetAddress(index, ETH_P_IP);
      return openFiltered(this.#libc, program, RECEIVE_BUFFER, address, what)
        .prepare(({ fd }) => this.#poller.add(fd));
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      if (before !== undefined) this.#close(before.socket);
      return undefined;
    }
  }

  #close(socket: Socket): void {
    this.#poller.remove(socket.fd);
    this.#throttle.forget(socket.fd);
    socket[Symbol.dispose]();
  }
}

/**
 * Accepts frames to this machine or a group (nothing that it sends, nothing for others) that carry
 * an IPv4 packet without options to `endpoint`, as its protocol has it, from one of `sources`. Too
 * many of them (over 2,000): from anywhere.
 */
export function heldSourceFilter(endpoint: Endpoint, sources: readonly Ip[]): Program {
  const before: Program = [
    ["options", { op: "load8", at: 14 }],
    ["none?", { op: "equal", to: 0x45, then: "protocol", else: "next" }],
    ["some", { op: "drop" }],
    ["protocol", { op: "load8", at: 23 }],
    ...demand("protocol", endpoint.kind === "udp" ? UDP_PROTOCOL : VRRP_PROTOCOL),
    ...(endpoint.kind === "udp"
      ? [["port", { op: "load16", at: 36 }], ...demand("port", endpoint.port)] as const
      : []),
    ["destination", { op: "load32", at: 30 }],
    ...demand("destination", wordOf(destinationOf(endpoint))),
    ["type", { op: "load8", at: PACKET_TYPE_AT }],
    ["to us?", { op: "equal", to: PACKET_HOST, then: "source", else: "next" }],
    ...demand("type", PACKET_MULTICAST),
    ["source", { op: "load32", at: 26 }],
  ];
  if (sources.length > MOST_SOURCES) return [...before, ["any source", { op: "accept" }]];
  return [
    ...before,
    ["held?", { op: "accept-any", of: sources.map(wordOf) }],
    ["not held", { op: "drop" }],
  ];
}

/** What is in the accumulator is `to`, or the frame is dropped. */
function demand(what: string, to: number): Program {
  return [
    [`${what}?`, { op: "equal", to, then: `${what} met`, else: "next" }],
    [`${what} missed`, { op: "drop" }],
    [`${what} met`, { op: "jump", then: "next" }],
  ];
}

function wordOf({ bytes }: Ip): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
}

function destinationOf(endpoint: Endpoint): Ip {
  return endpoint.kind === "multicast" ? groupOf("ipv4") : endpoint.source;
}

/** The IPv4 addresses that floatip has put there; `before` where they are the same. */
function sourcesIn({ addresses }: Interfaces, before: Sources | undefined): Sources {
  const list: Ip[] = [];
  for (const { ours, prefix: { address } } of addresses) {
    if (ours && address.family === "ipv4") list.push(address);
  }
  const isSame = list.length === before?.list.length &&
    list.every((one, i) => one === before.list[i]);
  return isSame ? before : { list, keys: new Set(list.map(ipKey)) };
}

/** The endpoints that are IPv4, on the links that are there. */
function wantedOf(endpoints: readonly Endpoint[], interfaces: Interfaces): readonly Wanted[] {
  return endpoints.flatMap((endpoint) => {
    const index = linkNamed(interfaces, endpoint.interface)?.index;
    if (endpoint.family !== "ipv4" || index === undefined) return [];
    return [{ key: `${describe(endpoint)}, link ${index}`, endpoint, index }];
  });
}

/** The VRRP packet to `endpoint` in `frame`, of memory of its own. */
function advertIn(frame: Uint8Array, endpoint: Endpoint): VrrpDatagram | undefined {
  const decoded = decodeFrame(frame, endpoint.kind === "udp" ? [endpoint.port] : []);
  if (decoded.kind !== "vrrp") return undefined;
  const { datagram } = decoded;
  const isUdp = datagram.port !== undefined;
  if (isUdp !== (endpoint.kind === "udp")) return undefined;
  if (!sameIp(datagram.destination, destinationOf(endpoint))) return undefined;
  return { ...datagram, payload: datagram.payload.slice() };
}
