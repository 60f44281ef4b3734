/**
 * Datagrams with their ancillary data, to and from the kernel, through memory that is laid out
 * once.
 */
import { CMSGHDR, IOVEC, MMSGHDR, MSGHDR, SOCKADDR_STORAGE_SIZE } from "./abi.ts";
import { MSG_CTRUNC, MSG_DONTWAIT, MSG_TRUNC } from "./constants.ts";
import { EMSGSIZE } from "./errno.ts";
import { addressOf, type Bytes, type Libc, wouldBlock } from "./libc.ts";

/** One datagram; all bytes are views that the next receive overwrites. */
export interface Received {
  readonly data: Uint8Array;
  /** struct sockaddr of the sender. */
  readonly name: Uint8Array;
  /** Ancillary messages. */
  readonly control: readonly ControlMessage[];
  /** There was more than the buffer holds. */
  readonly truncated: boolean;
}

/** cmsg(3). */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

const CONTROL_SIZE = 256;

/**
 * Where the members of a struct mmsghdr are, in words of 4 bytes; of its longer ones the lower
 * half.
 */
const WORDS = {
  namelen: MSGHDR.members.namelen.offset / 4,
  controllen: MSGHDR.members.controllen.offset / 4,
  flags: MSGHDR.members.flags.offset / 4,
  count: MMSGHDR.members.len.offset / 4,
  each: MMSGHDR.size / 4,
} as const;

/** So many datagrams a {@link Receiver} for adverts reads by one system call. */
export const READ_TOGETHER = 16;

const NO_CONTROL: readonly ControlMessage[] = [];

/**
 * recvmsg(2) and recvmmsg(2) into memory of its own, for any number of sockets one after the other.
 */
export class Receiver {
  readonly #libc: Libc;
  readonly #size: number;
  readonly #slots: number;
  readonly #data: Bytes;
  readonly #names: Bytes;
  readonly #control: Bytes;
  readonly #iovs: Bytes;
  readonly #headers: Bytes;
  /** The same memory as the headers. */
  readonly #words: Uint32Array;

  /**
   * `size` is the longest datagram that is taken whole, in bytes; `slots`: so many are read by one
   * system call.
   */
  constructor(libc: Libc, size: number, slots: number = 1) {
    this.#libc = libc;
    this.#size = size;
    this.#slots = slots;
    this.#data = new Uint8Array(slots * size);
    this.#names = new Uint8Array(slots * SOCKADDR_STORAGE_SIZE);
    this.#control = new Uint8Array(slots * CONTROL_SIZE);
    this.#iovs = new Uint8Array(slots * IOVEC.size);
    this.#headers = new Uint8Array(slots * MMSGHDR.size);
    this.#words = new Uint32Array(this.#headers.buffer);
    const [data, names, control, iovs] = [this.#data, this.#names, this.#control, this.#iovs]
      .map(addressOf) as [bigint, bigint, bigint, bigint];
    for (let slot = 0; slot < slots; slot++) {
      const at = (start: bigint, each: number): bigint => start + BigInt(slot * each);
      const iov = { base: at(data, size), len: BigInt(size) };
      IOVEC.write(iov, this.#iovs, slot * IOVEC.size);
      MSGHDR.write(
        {
          name: at(names, SOCKADDR_STORAGE_SIZE),
          namelen: SOCKADDR_STORAGE_SIZE,
          iov: at(iovs, IOVEC.size),
          iovlen: 1n,
          control: at(control, CONTROL_SIZE),
          controllen: BigInt(CONTROL_SIZE),
          flags: 0,
        },
        this.#headers,
        slot * MMSGHDR.size,
      );
    }
  }

  /**
   * The next datagram of `fd`, or a negative errno: -EAGAIN where there is none (and `flags` has
   * MSG_DONTWAIT).
   */
  receive(fd: number, flags: number = MSG_DONTWAIT): Received | number {
    const count = this.#libc.recvmsg(fd, this.#headers, flags);
    return count < 0 ? count : this.#taken(0, count);
  }

  /**
   * Gives what is queued on `fd` to `take`, `most` datagrams at most; false: there may be more. Any
   * error but "nothing there" is told by a socket once (ENETDOWN); it counts as a datagram, and is
   * passed over.
   */
  receiveAll(fd: number, most: number, take: (received: Received) => void): boolean {
    for (let count = 0; count < most;) {
      const wanted = Math.min(most - count, this.#slots);
      const got = this.#libc.recvmmsg(fd, this.#headers, wanted, MSG_DONTWAIT);
      if (wouldBlock(got)) return true;
      for (let slot = 0; slot < got; slot++) {
        take(this.#taken(slot, this.#words[slot * WORDS.each + WORDS.count] ?? 0));
      }
      count += Math.max(1, got);
      if (got >= 0 && got < wanted) return true;
    }
    return false;
  }

  /** What was received into `slot`, which is made ready for the next. */
  #taken(slot: number, count: number): Received {
    const words = this.#words;
    const start = slot * WORDS.each;
    const namelen = words[start + WORDS.namelen] ?? 0;
    const controllen = words[start + WORDS.controllen] ?? 0;
    const flags = words[start + WORDS.flags] ?? 0;
    words[start + WORDS.namelen] = SOCKADDR_STORAGE_SIZE;
    words[start + WORDS.controllen] = CONTROL_SIZE;
    const [data, name] = [slot * this.#size, slot * SOCKADDR_STORAGE_SIZE];
    const control = slot * CONTROL_SIZE;
    return {
      data: this.#data.subarray(data, data + count),
      name: this.#names.subarray(name, name + namelen),
      control: controllen === 0
        ? NO_CONTROL
        : decodeControl(this.#control.subarray(control, control + controllen)),
      truncated: (flags & (MSG_TRUNC | MSG_CTRUNC)) !== 0,
    };
  }
}

/**
 * Where a datagram goes, and by which way: bytes that are made once for all datagrams that go
 * there.
 */
export interface Way {
  /** struct sockaddr. */
  readonly name: Uint8Array;
  /** Ancillary messages, as {@link encodeControl} lays them. */
  readonly control: Uint8Array;
}

/**
 * sendmsg(2) out of memory of its own: fields, because nothing else keeps alive what the header
 * points to.
 */
export class Sender {
  readonly #libc: Libc;
  readonly #data: Bytes;
  readonly #name: Bytes = new Uint8Array(SOCKADDR_STORAGE_SIZE);
  readonly #control: Bytes = new Uint8Array(CONTROL_SIZE);
  readonly #iov: Bytes = new Uint8Array(IOVEC.size);
  readonly #header: Bytes = new Uint8Array(MMSGHDR.size);
  readonly #words: Uint32Array = new Uint32Array(this.#header.buffer);
  readonly #iovWords: Uint32Array = new Uint32Array(this.#iov.buffer);

  /** `size` is the longest datagram, in bytes. */
  constructor(libc: Libc, size: number) {
    this.#libc = libc;
    this.#data = new Uint8Array(size);
    IOVEC.write({ base: addressOf(this.#data), len: 0n }, this.#iov);
    MSGHDR.write({
      name: addressOf(this.#name),
      namelen: 0,
      iov: addressOf(this.#iov),
      iovlen: 1n,
      control: addressOf(this.#control),
      controllen: 0n,
      flags: 0,
    }, this.#header);
  }

  /**
   * Sends `head` and `body` as one datagram on its `way`: the count sent, or a negative errno
   * (-EMSGSIZE).
   */
  send(fd: number, { name, control }: Way, head: Uint8Array, body: Uint8Array): number {
    const length = head.length + body.length;
    if (length > this.#data.length) return -EMSGSIZE;
    this.#data.set(head);
    this.#data.set(body, head.length);
    this.#name.set(name);
    this.#control.set(control);
    this.#iovWords[IOVEC.members.len.offset / 4] = length;
    this.#words[WORDS.namelen] = name.length;
    this.#words[WORDS.controllen] = control.length;
    return this.#libc.sendmsg(fd, this.#header, MSG_DONTWAIT);
  }
}

/** Ancillary messages laid end to end, each aligned to 8 bytes. */
export function encodeControl(messages: readonly ControlMessage[]): Bytes {
  const sizes = messages.map(({ data }) => align8(CMSGHDR.size + data.length));
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let offset = 0;
  for (const [index, { level, type, data }] of messages.entries()) {
    CMSGHDR.write({ len: BigInt(CMSGHDR.size + data.length), level, type }, bytes, offset);
    bytes.set(data, offset + CMSGHDR.size);
    offset += sizes[index] ?? 0;
  }
  return bytes;
}

/** Reads ancillary messages up to the first that is broken; data are views. */
export function decodeControl(bytes: Uint8Array): readonly ControlMessage[] {
  const messages: ControlMessage[] = [];
  let offset = 0;
  while (CMSGHDR.fits(bytes, offset)) {
    const { len, level, type } = CMSGHDR.read(bytes, offset);
    const end = offset + Number(len);
    if (Number(len) < CMSGHDR.size || end > bytes.length) break;
    messages.push({ level, type, data: bytes.subarray(offset + CMSGHDR.size, end) });
    offset += align8(Number(len));
  }
  return messages;
}

function align8(size: number): number {
  return (size + 7) & ~7;
}
