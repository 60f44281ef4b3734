/** Sockets for adverts of one process in virtual time. */
import type { Datagram, Endpoint } from "../../src/host.ts";
import { type Ip, isLinkLocal, sameIp } from "../../src/net/ip.ts";
import type { Lan } from "./lan.ts";
import { sameBytes } from "./frame.ts";
import type { Machine, Port } from "./machine.ts";
import { refusal } from "./refusal.ts";

/** As many datagrams as a socket's receive buffer holds; more are lost. */
const QUEUE_LIMIT = 256;

interface Socket {
  readonly endpoint: Endpoint;
  /** The link it was bound to; a link of the same name made later is another one. */
  readonly index: number | undefined;
  readonly queue: { readonly datagram: Datagram; readonly from: string }[];
}

/** What was received at an endpoint, and from which machine. */
export interface Received {
  readonly endpoint: Endpoint;
  readonly datagram: Datagram;
  readonly from: string;
}

/** The open ones. */
export class SimSockets {
  readonly #lan: Lan;
  readonly #machine: Machine;
  readonly #sockets = new Map<string, Socket>();
  readonly #copies = new WeakMap<Uint8Array, Uint8Array>();

  constructor(lan: Lan, machine: Machine) {
    this.#lan = lan;
    this.#machine = machine;
  }

  get endpoints(): readonly Endpoint[] {
    return [...this.#sockets.values()].map(({ endpoint }) => endpoint);
  }

  open(endpoint: Endpoint): void {
    const key = this.#keyOf(endpoint);
    if (this.#sockets.has(key)) return;
    const object = `${endpoint.kind} ${endpoint.family} on ${endpoint.interface}`;
    this.#machine.maybeRefuse("open", "setsockopt", () => object);
    const port = this.#machine.port(endpoint.interface);
    const bound = endpoint.kind === "multicast" || isLinkLocal(endpoint.source);
    if (bound && port === undefined) throw refusal("setsockopt", object, "ENODEV");
    if (endpoint.kind !== "multicast") {
      const source = this.#lan.textOf.ip(endpoint.source);
      if (!this.#machine.has(source)) {
        throw refusal("bind", source, port ? "EADDRNOTAVAIL" : "ENODEV");
      }
      if (!bound && endpoint.kind === "udp" && this.#isTaken(endpoint)) {
        throw refusal("bind", source, "EADDRINUSE");
      }
    }
    this.#sockets.set(key, { endpoint, index: bound ? port?.index : undefined, queue: [] });
  }

  close(endpoint: Endpoint): void {
    this.#sockets.delete(this.#keyOf(endpoint));
  }

  send(endpoint: Endpoint, source: Ip, destination: Ip, message: Uint8Array): void {
    const object = () => `${this.#lan.textOf.ip(destination)} from ${this.#lan.textOf.ip(source)}`;
    const socket = this.#sockets.get(this.#keyOf(endpoint));
    if (socket === undefined) throw refusal("sendmsg", object(), "EBADF");
    this.#machine.maybeRefuse("send", "sendmsg", object);
    if (!this.#machine.has(this.#lan.textOf.ip(source))) {
      throw refusal("sendmsg", object(), "EADDRNOTAVAIL");
    }
    const port = this.#machine.port(endpoint.interface);
    if (port === undefined || (socket.index !== undefined && socket.index !== port.index)) {
      throw refusal("sendmsg", object(), "ENODEV");
    }
    if (!port.up) throw refusal("sendmsg", object(), "ENETDOWN");
    const payload = this.#copyOf(message);
    const plain = { source, destination, ttl: 255, payload };
    const datagram = endpoint.kind === "udp" ? { ...plain, port: endpoint.port } : plain;
    this.#lan.carryDatagram(this.#machine, port, datagram);
  }

  /** What was sent before, and is the same still, is the same datagram: readers know it. */
  #copyOf(message: Uint8Array): Uint8Array {
    const before = this.#copies.get(message);
    if (before !== undefined && sameBytes(before, message)) return before;
    const copy = message.slice();
    this.#copies.set(message, copy);
    return copy;
  }

  /** A datagram came in through `port`; false: no socket takes it. */
  receive(port: Port, datagram: Datagram, from: string): boolean {
    let isTaken = false;
    for (const socket of this.#sockets.values()) {
      if (!hears(socket, port, datagram) || socket.queue.length >= QUEUE_LIMIT) continue;
      socket.queue.push({ datagram, from });
      isTaken = true;
    }
    return isTaken;
  }

  /** The messages that wait to be read, in order of arrival per endpoint. */
  get queued(): readonly Datagram[] {
    return [...this.#sockets.values()].flatMap((socket) =>
      socket.queue.map((entry) => entry.datagram)
    );
  }

  get isReady(): boolean {
    for (const socket of this.#sockets.values()) if (socket.queue.length > 0) return true;
    return false;
  }

  /** Reads them. */
  take(): readonly Received[] {
    const taken: Received[] = [];
    for (const { endpoint, queue } of this.#sockets.values()) {
      if (queue.length === 0) continue;
      for (const { datagram, from } of queue) taken.push({ endpoint, datagram, from });
      queue.length = 0;
    }
    return taken;
  }

  clear(): void {
    this.#sockets.clear();
  }

  #keyOf(endpoint: Endpoint): string {
    const source = endpoint.kind === "multicast" ? "" : this.#lan.textOf.ip(endpoint.source);
    const port = endpoint.kind === "udp" ? endpoint.port : "";
    return `${endpoint.kind} ${endpoint.family} ${endpoint.interface} ${source} ${port}`;
  }

  /** Is the port of the address bound already, by whatever interface it was named? */
  #isTaken({ source, port }: Extract<Endpoint, { kind: "udp" }>): boolean {
    return [...this.#sockets.values()].some(({ endpoint }) =>
      endpoint.kind === "udp" && endpoint.port === port && sameIp(endpoint.source, source)
    );
  }
}

function hears(socket: Socket, port: Port, datagram: Datagram): boolean {
  const { endpoint, index } = socket;
  if (endpoint.family !== datagram.destination.family) return false;
  if (index !== undefined && index !== port.index) return false;
  // All nodes use one port: what comes from it goes to it.
  if ((endpoint.kind === "udp" ? endpoint.port : undefined) !== datagram.port) return false;
  return endpoint.kind === "multicast" || sameIp(endpoint.source, datagram.destination);
}
