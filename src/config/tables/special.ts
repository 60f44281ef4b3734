/** Addresses that no machine on a LAN can have, by their own (RFC 6890). Pure. */
import {
  type Ip,
  ipFromBytes,
  isLoopback,
  isMulticast,
  isUnicast,
  isUnspecified,
} from "../../net/ip.ts";

/** What `address` is that no machine can have, in words; undefined: one can. */
export function specialNature(address: Ip): string | undefined {
  if (isUnspecified(address)) return "the unspecified address";
  if (isMulticast(address)) return "a multicast address";
  if (isLoopback(address)) return "a loopback address";
  if (mappedIpv4(address) !== undefined) return "an IPv4 address in the form of an IPv6 address";
  const { family, bytes } = address;
  if (family === "ipv6") {
    // RFC 4291 2.5.5.1.
    const isCompatible = bytes.subarray(0, 12).every((byte) => byte === 0);
    return isCompatible ? "an IPv4-compatible address, a form that is out of use" : undefined;
  }
  if (bytes.every((byte) => byte === 255)) return "the broadcast address";
  if (isUnicast(address)) return undefined;
  return bytes[0] === 0
    ? 'an address of "this network", 0.0.0.0/8'
    : "a reserved address, of 240.0.0.0/4";
}

/** The 1.2.3.4 of ::ffff:1.2.3.4 (RFC 4291 2.5.5.2); undefined: it is another address. */
export function mappedIpv4({ family, bytes }: Ip): Ip | undefined {
  const isMapped = family === "ipv6" && bytes.subarray(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 0xff && bytes[11] === 0xff;
  return isMapped ? ipFromBytes(bytes.subarray(12)) : undefined;
}
