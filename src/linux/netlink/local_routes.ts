/**
 * Local routes of new IPv6 addresses: Linux says that an address is there, and has a worker of the
 * same processor make the route by which packets to it are taken (addrconf_dad_work in
 * net/ipv6/addrconf.c), 50 µs to 50 ms later. Until then a route of ours takes them, which ends by
 * itself. IPv4's are there with the kernel's answer.
 */
import { HostError } from "../../host.ts";
import { formatIp, type Ip } from "../../net/ip.ts";
import { RTMSG } from "../abi.ts";
import {
  AF_INET6,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  RT_TABLE_LOCAL,
  RTA_DST,
  RTA_EXPIRES,
  RTA_OIF,
  RTA_PRIORITY,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  RTN_LOCAL,
} from "../constants.ts";
import { IFAPROT_FLOATIP } from "./addresses.ts";
import type { Connection } from "./connection.ts";
import { address, attribute, attributeTable, concat, u32 } from "./message.ts";
import { routeTo } from "./routes.ts";

const ATTRIBUTES = attributeTable({
  destination: attribute(RTA_DST, address),
  link: attribute(RTA_OIF, u32),
  metric: attribute(RTA_PRIORITY, u32),
  expires: attribute(RTA_EXPIRES, u32),
});

/**
 * The kernel's own has metric 0: it comes first, and ours is never taken for it. In seconds:
 * longer than its worker takes.
 */
const METRIC = 1, EXPIRES = 1;

/** An address, and the link that it is on. */
interface Place {
  readonly address: Ip;
  readonly index: number;
}

/** Those that are not there yet, as far as is known. */
export class LocalRoutes {
  readonly #connection: Connection;
  /** Of addresses, as texts, the link that each is on. */
  readonly #awaited = new Map<string, number>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** These addresses were put there just now. */
  expect(places: readonly Place[]): void {
    const all = places.filter(isIpv6);
    for (const { address, index } of all) this.#awaited.set(formatIp(address), index);
    this.#change(RTM_NEWROUTE, all, EXPIRES);
  }

  /** These addresses are being removed. */
  forget(places: readonly Place[]): void {
    const all = places.filter(isIpv6);
    for (const { address } of all) this.#awaited.delete(formatIp(address));
    this.#change(RTM_DELROUTE, all);
  }

  /** Are packets to `address`, which was put here, taken? Asks the kernel until they are. */
  isThere(address: Ip): boolean {
    if (this.#awaited.size === 0) return true;
    const text = formatIp(address);
    const index = this.#awaited.get(text);
    if (index === undefined) return true;
    const answer = routeTo(this.#connection, address, index);
    if (answer === undefined || RTMSG.read(answer.body).type !== RTN_LOCAL) return false;
    this.#awaited.delete(text);
    return true;
  }

  /** In one go. Where the kernel does not do it, its own routes are waited for. */
  #change(type: number, places: readonly Place[], expires?: number): void {
    const flags = type === RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_REPLACE : 0;
    const requests = places.map(({ address: destination, index: link }) => {
      const attributes = { destination, link, metric: METRIC, expires };
      const body = concat(headerOf(destination), ATTRIBUTES.encode(attributes));
      return this.#connection.keep({ type, flags, body });
    });
    try {
      this.#connection.batch(requests);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
  }
}

function isIpv6({ address }: Place): boolean {
  return address.family === "ipv6";
}

function headerOf(destination: Ip): Uint8Array {
  return RTMSG.write({
    family: AF_INET6,
    destinationLength: destination.bytes.length * 8,
    sourceLength: 0,
    tos: 0,
    table: RT_TABLE_LOCAL,
    protocol: IFAPROT_FLOATIP,
    scope: 0,
    type: RTN_LOCAL,
    flags: 0,
  });
}
