/**
 * Sockets for adverts: what the daemon asks of them, whatever protocol carries them, and what both
 * kinds share.
 */
import type { Datagram, Endpoint } from "../host.ts";
import { formatIp, type Ip, isLinkLocal } from "../net/ip.ts";
import { SOCKADDR_IN, SOCKADDR_IN6 } from "./abi.ts";
import { AF_INET, AF_INET6 } from "./constants.ts";
import type { ControlMessage, Received, Receiver, Sender, Way } from "./datagram.ts";
import type { Libc } from "./libc.ts";
import type { Program } from "./packet_filter.ts";
import { Socket } from "./socket.ts";

/** Network control, the class of routing protocols. */
export const TRAFFIC_CLASS = 0xc0;

/** RFC 9568 5.1.1.3: what did not come from this link has less. */
export const HOPS = 255;

/**
 * Room for the adverts of a stall: some 680 packets, because the kernel doubles it and counts 768
 * bytes for each.
 */
const RECEIVE_BUFFER = 256 * 1024;

/** So many are read in one go: some milliseconds. The deadlines are looked at before the next. */
const MOST_AT_ONCE = 32;

/** An endpoint that is heard. */
export interface AdvertSocket extends Disposable {
  readonly endpoint: Endpoint;
  /** The descriptor to watch. */
  readonly fd: number;
  /**
   * Gives what is queued to `take`, in order of arrival, but not too much of it; false: there may
   * be more.
   */
  drain(receiver: Receiver, take: (datagram: Datagram) => void): boolean;
  /** Has the kernel hand over only what `program` accepts. */
  filter(program: Program): void;
  /**
   * Sends a VRRP message: the negative errno, or the count of bytes sent. The caller looks whether
   * `source` is ours.
   */
  send(sender: Sender, source: Ip, destination: Ip, message: Uint8Array): number;
}

/**
 * The socket of `endpoint`, before what its protocol wants of it. Throws HostError (EPERM, ENODEV).
 */
export function openFor(
  libc: Libc,
  endpoint: Endpoint,
  type: number,
  protocol: number,
): Socket {
  const family = endpoint.family === "ipv4" ? AF_INET : AF_INET6;
  return Socket.open(libc, family, type, protocol, describe(endpoint)).prepare((socket) => {
    socket.setReceiveBuffer(RECEIVE_BUFFER);
    if (isOnOneLink(endpoint)) socket.bindToDevice(endpoint.interface);
  });
}

/**
 * Reads what is queued on `fd`; false: there may be more. The socket hears again when its link
 * does.
 */
export function drain(
  fd: number,
  receiver: Receiver,
  take: (received: Received) => void,
): boolean {
  return receiver.receiveAll(fd, MOST_AT_ONCE, take);
}

/** Ways of what is sent again and again, by its destination. */
export class Ways<W extends Way> {
  readonly #known = new WeakMap<Ip, { readonly source: Ip; readonly way: W }>();

  /**
   * The way from `source` to `destination`; made where it is not known, or was another source's.
   */
  get(source: Ip, destination: Ip, make: () => W): W {
    const known = this.#known.get(destination);
    if (known?.source === source) return known.way;
    const way = make();
    this.#known.set(destination, { source, way });
    return way;
  }
}

/** Does it belong to one link, not to the whole machine? */
export function isOnOneLink(endpoint: Endpoint): boolean {
  return endpoint.kind === "multicast" || isLinkLocal(endpoint.source);
}

/**
 * For people: "multicast ipv4 on eth0", "unicast 10.0.0.1 on eth0", "udp 10.0.0.1 port 336 on
 * eth0".
 */
export function describe(endpoint: Endpoint): string {
  const known = DESCRIPTIONS.get(endpoint);
  if (known !== undefined) return known;
  const text = description(endpoint);
  DESCRIPTIONS.set(endpoint, text);
  return text;
}

/** Each advert asks for that of its endpoint. */
const DESCRIPTIONS = new WeakMap<Endpoint, string>();

function description(endpoint: Endpoint): string {
  const what = endpoint.kind === "multicast" ? endpoint.family : formatIp(endpoint.source);
  const port = endpoint.kind === "udp" ? ` port ${endpoint.port}` : "";
  return `${endpoint.kind} ${what}${port} on ${endpoint.interface}`;
}

/**
 * struct sockaddr_in or sockaddr_in6; `scopeId` is the index of the link where a link-local address
 * needs one, else 0.
 */
export function sockaddr(address: Ip, port: number, scopeId: number): Uint8Array {
  return address.family === "ipv4"
    ? SOCKADDR_IN.write({ family: AF_INET, port, address: address.bytes })
    : SOCKADDR_IN6.write({
      family: AF_INET6,
      port,
      flowinfo: 0,
      address: address.bytes,
      scopeId,
    });
}

/** The data of the ancillary message of `level` and `type`. */
export function controlOf(
  control: readonly ControlMessage[],
  level: number,
  type: number,
): Uint8Array | undefined {
  return control.find((message) => message.level === level && message.type === type)?.data;
}
