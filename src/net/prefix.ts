/** Addresses with a prefix length, and what is inside them. */
import { formatIp, type Ip, ipFromBytes, parseIp, sameIp, sizeOf } from "./ip.ts";

/** An address and the length of its network part: 0-32 (ipv4) or 0-128 (ipv6). */
export interface Prefix {
  readonly address: Ip;
  readonly length: number;
}

/**
 * Reads "192.168.1.50/24"; without a length it is a host address (/32, /128). Undefined where it is
 * neither.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const [before, after, rest] = text.split("/");
  const address = parseIp(before ?? "");
  if (address === undefined || rest !== undefined) return undefined;
  const most = sizeOf(address.family) * 8;
  if (after === undefined) return { address, length: most };
  if (!/^(0|[1-9]\d{0,2})$/.test(after) || Number(after) > most) return undefined;
  return { address, length: Number(after) };
}

/** "192.168.1.50/24". */
export function formatPrefix(prefix: Prefix): string {
  return `${formatIp(prefix.address)}/${prefix.length}`;
}

/** The first address of the subnet: 192.168.1.0 of 192.168.1.50/24. */
export function networkOf(prefix: Prefix): Ip {
  return masked(prefix, (byte, mask) => byte & mask);
}

/** The last address of the subnet: 192.168.1.255 of 192.168.1.50/24 (IPv4's directed broadcast). */
export function broadcastOf(prefix: Prefix): Ip {
  return masked(prefix, (byte, mask) => byte | (~mask & 0xff));
}

/** Does the subnet of `prefix` hold `address`? */
export function containsIp(prefix: Prefix, address: Ip): boolean {
  if (prefix.address.family !== address.family) return false;
  // Without a network made of each: every address of a machine is asked for every sender.
  for (let i = 0, left = prefix.length; left > 0; i++, left -= 8) {
    const mask = left >= 8 ? 0xff : (0xff << (8 - left)) & 0xff;
    if ((((prefix.address.bytes[i] ?? 0) ^ (address.bytes[i] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

/** Same address and same length? */
export function samePrefix(a: Prefix, b: Prefix): boolean {
  return a.length === b.length && sameIp(a.address, b.address);
}

function masked(prefix: Prefix, combine: (byte: number, mask: number) => number): Ip {
  return ipFromBytes(prefix.address.bytes.map((byte, i) => {
    const bits = Math.min(8, Math.max(0, prefix.length - 8 * i));
    return combine(byte, (0xff << (8 - bits)) & 0xff);
  }));
}
