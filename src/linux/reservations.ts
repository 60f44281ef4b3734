/**
 * Names that one process of this network namespace has at a time: abstract unix sockets (unix(7)),
 * which end with it.
 */
import type { Limits } from "../budget.ts";
import { milliseconds } from "../time.ts";
import { SOCKADDR_UN, UCRED } from "./abi.ts";
import {
  AF_UNIX,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLLIN,
  SO_PEERCRED,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants.ts";
import { EADDRINUSE } from "./errno.ts";
import type { Bytes, Libc } from "./libc.ts";
import type { Poller } from "./poller.ts";
import { demand } from "./refusal.ts";
import { Throttle } from "./throttle.ts";

/** Those that ask at one time. */
const BACKLOG = 8;

/** Looks for questions, each through all names: another daemon asks every few seconds. */
const LIMITS: Limits = { most: 16, every: milliseconds(100) };

/** linux/capability.h: CAP_NET_RAW. */
const NET_RAW = 1n << 13n;

/** struct epoll_event, which ends differently on arm64: what comes with an event is not read. */
const EVENT: Bytes = new Uint8Array(new Uint32Array([EPOLLIN, 0, 0, 0]).buffer);

/** Longest name, in bytes: sockaddr_un without its family and the zero in front. */
const LONGEST_NAME = 107;

/** The names of this process. */
export class Reservations implements Disposable {
  readonly #libc: Libc;
  readonly #poller: Poller;
  readonly #throttle: Throttle;
  /** Descriptors by name. */
  readonly #held = new Map<string, number>();
  /**
   * An epoll(7) of them: poll(2) would look at each of hundreds in every turn, for a question that
   * hardly ever comes.
   */
  readonly #asked: number;

  /** Throws HostError (EMFILE). */
  constructor(libc: Libc, poller: Poller) {
    this.#libc = libc;
    this.#poller = poller;
    this.#throttle = new Throttle(poller, LIMITS);
    this.#asked = demand(libc.epollCreate(EPOLL_CLOEXEC), "epoll_create1", "reservations");
    poller.add(this.#asked);
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
    if (this.#throttle.deadline !== undefined) this.#throttle.release(this.#poller.now());
    if (!ready.has(this.#asked)) return;
    for (const fd of this.#held.values()) {
      for (let count = 0; count < BACKLOG; count++) {
        const asker = this.#libc.accept(fd, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (asker < 0) break;
        this.#libc.close(asker);
      }
    }
    this.#throttle.spend(this.#asked, 1, this.#poller.now());
  }

  [Symbol.dispose](): void {
    this.settle([]);
    this.#poller.remove(this.#asked);
    this.#throttle.forget(this.#asked);
    this.#libc.close(this.#asked);
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
      // Where this fails, those that ask get their answer all the same until the backlog is full.
      this.#libc.epollCtl(this.#asked, EPOLL_CTL_ADD, fd, EVENT);
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
