/**
 * The fence: addresses that this machine answers for only as long as frames keep them open
 * (decision 0078).
 *
 * Its table is made on another thread: the kernel carries out one change of tables at a time, and
 * others may be loading large ones. To keep an address open waits for nothing.
 */
import {
  type Fence,
  type FenceSettings,
  type FenceState,
  type FenceTimes,
  HostError,
} from "../host.ts";
import { type Interfaces, linkNamed } from "../net/interfaces.ts";
import { formatIp, type Ip } from "../net/ip.ts";
import { SOCKADDR_NL } from "./abi.ts";
import {
  AF_NETLINK,
  AF_PACKET,
  MSG_DONTWAIT,
  NETLINK_NETFILTER,
  NLMSG_ERROR,
  SOCK_RAW,
} from "./constants.ts";
import { Receiver } from "./datagram.ts";
import { describeErrno, ENOBUFS } from "./errno.ts";
import { type Bytes, Libc } from "./libc.ts";
import {
  buildFence,
  emptyFrames,
  type FenceSpec,
  forgetFrames,
  openFrames,
  rebuildFence,
  removeFence,
  type Times,
} from "./netlink/fence_table.ts";
import { decodeMessages, decodeVerdict } from "./netlink/message.ts";
import { encodeBatch, encodeTrial, type Step } from "./netlink/nftables.ts";
import { packetAddress } from "./packet_socket.ts";
import { Socket } from "./socket.ts";

/** A table that is gone is put back so soon after the last attempt, in ms. */
const AGAIN_AFTER_MS = 1000;

/** Where it could not be made, it is tried again so much later, in ms. */
const RETRY_AFTER_MS = 60_000;

/** Longer than any answer: each repeats a header only. */
const ANSWER_SIZE = 16 * 1024;

/** So many lists of addresses wait for a table. */
const MOST_WAITING = 1024;

/** Frames for a list of addresses, for as long as the same times are asked for. */
interface KeptFrames {
  readonly times: FenceTimes;
  readonly frames: readonly Bytes[];
}

/** The fence of this machine, as far as this process is concerned. */
export class LinuxFence implements Fence, Disposable {
  readonly #libc: Libc;
  readonly #interfaces: () => Interfaces;
  readonly #frames = new WeakMap<readonly Ip[], KeptFrames>();
  /** What could not be kept open yet, by the texts of addresses. */
  readonly #waiting = new Map<string, readonly Bytes[]>();
  #packets: Socket | undefined;
  #netlink: Socket | undefined;
  #receiver: Receiver | undefined;
  #loopback: Bytes | undefined;
  #spec: FenceSpec | undefined;
  /** What was made last. */
  #built: FenceSpec | undefined;
  /** Of {@link LinuxFence.#spec}, as text. */
  #key = "";
  #state: FenceState = GONE;
  #building: Promise<void> | undefined;
  #triedAt = -Infinity;
  /** Has it been taken away? At first it is not known what a process before this one has left. */
  #isAbsent = false;
  #seq = 0;
  #disposed = false;

  /** `interfaces` tells of the machine's links. */
  constructor(libc: Libc, interfaces: () => Interfaces) {
    this.#libc = libc;
    this.#interfaces = interfaces;
  }

  get state(): FenceState {
    return this.#state;
  }

  settle(settings: FenceSettings | undefined): void {
    if (settings === undefined) return this.#remove();
    const interfaces = this.#interfaces();
    const links = settings.interfaces.flatMap((name) => linkNamed(interfaces, name) ?? [])
      .map(({ index, name }) => ({ index, name }));
    const spec = { links, times: settings.times.map(timesOf) };
    const key = JSON.stringify(spec);
    if (key === this.#key) return;
    this.#loopback = undefined;
    this.#key = key;
    this.#spec = spec;
    this.#isAbsent = false;
    this.#build();
  }

  keepOpen(addresses: readonly Ip[], wanted: FenceTimes): boolean {
    const frames = this.#framesOf(addresses, wanted);
    const isRefused = this.#state.kind === "none" && this.#state.words !== "";
    // At first it may be the table of the process before this one.
    if (!isRefused && this.#send(frames)) return true;
    this.#mend();
    const isComing = this.#spec === undefined || this.#building !== undefined;
    if (isComing && this.#waiting.size < MOST_WAITING) {
      this.#waiting.set(keyOf(addresses), frames);
    }
    return false;
  }

  forget(addresses: readonly Ip[]): void {
    this.#waiting.delete(keyOf(addresses));
    this.#send(forgetFrames(addresses));
  }

  look(): void {
    if (this.#spec === undefined || this.#building !== undefined) return;
    if (this.#state.kind === "none" || !this.#send(EMPTY)) this.#mend();
  }

  /** Calls `act` when no change of the table is under way any more: at once, or later. */
  whenIdle(act: () => void): void {
    if (this.#building === undefined) act();
    else void this.#building.then(act);
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#packets?.[Symbol.dispose]();
    this.whenIdle(() => this.#netlink?.[Symbol.dispose]());
  }

  #framesOf(addresses: readonly Ip[], times: FenceTimes): readonly Bytes[] {
    const known = this.#frames.get(addresses);
    if (known?.times.open === times.open && known.times.guarded === times.guarded) {
      return known.frames;
    }
    const frames = openFrames(addresses, timesOf(times));
    this.#frames.set(addresses, { times, frames });
    return frames;
  }

  /** True: the fence took all of them, which drops what it takes. */
  #send(frames: readonly Bytes[]): boolean {
    const to = this.#loopback ??= loopbackOf(this.#interfaces());
    if (to === undefined) return false;
    try {
      this.#packets ??= Socket.open(this.#libc, AF_PACKET, SOCK_RAW, 0, "the fence");
    } catch {
      return false;
    }
    const { fd } = this.#packets;
    return frames.map((frame) => this.#libc.sendto(fd, frame, MSG_DONTWAIT, to))
      .every((result) => result === -ENOBUFS);
  }

  /** Another program has removed the table, or it could not be made before. */
  #mend(): void {
    if (this.#state.kind === "stands") this.#state = GONE;
    const pause = this.#state === GONE ? AGAIN_AFTER_MS : RETRY_AFTER_MS;
    const isSoon = performance.now() - this.#triedAt < pause;
    if (this.#spec !== undefined && this.#building === undefined && !isSoon) this.#build();
  }

  #build(): void {
    if (this.#building !== undefined) {
      this.whenIdle(() => this.#disposed ? undefined : this.#build());
      return;
    }
    const spec = this.#spec;
    if (spec === undefined) return;
    this.#triedAt = performance.now();
    const building = this.#change(spec).then((state) => {
      this.#building = undefined;
      if (this.#spec !== undefined) this.#state = state;
      for (const frames of this.#waiting.values()) this.#send(frames);
      this.#waiting.clear();
    });
    this.#building = building;
  }

  async #change(spec: FenceSpec): Promise<FenceState> {
    try {
      const netlink = this.#netlink ??= openNetlink(this.#libc);
      const refused = await this.#carryOut(netlink, buildFence(spec, this.#built)) &&
        await this.#carryOut(netlink, rebuildFence(spec));
      if (refused !== undefined) return { kind: "none", words: refused };
      this.#built = spec;
      return { kind: "stands" };
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      return { kind: "none", words: error.words };
    }
  }

  /** In words why not; undefined: it is done. */
  async #carryOut(netlink: Socket, steps: readonly Step[]): Promise<string | undefined> {
    const batch = this.#batch(steps);
    const sent = await this.#libc.sendtoLater(netlink.fd, batch, 0, KERNEL);
    return sent < 0 ? "the kernel takes no changes of nf_tables" : this.#answer(netlink);
  }

  #remove(): void {
    if (this.#isAbsent) return;
    this.#isAbsent = true;
    this.#spec = undefined;
    this.#built = undefined;
    this.#key = "";
    this.#state = GONE;
    this.#waiting.clear();
    this.whenIdle(() => {
      if (this.#spec !== undefined || this.#disposed) return;
      try {
        const netlink = this.#netlink ??= openNetlink(this.#libc);
        this.#libc.sendto(netlink.fd, this.#batch(removeFence()), 0, KERNEL);
        this.#answer(netlink);
      } catch (error) {
        // Without nf_tables there is none.
        if (!(error instanceof HostError)) throw error;
      }
    });
  }

  #batch(steps: readonly Step[]): Bytes {
    const first = this.#seq + 1;
    this.#seq = (this.#seq + steps.length + 2) >>> 0;
    return encodeBatch(steps, first);
  }

  #answer(netlink: Socket): string | undefined {
    return answerOf(netlink, this.#receiver ??= new Receiver(this.#libc, ANSWER_SIZE));
  }
}

/** Asks the kernel whether it would make a fence, here and for this process. In words why not. */
export function tryFence(): string | undefined {
  using libc = new Libc();
  try {
    using netlink = openNetlink(libc);
    const spec = { links: [{ index: 1, name: "lo" }], times: [{ open: 3000, guarded: 5000 }] };
    const sent = libc.sendto(netlink.fd, encodeTrial(buildFence(spec), 1), 0, KERNEL);
    if (sent < 0) return describeErrno(-sent).words;
    return answerOf(netlink, new Receiver(libc, ANSWER_SIZE));
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return error.words;
  }
}

/** The kernel's answers are there when it has been sent. The first refusal in words. */
function answerOf({ fd }: Socket, receiver: Receiver): string | undefined {
  let refused: string | undefined;
  for (;;) {
    const received = receiver.receive(fd);
    if (typeof received === "number") return refused;
    for (const message of decodeMessages(received.data)) {
      const error = message.type === NLMSG_ERROR ? decodeVerdict(message)?.error ?? 0 : 0;
      if (error < 0) refused ??= describeErrno(-error).words;
    }
  }
}

const EMPTY: readonly Bytes[] = emptyFrames();

/** It is about to be made, or is not wanted. */
const GONE: FenceState = { kind: "none", words: "" };

const KERNEL: Bytes = new Uint8Array(
  SOCKADDR_NL.write({ family: AF_NETLINK, pid: 0, groups: 0 }),
);

/** Loads nf_tables where it is a module. Throws HostError. */
function openNetlink(libc: Libc): Socket {
  return Socket.open(libc, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER, "nf_tables")
    .prepare((socket) => socket.bind(KERNEL));
}

function loopbackOf({ links }: Interfaces): Bytes | undefined {
  const lo = links.find(({ loopback }) => loopback);
  return lo === undefined ? undefined : new Uint8Array(packetAddress(lo.index, 0));
}

function keyOf(addresses: readonly Ip[]): string {
  return addresses.map(formatIp).join();
}

/** Whole milliseconds, never longer than said. */
function timesOf({ open, guarded }: FenceTimes): Times {
  return { open: Math.max(1, Math.floor(open / 1e6)), guarded: Math.ceil(guarded / 1e6) };
}
