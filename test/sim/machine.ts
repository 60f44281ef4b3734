/** What does the kernel of a simulated machine know? Its links and addresses, and how it says no. */
import { HostError } from "../../src/host.ts";
import { formatIp, sameIp } from "../../src/net/ip.ts";
import type { HeldAddress, Interfaces, Link, LinkAddress } from "../../src/net/interfaces.ts";
import { formatMac, type Mac } from "../../src/net/mac.ts";
import { containsIp, formatPrefix, parsePrefix, type Prefix } from "../../src/net/prefix.ts";
import type { Seen } from "./record.ts";

/** A network card and what it is plugged into. */
export interface Port extends Link {
  readonly mac: Mac;
  readonly macText: string;
  /** Which switch it is plugged into. */
  readonly segment: string;
}

/** What a machine tells the world about itself. */
export interface Surroundings {
  /** Something can be seen from outside. */
  see(seen: Seen): void;
  /** Links or addresses are not what they were. */
  networkChanged(machine: Machine): void;
}

/** What probes of a service find. */
export interface Service {
  readonly ok: boolean;
  /** The number in a file. */
  readonly value?: number;
}

/** The calls that a kernel can be told to refuse. */
export type Call = "add" | "remove" | "send" | "frame" | "open";

const WORDS: Readonly<Record<string, string>> = {
  ENODEV: "No such device",
  ENETDOWN: "Network is down",
  EADDRNOTAVAIL: "Cannot assign requested address",
  EBADF: "Bad file descriptor",
  ENOBUFS: "No buffer space available",
  EPERM: "Operation not permitted",
};

/** One machine's kernel. What runs on it comes and goes; links and addresses stay. */
export class Machine {
  readonly name: string;
  /** Linux's promote_secondaries: do the other addresses of a subnet survive the first one's removal? */
  promotesSecondaries = true;
  /** Added to the calendar by somebody's hand. */
  wallOffset = 0;
  /** MACs by address text, as announced or asked for. */
  readonly neighbours = new Map<string, string>();
  readonly #ports = new Map<string, Port>();
  readonly #slots = new Map<string, number>();
  readonly #surroundings: Surroundings;
  readonly #services = new Map<string, Service>();
  readonly #refusals = new Map<Call, { count: number; readonly code: string }>();
  readonly #number: number;
  #addresses: readonly LinkAddress[] = [];
  #powered = true;
  #nextIndex = 2;
  #interfaces: Interfaces | undefined;
  /** All entries by address text; made when asked for. */
  #byText: ReadonlyMap<string, readonly LinkAddress[]> | undefined;

  /** `number` (1-250) makes MACs and link-local addresses unlike those of other machines. */
  constructor(name: string, number: number, surroundings: Surroundings) {
    this.name = name;
    this.#number = number;
    this.#surroundings = surroundings;
  }

  /** Everything as it is now. */
  interfaces(): Interfaces {
    this.#interfaces ??= { links: [...this.#ports.values()], addresses: this.#addresses };
    return this.#interfaces;
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
    return [...this.#ports.values()];
  }

  /** Can packets come and go through `port`? */
  isLive(port: Port): boolean {
    return this.#powered && port.up && port.running;
  }

  /** A new card: up, plugged in, with a link-local IPv6 address. */
  createPort(name: string, segment: string): void {
    const index = this.#nextIndex++;
    // A card that comes back is the same card: its MAC and what follows from it stay.
    const slot = this.#slots.get(name) ?? this.#slots.size + 1;
    this.#slots.set(name, slot);
    const mac = Uint8Array.of(0x02, 0, 0, this.#number, 0, slot);
    const flags = { up: true, running: true, arp: true, loopback: false, multicast: true };
    const text = { macText: formatMac(mac) };
    this.#ports.set(name, {
      index,
      name,
      mac,
      segment,
      ...flags,
      ...text,
      mtu: 1500,
      forwards6: false,
    });
    this.#addresses = [...this.#addresses, this.#linkLocal(name, index, false)];
    this.#linkSeen(`${name} appears`);
  }

  /** The card is pulled out, its addresses with it. */
  deletePort(name: string): void {
    const port = this.#ports.get(name);
    if (port === undefined) return;
    this.#ports.delete(name);
    this.#dropAddresses((entry) => entry.index === port.index, false);
    this.#linkSeen(`${name} disappears`);
  }

  /** The cable: false is unplugged. Addresses stay. */
  setCarrier(name: string, running: boolean): void {
    const port = this.#ports.get(name);
    if (port === undefined || port.running === running) return;
    this.#ports.set(name, { ...port, running });
    this.#linkSeen(`${name} ${running ? "has carrier" : "loses its carrier"}`);
  }

  /** `ip link set NAME up|down`. Going down takes the IPv6 addresses; the link-local one comes back tentative. */
  setUp(name: string, up: boolean): void {
    const port = this.#ports.get(name);
    if (port === undefined || port.up === up) return;
    this.#ports.set(name, { ...port, up });
    if (up) this.#addresses = [...this.#addresses, this.#linkLocal(name, port.index, true)];
    else this.#dropAddresses((entry) => entry.index === port.index && isIpv6(entry), false);
    this.#linkSeen(`${name} is switched ${up ? "on" : "off"}`);
  }

  /** Duplicate address detection on `name` is through: nothing there is tentative any more. */
  finishDad(name: string): void {
    const index = this.#ports.get(name)?.index;
    const done = (entry: LinkAddress) => entry.index === index && entry.tentative;
    if (!this.#addresses.some(done)) return;
    this.#addresses = this.#addresses.map((entry) =>
      done(entry) ? { ...entry, tentative: false } : entry
    );
    this.#changed();
  }

  /** Power: false loses everything that is not written down. */
  setPowered(powered: boolean): void {
    this.#powered = powered;
    if (!powered) this.#dropAddresses((entry) => entry.ours, false);
    this.#changed();
  }

  /** Somebody else (DHCP, an administrator) adds `text`, "192.168.1.11/24". */
  addForeign(name: string, text: string): void {
    const prefix = parsePrefix(text);
    const port = this.#ports.get(name);
    if (prefix === undefined || port === undefined || this.#find(port, prefix) !== undefined) {
      return;
    }
    this.#insert(port, prefix, false);
    this.#addressSeen(name, prefix, true, false);
    this.#changed();
  }

  /** Somebody else deletes `text`, "192.168.1.50/24". */
  deleteForeign(name: string, text: string): void {
    const prefix = parsePrefix(text);
    const port = this.#ports.get(name);
    if (prefix === undefined || port === undefined) return;
    if (this.#delete(port, prefix, false)) this.#changed();
  }

  /** The program adds an address (RTM_NEWADDR). Gives the entry as it stands now. Throws HostError. */
  add(held: HeldAddress): { readonly entry: LinkAddress; readonly was: "added" | "present" } {
    const object = `${formatPrefix(held.prefix)} on ${held.interface}`;
    this.maybeRefuse("add", "RTM_NEWADDR", object);
    const port = this.#ports.get(held.interface);
    if (port === undefined) throw refusal("RTM_NEWADDR", object, "ENODEV");
    const there = this.#find(port, held.prefix);
    if (there === undefined) {
      const entry = this.#insert(port, held.prefix, true);
      this.#addressSeen(held.interface, held.prefix, true, true);
      this.#changed();
      return { entry, was: "added" };
    }
    const entry = { ...there, ours: true };
    this.#addresses = this.#addresses.map((other) => other === there ? entry : other);
    this.#changed();
    return { entry, was: "present" };
  }

  /** The program removes an address (RTM_DELADDR). Throws HostError. */
  remove(held: HeldAddress): "removed" | "absent" {
    const object = `${formatPrefix(held.prefix)} on ${held.interface}`;
    this.maybeRefuse("remove", "RTM_DELADDR", object);
    const port = this.#ports.get(held.interface);
    if (port === undefined || !this.#delete(port, held.prefix, true)) return "absent";
    this.#changed();
    return "removed";
  }

  /** The next `count` calls of this kind fail with `code`, "ENOBUFS". */
  refuse(call: Call, count: number, code: string): void {
    this.#refusals.set(call, { count, code });
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
  maybeRefuse(call: Call, name: string, object: string): void {
    const asked = this.#refusals.get(call);
    if (asked === undefined) return;
    asked.count--;
    if (asked.count <= 0) this.#refusals.delete(call);
    this.#surroundings.see({ kind: "refused", node: this.name, call: name, object });
    throw refusal(name, object, asked.code);
  }

  /** Has it `address` on a port that packets come through, so that it answers when asked for it there? */
  answersFor(address: string, segment: string): Port | undefined {
    for (const entry of this.#entriesOf(address)) {
      if (entry.tentative) continue;
      for (const port of this.#ports.values()) {
        // arp_ignore=0: Linux answers for IPv4 on any link, for IPv6 on the one that has it.
        const here = entry.index === port.index || !isIpv6(entry);
        if (here && port.segment === segment && this.isLive(port)) return port;
      }
    }
    return undefined;
  }

  /** Has it `address`, on whatever link, with whatever prefix length? */
  has(address: string): boolean {
    return this.#entriesOf(address).length > 0;
  }

  /** Everything there that a program marked as its own, as "192.168.1.50/24 on eth0". */
  left(): readonly string[] {
    return this.#addresses.filter((entry) => entry.ours).map((entry) =>
      `${formatPrefix(entry.prefix)} on ${this.#nameOf(entry.index)}`
    );
  }

  #entriesOf(address: string): readonly LinkAddress[] {
    this.#byText ??= Map.groupBy(this.#addresses, (entry) => formatIp(entry.prefix.address));
    return this.#byText.get(address) ?? [];
  }

  #insert(port: Port, prefix: Prefix, ours: boolean): LinkAddress {
    const host = prefix.length === prefix.address.bytes.length * 8;
    const secondary = prefix.address.family === "ipv4" &&
      this.#addresses.some((entry) =>
        entry.index === port.index && entry.prefix.length === prefix.length &&
        containsIp(entry.prefix, prefix.address)
      );
    const flags = { ours, tentative: false, secondary };
    const entry = { index: port.index, prefix, ...flags, deprecated: host && isIpv6({ prefix }) };
    this.#addresses = [...this.#addresses, entry];
    return entry;
  }

  #delete(port: Port, prefix: Prefix, byProgram: boolean): boolean {
    const found = this.#find(port, prefix);
    if (found === undefined) return false;
    const dependants = this.#addresses.filter((entry) =>
      entry.secondary && entry.index === port.index &&
      entry.prefix.length === prefix.length && containsIp(prefix, entry.prefix.address)
    );
    this.#dropAddresses((entry) => entry === found, byProgram);
    if (found.secondary || dependants.length === 0) return true;
    if (!this.promotesSecondaries) {
      this.#dropAddresses((entry) => dependants.includes(entry), byProgram);
      return true;
    }
    this.#addresses = this.#addresses.map((entry) =>
      entry === dependants[0] ? { ...entry, secondary: false } : entry
    );
    return true;
  }

  #dropAddresses(which: (entry: LinkAddress) => boolean, byProgram: boolean): void {
    const gone = this.#addresses.filter(which);
    this.#addresses = this.#addresses.filter((entry) => !which(entry));
    for (const entry of gone) {
      this.#addressSeen(this.#nameOf(entry.index), entry.prefix, false, byProgram);
    }
  }

  #find(port: Port, prefix: Prefix): LinkAddress | undefined {
    return this.#addresses.find((entry) =>
      entry.index === port.index && entry.prefix.length === prefix.length &&
      sameIp(entry.prefix.address, prefix.address)
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
    return [...this.#ports.values()].find((port) => port.index === index)?.name ?? `if${index}`;
  }

  #addressSeen(name: string, prefix: Prefix, there: boolean, byProgram: boolean): void {
    const text = formatPrefix(prefix);
    const where = { node: this.name, interface: name, prefix: text };
    this.#changedSilently();
    this.#surroundings.see({ kind: "address", ...where, there, byProgram });
  }

  #linkSeen(words: string): void {
    this.#changedSilently();
    this.#surroundings.see({ kind: "link", node: this.name, words });
    this.#changed();
  }

  #changed(): void {
    this.#changedSilently();
    this.#surroundings.networkChanged(this);
  }

  #changedSilently(): void {
    this.#interfaces = undefined;
    this.#byText = undefined;
  }
}

/** The HostError of `call` on `object` with `code`. */
export function refusal(call: string, object: string, code: string): HostError {
  return new HostError(call, object, code, WORDS[code] ?? code);
}

function isIpv6(entry: { readonly prefix: Prefix }): boolean {
  return entry.prefix.address.family === "ipv6";
}
