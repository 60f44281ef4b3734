/** How one address is put on a link, whatever is there already. */
import { HostError } from "../../host.ts";
import type { VirtualAddress } from "../../net/interfaces.ts";
import type { Prefix } from "../../net/prefix.ts";
import { INFINITY_LIFE_TIME } from "../constants.ts";
import { EEXIST } from "../errno.ts";
import {
  addAddress,
  deleteAddress,
  isHostAddress,
  type Lifetime,
  replaceAddress,
  type Terms,
  validity,
} from "./addresses.ts";
import { type Connection, NetlinkError } from "./connection.ts";
import type { InterfaceTable } from "./table.ts";

/** {@link Terms.bringsRoute} of `prefix` on the link with `index`. */
export function bringsRouteTo(table: InterfaceTable, index: number, prefix: Prefix): boolean {
  return prefix.address.family === "ipv4" || !table.hasOthersOfSubnet(index, prefix);
}

/** Puts `held` on the link with `index`, as ours. Throws NetlinkError. */
export function addOrReplace(
  connection: Connection,
  table: InterfaceTable,
  held: VirtualAddress,
  index: number,
  lifetime: Lifetime,
): "added" | "present" {
  const { prefix } = held;
  const terms = { lifetime, bringsRoute: bringsRouteTo(table, index, prefix) };
  // A renewal, as a rule: not first told that it is there already.
  if (table.find(index, prefix)?.ours === true) {
    replace(connection, table, held, index, terms);
    return "present";
  }
  try {
    addAddress(connection, held, index, terms);
    return "added";
  } catch (error) {
    if (!isErrno(error, EEXIST)) throw error;
    replace(connection, table, held, index, terms);
    return "present";
  }
}

/**
 * Where one without end gets an end, Linux gives the route to its subnet a wrong one, long past
 * (modify_prefix_route in net/ipv6/addrconf.c). Without a route in between it makes a new one.
 */
function replace(
  connection: Connection,
  table: InterfaceTable,
  held: VirtualAddress,
  index: number,
  terms: Terms,
): void {
  const before = table.find(index, held.prefix);
  // Replacing it would leave it unused; added again it is not looked into.
  if (before?.dadFailed) {
    deleteAddress(connection, held, index);
    return addAddress(connection, held, index, terms);
  }
  const getsAnEnd = held.prefix.address.family === "ipv6" && before?.validFor === undefined &&
    terms.lifetime !== INFINITY_LIFE_TIME;
  if (terms.bringsRoute && getsAnEnd) {
    replaceAddress(connection, held, index, { ...terms, bringsRoute: false });
  }
  replaceAddress(connection, held, index, terms);
}

/** The kernel tells of an IPv6 address from a work queue, a moment after it acknowledged it. */
export function predict(
  table: InterfaceTable,
  held: VirtualAddress,
  index: number,
  lifetime: Lifetime,
): void {
  table.put({
    index,
    prefix: held.prefix,
    ours: true,
    tentative: false,
    secondary: false,
    deprecated: held.prefix.address.family === "ipv6" && isHostAddress(held.prefix),
    ...validity(lifetime),
  });
}

/** Is it the kernel's no with one of these error numbers? */
export function isErrno(error: unknown, ...numbers: readonly number[]): boolean {
  if (error instanceof NetlinkError) return numbers.includes(error.errno);
  if (error instanceof HostError) return false;
  throw error;
}
