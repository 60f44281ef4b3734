/** Who listens on which port? The tables of proc_net(5): /proc/net/tcp, tcp6, udp, udp6. */
import { type Ip, ipFromBytes, isUnspecified, sameIp } from "../../net/ip.ts";

/** A socket that waits for clients. */
export interface ListeningSocket {
  readonly transport: "tcp" | "udp";
  readonly address: Ip;
  readonly port: number;
}

/** TCP_LISTEN; for UDP TCP_CLOSE, "not connected" (linux/net_tcp_states.h). */
const WAITING = { tcp: "0A", udp: "07" } as const;

/** Reads one table; lines that are not of its form are left out. */
export function readListeners(
  text: string,
  table: "tcp" | "tcp6" | "udp" | "udp6",
): readonly ListeningSocket[] {
  const transport = table.startsWith("tcp") ? "tcp" : "udp";
  return text.split("\n").flatMap((line) => {
    const match = /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) /.exec(line);
    const [, address = "", port = "", state] = match ?? [];
    if (state !== WAITING[transport]) return [];
    return [{ transport, address: addressIn(address), port: parseInt(port, 16) }];
  });
}

/** Those of `listeners` that a client of `address` reaches. */
export function listenersFor(
  listeners: readonly ListeningSocket[],
  address: Ip,
): readonly ListeningSocket[] {
  return listeners.filter(({ address: own }) =>
    sameIp(own, address) ||
    // A socket on :: serves IPv4 too, unless it says otherwise (IPV6_V6ONLY), which the table does not tell.
    isUnspecified(own) && (own.family === address.family || own.family === "ipv6")
  );
}

/** Words of 4 bytes, each printed as a number of this machine: little-endian on x86-64 and arm64. */
function addressIn(hex: string): Ip {
  const bytes = Uint8Array.fromHex(hex);
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return ipFromBytes(bytes);
}
