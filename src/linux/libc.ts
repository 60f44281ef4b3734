/** Functions of libc, by FFI. Errors come back as the kernel gives them: a negative errno. */
import { messageOf } from "../error.ts";
import { EAGAIN, ENOSYS } from "./errno.ts";
import { SYMBOLS } from "./libc_symbols.ts";

/**
 * Where Debian (x86-64, arm64) and Fedora keep libc; absolute, because permissions are given by
 * path.
 */
export const LIBC_PATHS: readonly string[] = [
  "/lib/x86_64-linux-gnu/libc.so.6",
  "/lib/aarch64-linux-gnu/libc.so.6",
  "/lib64/libc.so.6",
];

/** Bytes that libc reads or writes. */
export type Bytes = Uint8Array<ArrayBuffer>;

/**
 * libc, opened. Each method is one call; a result below 0 is the negative errno (-19 for ENODEV).
 * Descriptors are plain numbers: who opens one closes it.
 */
export class Libc implements Disposable {
  readonly #symbols: Library["symbols"];
  /** Where this thread's errno lies; it never moves. */
  readonly #errno: Deno.UnsafePointerView;

  /**
   * Opens the libc of this machine. Throws where none of {@link LIBC_PATHS} is there, or
   * --allow-ffi is not given.
   */
  constructor() {
    this.#symbols = acquire().symbols;
    const pointer = this.#symbols.__errno_location();
    if (pointer === null) throw new Error("__errno_location() gave NULL");
    this.#errno = new Deno.UnsafePointerView(pointer);
  }

  // errno is read in the very next call after the one that failed: the runtime's own system calls
  // overwrite it.

  /** socket(2): a descriptor. */
  socket(domain: number, type: number, protocol: number): number {
    return this.#orErrno(this.#symbols.socket(domain, type, protocol));
  }

  /** bind(2). */
  bind(fd: number, address: Bytes): number {
    return this.#orErrno(this.#symbols.bind(fd, address, address.length));
  }

  /** listen(2). */
  listen(fd: number, backlog: number): number {
    return this.#orErrno(this.#symbols.listen(fd, backlog));
  }

  /** connect(2). */
  connect(fd: number, address: Bytes): number {
    return this.#orErrno(this.#symbols.connect(fd, address, address.length));
  }

  /** accept4(2); who it is is not asked for. */
  accept(fd: number, flags: number): number {
    return this.#orErrno(this.#symbols.accept4(fd, null, null, flags));
  }

  /** getsockopt(2) into `value`, all of which is expected. */
  getsockopt(fd: number, level: number, option: number, value: Bytes): number {
    const size = new Uint8Array(new Uint32Array([value.length]).buffer);
    return this.#orErrno(this.#symbols.getsockopt(fd, level, option, value, size));
  }

  /** setsockopt(2). */
  setsockopt(fd: number, level: number, option: number, value: Bytes): number {
    return this.#orErrno(this.#symbols.setsockopt(fd, level, option, value, value.length));
  }

  /** sendto(2): the count of bytes sent. */
  sendto(fd: number, message: Bytes, flags: number, address: Bytes): number {
    const count = BigInt(message.length);
    return this.#orErrno(this.#symbols.sendto(fd, message, count, flags, address, address.length));
  }

  /** sendto(2) on another thread, whose errno is out of reach. Keep the bytes alive. */
  sendtoLater(fd: number, message: Bytes, flags: number, address: Bytes): Promise<number> {
    const count = BigInt(message.length);
    return this.#symbols.sendtoLater(fd, message, count, flags, address, address.length);
  }

  /** sendmsg(2) with a struct msghdr: the count of bytes sent. */
  sendmsg(fd: number, header: Bytes, flags: number): number {
    return this.#orErrno(this.#symbols.sendmsg(fd, header, flags));
  }

  /** recvmsg(2) into a struct msghdr: the count of bytes received. */
  recvmsg(fd: number, header: Bytes, flags: number): number {
    return this.#orErrno(this.#symbols.recvmsg(fd, header, flags));
  }

  /**
   * recvmmsg(2) into the first `count` of an array of struct mmsghdr, without a timeout: how many
   * were filled.
   */
  recvmmsg(fd: number, headers: Bytes, count: number, flags: number): number {
    return this.#orErrno(this.#symbols.recvmmsg(fd, headers, count, flags, null));
  }

  /** getsockname(2) into `address`, all of which is expected. */
  getsockname(fd: number, address: Bytes): number {
    const size = new Uint8Array(new Uint32Array([address.length]).buffer);
    return this.#orErrno(this.#symbols.getsockname(fd, address, size));
  }

  /** open(2) of a file that is there: a descriptor. */
  open(path: Bytes, flags: number): number {
    return this.#orErrno(this.#symbols.open(path, flags));
  }

  /**
   * open(2) on another thread, whose errno is out of reach: below 0 means only that it failed. Keep
   * `path` alive.
   */
  openLater(path: Bytes, flags: number): Promise<number> {
    return this.#symbols.openLater(path, flags);
  }

  /** close(2). */
  close(fd: number): number {
    return this.#orErrno(this.#symbols.close(fd));
  }

  /** read(2): the count of bytes read. */
  read(fd: number, into: Bytes): number {
    return this.#orErrno(this.#symbols.read(fd, into, BigInt(into.length)));
  }

  /** write(2): the count of bytes written. */
  write(fd: number, bytes: Bytes): number {
    return this.#orErrno(this.#symbols.write(fd, bytes, BigInt(bytes.length)));
  }

  /** poll(2) over the first `count` of `fds`, at once: the count of those that are ready. */
  poll(fds: Bytes, count: number): number {
    return this.#orErrno(this.#symbols.poll(fds, BigInt(count), 0));
  }

  /**
   * poll(2) without end, on another thread. Resolves when one is ready or on any error: the other
   * thread's errno is out of reach, {@link Libc.poll} tells it. `fds` must not be touched
   * meanwhile.
   */
  pollLater(fds: Bytes, count: number): Promise<number> {
    return this.#symbols.pollLater(fds, BigInt(count), -1);
  }

  /** eventfd(2): a descriptor. */
  eventfd(initial: number, flags: number): number {
    return this.#orErrno(this.#symbols.eventfd(initial, flags));
  }

  /** epoll_create1(2): a descriptor, ready to be read when one of its set is. */
  epollCreate(flags: number): number {
    return this.#orErrno(this.#symbols.epoll_create1(flags));
  }

  /** epoll_ctl(2) with a struct epoll_event, whose events are its first 4 bytes. */
  epollCtl(epoll: number, operation: number, fd: number, event: Bytes): number {
    return this.#orErrno(this.#symbols.epoll_ctl(epoll, operation, fd, event));
  }

  /** timerfd_create(2): a descriptor. */
  timerfdCreate(clock: number, flags: number): number {
    return this.#orErrno(this.#symbols.timerfd_create(clock, flags));
  }

  /** timerfd_settime(2). */
  timerfdSettime(fd: number, flags: number, value: Bytes): number {
    return this.#orErrno(this.#symbols.timerfd_settime(fd, flags, value, null));
  }

  /** clock_gettime(2) into a struct timespec. */
  clockGettime(clock: number, into: Bytes): number {
    return this.#orErrno(this.#symbols.clock_gettime(clock, into));
  }

  /** sched_getscheduler(2) of the thread `id`: SCHED_OTHER and the like. */
  schedGetscheduler(id: number): number {
    return this.#orErrno(this.#symbols.sched_getscheduler(id));
  }

  /** sched_getparam(2) of the thread `id` into a struct sched_param. */
  schedGetparam(id: number, into: Bytes): number {
    return this.#orErrno(this.#symbols.sched_getparam(id, into));
  }

  /** sched_setscheduler(2) of the thread `id` with a struct sched_param. */
  schedSetscheduler(id: number, policy: number, param: Bytes): number {
    return this.#orErrno(this.#symbols.sched_setscheduler(id, policy, param));
  }

  /**
   * pidfd_open(2): a descriptor, ready to be read when the process `pid` ends; -ENOSYS where libc
   * has no such function.
   */
  pidfdOpen(pid: number): number {
    const open = this.#symbols.pidfd_open;
    if (open === null) return -ENOSYS;
    return this.#orErrno(open(pid, 0));
  }

  /** malloc_trim(3): gives back what malloc keeps of memory that is free; a few milliseconds. */
  mallocTrim(): void {
    this.#symbols.malloc_trim?.(0n);
  }

  /** gethostname(2). */
  gethostname(into: Bytes): number {
    return this.#orErrno(this.#symbols.gethostname(into, BigInt(into.length)));
  }

  /** if_nametoindex(3): the index of the interface called `name` (at least 1). */
  ifNametoindex(name: string): number {
    const text = cString(name);
    const result = this.#symbols.if_nametoindex(text);
    return result === 0 ? -this.#errno.getInt32() : result;
  }

  /** if_indextoname(3): undefined where there is no such interface (any more). */
  ifIndextoname(index: number): string | undefined {
    const into = new Uint8Array(16);
    if (this.#symbols.if_indextoname(index, into) === null) return undefined;
    return textOf(into);
  }

  /** What a call answered, or why it failed: its errno, below 0. */
  #orErrno(result: number): number {
    return result < 0 ? -this.#errno.getInt32() : result;
  }

  /** Lets go of the library; no method may be called afterwards, and no poll may be under way. */
  [Symbol.dispose](): void {
    release();
  }
}

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;

/**
 * Looking up every function takes milliseconds, so those that use libc at the same time share it.
 */
const shared: { library: Library | undefined; users: number } = { library: undefined, users: 0 };

function acquire(): Library {
  const library = shared.library ??= openLibrary();
  shared.users++;
  return library;
}

function release(): void {
  if (--shared.users > 0) return;
  shared.library?.close();
  shared.library = undefined;
}

/** The address of `memory`, for a structure that points to it. The caller keeps `memory` alive. */
export function addressOf(memory: Bytes): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory));
}

/** `text` with the zero byte that ends a string in C. */
export function cString(text: string): Bytes {
  return new TextEncoder().encode(`${text}\0`);
}

/** The text before the first zero byte. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Is `result` the "nothing there (any more) just now" of a descriptor that does not block? */
export function wouldBlock(result: number): boolean {
  return result === -EAGAIN;
}

/**
 * The first of {@link LIBC_PATHS} that opens: where one is missing or not permitted, the next is
 * tried.
 */
function openLibrary(): Deno.DynamicLibrary<typeof SYMBOLS> {
  const refusals: string[] = [];
  for (const path of LIBC_PATHS) {
    try {
      return Deno.dlopen(path, SYMBOLS);
    } catch (error) {
      refusals.push(messageOf(error));
    }
  }
  throw new Error(`libc cannot be opened: ${refusals.join("; ")}`);
}
