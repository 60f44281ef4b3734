/** When is there something to read, or is it time? One poll(2) over all descriptors, a wake-up and a timer. */
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
 * Waits for descriptors, deadlines and {@link Poller.wake}. Its clock is CLOCK_BOOTTIME, so that a suspended
 * machine is late like a stopped process, counted from shortly before the poller was made: nanoseconds since the machine's
 * start would be inexact after 104 days.
 */
export class Poller implements Disposable {
  readonly #libc: Libc;
  readonly #eventfd: number;
  readonly #timerfd: number;
  readonly #clock: Clock;
  readonly #counter: Bytes = new Uint8Array(8);
  readonly #watched = new Set<number>();
  readonly #origin: number;
  /** struct pollfd for each of #watched, then the eventfd and the timerfd; undefined: to be made anew. */
  #table: Bytes | undefined;
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
    const { sec, nsec } = this.#clock.read();
    return (sec - this.#origin) * 1e9 + nsec as Instant;
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
    new DataView(this.#counter.buffer).setBigUint64(0, 1n, true);
    // EAGAIN means that the counter is full: it is awake already.
    this.#libc.write(this.#eventfd, this.#counter);
  }

  /**
   * Resolves when a descriptor may be ready, `deadline` has come, somebody called {@link Poller.wake}, or the poller was
   * closed; also sometimes for nothing. One at a time. What is ready, {@link Poller.ready} tells.
   */
  async poll(deadline: Instant | undefined): Promise<void> {
    assert(this.#inFlight === undefined, "one poll at a time");
    if (this.#disposed) return;
    this.#arm(deadline);
    const table = this.#pollTable();
    const waiting = this.#libc.pollLater(table, table.length / POLLFD.size).then(() => {
      this.#inFlight = undefined;
      this.#calm();
    });
    this.#inFlight = waiting;
    await waiting;
  }

  /** The descriptors that have something to read (or an error to tell) right now. Throws HostError (ENOMEM). */
  ready(): ReadonlySet<number> {
    const ready = new Set<number>();
    if (this.#disposed) return ready;
    assert(this.#inFlight === undefined, "the table is ours, not a waiting kernel's");
    const table = this.#pollTable();
    const view = new DataView(table.buffer);
    const { fd, revents } = POLLFD.members;
    const result = this.#libc.poll(table, this.#watched.size);
    if (result === -EINTR || result === 0) return ready;
    demand(result, "poll", `${this.#watched.size} descriptors`);
    for (let at = 0; at < this.#watched.size * POLLFD.size; at += POLLFD.size) {
      const events = revents.get(view, at + revents.offset);
      if (events === 0) continue;
      const number = fd.get(view, at + fd.offset);
      assert((events & POLLNVAL) === 0, `descriptor ${number} is forgotten before it is closed`);
      ready.add(number);
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

  #changed(): void {
    this.#table = undefined;
    // The table of the poll under way belongs to the kernel: it has to come back for the new one.
    if (this.#inFlight !== undefined) this.wake();
  }

  #pollTable(): Bytes {
    if (this.#table !== undefined) return this.#table;
    const fds = [...this.#watched, this.#eventfd, this.#timerfd];
    const table = new Uint8Array(fds.length * POLLFD.size);
    for (const [index, fd] of fds.entries()) {
      POLLFD.write({ fd, events: POLLIN, revents: 0 }, table, index * POLLFD.size);
    }
    this.#table = table;
    return table;
  }

  #arm(deadline: Instant | undefined): void {
    if (deadline === this.#armed) return;
    const value = new Uint8Array(ITIMERSPEC.size);
    ITIMERSPEC.write({ intervalSec: 0n, intervalNsec: 0n, ...this.#expiry(deadline) }, value);
    const result = this.#libc.timerfdSettime(this.#timerfd, TFD_TIMER_ABSTIME, value);
    demand(result, "timerfd_settime", `${deadline}`);
    this.#armed = deadline;
  }

  /** Zero disarms the timer; what lies in the past fires at once. */
  #expiry(deadline: Instant | undefined): { valueSec: bigint; valueNsec: bigint } {
    if (deadline === undefined) return { valueSec: 0n, valueNsec: 0n };
    const due = Math.max(0, Math.ceil(deadline));
    const sec = Math.floor(due / 1e9);
    return { valueSec: BigInt(this.#origin + sec), valueNsec: BigInt(due - sec * 1e9) };
  }

  /** Empties eventfd and timerfd, so that they do not end the next poll too. */
  #calm(): void {
    if (this.#disposed) return;
    this.#libc.read(this.#eventfd, this.#counter);
    if (this.#libc.read(this.#timerfd, this.#counter) > 0) this.#armed = undefined;
  }
}
