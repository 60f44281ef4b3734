/**
 * Reception: finds the virtual router of each packet and counts it; only accepted ones become
 * events.
 */
import type { Opened, Unsealed } from "../cluster/advert_seals.ts";
import { messageIn } from "../wire/sealed.ts";
import type { Datagram, Endpoint } from "../host.ts";
import { type Interfaces, isNeighbour, subnetEdges } from "../net/interfaces.ts";
import { formatIp, includesIp, type Ip, isMulticast, sameIp } from "../net/ip.ts";
import type { Instant } from "../time.ts";
import type { Event } from "../vrrp/event.ts";
import { isNewMaster } from "../vrrp/master.ts";
import { masterDownOf } from "../vrrp/intervals.ts";
import { type AdvertContext, type Notice, validateAdvert } from "../vrrp/validate_advert.ts";
import { isQuestion } from "../wire/presence.ts";
import { isReject, type Reject, REJECT_REASONS, type RejectReason } from "../wire/reject.ts";
import { type Advert, decodeAdvert, peekVrid } from "../wire/vrrp.ts";
import type { Conflicts, Sight } from "./holders/conflicts.ts";
import type { Once } from "./journal/log.ts";
import type { Heard, VirtualRouter } from "./virtual_router.ts";
import { putNewest } from "./senders.ts";
import { sameBytes } from "../net/bytes.ts";

/** An accepted advert and the router that takes it. */
export interface Accepted {
  readonly router: VirtualRouter;
  readonly event: Event;
}

/** What a receiver works with. */
export interface ReceiverOptions {
  readonly once: Once;
  readonly conflicts: Conflicts;
  /** Virtual routers that hear adverts with `vrid` at `endpoint`. */
  readonly find: (endpoint: Endpoint, vrid: number) => readonly VirtualRouter[];
  /** The machine's, now: they tell which hosts are neighbours. */
  readonly interfaces: () => Interfaces;
  /** What a datagram says, or why it is not taken; undefined: nothing is sealed. */
  readonly unseal?: (
    endpoint: Endpoint,
    datagram: Datagram,
    at: Instant,
  ) => Opened | Unsealed | undefined;
  /** `router` has heard a sender that it did not know. */
  readonly newSender?: (router: VirtualRouter, source: Ip) => void;
}

/** The receiving side of a daemon. */
export class Receiver {
  /** Packets that no virtual router here is meant by, by reason. */
  readonly unknown = new Map<RejectReason, number>();
  readonly #options: ReceiverOptions;
  /** By VRID: the packet that was read last, and what it says. */
  readonly #latest = new Map<
    number,
    { readonly datagram: Datagram; readonly decoded: Advert | Reject }
  >();
  #edges: { readonly of: Interfaces; readonly texts: ReadonlySet<string> } | undefined;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /**
   * Looks at one packet that came through `endpoint` at `at`. A packet that is refused touches no
   * timer.
   */
  receive(
    endpoint: Endpoint,
    datagram: Datagram,
    at: Instant,
  ): readonly Accepted[] {
    // A node asks whether VRRP is taken here: that it is not refused is the answer.
    if (isQuestion(datagram.payload)) return [];
    const opened = this.#options.unseal?.(endpoint, datagram, at);
    if (opened === undefined) return this.#receivePlain(endpoint, datagram, at);
    if (typeof opened === "string") return this.#refuseSeal(endpoint, datagram, opened, at);
    const accepted = this.#receivePlain(endpoint, { ...datagram, payload: opened.message }, at);
    return opened.isUnproved ? accepted.map(unproved) : accepted;
  }

  #receivePlain(endpoint: Endpoint, datagram: Datagram, at: Instant): readonly Accepted[] {
    const vrid = peekVrid(datagram.payload);
    const meant = vrid === undefined ? [] : this.#options.find(endpoint, vrid);
    // A socket of the group hears unicast too: what another socket here waits for is not for it.
    if (isByUnicast(endpoint, datagram) && vrid !== undefined) {
      const { family, interface: link } = endpoint;
      const source = datagram.destination;
      const other = this.#options.find({ kind: "unicast", family, source, interface: link }, vrid);
      if (other.length > 0) return [];
    }
    if (meant.length === 0) {
      count(this.unknown, vrid === undefined ? "too-short" : "unknown-vrid");
      return [];
    }
    const decoded = this.#decoded(vrid ?? 0, datagram);
    const [only] = meant;
    if (only !== undefined && meant.length === 1) {
      return this.#judge(only, decoded, endpoint, datagram, at);
    }
    return meant.flatMap((router) => this.#judge(router, decoded, endpoint, datagram, at));
  }

  #refuseSeal(
    endpoint: Endpoint,
    datagram: Datagram,
    reason: Unsealed,
    at: Instant,
  ): readonly [] {
    const vrid = peekVrid(messageIn(datagram.payload));
    const meant = vrid === undefined ? [] : this.#options.find(endpoint, vrid);
    for (const router of meant) {
      this.#refuse(router, { reason, detail: "" }, undefined, datagram, at);
    }
    if (meant.length === 0) count(this.unknown, reason);
    return [];
  }

  /** A master says the same again and again. */
  #decoded(vrid: number, datagram: Datagram): Advert | Reject {
    const before = this.#latest.get(vrid);
    if (before !== undefined && isSameDatagram(before.datagram, datagram)) return before.decoded;
    const decoded = decodeAdvert(datagram);
    // A buffer may be read into again.
    const payload = datagram.payload.slice();
    this.#latest.set(vrid, { datagram: { ...datagram, payload }, decoded });
    return decoded;
  }

  #judge(
    router: VirtualRouter,
    decoded: Advert | Reject,
    endpoint: Endpoint,
    datagram: Datagram,
    at: Instant,
  ): readonly Accepted[] {
    if (isReject(decoded)) return this.#refuse(router, decoded, undefined, datagram, at);
    const { source } = datagram;
    const own = router.source;
    const verdict = validateAdvert(decoded, this.#contextOf(endpoint, datagram, own), router.rules);
    if ("reject" in verdict) {
      return this.#refuse(router, verdict.reject, decoded, datagram, at);
    }
    if (own === undefined) return [];
    this.#note(router, decoded, verdict.notices, datagram, at);
    return [{ router, event: { kind: "advert", advert: decoded, source, own } }];
  }

  #contextOf(endpoint: Endpoint, datagram: Datagram, own: Ip | undefined): AdvertContext {
    const { source, destination, ttl, port: sourcePort = 0 } = datagram;
    const interfaces = this.#options.interfaces();
    const subnetEdge = this.#edgesOf(interfaces).has(formatIp(source));
    const transport = isByUnicast(endpoint, datagram) ? "unicast" : endpoint.kind;
    const context = { source, subnetEdge, destination, own, transport } as const;
    if (endpoint.kind !== "udp") return context;
    const neighbour = isNeighbour(interfaces, source);
    return { ...context, udp: { ttl, sourcePort, port: endpoint.port, neighbour } };
  }

  /** {@link subnetEdges} as text, made again only where the network changed. */
  #edgesOf(interfaces: Interfaces): ReadonlySet<string> {
    if (this.#edges?.of !== interfaces) {
      this.#edges = { of: interfaces, texts: new Set(subnetEdges(interfaces).map(formatIp)) };
    }
    return this.#edges.texts;
  }

  #refuse(
    router: VirtualRouter,
    reject: Reject,
    decoded: Advert | undefined,
    datagram: Datagram,
    at: Instant,
  ): readonly [] {
    count(router.rejects, reject.reason);
    this.#options.once.sayReject(router.plan, reject, datagram.source);
    const sight = refusedSight(router, reject, decoded, datagram, at);
    if (sight !== undefined) this.#options.conflicts.note(router, sight);
    return [];
  }

  #note(
    router: VirtualRouter,
    advert: Advert,
    notices: readonly Notice[],
    datagram: Datagram,
    at: Instant,
  ): void {
    const sender = formatIp(datagram.source);
    router.counters.received++;
    if (advert.priority === 0) router.counters.receivedZero++;
    const heard: Heard = {
      source: datagram.source,
      priority: advert.priority,
      at,
      interval: advert.interval,
      checksum: advert.checksumForm,
      otherAddresses: notices.some((notice) => notice.kind === "other-addresses"),
    };
    if (!router.heard.has(sender)) this.#options.newSender?.(router, datagram.source);
    putNewest(router.heard, sender, heard);
    for (const notice of notices) {
      if (notice.kind === "owner-contradicted" && isNewMaster(router.state, at, router.rules)) {
        continue;
      }
      this.#options.once.sayNotice(router.plan, notice, datagram.source);
    }
  }
}

/**
 * What a refused packet says: its sender claims our VRID. Undefined: nothing, for it leaves, or is
 * our own packet sent back to us. `advert`: what it says, where it could be read.
 */
function refusedSight(
  { rules }: VirtualRouter,
  { reason, detail }: Reject,
  advert: Advert | undefined,
  { source, port }: Datagram,
  at: Instant,
): Sight | undefined {
  if (["own-packet", "not-sealed", "replayed"].includes(reason) || advert?.priority === 0) {
    return undefined;
  }
  // By UDP users without rights can send these, and hosts of the Internet: no daemon does.
  if (reason === "source-port" || (reason === "ttl" && port !== undefined)) return undefined;
  const shared = advert === undefined ||
    advert.addresses.some((address) => includesIp(rules.addresses, address));
  return {
    kind: "refused",
    who: formatIp(source),
    words: `${REJECT_REASONS[reason]}${detail === "" ? "" : `: ${detail}`}`,
    unasked: false,
    own: false,
    leaving: false,
    stranger: !shared,
    at,
    patience: masterDownOf(rules, advert?.interval ?? rules.advertInterval),
  };
}

/** Did a socket of the group hear what was sent to an address of this machine? */
function isByUnicast({ kind }: Endpoint, { destination }: Datagram): boolean {
  return kind === "multicast" && !isMulticast(destination);
}

function isSameDatagram(a: Datagram, b: Datagram): boolean {
  return a.ttl === b.ttl && a.port === b.port && sameIp(a.source, b.source) &&
    sameIp(a.destination, b.destination) && sameBytes(a.payload, b.payload);
}

function unproved({ router, event }: Accepted): Accepted {
  return { router, event: event.kind === "advert" ? { ...event, isUnproved: true } : event };
}

function count(counters: Map<RejectReason, number>, reason: RejectReason): void {
  counters.set(reason, (counters.get(reason) ?? 0) + 1);
}
