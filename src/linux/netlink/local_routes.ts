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

/** Those that are not there yet, as far as is known. */
export class LocalRoutes {
  readonly #connection: Connection;
  /** Of addresses, as texts, the link that each is on. */
  readonly #awaited = new Map<string, number>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** `address` was put on the link with `index` just now. */
  expect(address: Ip, index: number): void {
    if (address.family !== "ipv6") return;
    this.#awaited.set(formatIp(address), index);
    this.#change(RTM_NEWROUTE, address, index, EXPIRES);
  }

  /** `address` is being removed from the link with `index`. */
  forget(address: Ip, index: number): void {
    if (address.family !== "ipv6") return;
    this.#awaited.delete(formatIp(address));
    this.#change(RTM_DELROUTE, address, index);
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

  /** Where the kernel does not do it, its own route is waited for. */
  #change(type: number, destination: Ip, link: number, expires?: number): void {
    const header = {
      family: AF_INET6,
      destinationLength: destination.bytes.length * 8,
      sourceLength: 0,
      tos: 0,
      table: RT_TABLE_LOCAL,
      protocol: IFAPROT_FLOATIP,
      scope: 0,
      type: RTN_LOCAL,
      flags: 0,
    };
    try {
      this.#connection.request({
        call: type === RTM_NEWROUTE ? "RTM_NEWROUTE" : "RTM_DELROUTE",
        object: `the local route to ${formatIp(destination)}`,
        type,
        flags: type === RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_REPLACE : 0,
        body: concat(
          RTMSG.write(header),
          ATTRIBUTES.encode({ destination, link, metric: METRIC, expires }),
        ),
      });
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
  }
}
