/**
 * Ways out of this machine: one look-up of the kernel's for each family, RTM_GETROUTE
 * (rtnetlink(7)), however many routes there are.
 */
import { HostError } from "../../host.ts";
import { formatIp, type Ip, ip } from "../../net/ip.ts";
import { RTMSG } from "../abi.ts";
import { AF_INET, AF_INET6, RTA_DST, RTA_GATEWAY, RTA_IIF, RTM_GETROUTE } from "../constants.ts";
import type { Connection } from "./connection.ts";
import { address, attribute, attributeTable, concat, type NetlinkMessage, u32 } from "./message.ts";

const ROUTE_ATTRIBUTES = attributeTable({
  destination: attribute(RTA_DST, address),
  arrival: attribute(RTA_IIF, u32),
  gateway: attribute(RTA_GATEWAY, address),
});

/** Nobody has a route to these (RFC 5737, RFC 3849) but the default one. */
const FAR = [ip("192.0.2.1"), ip("2001:db8::1")];

/** The gateways of the default routes that are used now: none, or one of each family. */
export function defaultGateways(connection: Connection): readonly Ip[] {
  return FAR.flatMap((far) => gatewayTowards(connection, far) ?? []);
}

function gatewayTowards(connection: Connection, destination: Ip): Ip | undefined {
  const answer = routeTo(connection, destination);
  return answer && ROUTE_ATTRIBUTES.decode(answer.body.subarray(RTMSG.size)).gateway;
}

/**
 * The kernel's route for what goes from here to `destination`, or, with `arrival`, for what comes
 * in by the link with that index. Undefined: there is none (ENETUNREACH), or it leads nowhere.
 */
export function routeTo(
  connection: Connection,
  destination: Ip,
  arrival?: number,
): NetlinkMessage | undefined {
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
      object: `the route to ${formatIp(destination)}`,
      type: RTM_GETROUTE,
      flags: 0,
      body: concat(RTMSG.write(header), ROUTE_ATTRIBUTES.encode({ destination, arrival })),
    });
    return answer;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return undefined;
  }
}
