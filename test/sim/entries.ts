/** Entries of a machine's list of addresses, told apart. */
import type { LinkAddress } from "../../src/net/interfaces.ts";
import { sameIp } from "../../src/net/ip.ts";

type Entry = Pick<LinkAddress, "index" | "prefix">;

/** Are both the same address, of the same length, on the same link? */
export function isEntry(a: Entry, b: Entry): boolean {
  return a.index === b.index && a.prefix.length === b.prefix.length &&
    sameIp(a.prefix.address, b.prefix.address);
}

/** Is `b` what `a` is, of the same entry? */
export function isSameEntry(a: LinkAddress, b: LinkAddress): boolean {
  return a.ours === b.ours && a.tentative === b.tentative && a.secondary === b.secondary &&
    a.deprecated === b.deprecated && a.validFor === b.validFor && a.dadFailed === b.dadFailed;
}
