/** Network interfaces: RTM_GETLINK and RTM_NEWLINK (rtnetlink(7), linux/if_link.h). */
import type { Link } from "../../net/interfaces.ts";
import { IFINFOMSG, NETCONFMSG } from "../abi.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  DEVCONF_DISABLE_IPV6,
  DEVCONF_FORWARDING,
  IFF_LOOPBACK,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_RUNNING,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_AF_SPEC,
  IFLA_BOND_ACTIVE_SLAVE,
  IFLA_CARRIER_UP_COUNT,
  IFLA_EXT_MASK,
  IFLA_IFNAME,
  IFLA_INET6_CONF,
  IFLA_INET_CONF,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  IPV4_DEVCONF_PROMOTE_SECONDARIES,
  NETCONFA_FORWARDING,
  NETCONFA_IFINDEX,
  RTEXT_FILTER_SKIP_STATS,
  RTM_GETLINK,
  RTM_SETLINK,
} from "../constants.ts";
import type { Connection } from "./connection.ts";
import {
  attribute,
  attributeTable,
  type AttributeValues,
  concat,
  type NetlinkMessage,
  raw,
  s32Array,
  text,
  u32,
} from "./message.ts";

const FAMILY_TABLE = {
  ipv4: attribute(AF_INET, attributeTable({ conf: attribute(IFLA_INET_CONF, s32Array) })),
  ipv6: attribute(AF_INET6, attributeTable({ conf: attribute(IFLA_INET6_CONF, s32Array) })),
};
const FAMILIES = attributeTable(FAMILY_TABLE);

/** What `data` says depends on `kind`; only a bond's is read. */
const LINK_INFO = attributeTable({
  kind: attribute(IFLA_INFO_KIND, text),
  data: attribute(
    IFLA_INFO_DATA,
    attributeTable({ activePort: attribute(IFLA_BOND_ACTIVE_SLAVE, u32) }),
  ),
});

const LINK_ATTRIBUTES = attributeTable({
  address: attribute(IFLA_ADDRESS, raw),
  name: attribute(IFLA_IFNAME, text),
  mtu: attribute(IFLA_MTU, u32),
  master: attribute(IFLA_MASTER, u32),
  info: attribute(IFLA_LINKINFO, LINK_INFO),
  carrierUps: attribute(IFLA_CARRIER_UP_COUNT, u32),
  extMask: attribute(IFLA_EXT_MASK, u32),
  families: attribute(IFLA_AF_SPEC, FAMILIES),
});

/** IFLA_INET_CONF as it is set: each setting an attribute with its own number. */
const INET_SETTINGS = attributeTable({
  families: attribute(
    IFLA_AF_SPEC,
    attributeTable({
      ipv4: attribute(
        AF_INET,
        attributeTable({
          conf: attribute(
            IFLA_INET_CONF,
            attributeTable({
              promoteSecondaries: attribute(IPV4_DEVCONF_PROMOTE_SECONDARIES, u32),
            }),
          ),
        }),
      ),
    }),
  ),
});

const NETCONF_ATTRIBUTES = attributeTable({
  index: attribute(NETCONFA_IFINDEX, u32),
  forwarding: attribute(NETCONFA_FORWARDING, u32),
});

/** Every link, in the kernel's order. Throws NetlinkError. */
export function loadLinks(connection: Connection): readonly Link[] {
  const answers = connection.dump({
    call: "RTM_GETLINK",
    object: "all interfaces",
    type: RTM_GETLINK,
    body: getLinkBody(0),
  });
  return answers.flatMap((message) => decodeLink(message) ?? []);
}

/**
 * What an RTM_NEWLINK or RTM_DELLINK says; undefined where it is about a bridge's port and not
 * about the link itself.
 */
export function decodeLink({ body }: NetlinkMessage): Link | undefined {
  if (!IFINFOMSG.fits(body)) return undefined;
  const { family, index, flags } = IFINFOMSG.read(body);
  // A link that leaves a bridge is told as RTM_DELLINK of AF_BRIDGE: it is still there.
  if (family !== AF_UNSPEC) return undefined;
  const values = LINK_ATTRIBUTES.decode(body.subarray(IFINFOMSG.size));
  const { name, address, mtu, families, master, carrierUps, info } = values;
  if (name === undefined) return undefined;
  const activePort = info?.kind === "bond" ? info.data?.activePort : undefined;
  return {
    index,
    name,
    mac: address?.length === 6 ? address.slice() : undefined,
    up: (flags & IFF_UP) !== 0,
    running: (flags & IFF_RUNNING) !== 0,
    arp: (flags & IFF_NOARP) === 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    multicast: (flags & IFF_MULTICAST) !== 0,
    mtu: mtu ?? 0,
    forwards6: (families?.ipv6?.conf?.[DEVCONF_FORWARDING] ?? 0) !== 0,
    ...(isIpv6Off(families) ? { ipv6Off: true as const } : {}),
    ...(master === undefined ? {} : { master }),
    ...(carrierUps === undefined ? {} : { carrierUps }),
    ...(activePort === undefined ? {} : { activePort }),
  };
}

/** A link without IPv6 has no settings of it, though it has those of IPv4. */
function isIpv6Off(families: AttributeValues<typeof FAMILY_TABLE> | undefined): boolean {
  const conf = families?.ipv6?.conf;
  return conf === undefined
    ? families?.ipv4?.conf !== undefined
    : (conf[DEVCONF_DISABLE_IPV6] ?? 0) !== 0;
}

/**
 * The link with `index`; undefined: it is gone. Throws NetlinkError where it cannot be asked for.
 */
export function loadLink(connection: Connection, index: number): Link | undefined {
  const answer = askForLink(connection, index);
  return answer && decodeLink(answer);
}

/**
 * What an RTM_NEWNETCONF says of IPv6 forwarding on one link; undefined where it is about something
 * else.
 */
export function decodeForwarding(
  { body }: NetlinkMessage,
): { readonly index: number; readonly forwards6: boolean } | undefined {
  if (!NETCONFMSG.fits(body) || NETCONFMSG.read(body).family !== AF_INET6) return undefined;
  const { index, forwarding } = NETCONF_ATTRIBUTES.decode(body.subarray(NETCONFMSG.size));
  if (index === undefined || forwarding === undefined) return undefined;
  return { index, forwards6: forwarding !== 0 };
}

/** Is promote_secondaries on for this interface alone (ip-sysctl)? Throws NetlinkError (ENODEV). */
export function promotesSecondaries(connection: Connection, index: number): boolean {
  const answer = askForLink(connection, index);
  const attributes = answer?.body.subarray(IFINFOMSG.size) ?? new Uint8Array();
  const conf = LINK_ATTRIBUTES.decode(attributes).families?.ipv4?.conf;
  // The array begins with setting number 1.
  return (conf?.[IPV4_DEVCONF_PROMOTE_SECONDARIES - 1] ?? 0) !== 0;
}

function askForLink(connection: Connection, index: number): NetlinkMessage | undefined {
  const [answer] = connection.request({
    call: "RTM_GETLINK",
    object: `interface ${index}`,
    type: RTM_GETLINK,
    flags: 0,
    body: getLinkBody(index),
  });
  return answer;
}

/** Switches promote_secondaries for this interface, without /proc/sys. Throws NetlinkError. */
export function setPromotesSecondaries(connection: Connection, index: number, on: boolean): void {
  const promoteSecondaries = on ? 1 : 0;
  connection.request({
    call: "RTM_SETLINK",
    object: `promote_secondaries of interface ${index}`,
    type: RTM_SETLINK,
    flags: 0,
    body: concat(
      linkHeader(index),
      INET_SETTINGS.encode({ families: { ipv4: { conf: { promoteSecondaries } } } }),
    ),
  });
}

function getLinkBody(index: number): Uint8Array {
  return concat(linkHeader(index), LINK_ATTRIBUTES.encode({ extMask: RTEXT_FILTER_SKIP_STATS }));
}

function linkHeader(index: number): Uint8Array {
  return IFINFOMSG.write({ family: AF_UNSPEC, type: 0, index, flags: 0, change: 0 });
}
