/**
 * Connection to the kernel over netlink: requests, each answered before the next, and batches of
 * them.
 */
import { HostError } from "../../host.ts";
import { NLMSGHDR, SOCKADDR_NL, TIMEVAL } from "../abi.ts";
import {
  AF_NETLINK,
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_ROUTE,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  SO_RCVTIMEO,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_NETLINK,
  SOL_SOCKET,
} from "../constants.ts";
import { Receiver } from "../datagram.ts";
import { describeErrno } from "../errno.ts";
import type { Bytes, Libc } from "../libc.ts";
import { demand, refusal } from "../refusal.ts";
import { Socket } from "../socket.ts";
import {
  concat,
  decodeMessages,
  decodeVerdict,
  encodeMessage,
  type NetlinkMessage,
} from "./message.ts";

/** The kernel's no to a netlink request, in its own words where it gave some (NETLINK_EXT_ACK). */
export class NetlinkError extends HostError {
  constructor(call: string, object: string, readonly errno: number, words: string | undefined) {
    const known = describeErrno(errno);
    super(call, object, known.code, words ?? known.words);
  }
}

/** Datagrams to and from the kernel; in tests a function stands behind it. */
export interface Exchange {
  /** Throws HostError. */
  send(request: Bytes): void;
  /** The next datagram. Throws HostError (ENOBUFS; EAGAIN where none comes). */
  receive(): Uint8Array;
}

/** What is asked. */
export interface Request {
  /** For errors: "RTM_NEWADDR". */
  readonly call: string;
  /** For errors: "192.168.1.50/24 on eth0". */
  readonly object: string;
  readonly type: number;
  /** Besides NLM_F_REQUEST. */
  readonly flags: number;
  readonly body: Uint8Array;
}

/**
 * A request as bytes that can be sent again and again, as one of a batch: {@link Connection.batch}.
 */
export interface KeptRequest {
  /** A whole message; its sequence number and flags are set at each sending. */
  readonly bytes: Bytes;
  readonly view: DataView;
}

/** So many go in one datagram: some 10 KB, which any socket's buffers hold. */
const MOST_IN_BATCH = 128;

/** A dump that was interrupted by changes begins again, so many times at most. */
const MOST_DUMPS = 10;

/** A conversation: requests are synchronous, each is answered before the next. */
export class Connection {
  readonly #exchange: Exchange;
  #seq = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /**
   * Asks for something to be done, or for one object. Gives what came before the acknowledgement.
   * Throws NetlinkError.
   */
  request(request: Request): readonly NetlinkMessage[] {
    const flags = request.flags | NLM_F_ACK;
    return this.#ask({ ...request, flags }).messages;
  }

  /** Asks for all objects of a kind, as they were at one moment. Throws NetlinkError. */
  dump(request: Omit<Request, "flags">): readonly NetlinkMessage[] {
    for (let attempt = 1;; attempt++) {
      const { messages, interrupted } = this.#ask({ ...request, flags: NLM_F_DUMP });
      // A picture that never stands still is still better than none: changes are watched anyway.
      if (!interrupted || attempt === MOST_DUMPS) return messages;
    }
  }

  /** `request` to be sent by {@link Connection.batch}. */
  keep({ type, flags, body }: Pick<Request, "type" | "flags" | "body">): KeptRequest {
    const bytes = encodeMessage({ type, flags: flags | NLM_F_REQUEST, seq: 0, pid: 0, body });
    return { bytes, view: new DataView(bytes.buffer) };
  }

  /**
   * Sends all `requests`, which change something. The kernel acts on them before it answers; it
   * answers those that it refuses, and the last one. Gives the indices of the refused, ascending.
   * Throws HostError where it does not answer: then any may be refused.
   */
  batch(requests: readonly KeptRequest[]): readonly number[] {
    const refused: number[] = [];
    for (let start = 0; start < requests.length; start += MOST_IN_BATCH) {
      const part = requests.slice(start, start + MOST_IN_BATCH);
      for (const index of this.#batch(part)) refused.push(start + index);
    }
    return refused;
  }

  #batch(requests: readonly KeptRequest[]): readonly number[] {
    const first = (this.#seq + 1) >>> 0;
    const { flags, seq } = NLMSGHDR.members;
    for (const [index, { view }] of requests.entries()) {
      this.#seq = (this.#seq + 1) >>> 0;
      seq.set(view, seq.offset, this.#seq);
      const plain = flags.get(view, flags.offset) & ~NLM_F_ACK;
      flags.set(view, flags.offset, index === requests.length - 1 ? plain | NLM_F_ACK : plain);
    }
    const last = this.#seq;
    this.#exchange.send(concat(...requests.map(({ bytes }) => bytes)));
    const refused: number[] = [];
    for (;;) {
      for (const message of decodeMessages(this.#exchange.receive())) {
        const index = (message.seq - first) >>> 0;
        if (index >= requests.length || message.type !== NLMSG_ERROR) continue;
        if ((decodeVerdict(message)?.error ?? 0) < 0) refused.push(index);
        if (message.seq === last) return refused;
      }
    }
  }

  #ask(request: Request): { messages: readonly NetlinkMessage[]; interrupted: boolean } {
    const { call, object, type, body } = request;
    const seq = this.#seq = (this.#seq + 1) >>> 0;
    const flags = request.flags | NLM_F_REQUEST;
    this.#exchange.send(encodeMessage({ type, flags, seq, pid: 0, body }));
    const messages: NetlinkMessage[] = [];
    let interrupted = false;
    for (;;) {
      for (const message of decodeMessages(this.#exchange.receive())) {
        // An answer to something earlier that failed half-way.
        if (message.seq !== seq) continue;
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
        if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) {
          // The body of NLMSG_DONE begins with an error number too.
          const verdict = decodeVerdict(message);
          const error = verdict?.error ?? 0;
          if (error < 0) throw new NetlinkError(call, object, -error, verdict?.words);
          return { messages, interrupted };
        }
        messages.push(message);
      }
    }
  }
}

/** The longest datagram of the kernel: dumps come in parts of at most 32 KiB. */
const RECEIVE_SIZE = 64 * 1024;

/** The kernel's end of rtnetlink(7), over a socket of its own. */
export class KernelExchange implements Exchange, Disposable {
  readonly #socket: Socket;
  readonly #receiver: Receiver;

  /** Throws HostError. */
  constructor(libc: Libc) {
    const fd = demand(
      libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE),
      "socket",
      "rtnetlink",
    );
    this.#socket = new Socket(libc, fd, "rtnetlink");
    this.#receiver = new Receiver(libc, RECEIVE_SIZE);
    this.#socket.bind(netlinkAddress(0));
    this.#socket.set(SOL_NETLINK, NETLINK_EXT_ACK, 1, "NETLINK_EXT_ACK");
    this.#socket.set(SOL_NETLINK, NETLINK_CAP_ACK, 1, "NETLINK_CAP_ACK");
    // The answer is there when sendto returns; should it ever not be, we must not hang.
    const limit = TIMEVAL.write({ sec: 1n, usec: 0n });
    this.#socket.set(SOL_SOCKET, SO_RCVTIMEO, limit, "SO_RCVTIMEO");
  }

  /**
   * The number by which the kernel names this socket; notifications of what it was asked for here
   * have it.
   */
  get port(): number {
    const address = new Uint8Array(SOCKADDR_NL.size);
    const { libc, fd, what } = this.#socket;
    demand(libc.getsockname(fd, address), "getsockname", what);
    return SOCKADDR_NL.read(address).pid;
  }

  send(request: Bytes): void {
    const { libc, fd } = this.#socket;
    demand(libc.sendto(fd, request, 0, KERNEL), "sendto", "rtnetlink");
  }

  receive(): Uint8Array {
    for (;;) {
      const received = this.#receiver.receive(this.#socket.fd, 0);
      if (typeof received === "number") throw refusal("recvmsg", "rtnetlink", received);
      if (isFromKernel(received.name)) return received.data;
    }
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

/** A struct sockaddr_nl: the kernel, or for bind(2) the groups to hear. */
export function netlinkAddress(groups: number): Uint8Array {
  return SOCKADDR_NL.write({ family: AF_NETLINK, pid: 0, groups });
}

const KERNEL: Bytes = new Uint8Array(netlinkAddress(0));

/** Other programs may send to a netlink socket too. */
export function isFromKernel(name: Uint8Array): boolean {
  const at = SOCKADDR_NL.members.pid.offset;
  return SOCKADDR_NL.fits(name) &&
    (name[at] || name[at + 1] || name[at + 2] || name[at + 3]) === 0;
}
