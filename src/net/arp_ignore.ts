/** The sysctl arp_ignore (ip-sysctl): a kernel that is told not to answer ARP for what it has. */
import type { Prefix } from "./prefix.ts";

/**
 * Is ARP for an IPv4 address of floatip not answered? 8: for none is it; 3: for none of scope host,
 * as its /32 addresses have.
 */
export function isArpIgnored(arpIgnore: number, { length }: Prefix): boolean {
  return arpIgnore === 8 || (arpIgnore === 3 && length === 32);
}

/** What is typed so that the interface called `name` answers for its addresses. */
export function answeringArp(name: string): string {
  return `sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.${name}.arp_ignore=1`;
}
