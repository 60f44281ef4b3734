/** Host in virtual time, for one process on a simulated machine from its start to its end. */
import { assert } from "../../src/assert.ts";
import type { EtcdCaller } from "../../src/cluster/etcd/caller.ts";
import type { ToOpen, ToSend } from "../../src/cluster/outcome.ts";
import type { Reading } from "../../src/cluster/votes/clocks.ts";
import type { CheckSettings } from "../../src/config/tables/check.ts";
import {
  type Boot,
  type ChannelSettings,
  type Datagram,
  eachOf,
  type Endpoint,
  type Fence,
  type Host,
  HostError,
  type HostEvent,
  type PresenceQuestion,
  type Scheduling,
  type WatchedAddress,
} from "../../src/host.ts";
import type { Ip } from "../../src/net/ip.ts";
import type { Interfaces, VirtualAddress } from "../../src/net/interfaces.ts";
import { type Instant, type Nanoseconds, nanoseconds, type WallTime } from "../../src/time.ts";
import { type ChannelDatagram, SimChannel } from "./channel.ts";
import { Claims, type Speaker } from "./claims.ts";
import { isEntry, isSameEntry } from "./entries.ts";
import { etcdOf } from "./etcd.ts";
import type { Lan } from "./lan.ts";
import type { Machine, Port } from "./machine.ts";
import { refusal } from "./refusal.ts";
import { askPresence } from "./presence.ts";
import { PROMPT, type Promptness } from "./promptness.ts";
import type { Random } from "./random.ts";
import { SimSockets } from "./sockets.ts";

/** 2001-09-09T01:46:40Z at virtual time 0. */
const EPOCH_MS = 1_000_000_000_000;

/** How long every simulated probe takes. */
const PROBE_TIME: Nanoseconds = nanoseconds(1_000_000);

/** A process. Made by {@link Lan.start}. */
export class SimHost implements Host {
  readonly machine: Machine;
  /** How often it was woken. */
  wakes = 0;
  readonly fence: Fence;
  readonly etcd: EtcdCaller = {
    open() {},
    call: (id, _member, call) =>
      etcdOf(this.#lan).call(this.machine.name, call, (result) => {
        if (this.#state === "gone") return;
        this.#results.push({ kind: "etcd", id, result });
        this.#planWake(this.now());
      }),
  };
  readonly reserve = (): ReadonlyMap<string, number> => new Map();
  readonly addAddresses: Host["addAddresses"] = (all, lifetime) =>
    eachOf(all, (one) => this.addAddress(one, lifetime));
  readonly removeAddresses: Host["removeAddresses"] = (all) =>
    eachOf(all, (one) => this.removeAddress(one));
  readonly isReady = (): boolean => true;
  readonly scheduling = (): Scheduling => ({ policy: "other", priority: 0 });
  promptness: Promptness = PROMPT;
  /** False where a test calls `wait` when it likes: virtual time does not stop for it. */
  keepsTimeStill = true;
  readonly #lan: Lan;
  readonly #random: Random;
  readonly #sockets: SimSockets;
  readonly #claims: Claims;
  readonly #channel: SimChannel;
  #woken = false;
  readonly #results: Extract<HostEvent, { kind: "probe" | "presence" | "etcd" }>[] = [];
  #view: Interfaces;
  #interfacesChanged = false;
  #deadline: Instant | undefined;
  #resolve: ((events: readonly HostEvent[]) => void) | undefined;
  #settle: (() => void) | undefined;
  #wakeAt: Instant | undefined;
  /** What the turn under way, or the last one, did took until then. */
  #busyUntil = 0 as Instant;
  #state: "running" | "paused" | "gone" = "running";

  constructor(lan: Lan, machine: Machine, random: Random) {
    this.#lan = lan;
    this.machine = machine;
    this.fence = machine.fence;
    this.#random = random;
    this.#view = machine.interfaces();
    this.#sockets = new SimSockets(lan, machine);
    this.#claims = new Claims(machine);
    this.#channel = new SimChannel(lan, machine, () => {
      if (this.#state !== "gone") this.#planWake(this.now());
    });
  }

  now(): Instant {
    const { perLook = 0 } = this.promptness;
    const at = Math.max(this.machine.clock.boottime(), this.#busyUntil) as Instant;
    if (perLook > 0) this.#busyUntil = at + perLook as Instant;
    return at;
  }

  wallTime(): WallTime {
    return Math.floor(EPOCH_MS + this.#lan.now / 1e6 + this.machine.wallOffset) as WallTime;
  }

  boot(): Boot {
    return this.machine.boot();
  }

  clocks(): Reading {
    return this.machine.clock.readings();
  }

  hostName(): string {
    return this.machine.name;
  }

  wait(deadline: Instant | undefined): Promise<readonly HostEvent[]> {
    assert(this.#resolve === undefined, "one wait at a time");
    const { promise, resolve } = Promise.withResolvers<readonly HostEvent[]>();
    this.#resolve = resolve;
    this.#deadline = deadline;
    this.#settle?.();
    this.#settle = undefined;
    if (this.#isReady()) this.#planWake(this.now());
    else if (deadline !== undefined) this.#planWake(deadline);
    return promise;
  }

  wake(): void {
    this.#woken = true;
    this.#planWake(this.now());
  }

  startProbe(check: CheckSettings): void {
    this.#assertAlive();
    this.#lan.at(this.#lan.now + PROBE_TIME as Instant, () => {
      if (this.#state === "gone") return;
      const { ok, value } = this.machine.service(check.name);
      const text = ok ? "well" : "ill";
      const result = { ok, text, latency: PROBE_TIME, ...(value === undefined ? {} : { value }) };
      this.#results.push({ kind: "probe", check: check.name, result });
      this.#planWake(this.now());
    });
  }

  askPresence(question: PresenceQuestion): void {
    this.#assertAlive();
    askPresence(this.#lan, this.machine, question, (answer) => {
      if (this.#state === "gone") return;
      this.#results.push({ kind: "presence", node: question.node, answer });
      this.#planWake(this.now());
    });
  }

  /** What it hears. */
  endpoints(): readonly Endpoint[] {
    return this.#sockets.endpoints;
  }

  interfaces(): Interfaces {
    return this.#view;
  }

  gateways(): readonly Ip[] {
    return this.machine.gateways;
  }

  arpIgnore(): number {
    return 0;
  }

  open(endpoint: Endpoint): void {
    this.#assertAlive();
    this.#sockets.open(endpoint);
  }

  hear(): void {}

  close(endpoint: Endpoint): void {
    this.#sockets.close(endpoint);
  }

  send(endpoint: Endpoint, source: Ip, destination: Ip, message: Uint8Array): void {
    this.#assertAlive();
    this.#sockets.send(endpoint, source, destination, message);
  }

  sendFrame(interfaceName: string, frame: Uint8Array): void {
    this.#assertAlive();
    this.machine.maybeRefuse("frame", "sendto", () => interfaceName);
    const port = this.machine.port(interfaceName);
    if (port === undefined) throw refusal("sendto", interfaceName, "ENODEV");
    if (!port.up) throw refusal("sendto", interfaceName, "ENETDOWN");
    this.#lan.carryFrame(this.machine, port, frame);
  }

  watchClaims(watched: readonly WatchedAddress[]): void {
    this.#assertAlive();
    this.machine.maybeRefuse("watch", "socket", () => "claims");
    this.#claims.watch(watched);
  }

  randomBytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#random.between(0, 255));
  }

  openChannel(settings: ChannelSettings): readonly HostError[] {
    this.#assertAlive();
    try {
      this.machine.maybeRefuse("open", "bind", () => `UDP port ${settings.port} of the cluster`);
    } catch (error) {
      if (error instanceof HostError) return [error];
      throw error;
    }
    this.#channel.open(settings);
    return [];
  }

  closeChannel(): void {
    this.#channel.close();
  }

  sealAndSend(jobs: readonly ToSend[]): void {
    this.#assertAlive();
    this.#channel.send(jobs);
  }

  openSealed(job: ToOpen): void {
    this.#assertAlive();
    this.#channel.openSealed(job);
  }

  addAddress(address: VirtualAddress, lifetime?: Nanoseconds): "added" | "present" {
    this.#work();
    const was = this.machine.add(address, lifetime);
    const entry = this.machine.entryOf(address);
    assert(entry !== undefined, "what was just added is there");
    const known = this.#view.addresses;
    const at = known.findIndex((other) => isEntry(other, entry));
    const before = known[at];
    // As in Linux: a renewal is no news.
    if (before !== undefined && isSameEntry(before, entry)) return was;
    const addresses = at < 0 ? [...known, entry] : known.with(at, entry);
    this.#view = { ...this.#view, addresses };
    return was;
  }

  removeAddress(address: VirtualAddress): "removed" | "absent" {
    this.#work();
    const index = this.#view.links.find((link) => link.name === address.interface)?.index;
    const was = this.machine.remove(address);
    const addresses = this.#view.addresses.filter((other) =>
      index === undefined || !isEntry(other, { index, prefix: address.prefix })
    );
    this.#view = { ...this.#view, addresses };
    return was;
  }

  /** The program begins: it asks the kernel for everything once. */
  begin(): void {
    this.#view = this.machine.interfaces();
    this.#interfacesChanged = false;
  }

  /** A datagram came in through `port`; it is queued on every socket that is meant. */
  receive(port: Port, datagram: Datagram, from: string): void {
    if (this.#state === "gone") return;
    if (this.#sockets.receive(port, datagram, from)) this.#planWake(this.now());
  }

  /** A datagram of the channel came in. */
  receiveChannel(datagram: ChannelDatagram): void {
    if (this.#state !== "gone") this.#channel.receive(datagram);
  }

  /** A frame came in through `port` that says that `address` is at `speaker`. */
  hearClaim(port: Port, address: string, speaker: Speaker): void {
    if (this.#claims.hear(port, address, speaker)) this.#planWake(this.now());
  }

  /** The kernel says that links or addresses changed. */
  noticeInterfaces(): void {
    this.#interfacesChanged = true;
    this.#planWake(this.now());
  }

  /** SIGSTOP: nothing runs, everything queues. */
  pause(): void {
    if (this.#state === "running") this.#state = "paused";
  }

  /** SIGCONT. */
  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    this.#wakeAt = undefined;
    this.#planWake(this.#isReady() ? this.now() : this.#deadline);
  }

  /** Is it stopped by SIGSTOP? */
  get paused(): boolean {
    return this.#state === "paused";
  }

  /** The messages that wait to be read, in order of arrival per endpoint. */
  queued(): readonly Datagram[] {
    return this.#sockets.queued;
  }

  /** The end of the process, by SIGKILL or its own: its sockets are gone. */
  end(): void {
    this.#state = "gone";
    this.#sockets.clear();
    this.#channel.close();
    this.#resolve = undefined;
    this.#settle?.();
    this.#settle = undefined;
  }

  /** Resolves when the program waits again or has ended. */
  settled(): Promise<void> {
    const waits = this.#resolve !== undefined || this.#state === "gone";
    if (waits || !this.keepsTimeStill) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settle = resolve;
    return promise;
  }

  /** Gives the program what there is: undefined if it was not due, else until it waits again. */
  takeTurn(): Promise<void> | undefined {
    this.#wakeAt = undefined;
    if (this.#state !== "running" || this.#resolve === undefined) return undefined;
    if (!this.#isReady()) {
      if (this.#deadline !== undefined) this.#planWake(this.#deadline);
      return undefined;
    }
    const resolve = this.#resolve;
    this.#resolve = undefined;
    this.wakes++;
    const settled = this.settled();
    resolve(this.#batch());
    return settled;
  }

  #batch(): readonly HostEvent[] {
    const at = this.now();
    const events: HostEvent[] = [];
    for (const { endpoint, datagram, from } of this.#sockets.take()) {
      this.#lan.seeRead(this.machine.name, from, datagram);
      events.push({ kind: "datagram", endpoint, datagram, at });
    }
    events.push(...this.#channel.take(at));
    if (this.#interfacesChanged) {
      this.#interfacesChanged = false;
      this.#view = this.machine.interfaces();
      events.push({ kind: "interfaces" });
    }
    for (const claim of this.#claims.take()) {
      events.push({ kind: "claim", ...claim, leaving: false, at });
    }
    if (this.#results.length > 0) events.push(...this.#results.splice(0));
    if (this.#woken) events.push({ kind: "woken" });
    this.#woken = false;
    if (this.#deadline !== undefined && this.#deadline <= at) events.push({ kind: "deadline" });
    return events;
  }

  #isReady(): boolean {
    if (this.#interfacesChanged || this.#woken) return true;
    if (this.#results.length > 0 || this.#claims.waiting || this.#channel.isReady) return true;
    if (this.#deadline !== undefined && this.#deadline <= this.now()) return true;
    return this.#sockets.isReady;
  }

  /** Asks the scheduler for the processor from `from` on, unless it was asked for earlier. */
  #planWake(from: Instant | undefined): void {
    if (from === undefined || this.#resolve === undefined || this.#state !== "running") return;
    const start = from < this.now() ? this.now() : from;
    const { least, spread } = this.promptness;
    const late = least + (spread === 0 ? 0 : this.#random.between(0, spread));
    const at = start + late as Instant;
    if (this.#wakeAt !== undefined && this.#wakeAt <= at) return;
    this.#wakeAt = at;
    this.#lan.planWake(this.machine.clock.whenBoottime(at), this, () => this.#wakeAt === at);
  }

  /** An address is added or removed. */
  #work(): void {
    this.#assertAlive();
    const { perAddress = 0 } = this.promptness;
    if (perAddress > 0) this.#busyUntil = this.now() + perAddress as Instant;
  }

  #assertAlive(): void {
    assert(this.#state === "running", `${this.machine.name}: a program that runs calls its host`);
  }
}
