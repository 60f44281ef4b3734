/**
 * Names that one process of this network namespace has at a time: abstract unix sockets (unix(7)),
 * which end with it.
 */
import type { Limits } from "../budget.ts";
import { milliseconds } from "../time.ts";
import { SOCKADDR_UN, UCRED } from "./abi.ts";
import {
  AF_UNIX,
  SO_PEERCRED,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants.ts";
import { EADDRINUSE } from "./errno.ts";
import type { Bytes, Libc } from "./libc.ts";
import type { Poller } from "./poller.ts";
import { Throttle } from "./throttle.ts";

/** Those that ask at one time. */
const BACKLOG = 8;

/** Questions for one name: another daemon asks every few seconds. */
const LIMITS: Limits = { most: 16, every: milliseconds(100) };

/** linux/capability.h: CAP_NET_RAW. */
const NET_RAW = 1n << 13n;

/** Longest name, in bytes: sockaddr_un without its family and the zero in front. */
const LONGEST_NAME = 107;

/** The names of this process. */
export class Reservations implements Disposable {
  readonly #libc: Libc;
  readonly #poller: Poller;
  readonly #throttle: Throttle;
  /** Descriptors by name. */
  readonly #held = new Map<string, number>();

  constructor(libc: Libc, poller: Poller) {
    this.#libc = libc;
    this.#poller = poller;
    this.#throttle = new Throttle(poller, LIMITS);
  }

  /**
   * Takes `names`, and gives back those that are not among them. Answers the processes (0: unknown
   * which) that have the others, where they are privileged: any user can take a name, and must not
   * keep anybody from anything by that.
   */
  settle(names: readonly string[]): ReadonlyMap<string, number> {
    const wanted = new Set(names);
    for (const [name, fd] of this.#held) {
      if (!wanted.has(name)) this.#release(name, fd);
    }
    const others = new Map<string, number>();
    for (const name of wanted) {
      const other = this.#held.has(name) ? undefined : this.#take(name);
      if (other !== undefined) others.set(name, other);
    }
    return others;
  }

  /** Those who asked which process has a name know it by now. */
  drain(ready: ReadonlySet<number>): void {
    this.#throttle.release(this.#poller.now());
    if (ready.size === 0) return;
    for (const fd of this.#held.values()) {
      if (!ready.has(fd)) continue;
      let count = 0;
      for (; count < BACKLOG; count++) {
        const asker = this.#libc.accept(fd, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (asker < 0) break;
        this.#libc.close(asker);
      }
      this.#throttle.spend(fd, count + 1, this.#poller.now());
    }
  }

  [Symbol.dispose](): void {
    this.settle([]);
  }

  /** The process that has `name`; undefined: this one, or one that does not count. */
  #take(name: string): number | undefined {
    const address = addressOf(name);
    const fd = this.#libc.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    // No descriptor left, or no unix sockets: what they are for is not worth a fault.
    if (address === undefined || fd < 0) return undefined;
    const bound = this.#libc.bind(fd, address);
    if (bound >= 0 && this.#libc.listen(fd, BACKLOG) >= 0) {
      this.#held.set(name, fd);
      this.#poller.add(fd);
      return undefined;
    }
    const other = bound === -EADDRINUSE && this.#libc.connect(fd, address) >= 0
      ? this.#peerOf(fd)
      : undefined;
    this.#libc.close(fd);
    return other;
  }

  /** The process at the other end, where it is privileged. */
  #peerOf(fd: number): number | undefined {
    const value: Bytes = new Uint8Array(UCRED.size);
    if (this.#libc.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value) < 0) return undefined;
    const { pid, uid } = UCRED.read(value);
    const own = Deno.uid();
    const counts = uid === 0 || uid === own || (own === 0 && mayDisturb(pid));
    return counts ? pid : undefined;
  }

  #release(name: string, fd: number): void {
    this.#held.delete(name);
    this.#poller.remove(fd);
    this.#throttle.forget(fd);
    this.#libc.close(fd);
  }
}

/**
 * Could process `pid`, which is another user's, send VRRP here: has it CAP_NET_RAW, in this very
 * user namespace?
 */
function mayDisturb(pid: number): boolean {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const capabilities = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
    const namespace = (whose: string): string => Deno.readLinkSync(`/proc/${whose}/ns/user`);
    return (capabilities & NET_RAW) !== 0n && namespace(`${pid}`) === namespace("self");
  } catch {
    return false;
  }
}

/**
 * The struct sockaddr_un of an abstract name, as long as it has to be; undefined: it is too long.
 */
function addressOf(name: string): Bytes | undefined {
  const text = new TextEncoder().encode(name);
  if (text.length > LONGEST_NAME) return undefined;
  const path = new Uint8Array(SOCKADDR_UN.members.path.size);
  path.set(text, 1);
  const whole = SOCKADDR_UN.write({ family: AF_UNIX, path });
  return new Uint8Array(whole.slice(0, SOCKADDR_UN.members.path.offset + 1 + text.length));
}
