/** LinuxHost: this machine as the daemon sees it, over raw sockets, rtnetlink and one poll. */
import type { ToOpen, ToSend } from "../cluster/outcome.ts";
import type { CheckSettings } from "../config/tables/check.ts";
import type {
  Boot,
  ChannelSettings,
  Endpoint,
  Host,
  HostError,
  HostEvent,
  Interest,
  PresenceQuestion,
  Scheduling,
  WatchedAddress,
} from "../host.ts";
import { formatIp, type Ip } from "../net/ip.ts";
import { type Interfaces, type Link, linkNamed } from "../net/interfaces.ts";
import { earliest, type Instant, nanoseconds, type WallTime } from "../time.ts";
import { encodeGroupQuery } from "../wire/igmp.ts";
import { groupOf } from "../wire/vrrp.ts";
import { AdvertIntake, type TakenAdvert } from "./advert_intake.ts";
import { describe, isOnOneLink } from "./advert_socket.ts";
import { Channel } from "./channel.ts";
import { ClaimWatch, type HeardClaim } from "./claim_watch.ts";
import type { Reading } from "../cluster/votes/clocks.ts";
import { bootId, Clock, LeaseClocks } from "./clock.ts";
import { CLOCK_BOOTTIME } from "./constants.ts";
import { READ_TOGETHER, Receiver, Sender } from "./datagram.ts";
import { EADDRNOTAVAIL, EBADF, ENODEV } from "./errno.ts";
import { EtcdCalls } from "./etcd.ts";
import { LinuxFence } from "./fence.ts";
import { HeldSources } from "./held_sources.ts";
import { Libc, textOf } from "./libc.ts";
import { arpIgnore } from "./arp_settings.ts";
import { Connection, KernelExchange } from "./netlink/connection.ts";
import { Network } from "./netlink/network.ts";
import { Watch } from "./netlink/watch.ts";
import { PacketSocket } from "./packet_socket.ts";
import { Pinger } from "./pinger.ts";
import { Poller } from "./poller.ts";
import { type Elsewhere, Probes } from "./probes.ts";
import { Presence } from "./presence.ts";
import { refusal } from "./refusal.ts";
import { Reservations } from "./reservations.ts";
import { schedulingOf, takeRealTime } from "./scheduling.ts";
import { UdpSocket } from "./udp_socket.ts";
import { VrrpSocket } from "./vrrp_socket.ts";

/** Longer than any VRRP message: 255 IPv6 addresses are 4,088 bytes. */
const DATAGRAM_SIZE = 9216;

/**
 * This machine. Looking at links and addresses needs no privilege; sockets need CAP_NET_RAW,
 * addresses CAP_NET_ADMIN, and say EPERM without.
 */
export class LinuxHost implements Host, Disposable {
  readonly #libc: Libc = new Libc();
  readonly #poller: Poller = new Poller(this.#libc);
  readonly #bootClock: Clock = new Clock(this.#libc, CLOCK_BOOTTIME);
  readonly #leaseClocks: LeaseClocks = new LeaseClocks(this.#libc);
  readonly #exchange: KernelExchange = new KernelExchange(this.#libc);
  readonly #renewals: KernelExchange = new KernelExchange(this.#libc);
  readonly #watch: Watch = new Watch(this.#libc, this.#renewals.port);
  readonly #network: Network = new Network(
    new Connection(this.#exchange),
    this.#watch,
    new Connection(this.#renewals),
  );
  readonly #claims: ClaimWatch = new ClaimWatch(this.#libc, this.#poller);
  readonly #heldSources: HeldSources = new HeldSources(this.#libc, this.#poller);
  readonly fence: LinuxFence = new LinuxFence(this.#libc, () => this.interfaces());
  readonly #reservations: Reservations = new Reservations(this.#libc, this.#poller);
  readonly #receiver: Receiver = new Receiver(this.#libc, DATAGRAM_SIZE, READ_TOGETHER);
  readonly #sender: Sender = new Sender(this.#libc, DATAGRAM_SIZE);
  readonly #adverts: AdvertIntake = new AdvertIntake(this.#poller);
  readonly #channel: Channel = new Channel({
    libc: this.#libc,
    poller: this.#poller,
    sender: this.#sender,
    interfaces: () => this.interfaces(),
  });
  readonly etcd: EtcdCalls = new EtcdCalls(this.#poller);
  readonly #pinger: Pinger = new Pinger(this.#libc, this.#poller);
  readonly #presence: Presence = new Presence(
    this.#libc,
    this.#poller,
    (name) => this.#askGroup(name),
  );
  readonly #answers: Extract<HostEvent, { kind: "presence" }>[] = [];
  readonly #probes: Probes;
  /** Those that stop listening for a while in a flood. */
  readonly #muting = [this.#adverts, this.#claims, this.#heldSources, this.#channel];
  #packets: PacketSocket | undefined;
  #bootId: string | undefined;
  /** Since the last batch. */
  #woken = false;

  /**
   * Opens libc and listens to the kernel. `elsewhere`: makes some attempts of checks in this host's
   * place. Throws HostError, or Error where libc is not to be had.
   */
  constructor(elsewhere?: Elsewhere) {
    const interfaces = () => this.interfaces();
    this.#probes = new Probes({
      libc: this.#libc,
      poller: this.#poller,
      ping: (address, by, deadline) =>
        this.#pinger.ping(
          address,
          by,
          { interfaces: interfaces(), receiver: this.#receiver },
          deadline,
        ),
      interfaces,
      elsewhere,
    });
    this.#poller.add(this.#watch.fd);
  }

  now(): Instant {
    return this.#poller.now();
  }

  wallTime(): WallTime {
    return Date.now() as WallTime;
  }

  boot(): Boot {
    this.#bootId ??= bootId();
    const { sec, nsec } = this.#bootClock.read();
    return { id: this.#bootId, now: nanoseconds(sec * 1e9 + nsec) };
  }

  clocks(): Reading {
    return this.#leaseClocks.read();
  }

  hostName(): string {
    const name = new Uint8Array(65);
    const result = this.#libc.gethostname(name);
    if (result < 0) throw refusal("gethostname", "this machine", result);
    return textOf(name);
  }

  scheduling(): Scheduling {
    return schedulingOf(this.#libc);
  }

  /**
   * Asks to be let run before all ordinary programs from now on, children left aside:
   * {@link takeRealTime}.
   */
  wantRealTime(): "got" | HostError {
    return takeRealTime(this.#libc);
  }

  /**
   * Gives back what starting has used and needs no more: syntax trees of the program, 15 to 20 MB
   * of them.
   */
  trimMemory(): void {
    this.#libc.mallocTrim();
  }

  async wait(deadline: Instant | undefined): Promise<readonly HostEvent[]> {
    for (;;) {
      if (this.#channel.sent !== undefined) await this.#channel.sent;
      if (this.#poller.disposed) return [];
      this.#network.tend();
      if (this.#network.changed) this.#poller.wake();
      this.#heldSources.settle(this.#adverts.endpoints, this.interfaces());
      const muted = earliest(...this.#muting.map((one) => one.deadline));
      const polled = this.#poller.poll(earliest(deadline, muted));
      const opened = await this.#channel.openedBefore(polled);
      if (opened.length > 0) return opened;
      const now = this.#poller.now();
      if (muted !== undefined && muted <= now) {
        for (const one of this.#muting) one.release(now);
      }
      if (this.#poller.disposed) return [];
      const events = this.#collect(deadline, now);
      if (events.length > 0) return events;
    }
  }

  wake(): void {
    if (this.#poller.disposed) return;
    this.#woken = true;
    this.#poller.wake();
  }

  startProbe(check: CheckSettings): void {
    this.#probes.start(check);
  }

  askPresence(question: PresenceQuestion): void {
    const index = this.#linkNamed(question.interface)?.index ?? 0;
    this.#presence.ask(question, index, (answer) => {
      this.#answers.push({ kind: "presence", node: question.node, answer });
      this.#poller.wake();
    });
  }

  interfaces(): Interfaces {
    return this.#network.interfaces();
  }

  gateways(): readonly Ip[] {
    return this.#network.gateways();
  }

  arpIgnore(interfaceName: string): number {
    return arpIgnore(interfaceName);
  }

  open(endpoint: Endpoint): void {
    const key = describe(endpoint);
    if (this.#adverts.get(key) !== undefined) return;
    const index = this.#linkNamed(endpoint.interface)?.index;
    if (index === undefined && isOnOneLink(endpoint)) throw refusal("open", key, -ENODEV);
    const socket = endpoint.kind === "udp"
      ? UdpSocket.open(this.#libc, endpoint, index ?? 0)
      : VrrpSocket.open(this.#libc, endpoint, index ?? 0);
    this.#adverts.add(key, socket);
  }

  hear(endpoint: Endpoint, interest: Interest): void {
    this.#adverts.hear(describe(endpoint), interest);
  }

  close(endpoint: Endpoint): void {
    this.#adverts.remove(describe(endpoint));
  }

  send(endpoint: Endpoint, source: Ip, destination: Ip, message: Uint8Array): void {
    const socket = this.#adverts.get(describe(endpoint));
    const result = socket === undefined
      ? -EBADF
      : !this.#network.has(source)
      ? -EADDRNOTAVAIL
      : socket.send(this.#sender, source, destination, message);
    if (result >= 0) return;
    const object = `${formatIp(destination)} from ${formatIp(source)} on ${endpoint.interface}`;
    throw refusal("sendmsg", object, result);
  }

  sendFrame(interfaceName: string, frame: Uint8Array): void {
    const link = this.#linkNamed(interfaceName);
    if (link === undefined) throw refusal("sendto", `a frame on ${interfaceName}`, -ENODEV);
    this.#packets ??= new PacketSocket(this.#libc);
    this.#claims.noteSent(frame);
    this.#packets.send(link.index, link.name, frame);
  }

  watchClaims(watched: readonly WatchedAddress[]): void {
    this.#claims.settle(watched, this.interfaces());
  }

  randomBytes(count: number): Uint8Array {
    return crypto.getRandomValues(new Uint8Array(count));
  }

  openChannel(settings: ChannelSettings): readonly HostError[] {
    return this.#channel.open(settings);
  }

  closeChannel(): void {
    this.#channel.close();
  }

  sealAndSend(jobs: readonly ToSend[]): void {
    this.#channel.send(jobs);
  }

  openSealed(job: ToOpen): void {
    this.#channel.openSealed(job);
  }

  reserve(names: readonly string[]): ReadonlyMap<string, number> {
    return this.#reservations.settle(names);
  }

  readonly addAddress: Host["addAddress"] = (one, lifetime) =>
    this.#network.addAddress(one, lifetime);
  readonly removeAddress: Host["removeAddress"] = (one) => this.#network.removeAddress(one);
  readonly addAddresses: Host["addAddresses"] = (all, lifetime) =>
    this.#network.addAddresses(all, lifetime);
  readonly isReady: Host["isReady"] = (address) => this.#network.isReady(address);
  readonly removeAddresses: Host["removeAddresses"] = (all) => this.#network.removeAddresses(all);

  /**
   * The same, and waits until nothing is left of the children of probes: 5.1 s at most.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    await this.#probes.ended();
  }

  /** Closes every descriptor; a `wait` that is under way resolves with nothing. */
  [Symbol.dispose](): void {
    if (this.#poller.disposed) return;
    this.#network.tend();
    this.#probes[Symbol.dispose]();
    this.#adverts[Symbol.dispose]();
    this.#channel[Symbol.dispose]();
    this.etcd[Symbol.dispose]();
    this.#packets?.[Symbol.dispose]();
    this.#claims[Symbol.dispose]();
    this.#heldSources[Symbol.dispose]();
    this.#reservations[Symbol.dispose]();
    this.#pinger[Symbol.dispose]();
    this.#presence[Symbol.dispose]();
    this.#watch[Symbol.dispose]();
    this.#exchange[Symbol.dispose]();
    this.#renewals[Symbol.dispose]();
    this.#poller[Symbol.dispose]();
    this.fence[Symbol.dispose]();
    this.#poller.whenIdle(() => this.fence.whenIdle(() => this.#libc[Symbol.dispose]()));
  }

  /**
   * `now`: read before the descriptors are looked at, so that what was queued when the deadline
   * came is looked at before it.
   */
  #collect(deadline: Instant | undefined, now: Instant): readonly HostEvent[] {
    const due = deadline !== undefined && deadline <= now;
    const ready = this.#poller.ready();
    const events: HostEvent[] = [];
    const take = (advert: TakenAdvert) => events.push({ kind: "datagram", ...advert });
    const overrun = (endpoint: Endpoint) => events.push({ kind: "overrun", endpoint });
    const mayEnd = this.#adverts.drain(ready, this.#receiver, due, take, overrun);
    if (ready.size > 0) this.#heldSources.drain(ready, this.#receiver, take);
    if (ready.size > 0) this.#channel.drain(ready, this.#receiver, (event) => events.push(event));
    events.push(...this.#channel.take());
    events.push(...this.etcd.take());
    if (this.#network.takeChanged(ready.has(this.#watch.fd))) {
      events.push({ kind: "interfaces" });
    }
    if (ready.size > 0) this.#collectMore(ready, events);
    this.#reservations.drain(ready);
    events.push(...this.#probes.take());
    for (const answer of this.#answers.splice(0)) events.push(answer);
    events.push(...this.#probes.drain(ready));
    if (this.#woken) events.push({ kind: "woken" });
    this.#woken = false;
    if (due && mayEnd) events.push({ kind: "deadline" });
    return events;
  }

  /** Of the `ready` descriptors those that adverts do not come by. */
  #collectMore(ready: ReadonlySet<number>, events: HostEvent[]): void {
    const claimed = (claim: HeardClaim) => events.push({ kind: "claim", ...claim, at: this.now() });
    this.#claims.drain(ready, this.#receiver, this.interfaces(), claimed);
    this.#pinger.drain(ready, this.#receiver);
    this.#presence.drain(ready, this.#receiver);
  }

  /**
   * Who hears the group of adverts is asked by a frame: a question from an own address would take
   * part in routers' elections.
   */
  #askGroup(name: string): void {
    const mac = this.#linkNamed(name)?.mac;
    if (mac !== undefined) this.sendFrame(name, encodeGroupQuery(mac, groupOf("ipv4")));
  }

  #linkNamed(name: string): Link | undefined {
    return linkNamed(this.#network.interfaces(), name);
  }
}
