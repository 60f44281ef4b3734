/**
 * Addresses on the interfaces, and how ours are put there: RTM_GETADDR, RTM_NEWADDR, RTM_DELADDR
 * (rtnetlink(7)).
 */
import { type Ip, isLoopback, sizeOf } from "../../net/ip.ts";
import type { LinkAddress, VirtualAddress } from "../../net/interfaces.ts";
import { broadcastOf, formatPrefix, type Prefix } from "../../net/prefix.ts";
import { type Nanoseconds, seconds } from "../../time.ts";
import { IFA_CACHEINFO_STRUCT, IFADDRMSG } from "../abi.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IFA_ADDRESS,
  IFA_BROADCAST,
  IFA_CACHEINFO,
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_SECONDARY,
  IFA_F_TENTATIVE,
  IFA_FLAGS,
  IFA_LABEL,
  IFA_LOCAL,
  IFA_PROTO,
  INFINITY_LIFE_TIME,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  RT_SCOPE_HOST,
  RT_SCOPE_UNIVERSE,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWADDR,
} from "../constants.ts";
import type { Connection, KeptRequest, Request } from "./connection.ts";
import {
  address,
  attribute,
  attributeTable,
  concat,
  type NetlinkMessage,
  struct,
  text,
  u32,
  u8,
} from "./message.ts";

/**
 * Our mark on an address (IFA_PROTO, Linux 5.18; older kernels pass over it): VRRP's protocol
 * number, which no other program claims in iproute2's rt_addrprotos. `ip -d addr` shows it as
 * "proto 112".
 */
export const IFAPROT_FLOATIP = 112;

/** How long the kernel keeps an address, in whole seconds; 0xffffffff until it is removed. */
export type Lifetime = number;

/** `duration` as the kernel counts it, at least a second; undefined: without end. */
export function lifetimeOf(duration: Nanoseconds | undefined): Lifetime {
  if (duration === undefined) return INFINITY_LIFE_TIME;
  return Math.min(Math.max(1, Math.round(duration / 1e9)), INFINITY_LIFE_TIME - 1);
}

const ADDRESS_ATTRIBUTES = attributeTable({
  address: attribute(IFA_ADDRESS, address),
  local: attribute(IFA_LOCAL, address),
  label: attribute(IFA_LABEL, text),
  broadcast: attribute(IFA_BROADCAST, address),
  cacheInfo: attribute(IFA_CACHEINFO, struct(IFA_CACHEINFO_STRUCT)),
  flags: attribute(IFA_FLAGS, u32),
  proto: attribute(IFA_PROTO, u8),
});

/** Every address of every link, in the kernel's order. Throws NetlinkError. */
export function loadAddresses(connection: Connection): readonly LinkAddress[] {
  const header = { family: AF_UNSPEC, prefixlen: 0, flags: 0, scope: 0, index: 0 };
  const answers = connection.dump({
    call: "RTM_GETADDR",
    object: "all addresses",
    type: RTM_GETADDR,
    body: IFADDRMSG.write(header),
  });
  return answers.flatMap((message) => decodeAddress(message) ?? []);
}

/** What an RTM_NEWADDR or RTM_DELADDR says; undefined where it is of another family. */
export function decodeAddress({ body }: NetlinkMessage): LinkAddress | undefined {
  if (!IFADDRMSG.fits(body)) return undefined;
  const header = IFADDRMSG.read(body);
  if (header.family !== AF_INET && header.family !== AF_INET6) return undefined;
  const values = ADDRESS_ATTRIBUTES.decode(body.subarray(IFADDRMSG.size));
  // On a point-to-point link IFA_ADDRESS is the other end, IFA_LOCAL our own.
  const own = values.local ?? values.address;
  if (own === undefined) return undefined;
  const flags = values.flags ?? header.flags;
  return {
    index: header.index,
    prefix: { address: own, length: header.prefixlen },
    ours: values.proto === IFAPROT_FLOATIP,
    tentative: (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) !== 0,
    ...((flags & IFA_F_DADFAILED) === 0 ? {} : { dadFailed: true as const }),
    // For IPv6 the same bit says "temporary address".
    secondary: header.family === AF_INET && (flags & IFA_F_SECONDARY) !== 0,
    deprecated: (flags & IFA_F_DEPRECATED) !== 0,
    ...validity(values.cacheInfo?.valid),
  };
}

/** How an address is put there. */
export interface Terms {
  readonly lifetime: Lifetime;
  /**
   * IPv6: the kernel makes the route to its subnet, and ends it with the address; false: others of
   * the subnet have that route.
   */
  readonly bringsRoute: boolean;
}

/**
 * Adds `held` to the link with `index` on these terms. Throws NetlinkError; EEXIST: it is there
 * already, and {@link replaceAddress} makes it ours.
 */
export function addAddress(
  connection: Connection,
  held: VirtualAddress,
  index: number,
  terms: Terms,
): void {
  const request = additionOf(held, index, terms, NLM_F_EXCL);
  connection.request({ call: "RTM_NEWADDR", object: objectOf(held), ...request });
}

/**
 * Marks `held`, which may be there, as ours and has the kernel keep it on these terms from now.
 * Throws NetlinkError.
 */
export function replaceAddress(
  connection: Connection,
  held: VirtualAddress,
  index: number,
  terms: Terms,
): void {
  const request = additionOf(held, index, terms, NLM_F_REPLACE);
  connection.request({ call: "RTM_NEWADDR", object: objectOf(held), ...request });
}

/** {@link addAddress}, to be sent with others. */
export function keptAddition(
  connection: Connection,
  held: VirtualAddress,
  index: number,
  terms: Terms,
): KeptRequest {
  return connection.keep(additionOf(held, index, terms, NLM_F_EXCL));
}

/** {@link replaceAddress}, to be sent again and again. */
export function keptReplacement(
  connection: Connection,
  held: VirtualAddress,
  index: number,
  terms: Terms,
): KeptRequest {
  return connection.keep(additionOf(held, index, terms, NLM_F_REPLACE));
}

/** Deletes `held` from the link with `index`. Throws NetlinkError (EADDRNOTAVAIL, ENODEV). */
export function deleteAddress(connection: Connection, held: VirtualAddress, index: number): void {
  connection.request({ call: "RTM_DELADDR", object: objectOf(held), ...deletionOf(held, index) });
}

/** {@link deleteAddress}, to be sent with others. */
export function keptDeletion(
  connection: Connection,
  held: VirtualAddress,
  index: number,
): KeptRequest {
  return connection.keep(deletionOf(held, index));
}

function deletionOf({ prefix }: VirtualAddress, index: number): Omit<Request, "call" | "object"> {
  const { address } = prefix;
  const attributes = ADDRESS_ATTRIBUTES.encode({ local: address, address });
  return { type: RTM_DELADDR, flags: 0, body: concat(headerOf(prefix, index), attributes) };
}

/** Is it a single host's, /32 or /128? */
export function isHostAddress({ address, length }: Prefix): boolean {
  return length === sizeOf(address.family) * 8;
}

/** `lifetime` as it stands in a {@link LinkAddress}: absent where it has no end. */
export function validity(lifetime: Lifetime = INFINITY_LIFE_TIME): Pick<LinkAddress, "validFor"> {
  return lifetime === INFINITY_LIFE_TIME ? {} : { validFor: seconds(lifetime) };
}

/** `how`: whether one that is there already is an error, or is replaced. */
function additionOf(
  held: VirtualAddress,
  index: number,
  terms: Terms,
  how: typeof NLM_F_EXCL | typeof NLM_F_REPLACE,
): Omit<Request, "call" | "object"> {
  const body = concat(headerOf(held.prefix, index), attributesOf(held, terms));
  return { type: RTM_NEWADDR, flags: NLM_F_CREATE | how, body };
}

function headerOf(prefix: Prefix, index: number): Uint8Array {
  return IFADDRMSG.write({
    family: prefix.address.family === "ipv4" ? AF_INET : AF_INET6,
    prefixlen: prefix.length,
    flags: 0,
    scope: scopeOf(prefix),
    index,
  });
}

/**
 * An IPv4 host address gets host scope: the kernel then never chooses it as a source (for scope
 * "global" and "link" it does, for multicast and broadcast, once the node's own address went and
 * came back), and answers for it all the same.
 */
function scopeOf(prefix: Prefix): number {
  const aside = prefix.address.family === "ipv4" && isHostAddress(prefix);
  return aside || isLoopback(prefix.address) ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
}

function attributesOf({ prefix, label }: VirtualAddress, terms: Terms): Uint8Array {
  const { lifetime: valid, bringsRoute } = terms;
  const ipv4 = prefix.address.family === "ipv4";
  // An IPv6 host address is deprecated from the start: that keeps it from being chosen (RFC 6724 5,
  // rule 3).
  const preferred = !ipv4 && isHostAddress(prefix) ? 0 : preferredOf(valid);
  return ADDRESS_ATTRIBUTES.encode({
    local: prefix.address,
    address: prefix.address,
    label: ipv4 ? label : undefined,
    broadcast: broadcastFor(prefix),
    cacheInfo: { preferred, valid, created: 0, updated: 0 },
    flags: ipv4 ? undefined : IFA_F_NODAD | (bringsRoute ? 0 : IFA_F_NOPREFIXROUTE),
    proto: IFAPROT_FLOATIP,
  });
}

/**
 * A preferred lifetime that ends before the valid one wakes the kernel up in time for that
 * (decision 0039). Linux chooses IPv4 addresses whether they are preferred or not.
 *
 * In ordinary running it must never be reached: at its end the kernel wants its lock (RTNL), and by
 * the time that it looked at before it waited for that it deletes what was renewed meanwhile
 * (check_lifetime in net/ipv4/devinet.c). Renewals are at most half of `valid` apart, 1.33 s for 3
 * s (vrrp/lease.ts).
 */
function preferredOf(valid: Lifetime): Lifetime {
  if (valid === INFINITY_LIFE_TIME) return valid;
  return Math.max(Math.min(valid, 2), valid - 2 - Math.floor(valid / 16));
}

/** Subnets of one or two addresses have no broadcast address (RFC 3021). */
function broadcastFor(prefix: Prefix): Ip | undefined {
  return prefix.address.family === "ipv4" && prefix.length < 31 ? broadcastOf(prefix) : undefined;
}

function objectOf({ prefix, interface: name }: VirtualAddress): string {
  return `${formatPrefix(prefix)} on ${name}`;
}
