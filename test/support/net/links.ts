/** Links and their addresses, as the kernel tells them. */
import type { Link, LinkAddress } from "../../../src/net/interfaces.ts";
import { parsePrefix } from "../../../src/net/prefix.ts";

/** A link that is up with carrier. */
export function link(name: string, index: number, changes: Partial<Link> = {}): Link {
  return {
    index,
    name,
    mac: new Uint8Array([2, 0, 0, 0, 0, index]),
    up: true,
    running: true,
    arp: true,
    loopback: false,
    multicast: true,
    mtu: 1500,
    forwards6: false,
    ...changes,
  };
}

/** An address on the link with `index`. */
export function address(
  index: number,
  text: string,
  changes: Partial<LinkAddress> = {},
): LinkAddress {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new RangeError(text);
  const plain = { ours: false, tentative: false, secondary: false, deprecated: false };
  return { index, prefix, ...plain, ...changes };
}
