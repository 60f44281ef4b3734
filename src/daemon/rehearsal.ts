/**
 * A rehearsal at start, so that the first takeover of a process is as quick as the tenth (decision
 * 0003).
 */
import { NO_ETCD } from "../cluster/etcd/caller.ts";
import type { Reading } from "../cluster/votes/clocks.ts";
import { type Boot, type Host, type HostEvent, NO_FENCE, type Scheduling } from "../host.ts";
import { decode } from "../config/decode.ts";
import { type Ip, ip } from "../net/ip.ts";
import type { Interfaces, VirtualAddress } from "../net/interfaces.ts";
import { after, between, type Instant, seconds, type WallTime } from "../time.ts";
import { encodeAdvert, groupOf } from "../wire/vrrp.ts";
import { Daemon } from "./daemon.ts";

/** One instance on a network of documentation addresses (RFC 5737). */
const CONFIG = `[instance.rehearsal]\ninterface = "eth0"\nvrid = 1\n` +
  `addresses = ["192.0.2.100/24"]\ntransport = "multicast"\n`;

const OWN = ip("192.0.2.1");
const RIVAL = ip("192.0.2.2");
/** From the fourth on V8 has nothing left to prepare. */
const ROUNDS = 4;

/**
 * Takes over, yields and takes over again on a machine that is not there; sends and changes
 * nothing.
 */
export async function rehearse(): Promise<void> {
  const decoded = decode(CONFIG);
  if (decoded.kind !== "config") return;
  const host = new Stage(() => daemon.submit({ kind: "stop" }));
  const journal = { write() {} };
  const { config } = decoded;
  const daemon = new Daemon({ host, config, nodeName: undefined, configFile: "", journal });
  await daemon.run();
}

/**
 * A machine without a kernel: time jumps from deadline to deadline, and a rival speaks up in
 * between.
 */
class Stage implements Host {
  readonly fence = NO_FENCE;
  readonly etcd = NO_ETCD;
  readonly #end: () => void;
  #now = 0 as Instant;
  #turn = 0;

  /** `end` is called after the last round. */
  constructor(end: () => void) {
    this.#end = end;
  }

  now(): Instant {
    return this.#now;
  }

  wallTime(): WallTime {
    return 0 as WallTime;
  }

  boot(): Boot {
    return { id: "stage", now: between(0 as Instant, this.#now) };
  }

  clocks(): Reading {
    const since = between(0 as Instant, this.#now);
    return { boot: since, raw: since };
  }

  hostName(): string {
    return "stage";
  }

  scheduling(): Scheduling {
    return { policy: "other", priority: 0 };
  }

  wait(deadline: Instant | undefined): Promise<readonly HostEvent[]> {
    this.#turn++;
    if (this.#turn > 2 * ROUNDS) {
      this.#end();
      return Promise.resolve([{ kind: "woken" }]);
    }
    this.#now = deadline ?? after(this.#now, seconds(1));
    return Promise.resolve([this.#turn % 2 === 0 ? this.#rival() : { kind: "deadline" }]);
  }

  wake(): void {}

  startProbe(): void {}

  askPresence(): void {}

  interfaces(): Interfaces {
    const plain = { ours: false, tentative: false, secondary: false, deprecated: false };
    return {
      links: [{
        index: 1,
        name: "eth0",
        mac: new Uint8Array(6),
        up: true,
        running: true,
        arp: true,
        loopback: false,
        multicast: true,
        mtu: 1500,
        forwards6: false,
      }],
      addresses: [{ index: 1, prefix: { address: OWN, length: 24 }, ...plain }],
    };
  }

  gateways(): readonly Ip[] {
    return [];
  }

  arpIgnore(): number {
    return 0;
  }

  open(): void {}

  close(): void {}

  hear(): void {}

  send(): void {}

  sendFrame(): void {}

  watchClaims(): void {}

  randomBytes(count: number): Uint8Array {
    return new Uint8Array(count);
  }

  openChannel(): [] {
    return [];
  }

  closeChannel(): void {}

  sealAndSend(): void {}

  isReady(): boolean {
    return true;
  }

  openSealed(): void {}

  reserve(): ReadonlyMap<string, number> {
    return new Map();
  }

  addAddress(): "added" {
    return "added";
  }

  removeAddress(): "removed" {
    return "removed";
  }

  addAddresses(addresses: readonly VirtualAddress[]): readonly "added"[] {
    return addresses.map(() => "added");
  }

  removeAddresses(addresses: readonly VirtualAddress[]): readonly "removed"[] {
    return addresses.map(() => "removed");
  }

  #rival(): HostEvent {
    const destination = groupOf("ipv4");
    const addresses = [ip("192.0.2.100")];
    const advert = { version: 3, vrid: 1, priority: 200, interval: seconds(1), addresses } as const;
    const payload = encodeAdvert(advert, RIVAL, destination);
    return {
      kind: "datagram",
      endpoint: { kind: "multicast", family: "ipv4", interface: "eth0" },
      datagram: { source: RIVAL, destination, ttl: 255, payload },
      at: this.#now,
    };
  }
}
