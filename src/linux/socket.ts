/** A descriptor with one owner, closed once; and the few options that every socket needs. */
import {
  MSG_DONTWAIT,
  SO_BINDTODEVICE,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from "./constants.ts";
import { type Bytes, cString, type Libc } from "./libc.ts";
import { demand } from "./refusal.ts";

/** An open socket. `what` says for errors what it is about. */
export class Socket implements Disposable {
  #open = true;

  constructor(readonly libc: Libc, readonly fd: number, readonly what: string) {}

  /** socket(2), non-blocking. Throws HostError. */
  static open(libc: Libc, domain: number, type: number, protocol: number, what: string): Socket {
    const flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
    return new Socket(
      libc,
      demand(libc.socket(domain, type | flags, protocol), "socket", what),
      what,
    );
  }

  /** Takes the first steps with it; where one throws, it is closed. */
  prepare(steps: (socket: Socket) => void): this {
    try {
      steps(this);
      return this;
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** setsockopt(2) with an int or with a structure. Throws HostError. */
  set(level: number, option: number, value: number | Uint8Array, name: string): void {
    demand(this.trySet(level, option, value), `setsockopt ${name}`, this.what);
  }

  /** The same, for options that older kernels lack: gives the negative errno. */
  trySet(level: number, option: number, value: number | Uint8Array): number {
    const bytes = typeof value === "number" ? intBytes(value) : new Uint8Array(value);
    return this.libc.setsockopt(this.fd, level, option, bytes);
  }

  /** bind(2). Throws HostError. */
  bind(address: Uint8Array, object = this.what): void {
    demand(this.libc.bind(this.fd, new Uint8Array(address)), "bind", object);
  }

  /** sendto(2), all or nothing, now or never. Throws HostError. */
  send(message: Uint8Array, address: Uint8Array): void {
    const to = new Uint8Array(address);
    const result = this.libc.sendto(this.fd, new Uint8Array(message), MSG_DONTWAIT, to);
    demand(result, "sendto", this.what);
  }

  /** Only this interface. Throws HostError (ENODEV). */
  bindToDevice(name: string): void {
    this.set(SOL_SOCKET, SO_BINDTODEVICE, cString(name), "SO_BINDTODEVICE");
  }

  /**
   * Room for `size` bytes (the kernel doubles it and counts its own overhead), above the system's
   * limit where permitted.
   */
  setReceiveBuffer(size: number): void {
    if (this.trySet(SOL_SOCKET, SO_RCVBUFFORCE, size) < 0) {
      this.set(SOL_SOCKET, SO_RCVBUF, size, "SO_RCVBUF");
    }
  }

  /** close(2); a second time: nothing. */
  [Symbol.dispose](): void {
    if (this.#open) this.libc.close(this.fd);
    this.#open = false;
  }
}

function intBytes(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}
