/** Who else says that it has our addresses? Packet sockets (packet(7)) that hear nothing but that. */
import type { Limits } from "../budget.ts";
import { HostError, type WatchedAddress } from "../host.ts";
import { type Interfaces, linkNamed } from "../net/interfaces.ts";
import { type Family, formatIp, includesIp, type Ip } from "../net/ip.ts";
import { formatMac } from "../net/mac.ts";
import { type Claim, claimIn } from "../wire/claim.ts";
import { claimFilter } from "./claim_filter.ts";
import { ETH_P_ARP, ETH_P_IPV6 } from "./constants.ts";
import type { Receiver } from "./datagram.ts";
import { type Libc, wouldBlock } from "./libc.ts";
import { attachFilter, openFiltered } from "./packet_filter.ts";
import { packetAddress } from "./packet_socket.ts";
import { type Instant, milliseconds } from "../time.ts";
import type { Poller } from "./poller.ts";
import type { Socket } from "./socket.ts";
import { Throttle } from "./throttle.ts";

/** One socket never gives more frames than this at once: a flood waits its turn, or does not fit. */
const MOST_AT_ONCE = 64;

/** Frames of one socket: the claims of a takeover, of a flood a sample. */
const LIMITS: Limits = { most: 256, every: milliseconds(10) };

/** Room for about a hundred frames: of a flood, more would say nothing new. */
const RECEIVE_BUFFER = 64 * 1024;

/** ARP is not IPv6: a socket each, so that no other frame of the machine passes a filter of ours. */
const PROTOCOLS = { ipv4: ETH_P_ARP, ipv6: ETH_P_IPV6 } as const;

/** A claim, and where it was heard. */
export interface HeardClaim extends Claim {
  readonly interface: string;
}

/** What is listened for on one link, of one family. */
interface Wanted {
  readonly index: number;
  readonly interface: string;
  readonly family: Family;
  readonly addresses: readonly Ip[];
}

interface Listener {
  readonly socket: Socket;
  readonly wanted: Wanted;
}

/** Hears claims of the addresses in a list. */
export class ClaimWatch implements Disposable {
  readonly #libc: Libc;
  readonly #poller: Poller;
  readonly #throttle: Throttle;
  /** By {@link keyOf}. */
  #listeners: ReadonlyMap<string, Listener> = new Map();

  constructor(libc: Libc, poller: Poller) {
    this.#libc = libc;
    this.#poller = poller;
    this.#throttle = new Throttle(poller, LIMITS);
  }

  /** When a socket that said too much is to be heard again. */
  get deadline(): Instant | undefined {
    return this.#throttle.deadline;
  }

  /** Hears those again whose time has come. */
  release(now: Instant): void {
    this.#throttle.release(now);
  }

  /**
   * Listens for `watched` on the links of `interfaces` from now on, and for nothing else; where there is no such link, not
   * yet. Throws the last HostError (EPERM) when everything that could be done is done.
   */
  settle(watched: readonly WatchedAddress[], interfaces: Interfaces): void {
    const wanted = groupsOf(watched, interfaces);
    const kept = new Set(wanted.map(keyOf));
    for (const [key, { socket }] of this.#listeners) if (!kept.has(key)) this.#close(socket);
    const listeners = new Map<string, Listener>();
    let refused: HostError | undefined;
    for (const one of wanted) {
      const before = this.#listeners.get(keyOf(one));
      try {
        listeners.set(keyOf(one), this.#listen(one, before));
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        if (before !== undefined) this.#close(before.socket);
        refused = error;
      }
    }
    this.#listeners = listeners;
    if (refused !== undefined) throw refused;
  }

  /**
   * Gives the claims that are queued on the `ready` descriptors to `take`: by whom no link of `interfaces` belongs to, and
   * each once, however often it was made.
   */
  drain(
    ready: ReadonlySet<number>,
    receiver: Receiver,
    interfaces: Interfaces,
    take: (claim: HeardClaim) => void,
  ): void {
    const listeners = [...this.#listeners.values()].filter(({ socket }) => ready.has(socket.fd));
    if (listeners.length === 0) return;
    const own = new Set(interfaces.links.flatMap(({ mac }) => mac ? [formatMac(mac)] : []));
    const told = new Set<string>();
    for (const { socket, wanted } of listeners) {
      const { claims, count } = heard(socket, receiver, wanted);
      this.#throttle.spend(socket.fd, count, this.#poller.now());
      for (const claim of claims) {
        const mac = formatMac(claim.mac);
        const key = `${wanted.index} ${formatIp(claim.address)} ${mac}`;
        if (own.has(mac) || told.has(key)) continue;
        told.add(key);
        take({ ...claim, interface: wanted.interface });
      }
    }
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.#listeners.values()) this.#close(socket);
    this.#listeners = new Map();
  }

  #listen(wanted: Wanted, before: Listener | undefined): Listener {
    if (before === undefined) return { socket: this.#open(wanted), wanted };
    if (!sameAddresses(before.wanted.addresses, wanted.addresses)) {
      attachFilter(before.socket, claimFilter(wanted.addresses));
    }
    return { socket: before.socket, wanted };
  }

  #open(wanted: Wanted): Socket {
    const address = packetAddress(wanted.index, PROTOCOLS[wanted.family]);
    const what = `claims on ${wanted.interface}`;
    return openFiltered(this.#libc, claimFilter(wanted.addresses), RECEIVE_BUFFER, address, what)
      .prepare(({ fd }) => this.#poller.add(fd));
  }

  #close(socket: Socket): void {
    this.#poller.remove(socket.fd);
    this.#throttle.forget(socket.fd);
    socket[Symbol.dispose]();
  }
}

/** The claims among what is queued; what came before the list was last changed may not be wanted any more. */
function heard(
  socket: Socket,
  receiver: Receiver,
  { addresses }: Wanted,
): { readonly claims: readonly Claim[]; readonly count: number } {
  const claims: Claim[] = [];
  for (let count = 0; count < MOST_AT_ONCE; count++) {
    const received = receiver.receive(socket.fd);
    if (typeof received === "number") {
      if (wouldBlock(received)) return { claims, count };
      // ENETDOWN is told once; the socket hears again when its link does.
      continue;
    }
    const claim = claimIn(received.data);
    if (claim === undefined || !includesIp(addresses, claim.address)) continue;
    claims.push({ address: claim.address, mac: claim.mac.slice() });
  }
  return { claims, count: MOST_AT_ONCE };
}

function groupsOf(
  watched: readonly WatchedAddress[],
  interfaces: Interfaces,
): readonly Wanted[] {
  const groups = new Map<string, Wanted>();
  for (const { interface: name, address } of watched) {
    const link = linkNamed(interfaces, name);
    if (link === undefined) continue;
    const one = { index: link.index, interface: name, family: address.family };
    const before = groups.get(keyOf(one))?.addresses ?? [];
    if (includesIp(before, address)) continue;
    groups.set(keyOf(one), { ...one, addresses: [...before, address] });
  }
  return [...groups.values()];
}

function keyOf({ index, family }: Pick<Wanted, "index" | "family">): string {
  return `${index} ${family}`;
}

function sameAddresses(a: readonly Ip[], b: readonly Ip[]): boolean {
  return a.length === b.length && a.every((address) => includesIp(b, address));
}
