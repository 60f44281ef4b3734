/**
 * What the frames of a LAN said within some seconds, as far as it matters; bounded, whatever sends
 * how much.
 */
import type {
  GroupMember,
  HeardAdvert,
  LanAnswer,
  LanSeen,
  RefusedPacket,
  UnreadPacket,
} from "../tools/doctor/environment.ts";
import { formatIp, includesIp, type Ip } from "../net/ip.ts";
import { formatMac, type Mac } from "../net/mac.ts";
import { claimIn } from "../wire/claim.ts";
import type { EthernetFrame } from "../wire/ethernet.ts";
import { decodeFrame } from "../wire/frame.ts";
import { decodeUnreachable, type Unreachable } from "../wire/icmp.ts";
import { groupsHeard } from "../wire/igmp.ts";
import { decodeIpv4 } from "../wire/ipv4.ts";
import { isReject } from "../wire/reject.ts";
import { decodeAdvert, groupOf, peekVrid, VRRP_PROTOCOL, type VrrpDatagram } from "../wire/vrrp.ts";

/**
 * ICMP's codes (RFC 792, RFC 1812 5.2.7.1); 3, "port", is what netfilter's REJECT says where it is
 * told nothing else.
 */
const NO_SUCH_PROTOCOL = 2;
const NO_SUCH_PORT = 3;
const FORBIDDEN = [3, 9, 10, 13];

/**
 * Most things of a kind that senders say whom nobody asked for: anybody on the LAN can invent them.
 */
const MOST_OF_STRANGERS = 256;

/** Most of those that were asked for: some hundred addresses, a few things each. */
const MOST_OF_KNOWN = 4096;

/** The first of each key, and not too many. */
export class Bounded<T> {
  readonly #known = new Map<string, T>();
  readonly #strange = new Map<string, T>();

  /**
   * Keeps `value` where nothing was kept under `key`; that of somebody `known` has a place of its
   * own.
   */
  add(key: string, value: T, known: boolean): void {
    const kept = known ? this.#known : this.#strange;
    if (kept.size >= (known ? MOST_OF_KNOWN : MOST_OF_STRANGERS) || kept.has(key)) return;
    kept.set(key, value);
  }

  /** What was kept. */
  get all(): readonly T[] {
    return [...this.#known.values(), ...this.#strange.values()];
  }
}

/** Of what more is wanted than VRRP by protocol 112. */
export interface HeardOptions {
  /** What they say has a place of its own. */
  readonly asked: readonly Ip[];
  /** UDP to these ports is taken for VRRP; default: none. */
  readonly ports?: readonly number[];
  /** Told of each advert of another machine as it comes. */
  readonly hear?: (advert: HeardAdvert) => void;
}

/** What the frames said. */
export class Heard {
  readonly #adverts = new Bounded<HeardAdvert>();
  readonly #unread = new Bounded<UnreadPacket>();
  readonly #answers = new Bounded<LanAnswer>();
  readonly #members = new Bounded<GroupMember>();
  readonly #refused = new Bounded<RefusedPacket>();
  readonly #options: HeardOptions;

  constructor(options: HeardOptions) {
    this.#options = options;
  }

  /** All of it. */
  seen(): Pick<LanSeen, "adverts" | "unread" | "answers" | "members" | "refused"> {
    return {
      adverts: this.#adverts.all,
      unread: this.#unread.all,
      answers: this.#answers.all,
      members: this.#members.all,
      refused: this.#refused.all,
    };
  }

  /** Takes one frame of the interface called `name` in; `outgoing`: this machine itself sent it. */
  take(name: string, frame: Uint8Array, outgoing: boolean): void {
    const decoded = decodeFrame(frame, this.#options.ports);
    if (decoded.kind === "vrrp") {
      this.#takeVrrp(name, decoded.ethernet, decoded.datagram, outgoing);
    } else if (!outgoing) {
      const claim = claimIn(frame);
      if (claim !== undefined) this.#claim(name, claim.address, claim.mac);
      else if (decoded.kind === "other") this.#takeIpv4(name, decoded.ethernet);
    }
  }

  #takeVrrp(
    name: string,
    ethernet: EthernetFrame,
    datagram: VrrpDatagram,
    outgoing: boolean,
  ): void {
    const { source, destination, port, payload } = datagram;
    const advert = decodeAdvert(datagram);
    const from = { interface: name, source, mac: formatMac(ethernet.source), outgoing };
    const key = `${name} ${formatIp(source)} ${from.mac} ${outgoing} ${peekVrid(payload)}`;
    const known = outgoing || includesIp(this.#options.asked, source);
    if (isReject(advert)) {
      const vrid = peekVrid(payload);
      // By UDP anything may come: by protocol 112 it is a machine that uses this number.
      if (vrid === undefined || port !== undefined) return;
      return this.#unread.add(key, { ...from, vrid, reason: advert.reason }, known);
    }
    const by = port === undefined ? {} : { port };
    const heard = { ...from, destination, ...by, advert };
    const way = `${port} ${formatIp(destination)} ${advert.priority === 0}`;
    this.#adverts.add(`${key} ${way} ${advert.addresses.map(formatIp)}`, heard, known);
    if (!outgoing) this.#options.hear?.(heard);
  }

  /** Who hears the group, and who takes no VRRP. */
  #takeIpv4(name: string, ethernet: EthernetFrame | undefined): void {
    const packet = ethernet && decodeIpv4(ethernet.payload);
    if (packet === undefined) return;
    if (includesIp(groupsHeard(packet), groupOf("ipv4"))) {
      const { source } = packet;
      const known = includesIp(this.#options.asked, source);
      this.#members.add(`${name} ${formatIp(source)}`, { interface: name, source }, known);
    }
    const unreachable = decodeUnreachable(packet);
    if (unreachable !== undefined) this.#refuse(unreachable);
  }

  #refuse({ code, destination, protocol, port }: Unreachable): void {
    const byUdp = port !== undefined && this.#options.ports?.includes(port) === true;
    if (byUdp) {
      const by = code === NO_SUCH_PORT ? "port" : FORBIDDEN.includes(code) ? "filter" : undefined;
      if (by !== undefined) this.#keepRefusal({ destination, by, port });
    } else if (protocol === VRRP_PROTOCOL) {
      if (code === NO_SUCH_PROTOCOL) this.#keepRefusal({ destination, by: "protocol" });
      else if (FORBIDDEN.includes(code)) this.#keepRefusal({ destination, by: "filter" });
    }
  }

  #keepRefusal(refused: RefusedPacket): void {
    const { destination, by, port } = refused;
    const known = includesIp(this.#options.asked, destination);
    this.#refused.add(`${formatIp(destination)} ${by} ${port}`, refused, known);
  }

  /** A machine that says that it has an address, asked or not. */
  #claim(name: string, address: Ip, mac: Mac): void {
    if (!includesIp(this.#options.asked, address)) return;
    const answer = { interface: name, address, mac: formatMac(mac) };
    this.#answers.add(`${name} ${formatIp(address)} ${answer.mac}`, answer, false);
  }
}
