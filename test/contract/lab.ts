/** Two hosts on one link, with hands on their environment: what tests of any Host share. */
import assert from "node:assert/strict";
import {
  type Datagram,
  type Endpoint,
  type Host,
  HostError,
  type HostEvent,
} from "../../src/host.ts";
import { formatIp, type Ip, ip, isLinkLocal } from "../../src/net/ip.ts";
import {
  addressesOf,
  type LinkAddress,
  linkNamed,
  type VirtualAddress,
} from "../../src/net/interfaces.ts";
import { formatPrefix, parsePrefix } from "../../src/net/prefix.ts";
import { after, type Instant, milliseconds } from "../../src/time.ts";

/** What happens to a host in a case; orders are plain words. */
export type Happenings = readonly HostEvent[];

/**
 * Hands on the surroundings of the lab's host: its interface eth0. All take effect before they
 * return.
 */
export interface World {
  /** The cable of eth0. */
  setCarrier(running: boolean): void | Promise<void>;
  /** `ip link set eth0 up|down`. */
  setUp(up: boolean): void | Promise<void>;
  /** Somebody else adds "10.77.0.9/24" on eth0. */
  addAddress(text: string): void | Promise<void>;
  /** Somebody else deletes it. */
  deleteAddress(text: string): void | Promise<void>;
  /** eth0 is gone, and its addresses. */
  deleteInterface(): void | Promise<void>;
  /** eth0 of the peer has the MAC of the host's: a clone. */
  clonePeer(): void | Promise<void>;
  /** eth0 is there again: up, plugged in to the peer, with 10.77.0.1/24. */
  createInterface(): void | Promise<void>;
}

/**
 * Two hosts on one link, fresh for each case; both have eth0, which is up and has a usable
 * link-local address.
 */
export interface ContractLab {
  /** eth0 has 10.77.0.1/24. */
  readonly host: Host;
  /** eth0 has 10.77.0.2/24. */
  readonly peer: Host;
  readonly world: World;
  /**
   * Waits on `host` until `predicate` holds of everything that happened since; {@link waitUntil}
   * does it.
   */
  until(host: Host, predicate: (soFar: Happenings) => boolean): Promise<Happenings>;
  /** Takes everything down. */
  close(): void | Promise<void>;
}

/**
 * Collects what happens to `host` until `predicate` holds; throws after 5 s of the host's own time.
 */
export async function waitUntil(
  host: Host,
  predicate: (soFar: Happenings) => boolean,
): Promise<Happenings> {
  const limit = after(host.now(), milliseconds(5000));
  const collected: HostEvent[] = [];
  while (!predicate(collected)) {
    const batch = await host.wait(limit);
    collected.push(...batch.filter((event) => event.kind !== "deadline"));
    if (host.now() >= limit && !predicate(collected)) {
      throw new Error(`still not so after 5 s; happened: ${JSON.stringify(collected)}`);
    }
  }
  return collected;
}

/** One property of a host. */
export interface ContractCase {
  readonly name: string;
  run(lab: ContractLab): Promise<void>;
}

/** A VRRP-like message that carries a number, so that each can be told from the others. */
export function numbered(number: number): Uint8Array {
  return Uint8Array.of(0x31, 51, 100, 1, 0, 100, 0, 0, 10, 77, number >> 8, number & 0xff);
}

/** The IPv4 group. */
export const GROUP4 = ip("224.0.0.18");
/** The IPv6 group. */
export const GROUP6 = ip("ff02::12");
/** The host's address. */
export const HOST4 = ip("10.77.0.1");
/** The peer's address. */
export const PEER4 = ip("10.77.0.2");
/** The IPv4 group on eth0. */
export const MULTICAST4: Endpoint = { kind: "multicast", family: "ipv4", interface: "eth0" };
/** The IPv6 group on eth0. */
export const MULTICAST6: Endpoint = { kind: "multicast", family: "ipv6", interface: "eth0" };
/** An address to add. */
export const FLOATING = held("10.77.0.50/24");

/** The unicast endpoint of `source` on eth0. */
export function unicast(source: Ip): Endpoint {
  return { kind: "unicast", family: source.family, source, interface: "eth0" };
}

/** The UDP endpoint of `source` on eth0. */
export function udp(source: Ip, port = 336): Extract<Endpoint, { kind: "udp" }> {
  return { kind: "udp", family: source.family, source, port, interface: "eth0" };
}

/** "10.77.0.50/24" on eth0. */
export function held(text: string): VirtualAddress {
  const prefix = parsePrefix(text);
  assert.ok(prefix !== undefined, text);
  return { interface: "eth0", prefix };
}

/** The link eth0 as `host` knows it. */
export function eth0(host: Host) {
  return linkNamed(host.interfaces(), "eth0");
}

/** The entry of `address` as `host` knows it. */
export function entryOf(host: Host, address: VirtualAddress): LinkAddress | undefined {
  const interfaces = host.interfaces();
  const link = linkNamed(interfaces, address.interface);
  if (link === undefined) return undefined;
  return addressesOf(interfaces, link).find((entry) =>
    formatPrefix(entry.prefix) === formatPrefix(address.prefix)
  );
}

/** The usable link-local address of eth0. */
export function linkLocalOf(host: Host): Ip {
  const interfaces = host.interfaces();
  const index = linkNamed(interfaces, "eth0")?.index;
  const entry = interfaces.addresses.find(({ index: at, prefix: { address }, tentative }) =>
    at === index && address.family === "ipv6" && isLinkLocal(address) && !tentative
  );
  assert.ok(entry !== undefined, "eth0 has a usable link-local address");
  return entry.prefix.address;
}

/**
 * The next datagram of a peer that repeats itself every 10 ms: routes may need a moment after a
 * link's return.
 */
export async function untilHeard(
  host: Host,
  peer: Host,
): Promise<Datagram | undefined> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      peer.send(MULTICAST4, PEER4, GROUP4, numbered(attempt));
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
    const [first] = datagrams(await host.wait(after(host.now(), milliseconds(10))));
    if (first !== undefined) return first;
  }
  return undefined;
}

/** Everything up to the deadline, wait by wait. */
export async function batchesUntilDeadline(
  host: Pick<Host, "wait">,
  deadline: Instant,
): Promise<readonly Happenings[]> {
  const batches: Happenings[] = [];
  while (batches.at(-1)?.at(-1)?.kind !== "deadline") batches.push(await host.wait(deadline));
  return batches;
}

/** The datagrams among `happened`. */
export function datagrams(happened: Happenings): readonly Datagram[] {
  return happened.flatMap((one) => one.kind === "datagram" ? [one.datagram] : []);
}

/** Where the datagrams among `happened` came in. */
export function endpointsOf(happened: Happenings): readonly Endpoint[] {
  return happened.flatMap((one) => one.kind === "datagram" ? [one.endpoint] : []);
}

/** Have at least `count` datagrams arrived? */
export function hasDatagrams(count: number): (soFar: Happenings) => boolean {
  return (soFar) => datagrams(soFar).length >= count;
}

/** The number that {@link numbered} put into a datagram. */
export function numberOf(datagram: Datagram): number {
  return ((datagram.payload[10] ?? 0) << 8) | (datagram.payload[11] ?? 0);
}

/** Did the expected datagram arrive, with TTL 255? */
export function assertDatagram(
  datagram: Datagram | undefined,
  expected: {
    readonly source: Ip;
    readonly destination: Ip;
    readonly number?: number;
    /** Of UDP. */
    readonly port?: number;
  },
): void {
  assert.ok(datagram !== undefined, "a datagram arrived");
  assert.equal(formatIp(datagram.source), formatIp(expected.source));
  assert.equal(formatIp(datagram.destination), formatIp(expected.destination));
  assert.equal(datagram.ttl, 255);
  assert.equal(datagram.port, expected.port);
  if (expected.number !== undefined) assert.deepEqual(datagram.payload, numbered(expected.number));
}

/** For assert.throws: a HostError with `code`. */
export function hostError(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof HostError, `a HostError, not ${error}`);
    assert.equal(error.code, code);
    return true;
  };
}
