/** Poller: one poll(2) over all descriptors, a wake-up and a timer (decisions 0001 and 0002). */
import { assert } from "../assert.ts";
import type { Instant } from "../time.ts";
import { ITIMERSPEC, POLLFD } from "./abi.ts";
import { Clock } from "./clock.ts";
import {
  CLOCK_BOOTTIME,
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  POLLIN,
  POLLNVAL,
  TFD_CLOEXEC,
  TFD_NONBLOCK,
  TFD_TIMER_ABSTIME,
} from "./constants.ts";
import { EINTR } from "./errno.ts";
import type { Bytes, Libc } from "./libc.ts";
import { demand } from "./refusal.ts";

/**
 * Waits for descriptors, deadlines and {@link Poller.wake}. Its clock is CLOCK_BOOTTIME, so that a
 * suspended machine is late like a stopped process, counted from shortly before the poller was
 * made: nanoseconds since the machine's start would be inexact after 104 days.
 */
export class Poller implements Disposable {
  readonly #libc: Libc;
  readonly #eventfd: number;
  readonly #timerfd: number;
  readonly #clock: Clock;
  readonly #counter: Bytes = new Uint8Array(8);
  readonly #one: Bytes = new Uint8Array(new BigUint64Array([1n]).buffer);
  /** A struct itimerspec of which only the lower halves of the value's two members are ever set. */
  readonly #expiry: Uint32Array<ArrayBuffer> = new Uint32Array(ITIMERSPEC.size / 4);
  readonly #expiryBytes: Bytes = new Uint8Array(this.#expiry.buffer);
  readonly #watched = new Set<number>();
  readonly #origin: number;
  #table: PollTable | undefined;
  #armed: Instant | undefined;
  #inFlight: Promise<void> | undefined;
  #disposed = false;

  /** Throws HostError (EMFILE). */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.#eventfd = demand(libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd", "the poller");
    this.#timerfd = demand(
      libc.timerfdCreate(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK),
      "timerfd_create",
      "the poller",
    );
    this.#clock = new Clock(libc, CLOCK_BOOTTIME);
    this.#origin = this.#clock.read().sec - 1;
  }

  /** CLOCK_BOOTTIME, as the timer counts it. */
  now(): Instant {
    return this.#clock.since(this.#origin) as Instant;
  }

  /** Is it closed? */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** Watches `fd` for something to read. */
  add(fd: number): void {
    this.#watched.add(fd);
    this.#changed();
  }

  /** Forgets `fd`; to be called before it is closed. */
  remove(fd: number): void {
    this.#watched.delete(fd);
    this.#changed();
  }

  /** Ends the present poll, or else the next one at once. */
  wake(): void {
    // EAGAIN means that the counter is full: it is awake already.
    this.#libc.write(this.#eventfd, this.#one);
  }

  /**
   * Resolves when a descriptor may be ready, `deadline` has come, somebody called
   * {@link Poller.wake}, or the poller was closed; also sometimes for nothing. What is ready,
   * {@link Poller.ready} tells. Where one is under way, that one goes on, with this deadline.
   */
  poll(deadline: Instant | undefined): Promise<void> {
    if (this.#disposed) return Promise.resolve();
    this.#arm(deadline);
    return this.#inFlight ??= this.#start();
  }

  /** Is one under way? */
  get isPolling(): boolean {
    return this.#inFlight !== undefined;
  }

  /**
   * The descriptors that have something to read (or an error to tell) right now. Throws HostError
   * (ENOMEM).
   */
  ready(): ReadonlySet<number> {
    if (this.#disposed) return NONE;
    assert(this.#inFlight === undefined, "the table is ours, not a waiting kernel's");
    const { bytes, events, fds } = this.#pollTable();
    const count = fds.length - OWN_FDS;
    const result = this.#libc.poll(bytes, count);
    if (result === -EINTR || result === 0) return NONE;
    demand(result, "poll", "all descriptors");
    const ready = new Set<number>();
    for (let i = 0; ready.size < result && i < count; i++) {
      const returned = events[i * EVENTS_EACH + RETURNED] ?? 0;
      if (returned === 0) continue;
      const fd = fds[i] ?? -1;
      assert((returned & POLLNVAL) === 0, `descriptor ${fd} is forgotten before it is closed`);
      ready.add(fd);
    }
    return ready;
  }

  /** Calls `act` when no poll is under way any more: at once, or when the present one has ended. */
  whenIdle(act: () => void): void {
    if (this.#inFlight === undefined) act();
    else void this.#inFlight.then(act);
  }

  /** Ends a poll that is under way and closes the poller's own descriptors. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.wake();
    this.#disposed = true;
    this.whenIdle(() => {
      this.#libc.close(this.#eventfd);
      this.#libc.close(this.#timerfd);
    });
  }

  #start(): Promise<void> {
    const table = this.#pollTable();
    return this.#libc.pollLater(table.bytes, table.fds.length).then((result) => {
      this.#inFlight = undefined;
      this.#calm(table, result);
    });
  }

  #changed(): void {
    this.#table = undefined;
    // The table of the poll under way belongs to the kernel: it has to come back for the new one.
    if (this.#inFlight !== undefined) this.wake();
  }

  #pollTable(): PollTable {
    return this.#table ??= pollTable([...this.#watched, this.#eventfd, this.#timerfd]);
  }

  /** No deadline disarms the timer; what lies in the past fires at once. */
  #arm(deadline: Instant | undefined): void {
    if (deadline === this.#armed) return;
    const due = deadline === undefined ? undefined : Math.max(0, Math.ceil(deadline));
    const sec = due === undefined ? 0 : Math.floor(due / 1e9);
    this.#expiry[VALUE_SEC] = due === undefined ? 0 : this.#origin + sec;
    this.#expiry[VALUE_NSEC] = due === undefined ? 0 : due - sec * 1e9;
    const bytes = this.#expiryBytes;
    const result = this.#libc.timerfdSettime(this.#timerfd, TFD_TIMER_ABSTIME, bytes);
    if (result < 0) demand(result, "timerfd_settime", `${deadline}`);
    this.#armed = deadline;
  }

  /** Empties eventfd and timerfd, so that they do not end the next poll too. */
  #calm({ events, fds }: PollTable, result: number): void {
    if (this.#disposed) return;
    const returned = (fromEnd: number): boolean =>
      // Where poll failed, nothing is known of them.
      result < 0 || events[(fds.length - fromEnd) * EVENTS_EACH + RETURNED] !== 0;
    if (returned(2)) this.#libc.read(this.#eventfd, this.#counter);
    if (returned(1) && this.#libc.read(this.#timerfd, this.#counter) > 0) this.#armed = undefined;
  }
}

/** An array of struct pollfd. */
interface PollTable {
  /** Those that are watched, then {@link OWN_FDS}: the eventfd and the timerfd. */
  readonly fds: readonly number[];
  readonly bytes: Bytes;
  /** The same memory. */
  readonly events: Int16Array;
}

const OWN_FDS = 2;
const EVENTS_EACH = POLLFD.size / 2;
const RETURNED = POLLFD.members.revents.offset / 2;

const VALUE_SEC = ITIMERSPEC.members.valueSec.offset / 4;
const VALUE_NSEC = ITIMERSPEC.members.valueNsec.offset / 4;

const NONE: ReadonlySet<number> = new Set();

function pollTable(fds: readonly number[]): PollTable {
  const bytes = new Uint8Array(fds.length * POLLFD.size);
  for (const [index, fd] of fds.entries()) {
    POLLFD.write({ fd, events: POLLIN, revents: 0 }, bytes, index * POLLFD.size);
  }
  return { fds, bytes, events: new Int16Array(bytes.buffer) };
}
