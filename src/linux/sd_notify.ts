/** Datagrams to the service manager, sd_notify(3). */
import { SOCKADDR_UN, TIMESPEC } from "./abi.ts";
import { AF_UNIX, CLOCK_MONOTONIC, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_DGRAM } from "./constants.ts";
import { type Bytes, Libc } from "./libc.ts";
import { EINVAL } from "./errno.ts";
import { demand, refusal } from "./refusal.ts";
import { Socket } from "./socket.ts";

/** Longest path of a unix socket, in bytes: sockaddr_un without its family. */
const LONGEST_PATH = 108;

/** A line to the service manager that started this process. */
export class SdNotify implements Disposable {
  readonly #libc = new Libc();
  readonly #socket: Socket;
  readonly #address: Bytes;

  /**
   * `path`: $NOTIFY_SOCKET, an absolute path or a name in the abstract namespace, which begins with
   * "@". Throws HostError where it is neither (EINVAL), or no socket is to be had.
   */
  constructor(path: string) {
    this.#address = notifyAddress(path);
    this.#socket = Socket.open(this.#libc, AF_UNIX, SOCK_DGRAM, 0, "the service manager");
  }

  /**
   * Sends variables such as READY=1, all in one message. Never waits. Throws HostError:
   * ECONNREFUSED and ENOENT where nobody listens, EAGAIN where the manager is behind.
   */
  send(variables: Readonly<Record<string, string>>): void {
    // A line is a variable: a line break inside one would begin another.
    const lines = Object.entries(variables).map(([name, value]) =>
      `${name}=${value.replaceAll("\n", " ")}`
    );
    const message = new TextEncoder().encode(lines.join("\n"));
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const result = this.#libc.sendto(this.#socket.fd, message, flags, this.#address);
    demand(result, "sendto", this.#socket.what);
  }

  /** CLOCK_MONOTONIC in microseconds, as MONOTONIC_USEC wants it. */
  microseconds(): bigint {
    const into = new Uint8Array(TIMESPEC.size);
    demand(this.#libc.clockGettime(CLOCK_MONOTONIC, into), "clock_gettime", "the clock");
    const { sec, nsec } = TIMESPEC.members;
    const view = new DataView(into.buffer);
    return sec.get(view, sec.offset) * 1_000_000n + nsec.get(view, nsec.offset) / 1000n;
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
    this.#libc[Symbol.dispose]();
  }
}

/** The struct sockaddr_un of $NOTIFY_SOCKET, as long as it has to be. Throws HostError (EINVAL). */
export function notifyAddress(path: string): Bytes {
  const name = new TextEncoder().encode(path);
  const abstract = path.startsWith("@");
  // A path ends with a zero byte, an abstract name begins with one in the place of its "@".
  const size = abstract ? name.length : name.length + 1;
  if ((!abstract && !path.startsWith("/")) || size > LONGEST_PATH || name.length < 2) {
    throw refusal("sendto", `NOTIFY_SOCKET=${path}`, -EINVAL);
  }
  const padded = new Uint8Array(LONGEST_PATH);
  padded.set(name);
  if (abstract) padded[0] = 0;
  const whole = SOCKADDR_UN.write({ family: AF_UNIX, path: padded });
  return new Uint8Array(whole.slice(0, SOCKADDR_UN.members.path.offset + size));
}
