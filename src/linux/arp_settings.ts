/** What the kernel is told of ARP (ip-sysctl), by /proc/sys: rtnetlink does not tell `all`. */

/** arp_ignore of an interface: the greater of `all` and its own; 0 where it cannot be read. */
export function arpIgnore(interfaceName: string): number {
  return Math.max(...["all", interfaceName].map(valueOf));
}

function valueOf(place: string): number {
  try {
    return Number(Deno.readTextFileSync(`/proc/sys/net/ipv4/conf/${place}/arp_ignore`)) || 0;
  } catch {
    // The interface is gone, or the machine has no IPv4.
    return 0;
  }
}
