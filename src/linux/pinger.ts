/** Asks a host by an echo request, or by ARP and Neighbor Solicitation. */
import { errorText, type ProbeOutcome } from "../health/probes/outcome.ts";
import { HostError } from "../host.ts";
import { type Interfaces, type Link, linkWith } from "../net/interfaces.ts";
import { formatIp, type Ip, isLinkLocal, sameIp } from "../net/ip.ts";
import type { Mac } from "../net/mac.ts";
import { containsIp } from "../net/prefix.ts";
import { arpRequest } from "../wire/arp.ts";
import { claimIn } from "../wire/claim.ts";
import type { Echo } from "../wire/icmp.ts";
import { encodeNeighborSolicit, solicitedNode } from "../wire/ndp.ts";
import { claimFilter } from "./claim_filter.ts";
import { ETH_P_ARP, ETH_P_IPV6 } from "./constants.ts";
import type { Received, Receiver } from "./datagram.ts";
import { isReplyTo, openEchoSocket, sendEcho } from "./echo_socket.ts";
import type { Libc } from "./libc.ts";
import { openFiltered } from "./packet_filter.ts";
import { packetAddress } from "./packet_socket.ts";
import type { Poller } from "./poller.ts";
import type { Socket } from "./socket.ts";

/**
 * More than this on one socket waits for the next look: others may be making echo requests, too.
 */
const MOST_AT_ONCE = 64;

/** Room for some claims: more of them say nothing new. */
const RECEIVE_BUFFER = 16 * 1024;

/** Packet sockets that wait for the next attempt: of more, the oldest are closed. */
const MOST_IDLE = 32;

/** A socket on which an answer is awaited. */
interface Question {
  readonly socket: Socket;
  readonly isAnswer: (received: Received) => boolean;
  /** What becomes of the socket afterwards. */
  readonly done: () => void;
}

interface Attempt {
  readonly questions: readonly Question[];
  readonly end: (finding: ProbeOutcome) => void;
}

/** A link that a host can be asked on, and as whom. */
interface Wire {
  readonly link: Link;
  readonly mac: Mac;
  readonly source: Ip;
}

/** A packet socket that hears claims of one address on one link. */
interface Ear {
  readonly key: string;
  readonly socket: Socket;
}

/** Asks hosts. */
export class Pinger implements Disposable {
  readonly #libc: Libc;
  readonly #poller: Poller;
  readonly #attempts = new Set<Attempt>();
  /**
   * To close a packet socket takes the kernel 7 to 70 ms (it waits for all processors), too long
   * for a loop that advertises.
   */
  readonly #idle: Ear[] = [];

  constructor(libc: Libc, poller: Poller) {
    this.#libc = libc;
    this.#poller = poller;
  }

  /**
   * Asks `address` once: by "icmp" wherever it is, by "arp" (for IPv6 by Neighbor Solicitation) on
   * the links of `interfaces` in whose networks it is. Resolves with the answer, with a refusal, or
   * when `deadline` is aborted; never rejects.
   */
  ping(
    address: Ip,
    by: "icmp" | "arp",
    { interfaces, receiver }: { readonly interfaces: Interfaces; readonly receiver: Receiver },
    deadline: AbortSignal,
  ): Promise<ProbeOutcome> {
    const wires = wiresTo(address, interfaces);
    if (by === "arp" && wires.length === 0) return Promise.resolve(noWire(address, interfaces));
    // An echo request finds its way by itself, but for link-local addresses, which are on every
    // link.
    const ways = by === "arp" || isLinkLocal(address) ? wires : [undefined];
    const questions: Question[] = [];
    let refused: HostError | undefined;
    for (const wire of ways) {
      try {
        questions.push(
          by === "arp" && wire !== undefined
            ? this.#askNeighbours(address, wire, receiver)
            : this.#askByEcho(address, wire?.link.index ?? 0),
        );
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        refused = error;
      }
    }
    if (questions.length === 0) {
      const text = refused === undefined ? "no link to ask on" : errorText(refused);
      return Promise.resolve({ ok: false, text });
    }
    return this.#await(questions, deadline);
  }

  /** Looks for answers on the `ready` descriptors. */
  drain(ready: ReadonlySet<number>, receiver: Receiver): void {
    for (const { questions, end } of this.#attempts) {
      const answered = questions.some((question) =>
        ready.has(question.socket.fd) && isAnswered(question, receiver)
      );
      if (answered) end({ ok: true, text: "answered" });
    }
  }

  /** Ends all attempts. */
  [Symbol.dispose](): void {
    for (const { end } of this.#attempts) end({ ok: false, text: "stopped" });
    for (const { socket } of this.#idle.splice(0)) socket[Symbol.dispose]();
  }

  #await(questions: readonly Question[], deadline: AbortSignal): Promise<ProbeOutcome> {
    const { promise, resolve } = Promise.withResolvers<ProbeOutcome>();
    const late = (): void => end({ ok: false, text: "no answer" });
    const end = (finding: ProbeOutcome): void => {
      if (!this.#attempts.delete(attempt)) return;
      deadline.removeEventListener("abort", late);
      for (const { socket, done } of questions) {
        this.#poller.remove(socket.fd);
        done();
      }
      resolve(finding);
    };
    const attempt: Attempt = { questions, end };
    this.#attempts.add(attempt);
    for (const { socket } of questions) this.#poller.add(socket.fd);
    deadline.addEventListener("abort", late, { once: true });
    if (deadline.aborted) late();
    return promise;
  }

  #askByEcho(address: Ip, index: number): Question {
    const socket = openEchoSocket(this.#libc, address, "echo requests");
    const [id = 0] = crypto.getRandomValues(new Uint16Array(1));
    const echo: Echo = { id, sequence: 1, data: crypto.getRandomValues(new Uint8Array(24)) };
    const done = (): void => socket[Symbol.dispose]();
    const isAnswer = (received: Received) => isReplyTo(received, address, echo);
    return asked({ socket, isAnswer, done }, () => sendEcho(socket, address, index, echo));
  }

  /** Whatever says that it has the address is an answer, also to another machine. */
  #askNeighbours(address: Ip, wire: Wire, receiver: Receiver): Question {
    const { link, mac, source } = wire;
    const frame = address.family === "ipv4"
      ? arpRequest(mac, source, address)
      : encodeNeighborSolicit(mac, {
        kind: "ns",
        source,
        destination: solicitedNode(address),
        target: address,
        mac,
      });
    const ear = this.#listen(address, link, receiver);
    const { socket } = ear;
    const isAnswer = ({ data }: Received): boolean => {
      const claim = claimIn(data);
      return claim !== undefined && sameIp(claim.address, address);
    };
    const done = (): void => this.#keep(ear);
    return asked(
      { socket, isAnswer, done },
      () => socket.send(frame, packetAddress(link.index, 0)),
    );
  }

  /** An ear that has heard nothing yet. */
  #listen(address: Ip, link: Link, receiver: Receiver): Ear {
    const key = `${link.index} ${formatIp(address)}`;
    const at = this.#idle.findIndex((ear) => ear.key === key);
    const [known] = at === -1 ? [] : this.#idle.splice(at, 1);
    if (known !== undefined) {
      // What came in the meantime says nothing about now.
      for (let count = 0; count < MOST_AT_ONCE; count++) {
        if (typeof receiver.receive(known.socket.fd) === "number") break;
      }
      return known;
    }
    const protocol = address.family === "ipv4" ? ETH_P_ARP : ETH_P_IPV6;
    const [filter, from] = [claimFilter([address]), packetAddress(link.index, protocol)];
    const what = `neighbours on ${link.name}`;
    return { key, socket: openFiltered(this.#libc, filter, RECEIVE_BUFFER, from, what) };
  }

  #keep(ear: Ear): void {
    this.#idle.push(ear);
    if (this.#idle.length > MOST_IDLE) this.#idle.shift()?.socket[Symbol.dispose]();
  }
}

/**
 * A question that was put by `ask`; where that is refused, it is done. Throws what `ask` throws.
 */
function asked(question: Question, ask: () => void): Question {
  try {
    ask();
    return question;
  } catch (error) {
    question.done();
    throw error;
  }
}

function isAnswered({ socket, isAnswer }: Question, receiver: Receiver): boolean {
  for (let count = 0; count < MOST_AT_ONCE; count++) {
    const received = receiver.receive(socket.fd);
    // Nothing more, or the link's going down, which is told once.
    if (typeof received === "number") return false;
    if (isAnswer(received)) return true;
  }
  return false;
}

/**
 * The links in whose networks `address` is, with an address of this node's own to ask as: not one
 * that floats.
 */
function wiresTo(address: Ip, { links, addresses }: Interfaces): readonly Wire[] {
  const wires = new Map<number, Wire>();
  for (const { index, prefix, ours, tentative } of addresses) {
    const link = links.find((one) => one.index === index);
    if (link?.mac === undefined || link.loopback || !link.arp || wires.has(index)) continue;
    if (ours || tentative || !containsIp(prefix, address)) continue;
    wires.set(index, { link, mac: link.mac, source: prefix.address });
  }
  return [...wires.values()];
}

function noWire(address: Ip, interfaces: Interfaces): ProbeOutcome {
  const own = linkWith(interfaces, address);
  const text = own === undefined
    ? "no interface has an address in its network"
    : `it is an address of this machine's, on ${own.name}`;
  return { ok: false, text };
}
