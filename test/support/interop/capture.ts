/** tcpdump on the bridge, read while it runs; every frame decoded with its kernel timestamp. */
import type { ChildProcess } from "node:child_process";
import { formatIp } from "../../../src/net/ip.ts";
import { formatMac } from "../../../src/net/mac.ts";
import { decodeFrame, type Frame } from "../../../src/wire/frame.ts";
import { isReject } from "../../../src/wire/reject.ts";
import { type Advert, decodeAdvert } from "../../../src/wire/vrrp.ts";
import type { Lan } from "../lab/lan.ts";
import { PcapReader } from "./pcap.ts";
import { endTcpdump, openTcpdump } from "./tcpdump.ts";

/** A frame and when the kernel saw it, in milliseconds since 1970 with their fraction. */
export interface CapturedFrame {
  readonly at: number;
  readonly frame: Frame;
}

/** A well-formed advert seen on the LAN. */
export interface CapturedAdvert {
  readonly at: number;
  readonly source: string;
  readonly destination: string;
  readonly ttl: number;
  readonly advert: Advert;
}

/** Someone's claim to have an address: ARP (request or reply) or Neighbor Advertisement. */
export interface CapturedClaim {
  readonly at: number;
  readonly address: string;
  readonly mac: string;
  /** "reply" was asked for, "announcement" was not. */
  readonly kind: "reply" | "announcement";
  /** Whom an ARP reply answers: the hardware address that asked. */
  readonly to: string | undefined;
}

/** Someone asks by ARP who has an address. */
export interface CapturedQuestion {
  readonly at: number;
  readonly address: string;
  /** The hardware address that asks. */
  readonly from: string;
}

/** Adverts, by IPv4 and IPv6 (pcap-filter(7)). */
export const VRRP = "proto 112 or (ip6 and ip6[6] == 112)";

/** VRRP, ARP and ICMPv6 of one bridge from {@link Capture.open} until disposed. */
export class Capture implements AsyncDisposable {
  readonly adverts: CapturedAdvert[] = [];
  readonly claims: CapturedClaim[] = [];
  readonly questions: CapturedQuestion[] = [];
  readonly #watchers = new Set<() => void>();

  private constructor(readonly child: ChildProcess) {
    const reader = new PcapReader();
    child.stdout?.on("data", (chunk: Uint8Array) => {
      for (const { at, bytes } of reader.push(chunk)) this.#take(at, decodeFrame(bytes));
      for (const look of this.#watchers) look();
    });
  }

  /** Listens on `bridge`, to all or what `filter` says; resolves when tcpdump does. */
  static async open(
    lan: Lan,
    bridge = "br0",
    filter = `${VRRP} or arp or (ip6 and ip6[6] == 58)`,
  ): Promise<Capture> {
    return await openTcpdump(lan, bridge, filter, (child) => new Capture(child));
  }

  /** The adverts of `source` at or after `since`, priority 0 left out. */
  advertsOf(source: string, since = 0): readonly CapturedAdvert[] {
    return this.adverts.filter((seen) =>
      seen.source === source && seen.at >= since && seen.advert.priority > 0
    );
  }

  /** The first advert at or after `since` that `wanted` accepts; rejects after `timeoutMs`. */
  untilAdvert(
    what: string,
    wanted: (seen: CapturedAdvert) => boolean,
    timeoutMs: number,
    since = 0,
  ): Promise<CapturedAdvert> {
    const find = () => this.adverts.find((seen) => seen.at >= since && wanted(seen));
    const already = find();
    if (already !== undefined) return Promise.resolve(already);
    const { promise, resolve, reject } = Promise.withResolvers<CapturedAdvert>();
    const look = () => {
      const found = find();
      if (found !== undefined) resolve(found);
    };
    this.#watchers.add(look);
    const timer = setTimeout(
      () => reject(new Error(`no advert (${what}) within ${timeoutMs} ms; ${this.#recent()}`)),
      timeoutMs,
    );
    return promise.finally(() => {
      clearTimeout(timer);
      this.#watchers.delete(look);
    });
  }

  /** {@link Capture.untilAdvert} for a claim of `source` to be master: any priority but 0. */
  untilMaster(source: string, timeoutMs: number, since = 0): Promise<CapturedAdvert> {
    const claims = (seen: CapturedAdvert) => seen.source === source && seen.advert.priority > 0;
    return this.untilAdvert(`${source} as master`, claims, timeoutMs, since);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endTcpdump(this.child);
  }

  #recent(): string {
    const lines = this.adverts.slice(-8).map(({ at, source, advert }) =>
      `${(at % 1e6).toFixed(1)} ${source} priority ${advert.priority}`
    );
    return `the last ones: ${lines.join(", ")}`;
  }

  #take(at: number, frame: Frame): void {
    switch (frame.kind) {
      case "vrrp": {
        const { datagram } = frame;
        const advert = decodeAdvert(datagram);
        if (isReject(advert)) return;
        const source = formatIp(datagram.source);
        const destination = formatIp(datagram.destination);
        this.adverts.push({ at, source, destination, ttl: datagram.ttl, advert });
        return;
      }
      case "arp": {
        const { operation, senderIp, targetIp } = frame.arp;
        const [mac, target] = [formatMac(frame.arp.senderMac), formatMac(frame.arp.targetMac)];
        const [address, asked] = [formatIp(senderIp), formatIp(targetIp)];
        if (address === asked) {
          this.claims.push({ at, address, mac, kind: "announcement", to: undefined });
        } else if (operation === "reply") {
          this.claims.push({ at, address, mac, kind: "reply", to: target });
        } else {
          this.questions.push({ at, address: asked, from: mac });
        }
        return;
      }
      case "na": {
        const { target, solicited, ...neighbor } = frame.neighbor;
        const mac = formatMac(neighbor.mac ?? frame.ethernet.source);
        const kind = solicited ? "reply" : "announcement";
        this.claims.push({ at, address: formatIp(target), mac, kind, to: undefined });
        return;
      }
      case "ns":
      case "other":
        return;
    }
  }
}
