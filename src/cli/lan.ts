/**
 * Some seconds of the LAN: adverts on the wire and at a socket, and who answers for which address.
 */
import type {
  DeliveredAdvert,
  HeardAdvert,
  LanQuery,
  LanSeen,
} from "../tools/doctor/environment.ts";
import { type Endpoint, HostError } from "../host.ts";
import type { Capture } from "../linux/capture.ts";
import type { LinuxHost } from "../linux/linux_host.ts";
import { type Interfaces, linkNamed, primaryAddress } from "../net/interfaces.ts";
import { formatIp, includesIp, type Ip, sameIp } from "../net/ip.ts";
import type { Mac } from "../net/mac.ts";
import { after, earliest, milliseconds, type Nanoseconds } from "../time.ts";
import { arpProbe, arpRequest } from "../wire/arp.ts";
import { encodeGroupQuery } from "../wire/igmp.ts";
import { neighborProbe, neighborRequest } from "../wire/ndp.ts";
import { isReject } from "../wire/reject.ts";
import { decodeAdvert, groupOf } from "../wire/vrrp.ts";
import { Bounded, Heard } from "./lan_heard.ts";

/** What is to be heard and asked. */
export interface LanWish {
  readonly time: Nanoseconds;
  readonly questions: readonly LanQuery[];
  /** Interfaces on which the group of IPv4 adverts is asked for, to hear who gets it. */
  readonly groupsOn?: readonly string[];
  /** Where adverts are received as the daemon would; none: on the wire alone. */
  readonly endpoints: readonly Endpoint[];
  /** What the endpoints receive is for these; default: for any. */
  readonly vrids?: readonly number[];
  /** UDP to these ports is taken for VRRP; default: none. */
  readonly ports?: readonly number[];
  /** Told of each advert of another machine as it comes. */
  readonly hear?: (advert: HeardAdvert) => void;
}

/**
 * Each question is put so many milliseconds after the start: one request or answer may get lost.
 */
const ASKED_AT_MS = [0, 300, 700];

/**
 * Listens for `wish.time`, asking at its beginning. Rejects only for a mistake of ours; a "no" of
 * the kernel is `refusal`.
 */
export async function watchLan(wish: LanWish): Promise<LanSeen> {
  const nothing = {
    asked: [],
    answers: [],
    adverts: [],
    unread: [],
    delivered: [],
    members: [],
    refused: [],
  };
  const [{ openCapture }, { LinuxHost }] = await Promise.all([
    import("../linux/capture.ts"),
    import("../linux/linux_host.ts"),
  ]);
  try {
    using capture = openCapture(undefined, { neighbours: true, ports: wish.ports ?? [] });
    using host = new LinuxHost();
    for (const endpoint of wish.endpoints) openWhereItCan(host, endpoint, wish);
    const heard = new Heard({ ...wish, asked: wish.questions.map(({ address }) => address) });
    const listening = take(capture, heard);
    const { delivered, asked } = await attend(host, wish);
    capture[Symbol.dispose]();
    await listening;
    return { listened: wish.time, ...heard.seen(), delivered, asked, refusal: undefined };
  } catch (error) {
    if (error instanceof HostError) {
      return { listened: wish.time, ...nothing, refusal: error.words };
    }
    throw error;
  }
}

/** Until the capture is closed. */
async function take(capture: Capture, heard: Heard): Promise<void> {
  for (;;) {
    const frames = await capture.read();
    if (frames.length === 0) return;
    for (const { interface: name, frame, outgoing } of frames) heard.take(name, frame, outgoing);
  }
}

/**
 * An address that is not here, or a group on a link that is down: what cannot be opened hears
 * nothing. Those who are asked for are heard in a flood too, as by the daemon.
 */
function openWhereItCan(
  host: LinuxHost,
  endpoint: Endpoint,
  { vrids, questions }: LanWish,
): void {
  try {
    host.open(endpoint);
    if (vrids === undefined) return;
    const asked = questions.map(({ address }) => address);
    const known = asked.filter(({ family }) => family === endpoint.family);
    host.hear(endpoint, { vrids, known });
  } catch (error) {
    if (!(error instanceof HostError) || error.code === "EPERM") throw error;
  }
}

/** Puts the questions, and receives what the endpoints get, until the time is over. */
async function attend(
  host: LinuxHost,
  { time, questions, groupsOn = [] }: LanWish,
): Promise<Pick<LanSeen, "delivered" | "asked">> {
  const delivered = new Bounded<DeliveredAdvert>();
  const asked = new Set<LanQuery>();
  const asks = questions.map(({ address }) => address);
  const start = host.now();
  const rounds = ASKED_AT_MS.map((ms) => after(start, milliseconds(ms)));
  const end = after(start, time);
  for (let next = rounds.shift(); host.now() < end;) {
    if (next !== undefined && host.now() >= next) {
      for (const question of questions) if (ask(host, question)) asked.add(question);
      for (const name of groupsOn) {
        sendOn(host, name, ({ mac }) => encodeGroupQuery(mac, groupOf("ipv4")));
      }
      next = rounds.shift();
    }
    for (const event of await host.wait(earliest(next, end))) {
      if (event.kind !== "datagram") continue;
      const message = decodeAdvert(event.datagram);
      if (isReject(message)) continue;
      const { source } = event.datagram;
      const { vrid } = message;
      const known = includesIp(asks, source);
      delivered.add(`${vrid} ${formatIp(source)}`, { family: source.family, source, vrid }, known);
    }
  }
  return { delivered: delivered.all, asked: [...asked] };
}

/** Asks who has the address; false: it cannot be asked there (no such link, or one without ARP). */
function ask(host: LinuxHost, { interface: name, address }: LanQuery): boolean {
  const [probe, request] = address.family === "ipv4"
    ? [arpProbe, arpRequest]
    : [neighborProbe, neighborRequest];
  return sendOn(host, name, ({ mac }) => {
    const source = senderOn(host.interfaces(), name, address);
    return source === undefined ? probe(mac, address) : request(mac, source, address);
  });
}

/**
 * Sends a frame where there is a link with neighbours; false: there is none, or it does not take
 * it.
 */
function sendOn(
  host: LinuxHost,
  name: string,
  frameFor: (from: { readonly mac: Mac }) => Uint8Array,
): boolean {
  const link = linkNamed(host.interfaces(), name);
  if (link?.mac === undefined || !link.up || !link.running || !link.arp) return false;
  try {
    host.sendFrame(name, frameFor({ mac: link.mac }));
    return true;
  } catch (error) {
    if (!(error instanceof HostError) || error.code === "EPERM") throw error;
    return false;
  }
}

/**
 * Who asks: this node's own address there; nobody where its very own is asked for (RFC 5227 2.1.1,
 * RFC 4862 5.4.2).
 */
function senderOn(interfaces: Interfaces, name: string, address: Ip): Ip | undefined {
  const link = linkNamed(interfaces, name);
  if (link === undefined) return undefined;
  const mine = interfaces.addresses.some((entry) => sameIp(entry.prefix.address, address));
  return mine ? undefined : primaryAddress(interfaces, link, address.family, [address]);
}
