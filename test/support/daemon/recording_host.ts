/** A host that records calls and can be told to refuse some. */
import { NO_ETCD } from "../../../src/cluster/etcd/caller.ts";
import type { ToOpen, ToSend } from "../../../src/cluster/outcome.ts";
import type { Reading } from "../../../src/cluster/votes/clocks.ts";
import type { CheckSettings } from "../../../src/config/tables/check.ts";
import {
  type Boot,
  type ChannelSettings,
  eachOf,
  type Endpoint,
  type Fence,
  type Host,
  HostError,
  type HostEvent,
  NO_FENCE,
  type PresenceQuestion,
  type Scheduling,
  type WatchedAddress,
} from "../../../src/host.ts";
import { formatIp, type Ip } from "../../../src/net/ip.ts";
import type { Interfaces, Link, LinkAddress, VirtualAddress } from "../../../src/net/interfaces.ts";
import { formatPrefix, samePrefix } from "../../../src/net/prefix.ts";
import { type Instant, type Nanoseconds, seconds, type WallTime } from "../../../src/time.ts";
import { address } from "../net/links.ts";

/** Collects calls in `calls`; refuses those whose text contains `refuse`. */
export class RecordingHost implements Host {
  readonly calls: string[] = [];
  fence: Fence = NO_FENCE;
  readonly etcd = NO_ETCD;
  refuse: string | undefined;
  links: readonly Link[];
  addresses: readonly LinkAddress[];

  constructor(interfaces: Interfaces) {
    this.links = interfaces.links;
    this.addresses = interfaces.addresses;
  }

  now(): Instant {
    return 1_000_000_000 as Instant;
  }

  wallTime(): WallTime {
    return 0 as WallTime;
  }

  boot(): Boot {
    return { id: "boot", now: seconds(1) };
  }

  clocks(): Reading {
    return { boot: seconds(1), raw: seconds(1) };
  }

  hostName(): string {
    return "pi-a";
  }

  scheduling(): Scheduling {
    return { policy: "other", priority: 0 };
  }

  wait(_deadline: Instant | undefined): Promise<readonly HostEvent[]> {
    return Promise.reject(new Error("nobody waits in these tests"));
  }

  wake(): void {}

  startProbe(check: CheckSettings): void {
    this.#call(`probe ${check.name}`);
  }

  askPresence({ node }: PresenceQuestion): void {
    this.#call(`ask ${node}`);
  }

  interfaces(): Interfaces {
    return { links: this.links, addresses: this.addresses };
  }

  gateways(): readonly Ip[] {
    return [];
  }

  arpIgnore(): number {
    return 0;
  }

  open(endpoint: Endpoint): void {
    this.#call(`open ${endpoint.kind} ${endpoint.interface}`);
  }

  /** Tells everything, as it may. */
  hear(): void {}

  close(endpoint: Endpoint): void {
    this.#call(`close ${endpoint.kind} ${endpoint.interface}`);
  }

  send(_endpoint: Endpoint, source: Ip, destination: Ip, message: Uint8Array): void {
    this.#call(`send ${formatIp(source)} -> ${formatIp(destination)} priority ${message[2]}`);
  }

  sendFrame(interfaceName: string, frame: Uint8Array): void {
    this.#call(`frame ${interfaceName} ${frame.length}`);
  }

  randomBytes(count: number): Uint8Array {
    return new Uint8Array(count);
  }

  openChannel({ port }: ChannelSettings): readonly HostError[] {
    this.#call(`channel ${port}`);
    return [];
  }

  closeChannel(): void {
    this.#call("close channel");
  }

  sealAndSend(jobs: readonly ToSend[]): void {
    this.#call(`seal ${jobs.map(({ to }) => formatIp(to)).join()}`);
  }

  isReady(_address: Ip): boolean {
    return true;
  }

  openSealed({ id }: ToOpen): void {
    this.#call(`open sealed ${id}`);
  }

  /** Processes that have names. */
  others: ReadonlyMap<string, number> = new Map();

  reserve(): ReadonlyMap<string, number> {
    return this.others;
  }

  watchClaims(watched: readonly WatchedAddress[]): void {
    this.#call(
      `watch ${watched.map((one) => `${formatIp(one.address)} ${one.interface}`).join(", ")}`,
    );
  }

  addAddress(held: VirtualAddress, _lifetime?: Nanoseconds): "added" | "present" {
    this.#call(`add ${formatPrefix(held.prefix)} ${held.interface}`);
    const there = this.addresses.some((entry) => samePrefix(entry.prefix, held.prefix));
    const index = this.links.find((one) => one.name === held.interface)?.index ?? 0;
    this.addresses = [
      ...this.addresses.filter((entry) => !samePrefix(entry.prefix, held.prefix)),
      address(index, formatPrefix(held.prefix), { ours: true }),
    ];
    return there ? "present" : "added";
  }

  removeAddress(held: VirtualAddress): "removed" | "absent" {
    this.#call(`remove ${formatPrefix(held.prefix)} ${held.interface}`);
    this.addresses = this.addresses.filter((entry) => !samePrefix(entry.prefix, held.prefix));
    return "removed";
  }

  addAddresses(
    addresses: readonly VirtualAddress[],
    lifetime?: Nanoseconds,
  ): readonly ("added" | "present" | HostError)[] {
    return eachOf(addresses, (one) => this.addAddress(one, lifetime));
  }

  removeAddresses(
    addresses: readonly VirtualAddress[],
  ): readonly ("removed" | "absent" | HostError)[] {
    return eachOf(addresses, (one) => this.removeAddress(one));
  }

  #call(text: string): void {
    this.calls.push(text);
    if (this.refuse !== undefined && text.includes(this.refuse)) {
      throw new HostError(text, "", "EPERM", "Operation not permitted");
    }
  }
}
