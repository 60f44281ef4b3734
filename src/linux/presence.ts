/**
 * The asking of other nodes whether they take VRRP: one question each way, and a raw socket for
 * what ICMP answers (raw(7)).
 */
import { HostError, type PresenceQuestion } from "../host.ts";
import { type Family, includesIp, ipFromBytes, isLinkLocal } from "../net/ip.ts";
import type { Echo } from "../wire/icmp.ts";
import {
  ANSWERING_TYPES,
  answerOf,
  encodeControl,
  encodeQuestion,
  type PresenceAnswer,
  type Sign,
  signIn,
} from "../wire/presence.ts";
import { SOCKADDR_IN6 } from "./abi.ts";
import { sockaddr } from "./advert_socket.ts";
import {
  AF_INET,
  AF_INET6,
  ICMP6_FILTER,
  ICMP_FILTER,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_IPV6,
  IPPROTO_RAW,
  IPV6_HDRINCL,
  SOCK_RAW,
  SOL_RAW,
} from "./constants.ts";
import type { Receiver } from "./datagram.ts";
import { sendEcho } from "./echo_socket.ts";
import { drainReports, openReports } from "./group_reports.ts";
import type { Libc } from "./libc.ts";
import type { Poller } from "./poller.ts";
import { Socket } from "./socket.ts";

/**
 * When each packet after the first question leaves, in milliseconds: Linux sends one refusal a
 * second to one machine (icmp_ratelimit), and any packet may be lost.
 */
const ROUNDS = [
  { at: 1000, send: "control" },
  { at: 2000, send: "question" },
  { at: 3000, send: "control" },
] as const;

/**
 * By then ARP has asked three times, a second apart, and the kernel has said that nobody is there.
 */
const END_MS = 4000;

/** Of many messages in one go the rest waits for the next look. */
const MOST_AT_ONCE = 64;

/** Room for some 20 messages. */
const RECEIVE_BUFFER = 16 * 1024;

/** Sockets of one family, open while anything is asked there. */
interface Line {
  readonly icmp: Socket;
  readonly raw: Socket;
}

interface Inquiry {
  readonly question: PresenceQuestion;
  /** Where adverts go to a group of IPv4: who hears it. */
  readonly reports: Socket | undefined;
  readonly echo: Echo;
  readonly index: number;
  readonly signs: Set<Sign>;
  readonly timers: ReturnType<typeof setTimeout>[];
  readonly done: (answer: PresenceAnswer) => void;
}

/** Asks on the link of that name who hears the group of IPv4 adverts. Throws HostError. */
export type AskGroup = (interfaceName: string) => void;

/** Asks nodes. */
export class Presence implements Disposable {
  readonly #askGroup: AskGroup;
  readonly #libc: Libc;
  readonly #poller: Poller;
  readonly #lines = new Map<Family, Line>();
  readonly #inquiries = new Set<Inquiry>();

  constructor(libc: Libc, poller: Poller, askGroup: AskGroup) {
    this.#askGroup = askGroup;
    this.#libc = libc;
    this.#poller = poller;
  }

  /**
   * Asks; the answer comes within 4 s, unless this is disposed of before. `index` is that of the
   * question's link.
   */
  ask(
    question: PresenceQuestion,
    index: number,
    done: (answer: PresenceAnswer) => void,
  ): void {
    const [id = 0] = crypto.getRandomValues(new Uint16Array(1));
    const echo: Echo = { id, sequence: 1, data: crypto.getRandomValues(new Uint8Array(24)) };
    const reports = this.#openReports(question, index);
    const inquiry: Inquiry = { question, reports, echo, index, signs: new Set(), timers: [], done };
    this.#inquiries.add(inquiry);
    this.#send(inquiry, "question");
    for (const { at, send } of ROUNDS) {
      inquiry.timers.push(setTimeout(() => this.#send(inquiry, send), at));
    }
    inquiry.timers.push(setTimeout(() => this.#end(inquiry), END_MS));
  }

  /** Takes in what came on the `ready` descriptors. */
  drain(ready: ReadonlySet<number>, receiver: Receiver): void {
    for (const inquiry of [...this.#inquiries]) {
      const { reports, question: { target }, signs } = inquiry;
      if (reports === undefined || !ready.has(reports.fd)) continue;
      if (!includesIp(drainReports(reports, receiver), target.address)) continue;
      signs.add("member");
      this.#end(inquiry);
    }
    for (const [family, { icmp }] of [...this.#lines]) {
      if (!ready.has(icmp.fd)) continue;
      for (let count = 0; count < MOST_AT_ONCE; count++) {
        const received = receiver.receive(icmp.fd);
        if (typeof received === "number") break;
        const { data, name } = received;
        const sender = family === "ipv6" && SOCKADDR_IN6.fits(name)
          ? ipFromBytes(SOCKADDR_IN6.read(name).address)
          : undefined;
        for (const inquiry of [...this.#inquiries]) {
          const { question: { target, group }, echo, signs } = inquiry;
          const isHere = target.address.family === family;
          const sign = isHere ? signIn(data, sender, target, echo) : undefined;
          if (sign === undefined) continue;
          // Where adverts go to a group, what comes to the node alone is refused whatever runs
          // there.
          if (group && sign !== "echo" && sign !== "unreachable") continue;
          signs.add(sign);
          // A refusal is the answer; silence takes its time.
          if (sign === "closed" || sign === "filtered") this.#end(inquiry);
        }
      }
    }
  }

  /** Ends all that is asked, unanswered. */
  [Symbol.dispose](): void {
    for (const inquiry of [...this.#inquiries]) this.#close(inquiry);
    this.#closeIdle();
  }

  #end(inquiry: Inquiry): void {
    if (!this.#close(inquiry)) return;
    this.#closeIdle();
    inquiry.done(answerOf(inquiry.signs));
  }

  /** False: it was closed before. */
  #close(inquiry: Inquiry): boolean {
    if (!this.#inquiries.delete(inquiry)) return false;
    for (const timer of inquiry.timers) clearTimeout(timer);
    if (inquiry.reports === undefined) return true;
    this.#poller.remove(inquiry.reports.fd);
    inquiry.reports[Symbol.dispose]();
    return true;
  }

  /** Undefined: adverts go to the node itself, or what it hears cannot be found out. */
  #openReports({ target, group, interface: name }: PresenceQuestion, index: number) {
    if (!group || target.address.family !== "ipv4" || index === 0) return undefined;
    try {
      return openReports(this.#libc, name, index).prepare(({ fd }) => this.#poller.add(fd));
    } catch (error) {
      if (error instanceof HostError) return undefined;
      throw error;
    }
  }

  /**
   * What the kernel refuses (no route, a filter of this machine's) is not asked: nothing is learnt
   * from it.
   */
  #send(inquiry: Inquiry, what: (typeof ROUNDS)[number]["send"]): void {
    const { question: { target, group, interface: name }, reports, echo, index } = inquiry;
    const { address } = target;
    try {
      if (what === "question" && reports !== undefined) this.#askGroup(name);
      const line = this.#lineOf(address.family);
      const scope = isLinkLocal(address) ? index : 0;
      if (what === "question") sendEcho(line.icmp, address, scope, echo);
      // A socket that is bound to a group takes nothing that comes to the node alone.
      if (group) return;
      const packet = what === "question" ? encodeQuestion(target) : encodeControl(target);
      line.raw.send(packet, sockaddr(address, 0, scope));
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      if (error.code === "EHOSTUNREACH") inquiry.signs.add("unreachable");
    }
  }

  #lineOf(family: Family): Line {
    const known = this.#lines.get(family);
    if (known !== undefined) return known;
    const icmp = openIcmp(this.#libc, family);
    const line = { icmp, raw: openRaw(this.#libc, family, icmp) };
    this.#lines.set(family, line);
    this.#poller.add(icmp.fd);
    return line;
  }

  #closeIdle(): void {
    for (const [family, { icmp, raw }] of [...this.#lines]) {
      const isUsed = [...this.#inquiries].some(({ question }) =>
        question.target.address.family === family
      );
      if (isUsed) continue;
      this.#lines.delete(family);
      this.#poller.remove(icmp.fd);
      icmp[Symbol.dispose]();
      raw[Symbol.dispose]();
    }
  }
}

function openIcmp(libc: Libc, family: Family): Socket {
  const what = "answers of other nodes";
  if (family === "ipv4") {
    // struct icmp_filter: a bit set keeps that type away.
    const mask = ANSWERING_TYPES.ipv4.reduce((bits, type) => bits & ~(1 << type), 0xffffffff);
    const filter = new Uint8Array(4);
    new DataView(filter.buffer).setUint32(0, mask >>> 0, true);
    return Socket.open(libc, AF_INET, SOCK_RAW, IPPROTO_ICMP, what).prepare((socket) => {
      socket.set(SOL_RAW, ICMP_FILTER, filter, "ICMP_FILTER");
      socket.setReceiveBuffer(RECEIVE_BUFFER);
    });
  }
  // struct icmp6_filter: the same for 256 types.
  const filter = new Uint8Array(32).fill(0xff);
  for (const type of ANSWERING_TYPES.ipv6) {
    filter[type >> 3] = (filter[type >> 3] ?? 0) & ~(1 << (type & 7));
  }
  return Socket.open(libc, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, what).prepare((socket) => {
    socket.set(IPPROTO_ICMPV6, ICMP6_FILTER, filter, "ICMP6_FILTER");
    socket.setReceiveBuffer(RECEIVE_BUFFER);
  });
}

/**
 * For whole packets, header first; IPPROTO_RAW hears nothing. Where it cannot be had, `icmp` is
 * closed.
 */
function openRaw(libc: Libc, family: Family, icmp: Socket): Socket {
  const what = "questions to other nodes";
  try {
    if (family === "ipv4") return Socket.open(libc, AF_INET, SOCK_RAW, IPPROTO_RAW, what);
    return Socket.open(libc, AF_INET6, SOCK_RAW, IPPROTO_RAW, what)
      .prepare((socket) => socket.set(IPPROTO_IPV6, IPV6_HDRINCL, 1, "IPV6_HDRINCL"));
  } catch (error) {
    icmp[Symbol.dispose]();
    throw error;
  }
}
