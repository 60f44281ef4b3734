/** The channel between nodes on this machine: sockets, and what is sealed and opened for them. */
import { microseconds } from "../time.ts";
import type { ToOpen, ToSend } from "../cluster/outcome.ts";
import { type ChannelKey, type ChannelSettings, HostError, type HostEvent } from "../host.ts";
import type { Interfaces } from "../net/interfaces.ts";
import type { Family, Ip } from "../net/ip.ts";
import type { Instant } from "../time.ts";
import { ChannelSocket, senderOf } from "./channel_socket.ts";
import { READ_TOGETHER, type Receiver, type Sender } from "./datagram.ts";
import type { Libc } from "./libc.ts";
import type { Poller } from "./poller.ts";
import { Sealing } from "./sealing.ts";
import { Throttle } from "./throttle.ts";

/** So many are read in one go; the deadlines are looked at before the next. */
const MOST_AT_ONCE = 32;

/** What one socket is read of: a hundred times what a dozen nodes say. */
const READING = { most: 256, every: microseconds(1000) };

/** Datagrams that are being sealed, or opened, at one time; more are lost. */
const MOST_UNDER_WAY = 1024;

type Opened = Extract<HostEvent, { kind: "opened" }>;
type Arrived = Extract<HostEvent, { kind: "channel" }>;

/** What a channel works with. */
export interface ChannelTools {
  readonly libc: Libc;
  readonly poller: Poller;
  readonly sender: Sender;
  readonly interfaces: () => Interfaces;
}

/** Closed at first. */
export class Channel implements Disposable {
  readonly #tools: ChannelTools;
  readonly #throttle: Throttle;
  readonly #sockets = new Map<Family, ChannelSocket>();
  readonly #results: Opened[] = [];
  #own: readonly Ip[] = [];
  #keys: readonly ChannelKey[] = [];
  #sealing = new Sealing([]);
  #sealed = 0;
  #opening = 0;
  /** Called when nothing is being opened any more. */
  #whenOpened: (() => void) | undefined;
  /** All that was to be sent before has been. */
  #sent: Promise<void> = Promise.resolve();

  constructor(tools: ChannelTools) {
    this.#tools = tools;
    this.#throttle = new Throttle(tools.poller, READING);
  }

  /** {@link Host.openChannel} */
  open({ port, addresses, peers, keys }: ChannelSettings): readonly HostError[] {
    this.#own = addresses;
    if (!sameKeys(keys, this.#keys)) this.#sealing = new Sealing(keys);
    this.#keys = keys;
    return (["ipv4", "ipv6"] as const).flatMap((family) => {
      const isOfFamily = (one: Ip) => one.family === family;
      const isWanted = addresses.some(isOfFamily) && peers.some(isOfFamily);
      const socket = this.#sockets.get(family);
      if (socket !== undefined && (socket.port !== port || !isWanted)) this.#close(socket);
      return isWanted ? this.#hear(family, port, peers.filter(isOfFamily)) : [];
    });
  }

  /** {@link Host.closeChannel} */
  close(): void {
    for (const socket of this.#sockets.values()) this.#close(socket);
    this.#keys = [];
    this.#sealing = new Sealing([]);
  }

  /** {@link Host.sealAndSend} */
  send(jobs: readonly ToSend[]): void {
    for (const job of jobs) {
      if ("tag" in job) {
        this.#send(job, job.tag);
        continue;
      }
      if (this.#sealed >= MOST_UNDER_WAY) return;
      this.#sealed++;
      const sealed = this.#sealing.seal(job);
      this.#sent = Promise.all([sealed, this.#sent]).then(([body]) => {
        this.#sealed--;
        if (body !== undefined) this.#send(job, body);
      }).catch(() => {});
    }
  }

  /**
   * What was to be sent has been: the next turn of the loop, in which nothing else goes on, does
   * not keep it waiting. Some tenths of a millisecond.
   */
  get sent(): Promise<void> | undefined {
    return this.#sealed === 0 ? undefined : this.#sent;
  }

  /** {@link Host.openSealed} */
  openSealed(job: ToOpen): void {
    const isTooMuch = this.#opening >= MOST_UNDER_WAY;
    this.#opening++;
    const opening = isTooMuch ? Promise.resolve(undefined) : this.#sealing.open(job);
    void opening.then((text) => {
      this.#opening--;
      this.#results.push({ kind: "opened", id: job.id, text });
      if (this.#opening === 0) this.#whenOpened?.();
    });
  }

  /**
   * What was opened before `polled`, the poller's poll, was over: empty otherwise, and then it is
   * over. It has no descriptor, since to wake the poll would cost more than the opening; and all
   * that is being opened comes in one turn of the loop.
   */
  async openedBefore(polled: Promise<void>): Promise<readonly HostEvent[]> {
    if (this.#opening > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#whenOpened = resolve;
      await Promise.race([polled, promise]);
    }
    if (this.#results.length > 0 && this.#tools.poller.isPolling) return this.take();
    await polled;
    return [];
  }

  /** What was opened since. */
  take(): readonly HostEvent[] {
    return this.#results.splice(0);
  }

  /** When something is to be done without anything to read. */
  get deadline(): Instant | undefined {
    return this.#throttle.deadline;
  }

  /** Hears those again whose time has come. */
  release(now: Instant): void {
    this.#throttle.release(now);
  }

  /** Gives `take` what is queued on the `ready` descriptors, with measure. */
  drain(ready: ReadonlySet<number>, receiver: Receiver, take: (event: Arrived) => void): void {
    for (const { fd, family } of this.#sockets.values()) {
      if (ready.has(fd)) this.#read(fd, family, receiver, take);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #hear(family: Family, port: number, peers: readonly Ip[]): readonly HostError[] {
    const { libc, poller } = this.#tools;
    try {
      const known = this.#sockets.get(family);
      if (known !== undefined) known.hear(peers);
      else {
        const socket = ChannelSocket.open(libc, family, port, peers);
        this.#sockets.set(family, socket);
        poller.add(socket.fd);
      }
      return [];
    } catch (error) {
      if (error instanceof HostError) return [error];
      throw error;
    }
  }

  #close(socket: ChannelSocket): void {
    this.#tools.poller.remove(socket.fd);
    this.#throttle.forget(socket.fd);
    this.#sockets.delete(socket.family);
    socket[Symbol.dispose]();
  }

  #read(
    fd: number,
    family: Family,
    receiver: Receiver,
    take: (event: Arrived) => void,
  ): void {
    let at: Instant | undefined;
    let count = 0;
    this.#throttle.read(fd, receiver, MOST_AT_ONCE, (received) => {
      // Those that were read together were all there at that moment.
      if (count++ % READ_TOGETHER === 0 || at === undefined) at = this.#tools.poller.now();
      const from = senderOf(received, family);
      if (from === undefined) return;
      take({ kind: "channel", from, datagram: received.data.slice(), at });
    });
  }

  #send({ to, head }: Pick<ToSend, "to" | "head">, body: Uint8Array): void {
    const { poller, sender, interfaces } = this.#tools;
    if (poller.disposed) return;
    this.#sockets.get(to.family)?.send(sender, { to, head, body }, this.#own, interfaces());
  }
}

function sameKeys(a: readonly ChannelKey[], b: readonly ChannelKey[]): boolean {
  return a.length === b.length &&
    a.every(({ id, secret }, at) => b[at]?.id === id && b[at]?.secret === secret);
}
