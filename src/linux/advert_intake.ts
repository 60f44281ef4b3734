/** Intake of adverts: which sockets are read, how much of each, and what becomes of a flood. */
import { affords, type Limits, spend } from "../budget.ts";
import type { Datagram, Endpoint, Interest } from "../host.ts";
import { includesIp, sameIps } from "../net/ip.ts";
import { after, earliest, type Instant, microseconds, milliseconds, seconds } from "../time.ts";
import { advertFilter } from "./advert_filter.ts";
import type { AdvertSocket } from "./advert_socket.ts";
import { READ_TOGETHER, type Receiver } from "./datagram.ts";
import type { Poller } from "./poller.ts";
import { Throttle } from "./throttle.ts";

/** Of all: more than 255 virtual routers say at 100 ms, or a receive buffer holds. */
const OF_ALL: Limits = { most: 1024, every: microseconds(200) };

/** Of others: strangers and rivals, who say nothing that has to be heard at once. */
const OF_OTHERS: Limits = { most: 256, every: milliseconds(4) };

/** So long the kernel keeps others away where they said more than that. */
const HOLD = seconds(1);

/**
 * No receive buffer holds more: when so many were read since a deadline came, those that were
 * queued then are among them.
 */
const MOST_QUEUED = 1024;

interface Ear {
  readonly socket: AdvertSocket;
  /** Undefined: everything is told. */
  interest: Interest | undefined;
  othersPaid: Instant;
  /** Others are kept away until then. */
  holdUntil: Instant | undefined;
}

/** One advert, where and when it was read. */
export interface TakenAdvert {
  readonly endpoint: Endpoint;
  readonly datagram: Datagram;
  readonly at: Instant;
}

/** The open sockets for adverts, read with measure. */
export class AdvertIntake implements Disposable {
  readonly #poller: Poller;
  readonly #throttle: Throttle;
  /** By the text of their endpoints. */
  readonly #ears = new Map<string, Ear>();
  #readSinceDue = 0;
  /** Of all sockets; another list whenever it changes. */
  endpoints: readonly Endpoint[] = [];

  constructor(poller: Poller) {
    this.#poller = poller;
    this.#throttle = new Throttle(poller, OF_ALL);
  }

  /** The socket of the endpoint called `key`. */
  get(key: string): AdvertSocket | undefined {
    return this.#ears.get(key)?.socket;
  }

  /** Reads `socket` from now on. */
  add(key: string, socket: AdvertSocket): void {
    const othersPaid = this.#poller.now();
    this.#ears.set(key, { socket, interest: undefined, othersPaid, holdUntil: undefined });
    this.#poller.add(socket.fd);
    this.#list();
  }

  /** Closes the socket of the endpoint called `key`, if there is one. */
  remove(key: string): void {
    const ear = this.#ears.get(key);
    if (ear === undefined) return;
    this.#poller.remove(ear.socket.fd);
    this.#throttle.forget(ear.socket.fd);
    ear.socket[Symbol.dispose]();
    this.#ears.delete(key);
    this.#list();
  }

  /** {@link Host.hear} of the endpoint called `key`. Throws HostError. */
  hear(key: string, interest: Interest): void {
    const ear = this.#ears.get(key);
    if (ear === undefined || sameInterest(ear.interest, interest)) return;
    ear.interest = interest;
    filter(ear);
  }

  /** When something is to be done without anything to read. */
  get deadline(): Instant | undefined {
    let first = this.#throttle.deadline;
    for (const { holdUntil } of this.#ears.values()) first = earliest(first, holdUntil);
    return first;
  }

  /** Hears those again whose time has come. */
  release(now: Instant): void {
    this.#throttle.release(now);
    for (const ear of this.#ears.values()) {
      if (ear.holdUntil === undefined || ear.holdUntil > now) continue;
      ear.holdUntil = undefined;
      filter(ear);
    }
  }

  /**
   * Gives what is queued on the `ready` descriptors to `take`, so much that it takes some
   * milliseconds, and to `overrun` where more comes than is read. `due`: a deadline has come.
   * False: packets that were queued before it came are still to be read, and come before it.
   */
  drain(
    ready: ReadonlySet<number>,
    receiver: Receiver,
    due: boolean,
    take: (advert: TakenAdvert) => void,
    overrun: (endpoint: Endpoint) => void,
  ): boolean {
    let isEmpty = true;
    let read = 0;
    if (ready.size === 0) return this.#mayEnd(due, isEmpty, read);
    for (const ear of this.#ears.values()) {
      if (!ready.has(ear.socket.fd)) continue;
      const taken = this.#read(ear, receiver, take);
      read += taken.count;
      if (taken.isOverrun) overrun(ear.socket.endpoint);
      isEmpty &&= taken.isEmpty;
    }
    return this.#mayEnd(due, isEmpty, read);
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.#ears.values()) socket[Symbol.dispose]();
    this.#ears.clear();
  }

  #mayEnd(due: boolean, isEmpty: boolean, read: number): boolean {
    this.#readSinceDue = due ? this.#readSinceDue + read : 0;
    if (due && !isEmpty && this.#readSinceDue < MOST_QUEUED) return false;
    this.#readSinceDue = 0;
    return true;
  }

  #list(): void {
    this.endpoints = [...this.#ears.values()].map(({ socket }) => socket.endpoint);
  }

  #read(
    ear: Ear,
    receiver: Receiver,
    take: (advert: TakenAdvert) => void,
  ): { readonly count: number; readonly isEmpty: boolean; readonly isOverrun: boolean } {
    const { socket, interest } = ear;
    const { endpoint } = socket;
    let count = 0;
    let others = 0;
    let at: Instant | undefined;
    const isEmpty = socket.drain(receiver, (datagram) => {
      // Those that were read together were all there at that moment.
      if (count % READ_TOGETHER === 0 || at === undefined) at = this.#poller.now();
      count++;
      if (interest !== undefined && !includesIp(interest.known, datagram.source)) others++;
      take({ endpoint, datagram, at });
    });
    if (at === undefined) return { count, isEmpty, isOverrun: false };
    const now = this.#poller.now();
    const isOverrun = this.#throttle.spend(socket.fd, count, now);
    if (others > 0) hold(ear, others, now);
    return { count, isEmpty, isOverrun };
  }
}

/** Others said so much: where that is too much, the kernel keeps them away for a while. */
function hold(ear: Ear, others: number, now: Instant): void {
  ear.othersPaid = spend(ear.othersPaid, OF_OTHERS, now, others);
  if (ear.holdUntil !== undefined || affords(ear.othersPaid, OF_OTHERS, now)) return;
  ear.holdUntil = after(now, HOLD);
  filter(ear);
}

function filter({ socket, interest, holdUntil }: Ear): void {
  if (interest === undefined) return;
  socket.filter(advertFilter(socket.endpoint, interest, holdUntil === undefined));
}

function sameInterest(a: Interest | undefined, b: Interest): boolean {
  return a !== undefined && a.vrids.length === b.vrids.length &&
    a.vrids.every((vrid, i) => vrid === b.vrids[i]) && sameIps(a.known, b.known);
}
