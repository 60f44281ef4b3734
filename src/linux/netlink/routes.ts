/**
 * Ways out of this machine: one look-up of the kernel's for each family, RTM_GETROUTE
 * (rtnetlink(7)), however many routes there are.
 */
import { HostError } from "../../host.ts";
import { type Ip, ip } from "../../net/ip.ts";
import { RTMSG } from "../abi.ts";
import { AF_INET, AF_INET6, RTA_DST, RTA_GATEWAY, RTM_GETROUTE } from "../constants.ts";
import type { Connection } from "./connection.ts";
import { address, attribute, attributeTable, concat } from "./message.ts";

const ROUTE_ATTRIBUTES = attributeTable({
  destination: attribute(RTA_DST, address),
  gateway: attribute(RTA_GATEWAY, address),
});

/** Nobody has a route to these (RFC 5737, RFC 3849) but the default one. */
const FAR = [ip("192.0.2.1"), ip("2001:db8::1")];

/** The gateways of the default routes that are used now: none, or one of each family. */
export function defaultGateways(connection: Connection): readonly Ip[] {
  return FAR.flatMap((far) => gatewayTowards(connection, far) ?? []);
}

function gatewayTowards(connection: Connection, destination: Ip): Ip | undefined {
  const header = {
    family: destination.family === "ipv4" ? AF_INET : AF_INET6,
    destinationLength: destination.bytes.length * 8,
    sourceLength: 0,
    tos: 0,
    table: 0,
    protocol: 0,
    scope: 0,
    type: 0,
    flags: 0,
  };
  try {
    const [answer] = connection.request({
      call: "RTM_GETROUTE",
      object: "the default route",
      type: RTM_GETROUTE,
      flags: 0,
      body: concat(RTMSG.write(header), ROUTE_ATTRIBUTES.encode({ destination })),
    });
    return answer && ROUTE_ATTRIBUTES.decode(answer.body.subarray(RTMSG.size)).gateway;
  } catch (error) {
    // There is none (ENETUNREACH), or it leads nowhere.
    if (!(error instanceof HostError)) throw error;
    return undefined;
  }
}
