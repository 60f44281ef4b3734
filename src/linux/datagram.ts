/** How does a datagram with its ancillary data pass recvmsg(2) and sendmsg(2)? Through memory that is laid out once. */
import { CMSGHDR, IOVEC, MSGHDR, SOCKADDR_STORAGE_SIZE } from "./abi.ts";
import { MSG_CTRUNC, MSG_DONTWAIT, MSG_TRUNC } from "./constants.ts";
import { EMSGSIZE } from "./errno.ts";
import { addressOf, type Bytes, type Libc } from "./libc.ts";

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

/** recvmsg(2) into memory of its own, for any number of sockets one after the other. */
export class Receiver {
  readonly #libc: Libc;
  readonly #data: Bytes;
  readonly #name: Bytes = new Uint8Array(SOCKADDR_STORAGE_SIZE);
  readonly #control: Bytes = new Uint8Array(CONTROL_SIZE);
  readonly #iov: Bytes = new Uint8Array(IOVEC.size);
  readonly #header: Bytes = new Uint8Array(MSGHDR.size);
  readonly #view: DataView = new DataView(this.#header.buffer);

  /** `size` is the longest datagram that is taken whole, in bytes. */
  constructor(libc: Libc, size: number) {
    this.#libc = libc;
    this.#data = new Uint8Array(size);
    IOVEC.write({ base: addressOf(this.#data), len: BigInt(size) }, this.#iov);
    MSGHDR.write({
      name: addressOf(this.#name),
      namelen: SOCKADDR_STORAGE_SIZE,
      iov: addressOf(this.#iov),
      iovlen: 1n,
      control: addressOf(this.#control),
      controllen: BigInt(CONTROL_SIZE),
      flags: 0,
    }, this.#header);
  }

  /** The next datagram of `fd`, or a negative errno: -EAGAIN where there is none (and `flags` has MSG_DONTWAIT). */
  receive(fd: number, flags: number = MSG_DONTWAIT): Received | number {
    const { namelen, controllen, flags: received } = MSGHDR.members;
    // recvmsg says in these how much it wrote, so they are to be set anew each time.
    namelen.set(this.#view, namelen.offset, SOCKADDR_STORAGE_SIZE);
    controllen.set(this.#view, controllen.offset, BigInt(CONTROL_SIZE));
    const count = this.#libc.recvmsg(fd, this.#header, flags);
    if (count < 0) return count;
    const said = received.get(this.#view, received.offset);
    const controlled = Number(controllen.get(this.#view, controllen.offset));
    return {
      data: this.#data.subarray(0, count),
      name: this.#name.subarray(0, namelen.get(this.#view, namelen.offset)),
      control: decodeControl(this.#control.subarray(0, controlled)),
      truncated: (said & (MSG_TRUNC | MSG_CTRUNC)) !== 0,
    };
  }
}

/** sendmsg(2) out of memory of its own: fields, because nothing else keeps alive what the header points to. */
export class Sender {
  readonly #libc: Libc;
  readonly #data: Bytes;
  readonly #name: Bytes = new Uint8Array(SOCKADDR_STORAGE_SIZE);
  readonly #control: Bytes = new Uint8Array(CONTROL_SIZE);
  readonly #iov: Bytes = new Uint8Array(IOVEC.size);
  readonly #header: Bytes = new Uint8Array(MSGHDR.size);

  /** `size` is the longest datagram, in bytes. */
  constructor(libc: Libc, size: number) {
    this.#libc = libc;
    this.#data = new Uint8Array(size);
  }

  /** Sends `data` to the struct sockaddr `name` with ancillary messages: the count sent, or a negative errno (-EMSGSIZE). */
  send(
    fd: number,
    data: Uint8Array,
    name: Uint8Array,
    control: readonly ControlMessage[],
  ): number {
    if (data.length > this.#data.length) return -EMSGSIZE;
    this.#data.set(data);
    this.#name.set(name);
    const controlBytes = encodeControl(control);
    this.#control.set(controlBytes);
    IOVEC.write({ base: addressOf(this.#data), len: BigInt(data.length) }, this.#iov);
    MSGHDR.write({
      name: addressOf(this.#name),
      namelen: name.length,
      iov: addressOf(this.#iov),
      iovlen: 1n,
      control: addressOf(this.#control),
      controllen: BigInt(controlBytes.length),
      flags: 0,
    }, this.#header);
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
