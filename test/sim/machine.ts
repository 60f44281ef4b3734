/** A simulated machine: its links and addresses, and how its kernel refuses. */
import type { Boot } from "../../src/host.ts";
import type { Ip } from "../../src/net/ip.ts";
import type { Interfaces, Link, LinkAddress, VirtualAddress } from "../../src/net/interfaces.ts";
import { formatMac, type Mac } from "../../src/net/mac.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../../src/net/prefix.ts";
import { type Instant, type Nanoseconds, nanoseconds } from "../../src/time.ts";
import { AddressTable, isIpv6, type Taker } from "./address_table.ts";
import type { PacketFilter } from "./channel.ts";
import { SimFence } from "./fence.ts";
import { Leases } from "./leases.ts";
import { type Freeze, MachineClock } from "./machine_clock.ts";
import type { Random } from "./random.ts";
import type { Seen } from "./record.ts";
import { objectOf, refusal } from "./refusal.ts";

/** A network card and what it is plugged into. */
export interface Port extends Link {
  readonly mac: Mac;
  readonly macText: string;
  /** Which switch it is plugged into. */
  readonly segment: string;
}

/** What a machine tells the world about itself. */
export interface Surroundings {
  /** Virtual time. */
  now(): Instant;
  /** Something can be seen from outside. */
  see(seen: Seen): void;
  /** Links or addresses are not what they were. */
  networkChanged(machine: Machine): void;
  /** Lets something happen later, in virtual time. */
  at(at: Instant, act: () => void): void;
  readonly random: Random;
}

/** What probes of a service find. */
export interface Service {
  readonly ok: boolean;
  /** The number in a file. */
  readonly value?: number;
}

/** The calls that a kernel can be told to refuse. */
export type Call = "add" | "remove" | "send" | "frame" | "open" | "watch";

/** What a kernel was told to refuse. */
interface Refusal {
  count: number;
  readonly code: string;
  /** Of all objects those alone of which this is true. */
  readonly which: (object: string) => boolean;
}

/** One machine's kernel. What runs on it comes and goes; links and addresses stay. */
export class Machine {
  readonly name: string;
  /** Added to the calendar by somebody's hand. */
  wallOffset = 0;
  /** Where its default routes lead. */
  gateways: readonly Ip[] = [];
  /** A packet filter that drops adverts in or out, by any transport; ARP and ND pass. */
  readonly filter: PacketFilter = { incoming: false, outgoing: false };
  /** How it answers: ordinary requests for any IPv4 address (proxy ARP), and so much later. */
  readonly answers = { forAll: false, after: nanoseconds(0) };
  /** MACs by address text, as announced or asked for. */
  readonly neighbours = new Map<string, string>();
  readonly #ports = new Map<string, Port>();
  /** The same in a row, until one is another one. */
  #portList: readonly Port[] | undefined;
  readonly #slots = new Map<string, number>();
  readonly #surroundings: Surroundings;
  readonly #services = new Map<string, Service>();
  readonly #refusals = new Map<Call, Refusal>();
  readonly #number: number;
  readonly #addresses: AddressTable;
  #powered = true;
  #boots = 1;
  readonly clock: MachineClock;
  readonly fence = new SimFence(() => this.clock.monotonic());
  readonly #leases: Leases;
  #nextIndex = 2;

  /** `number` (1-250) makes MACs and link-local addresses unlike those of other machines. */
  constructor(name: string, number: number, surroundings: Surroundings) {
    this.name = name;
    this.#number = number;
    this.#surroundings = surroundings;
    this.clock = new MachineClock(() => surroundings.now());
    this.#leases = new Leases({
      now: () => this.clock.monotonic(),
      at: (at, act) =>
        surroundings.at(this.clock.whenMonotonic(at), () => {
          if (!this.clock.frozen && this.clock.monotonic() >= at) act();
        }),
    }, surroundings.random);
    this.#addresses = new AddressTable(this.#leases, {
      gone: ({ index, prefix }, by) => this.#addressSeen(this.#nameOf(index), prefix, false, by),
      leaseOver: () => this.#changed(),
    });
  }

  /** {@link AddressTable.promotesSecondaries}. */
  set promotesSecondaries(on: boolean) {
    this.#addresses.promotesSecondaries = on;
  }

  /** Everything as it is now. */
  interfaces(): Interfaces {
    return { links: this.ports(), addresses: this.#addresses.all() };
  }

  /** Which run of its kernel this is, and for how long it has been going. */
  boot(): Boot {
    return { id: `${this.name} ${this.#boots}`, now: this.clock.sinceBoot() };
  }

  /** Is it switched on? */
  get powered(): boolean {
    return this.#powered;
  }

  /** The port called `name`. */
  port(name: string): Port | undefined {
    return this.#ports.get(name);
  }

  /** All ports. */
  ports(): readonly Port[] {
    this.#portList ??= [...this.#ports.values()];
    return this.#portList;
  }

  /** Can packets come and go through `port`? */
  isLive(port: Port): boolean {
    return this.#powered && !this.clock.frozen && port.up && port.running;
  }

  /** A new card: up, plugged in, with a link-local IPv6 address; `mac`: another than its own. */
  createPort(name: string, segment: string, mac?: Mac): void {
    const index = this.#nextIndex++;
    // A card that comes back is the same card: its MAC and what follows from it stay.
    const slot = this.#slots.get(name) ?? this.#slots.size + 1;
    this.#slots.set(name, slot);
    this.#putPort(name, segment, index, mac ?? this.macOf(slot));
    this.#addresses.put(this.#linkLocal(name, index, false));
    this.#linkSeen(`${name} appears`);
  }

  /** The MAC that its card number `slot` was made with, or that a spare one has. */
  macOf(slot: number): Mac {
    return Uint8Array.of(0x02, 0, 0, this.#number, 0, slot);
  }

  /** `ip link set NAME name OTHER`: index and addresses stay. Nothing if NAME is missing. */
  renamePort(name: string, other: string): void {
    const port = this.#ports.get(name);
    if (port === undefined || this.#ports.has(other)) return;
    this.#ports.delete(name);
    this.#ports.set(other, { ...port, name: other });
    this.#portList = undefined;
    this.#linkSeen(`${name} is called ${other}`);
  }

  /** `ip link set NAME address MAC` (default: its own), or a bond that fails over. */
  setMac(name: string, mac = this.macOf(this.#slots.get(name) ?? 1)): void {
    const port = this.#ports.get(name);
    if (port === undefined || port.macText === formatMac(mac)) return;
    this.#putPortAs({ ...port, mac, macText: formatMac(mac) });
    this.#linkSeen(`${name} has another MAC`);
  }

  #putPort(name: string, segment: string, index: number, mac: Mac): void {
    const flags = { up: true, running: true, arp: true, loopback: false, multicast: true };
    const text = { macText: formatMac(mac) };
    this.#putPortAs({
      index,
      name,
      mac,
      segment,
      ...flags,
      ...text,
      mtu: 1500,
      forwards6: false,
    });
  }

  #putPortAs(port: Port): void {
    this.#ports.set(port.name, port);
    this.#portList = undefined;
  }

  /** The card is pulled out, its addresses with it. */
  deletePort(name: string): void {
    const port = this.#ports.get(name);
    if (port === undefined) return;
    this.#ports.delete(name);
    this.#portList = undefined;
    this.#addresses.drop((entry) => entry.index === port.index, "others");
    this.#linkSeen(`${name} disappears`);
  }

  /** The cable: false is unplugged. Addresses stay. */
  setCarrier(name: string, running: boolean): void {
    const port = this.#ports.get(name);
    if (port === undefined || port.running === running) return;
    this.#putPortAs({ ...port, running });
    this.#linkSeen(`${name} ${running ? "has carrier" : "loses its carrier"}`);
  }

  /** `ip link set NAME up|down`. Down takes the IPv6 addresses; link-local comes back tentative. */
  setUp(name: string, up: boolean): void {
    const port = this.#ports.get(name);
    if (port === undefined || port.up === up) return;
    this.#putPortAs({ ...port, up });
    if (up) this.#addresses.put(this.#linkLocal(name, port.index, true));
    else this.#addresses.drop((one) => one.index === port.index && isIpv6(one), "others");
    this.#linkSeen(`${name} is switched ${up ? "on" : "off"}`);
  }

  /** Duplicate address detection on `name` is through: nothing there is tentative any more. */
  finishDad(name: string): void {
    const index = this.#ports.get(name)?.index;
    const changed = this.#addresses.change((entry) =>
      entry.index === index && entry.tentative ? { ...entry, tentative: false } : entry
    );
    if (changed) this.#changed();
  }

  /** Nothing of it runs any more: no program, no kernel, no card. */
  freeze(how: Freeze): void {
    this.clock.freeze(how);
  }

  /** It goes on. */
  thaw(): void {
    if (!this.clock.frozen) return;
    this.clock.thaw();
    this.#leases.thaw();
  }

  /** Power: false loses everything that is not written down. */
  setPowered(powered: boolean): void {
    if (powered && !this.#powered) {
      this.#boots++;
      this.clock.boot();
      this.fence.settle(undefined);
    }
    this.#powered = powered;
    if (!powered) this.#addresses.drop((entry) => entry.ours, "others");
    this.#changed();
  }

  /** DHCP or a person adds `text`, "192.168.1.11/24". False: the program has put it there. */
  addForeign(name: string, text: string): boolean {
    const [prefix, port] = [parsePrefix(text), this.#ports.get(name)];
    if (prefix === undefined || port === undefined) return true;
    const present = this.#addresses.find(port.index, prefix);
    if (present !== undefined) return !present.ours;
    this.#addresses.insert(port.index, prefix, false);
    this.#addressSeen(name, prefix, true, "others");
    this.#changed();
    return true;
  }

  /** Somebody else deletes `text`, "192.168.1.50/24". */
  deleteForeign(name: string, text: string): void {
    const [prefix, port] = [parsePrefix(text), this.#ports.get(name)];
    if (prefix === undefined || port === undefined) return;
    if (this.#addresses.delete(port.index, prefix, "others") > 0) this.#changed();
  }

  /** The program adds an address (RTM_NEWADDR), or renews its lifetime. Throws HostError. */
  add(held: VirtualAddress, lifetime?: Nanoseconds): "added" | "present" {
    this.maybeRefuse("add", "RTM_NEWADDR", () => objectOf(held));
    const index = this.#ports.get(held.interface)?.index;
    if (index === undefined) throw refusal("RTM_NEWADDR", objectOf(held), "ENODEV");
    if (!this.#addresses.has(index, held.prefix)) {
      this.#addresses.insert(index, held.prefix, true, lifetime);
      this.#addressSeen(held.interface, held.prefix, true, "program");
      return "added";
    }
    this.#addresses.lease(index, held.prefix, lifetime);
    this.#addresses.claim(index, held.prefix);
    return "present";
  }

  /** What is known of the address `held`. */
  entryOf(held: VirtualAddress): LinkAddress | undefined {
    const index = this.#ports.get(held.interface)?.index;
    return index === undefined ? undefined : this.#addresses.find(index, held.prefix);
  }

  /** The program removes an address (RTM_DELADDR). Throws HostError. */
  remove(held: VirtualAddress): "removed" | "absent" {
    this.maybeRefuse("remove", "RTM_DELADDR", () => objectOf(held));
    const index = this.#ports.get(held.interface)?.index;
    if (index === undefined) return "absent";
    const touched = this.#addresses.delete(index, held.prefix, "program");
    // What was asked for is no news, what became of others is.
    if (touched > 1) this.#changed();
    return touched > 0 ? "removed" : "absent";
  }

  /** The next `count` calls of this kind, on `which` objects, fail with `code` ("ENOBUFS"). */
  refuse(call: Call, count: number, code: string, which: Refusal["which"] = () => true): void {
    this.#refusals.set(call, { count, code, which });
  }

  /** This kind of call fails no more but for a reason. */
  refuseNoMore(call: Call): void {
    this.#refusals.delete(call);
  }

  /** No call fails any more but for a reason. */
  refuseNothing(): void {
    this.#refusals.clear();
  }

  /** How its service named `check` is: well, unless {@link Machine.setService} said otherwise. */
  service(check: string): Service {
    return this.#services.get(check) ?? { ok: true };
  }

  /** What every probe of `check` finds from now on. */
  setService(check: string, service: Service): void {
    this.#services.set(check, service);
  }

  /** Throws the HostError that {@link Machine.refuse} asked for. */
  maybeRefuse(call: Call, name: string, objectNow: () => string): void {
    const asked = this.#refusals.get(call);
    if (asked === undefined) return;
    const object = objectNow();
    if (!asked.which(object)) return;
    asked.count--;
    if (asked.count <= 0) this.#refusals.delete(call);
    this.#surroundings.see({ kind: "refused", node: this.name, call: name, object });
    throw refusal(name, object, asked.code);
  }

  /** Does it answer for `address` there: has it the address on a port that passes packets? */
  answersFor(address: string, segment: string, isProbe = false): Port | undefined {
    if (this.fence.isShut(address)) return undefined;
    for (const entry of this.#addresses.of(address)) {
      if (entry.tentative) continue;
      for (const port of this.ports()) {
        // arp_ignore=0: Linux answers for IPv4 on any link, for IPv6 on the one that has it.
        const here = entry.index === port.index || !address.includes(":");
        if (here && port.segment === segment && this.isLive(port)) return port;
      }
    }
    // Linux answers an ARP probe only for what it has itself.
    if (!this.answers.forAll || isProbe || address.includes(":")) return undefined;
    return this.ports().find((port) => port.segment === segment && this.isLive(port));
  }

  /** Has it `address`, on whatever link, with whatever prefix length? */
  has(address: string): boolean {
    return this.#addresses.of(address).length > 0;
  }

  /** Everything there that a program marked as its own, as "192.168.1.50/24 on eth0". */
  left(): readonly string[] {
    return this.#addresses.all().filter((entry) => entry.ours).map((entry) =>
      `${formatPrefix(entry.prefix)} on ${this.#nameOf(entry.index)}`
    );
  }

  #linkLocal(name: string, index: number, tentative: boolean): LinkAddress {
    const bytes = new Uint8Array(16);
    bytes.set([0xfe, 0x80]);
    bytes.set([this.#number, 0, 0, this.#slots.get(name) ?? 0], 12);
    const prefix: Prefix = { address: { family: "ipv6", bytes }, length: 64 };
    return { index, prefix, ours: false, tentative, secondary: false, deprecated: false };
  }

  #nameOf(index: number): string {
    return this.ports().find((port) => port.index === index)?.name ?? `if${index}`;
  }

  #addressSeen(name: string, prefix: Prefix, there: boolean, by: Taker): void {
    const where = { node: this.name, interface: name, prefix: formatPrefix(prefix) };
    const why = by === "lease" ? "its lease ran out" : "";
    const byProgram = by === "program";
    this.#surroundings.see({ kind: "address", ...where, there, byProgram, why });
  }

  #linkSeen(words: string): void {
    this.#surroundings.see({ kind: "link", node: this.name, words });
    this.#changed();
  }

  #changed(): void {
    this.#surroundings.networkChanged(this);
  }
}
