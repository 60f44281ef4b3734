/** IP addresses: bytes in network order with a family; text only at the edges. */

/** The two address families. */
export type Family = "ipv4" | "ipv6";

/** An address: 4 bytes (ipv4) or 16 bytes (ipv6) in network order. */
export interface Ip {
  readonly family: Family;
  readonly bytes: Uint8Array;
}

/** Bytes in an address of `family`: 4 or 16. */
export function sizeOf(family: Family): 4 | 16 {
  return family === "ipv4" ? 4 : 16;
}

/** Wraps 4 or 16 bytes; the bytes are copied. Throws RangeError on any other count. */
export function ipFromBytes(bytes: Uint8Array): Ip {
  if (bytes.length === 4) return { family: "ipv4", bytes: bytes.slice() };
  if (bytes.length === 16) return { family: "ipv6", bytes: bytes.slice() };
  throw new RangeError(`an address has 4 or 16 bytes, not ${bytes.length}`);
}

/**
 * Reads "192.168.1.50" or "fe80::1" (RFC 4291 2.2; no zone, no port). Undefined where it is
 * neither.
 */
export function parseIp(text: string): Ip | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** {@link parseIp} for text known to be right, such as a constant. Throws RangeError. */
export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new RangeError(`not an address: ${text}`);
  return parsed;
}

/** "192.168.1.50", or IPv6 in its canonical form (RFC 5952). */
export function formatIp(address: Ip): string {
  const { bytes } = address;
  if (address.family === "ipv6") return formatIpv6(bytes);
  return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
}

/** "127.0.0.1:80", "[::1]:80", "db.example.org:80". */
export function formatEndpoint(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Numerical comparison, unsigned, network order: negative, 0 or positive. The one place where
 * addresses are compared (RFC 9568 6.4.3 breaks ties by it). IPv4 sorts before IPv6.
 */
export function compareIp(a: Ip, b: Ip): number {
  if (a.family !== b.family) return a.family === "ipv4" ? -1 : 1;
  for (let i = 0; i < a.bytes.length; i++) {
    const difference = (a.bytes[i] ?? 0) - (b.bytes[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Are both the same address? */
export function sameIp({ bytes: a }: Ip, { bytes: b }: Ip): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  // From the end: addresses of one LAN differ there.
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}

/** Are both the same addresses in the same order? */
export function sameIps(a: readonly Ip[], b: readonly Ip[]): boolean {
  return a.length === b.length && a.every((one, i) => sameIp(one, b[i] ?? one));
}

/** Is `address` one of `list`? */
export function includesIp(list: readonly Ip[], address: Ip): boolean {
  return list.some((other) => sameIp(other, address));
}

/** A text that is equal for equal addresses, to look them up by; not for people. */
export function ipKey({ family, bytes }: Ip): string {
  if (family === "ipv6") return String.fromCharCode(...bytes);
  return String.fromCharCode(bytes[0] ?? 0, bytes[1] ?? 0, bytes[2] ?? 0, bytes[3] ?? 0);
}

/** 224.0.0.0/4 or ff00::/8. */
export function isMulticast(address: Ip): boolean {
  const first = address.bytes[0] ?? 0;
  return address.family === "ipv4" ? first >> 4 === 0xe : first === 0xff;
}

/** 169.254.0.0/16 or fe80::/10. */
export function isLinkLocal(address: Ip): boolean {
  const [first = 0, second = 0] = address.bytes;
  if (address.family === "ipv4") return first === 169 && second === 254;
  return first === 0xfe && (second & 0xc0) === 0x80;
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(address: Ip): boolean {
  if (address.family === "ipv4") return address.bytes[0] === 127;
  return address.bytes.every((byte, i) => byte === (i === 15 ? 1 : 0));
}

/** 0.0.0.0 or ::. */
export function isUnspecified(address: Ip): boolean {
  return address.bytes.every((byte) => byte === 0);
}

/**
 * Can one machine have it: no group, no broadcast, no loopback, nothing reserved (RFC 1122 3.2.1.3,
 * RFC 4291 2.4)?
 */
export function isUnicast(address: Ip): boolean {
  if (isMulticast(address) || isLoopback(address) || isUnspecified(address)) return false;
  const first = address.bytes[0] ?? 0;
  // 0.0.0.0/8 is "this network", 240.0.0.0/4 reserved, its last address the broadcast.
  return address.family === "ipv6" || (first !== 0 && first < 240);
}

function parseIpv4(text: string): Ip | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  if (!parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return { family: "ipv4", bytes: Uint8Array.from(parts, Number) };
}

function parseIpv6(text: string): Ip | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => half === "" ? [] : half.split(":"));
  const left = ipv6Bytes(head ?? [], tail === undefined);
  const right = ipv6Bytes(tail ?? [], true);
  if (left === undefined || right === undefined) return undefined;
  const gap = 16 - left.length - right.length;
  if (tail === undefined ? gap !== 0 : gap < 2) return undefined;
  const zeros = new Array<number>(gap).fill(0);
  return { family: "ipv6", bytes: Uint8Array.from([...left, ...zeros, ...right]) };
}

/** The bytes of colon-separated groups; the last may be a dotted quad where `atEnd`. */
function ipv6Bytes(groups: readonly string[], atEnd: boolean): readonly number[] | undefined {
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else if (atEnd && index === groups.length - 1) {
      const quad = parseIpv4(group);
      if (quad === undefined) return undefined;
      bytes.push(...quad.bytes);
    } else {
      return undefined;
    }
  }
  return bytes;
}

function formatIpv6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  const [start, length] = longestZeroRun(groups);
  if (length < 2) return joined(groups, 0, 8);
  return `${joined(groups, 0, start)}::${joined(groups, start + length, 8)}`;
}

function joined(groups: readonly number[], from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) {
    text += `${i === from ? "" : ":"}${(groups[i] ?? 0).toString(16)}`;
  }
  return text;
}

/** Start and length of the longest run of zero groups, the first of equals (RFC 5952 4.2.3). */
function longestZeroRun(groups: readonly number[]): readonly [number, number] {
  let best: readonly [number, number] = [0, 0];
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > best[1]) best = [start, end - start];
    start = end;
  }
  return best;
}
