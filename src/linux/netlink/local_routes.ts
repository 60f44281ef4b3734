/**
 * Local routes of new IPv6 addresses: Linux says that an address is there, and has a worker of the
 * same processor make the route by which packets to it are taken (addrconf_dad_work in
 * net/ipv6/addrconf.c), 50 µs to 50 ms later. IPv4's are there with the kernel's answer.
 */
import { formatIp, type Ip } from "../../net/ip.ts";
import { RTMSG } from "../abi.ts";
import { RTN_LOCAL } from "../constants.ts";
import type { Connection } from "./connection.ts";
import { routeTo } from "./routes.ts";

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
    if (address.family === "ipv6") this.#awaited.set(formatIp(address), index);
  }

  /** `address` is being removed. */
  forget(address: Ip): void {
    this.#awaited.delete(formatIp(address));
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
}
