/** Address assertions of other machines, by packet sockets (packet(7)). */
import type { Limits } from "../budget.ts";
import { HostError, type WatchedAddress } from "../host.ts";
import { type Interfaces, linkNamed } from "../net/interfaces.ts";
import { formatIp, type Ip, ipKey, isUnspecified, sameIp } from "../net/ip.ts";
import { formatMac } from "../net/mac.ts";
import { after, between, earliest, type Instant, milliseconds, seconds } from "../time.ts";
import { decodeArp } from "../wire/arp.ts";
import { type Claim, claimIn } from "../wire/claim.ts";
import { decodeEthernet, ETHERTYPE } from "../wire/ethernet.ts";
import { decodeIpv6 } from "../wire/ipv6.ts";
import { decodeNeighbor } from "../wire/ndp.ts";
import { claimFilter } from "./claim_filter.ts";
import { ETH_P_ARP, ETH_P_IPV6 } from "./constants.ts";
import type { Receiver } from "./datagram.ts";
import { LeavingClaims, type Wanted } from "./leaving_claims.ts";
import type { Libc } from "./libc.ts";
import { attachFilter, openFiltered } from "./packet_filter.ts";
import { packetAddress } from "./packet_socket.ts";
import type { Poller } from "./poller.ts";
import type { Socket } from "./socket.ts";
import { Throttle } from "./throttle.ts";
import { sameBytes } from "../net/bytes.ts";

/**
 * One socket never gives more frames than this at once: a flood waits its turn, or does not fit.
 */
const MOST_AT_ONCE = 64;

/** Frames of one socket: the claims of a takeover, of a flood a sample. */
const LIMITS: Limits = { most: 256, every: milliseconds(10) };

/** Room for about a hundred frames: of a flood, more would say nothing new. */
const RECEIVE_BUFFER = 64 * 1024;

/**
 * ARP is not IPv6: a socket each, so that no other frame of the machine passes a filter of ours.
 */
const PROTOCOLS = { ipv4: ETH_P_ARP, ipv6: ETH_P_IPV6 } as const;

/**
 * So long after a frame of this machine's came back to it, a link is one that sends frames back.
 */
const ECHOES_FOR = seconds(60);

/** Most frames remembered that would be known again. */
const MOST_SENT = 16;

/**
 * A Neighbor Advertisement to all nodes so soon after a question to all about its target is the
 * answer.
 */
const ANSWERED_WITHIN = milliseconds(2000);

/** A claim, and where it was heard. */
export interface HeardClaim extends Pick<Claim, "address" | "mac"> {
  readonly interface: string;
  readonly answer: boolean;
  readonly direct: number;
  readonly leaving: boolean;
}

interface Listener {
  readonly socket: Socket;
  readonly wanted: Wanted;
  /** Until then it counts as a link that sends frames back. */
  echoUntil: Instant;
  /** Of IPv4. */
  readonly leaving: LeavingClaims | undefined;
}

/** Hears claims of the addresses in a list. */
export class ClaimWatch implements Disposable {
  readonly #libc: Libc;
  readonly #poller: Poller;
  readonly #throttle: Throttle;
  /** By {@link keyOf}. */
  #listeners: ReadonlyMap<string, Listener> = new Map();
  /** Marked questions that this machine sent, the newest last. */
  #sent: readonly { readonly frame: Uint8Array; readonly target: Ip; readonly at: Instant }[] = [];

  constructor(libc: Libc, poller: Poller) {
    this.#libc = libc;
    this.#poller = poller;
    this.#throttle = new Throttle(poller, LIMITS);
  }

  /** When a socket that said too much is to be heard again, or one is to be closed. */
  get deadline(): Instant | undefined {
    const ends = [...this.#listeners.values()].map(({ leaving }) => leaving?.until);
    return earliest(this.#throttle.deadline, ...ends);
  }

  /** Hears those again whose time has come, and closes those whose time is over. */
  release(now: Instant): void {
    this.#throttle.release(now);
    for (const { leaving } of this.#listeners.values()) leaving?.release(now);
  }

  /**
   * Listens for `watched` on the links of `interfaces` from now on, and for nothing else; where
   * there is no such link, not yet. Throws the last HostError (EPERM) when everything that could be
   * done is done.
   */
  settle(watched: readonly WatchedAddress[], interfaces: Interfaces): void {
    const wanted = groupsOf(watched, interfaces);
    const kept = new Set(wanted.map(keyOf));
    for (const [key, one] of this.#listeners) if (!kept.has(key)) this.#end(one);
    const listeners = new Map<string, Listener>();
    let refused: HostError | undefined;
    for (const one of wanted) {
      const before = this.#listeners.get(keyOf(one));
      try {
        listeners.set(keyOf(one), this.#listen(one, before));
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        if (before !== undefined) this.#end(before);
        refused = error;
      }
    }
    this.#listeners = listeners;
    if (refused !== undefined) throw refused;
  }

  /**
   * This machine sends `frame`: a question with a mark is known again where the link sends it back.
   */
  noteSent(frame: Uint8Array): void {
    const target = targetOfMarked(frame);
    if (target === undefined) return;
    this.#sent = [...this.#sent, { frame, target, at: this.#poller.now() }].slice(-MOST_SENT);
  }

  /**
   * Gives the claims that are queued on the `ready` descriptors to `take`: by whom no link of
   * `interfaces` belongs to, and each once, with how often it was answered. With an own MAC only an
   * answer to all, where the link does not send back what was sent to it.
   */
  drain(
    ready: ReadonlySet<number>,
    receiver: Receiver,
    interfaces: Interfaces,
    take: (claim: HeardClaim) => void,
  ): void {
    const isReady = (fd: number | undefined) => fd !== undefined && ready.has(fd);
    const listeners = [...this.#listeners.values()].filter(({ socket, leaving }) =>
      isReady(socket.fd) || isReady(leaving?.fd)
    );
    if (listeners.length === 0) return;
    const own = new Set(interfaces.links.flatMap(({ mac }) => mac ? [formatMac(mac)] : []));
    const told = new Map<string, HeardClaim>();
    for (const listener of listeners) {
      const { interface: name, index } = listener.wanted;
      // One that said too much is not read because the other one is.
      const arrived = isReady(listener.socket.fd) ? this.#heard(listener, receiver) : [];
      const left = isReady(listener.leaving?.fd) ? this.#heardLeaving(listener, receiver) : [];
      for (const claim of arrived) {
        const { address, mac, how } = claim;
        const macText = formatMac(mac);
        const key = `${index} ${formatIp(address)} ${macText}`;
        if (own.has(macText) && !isClone(listener, claim, this.#poller.now())) continue;
        const { answer, direct } = told.get(key) ?? { answer: how !== "unasked", direct: 0 };
        const times = direct + (how === "answer" ? 1 : 0);
        told.set(key, { address, mac, interface: name, answer, direct: times, leaving: false });
      }
      for (const { address, mac, how } of left) {
        const macText = formatMac(mac);
        const key = `${index} ${formatIp(address)} ${macText} leaving`;
        if (own.has(macText)) continue;
        const answer = how !== "unasked";
        told.set(key, { address, mac, interface: name, answer, direct: 0, leaving: true });
      }
    }
    for (const claim of told.values()) take(claim);
  }

  [Symbol.dispose](): void {
    for (const one of this.#listeners.values()) this.#end(one);
    this.#listeners = new Map();
  }

  #listen(wanted: Wanted, before: Listener | undefined): Listener {
    if (before === undefined) {
      const leaving = wanted.family === "ipv4"
        ? new LeavingClaims(this.#libc, this.#poller, this.#throttle)
        : undefined;
      return { socket: this.#open(wanted), wanted, echoUntil: 0 as Instant, leaving };
    }
    const { addresses, mac } = before.wanted;
    if (!sameAddresses(addresses, wanted.addresses) || !sameBytes(mac, wanted.mac)) {
      attachFilter(before.socket, claimFilter([...wanted.addresses.values()], wanted.mac));
      before.leaving?.follow(wanted);
    }
    return { ...before, wanted };
  }

  #open(wanted: Wanted): Socket {
    const address = packetAddress(wanted.index, PROTOCOLS[wanted.family]);
    const what = `claims on ${wanted.interface}`;
    const program = claimFilter([...wanted.addresses.values()], wanted.mac);
    return openFiltered(this.#libc, program, RECEIVE_BUFFER, address, what)
      .prepare(({ fd }) => this.#poller.add(fd));
  }

  /**
   * The claims among what is queued; what came before the list was last changed may not be wanted
   * any more.
   */
  #heard(listener: Listener, receiver: Receiver): readonly Claim[] {
    const { socket, wanted, leaving } = listener;
    const claims: Claim[] = [];
    this.#throttle.read(socket.fd, receiver, MOST_AT_ONCE, ({ data }) => {
      if (this.#isEcho(data)) {
        listener.echoUntil = after(this.#poller.now(), ECHOES_FOR);
        return;
      }
      const claim = claimIn(data);
      // An ordinary request claims its sender's address, and asks for another one.
      if (claim === undefined || claim.how === "unasked") leaving?.take(data, wanted);
      if (claim === undefined || !wanted.addresses.has(ipKey(claim.address))) return;
      claims.push({ ...claim, mac: claim.mac.slice(), how: this.#howOf(claim) });
    });
    return claims;
  }

  #heardLeaving({ leaving, wanted }: Listener, receiver: Receiver): readonly Claim[] {
    const fd = leaving?.fd;
    const claims: Claim[] = [];
    if (fd === undefined) return claims;
    this.#throttle.read(fd, receiver, MOST_AT_ONCE, ({ data }) => {
      const claim = claimIn(data);
      if (claim === undefined || !wanted.addresses.has(ipKey(claim.address))) return;
      claims.push({ ...claim, mac: claim.mac.slice() });
    });
    return claims;
  }

  /** RFC 4861 7.2.4: a question from :: is answered as if unasked. */
  #howOf({ how, address }: Claim): Claim["how"] {
    if (how !== "unasked" || address.family === "ipv4") return how;
    const now = this.#poller.now();
    const isAsked = this.#sent.some(({ target, at }) =>
      between(at, now) <= ANSWERED_WITHIN && sameIp(target, address)
    );
    return isAsked ? "answer-to-all" : how;
  }

  /** A frame that this machine has sent, perhaps padded on its way. */
  #isEcho(data: Uint8Array): boolean {
    return this.#sent.some(({ frame }) => frame.every((byte, i) => byte === data[i]));
  }

  #end({ socket, leaving }: Listener): void {
    this.#poller.remove(socket.fd);
    this.#throttle.forget(socket.fd);
    socket[Symbol.dispose]();
    leaving?.[Symbol.dispose]();
  }
}

/**
 * Is this link's own MAC the one of another machine? Not where what is heard may be this machine's
 * own word.
 */
function isClone(
  { wanted, echoUntil }: Listener,
  { mac, how }: Claim,
  now: Instant,
): boolean {
  return how === "answer-to-all" && now >= echoUntil && sameBytes(mac, wanted.mac);
}

/**
 * What is asked for by an ARP probe with something where a receiver looks for nothing
 * ({@link arpProbeToAll}), or by a Neighbor Solicitation with a nonce ({@link neighborProbeToAll}).
 */
function targetOfMarked(frame: Uint8Array): Ip | undefined {
  if (isPlainArp(frame)) return undefined;
  const ethernet = decodeEthernet(frame);
  if (ethernet?.etherType === ETHERTYPE.arp) {
    const arp = decodeArp(ethernet.payload);
    return arp !== undefined && arp.operation === "request" && isUnspecified(arp.senderIp) &&
        arp.targetMac.some((byte) => byte !== 0)
      ? arp.targetIp
      : undefined;
  }
  if (ethernet?.etherType !== ETHERTYPE.ipv6) return undefined;
  const packet = decodeIpv6(ethernet.payload);
  const neighbor = packet && decodeNeighbor(packet);
  return neighbor?.kind === "ns" && neighbor.nonce ? neighbor.target : undefined;
}

/** ARP without a mark, as most frames of this machine are: it need not be decoded. */
function isPlainArp(frame: Uint8Array): boolean {
  const etherType = (frame[12] ?? 0) << 8 | (frame[13] ?? 0);
  return etherType === ETHERTYPE.arp && frame.subarray(32, 38).every((byte) => byte === 0);
}

function groupsOf(
  watched: readonly WatchedAddress[],
  interfaces: Interfaces,
): readonly Wanted[] {
  const groups = new Map<string, Omit<Wanted, "addresses"> & { addresses: Map<string, Ip> }>();
  for (const [name, ofLink] of Map.groupBy(watched, (one) => one.interface)) {
    const link = linkNamed(interfaces, name);
    if (link === undefined) continue;
    for (const { address } of ofLink) {
      const { family } = address;
      const key = keyOf({ index: link.index, family });
      const group = groups.get(key) ??
        { index: link.index, interface: name, family, mac: link.mac, addresses: new Map() };
      groups.set(key, group);
      group.addresses.set(ipKey(address), address);
    }
  }
  return [...groups.values()];
}

function keyOf({ index, family }: Pick<Wanted, "index" | "family">): string {
  return `${index} ${family}`;
}

/** The same, in the same order. */
function sameAddresses(a: ReadonlyMap<string, Ip>, b: ReadonlyMap<string, Ip>): boolean {
  if (a.size !== b.size) return false;
  const others = b.keys();
  return a.keys().every((key) => key === others.next().value);
}
