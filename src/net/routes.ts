/** The default routes in the kernel's tables (proc_net(5)). */
import { type Ip, ipFromBytes } from "./ip.ts";

/** A route for all that no other route is for. */
export interface DefaultRoute {
  readonly interface: string;
  /** Undefined: the route has none (a point-to-point link). */
  readonly gateway: Ip | undefined;
  readonly metric: number;
}

const RTF_UP = 0x1;
const RTF_GATEWAY = 0x2;

/**
 * The default routes in the text of /proc/net/route (IPv4), best first. Lines of another form are
 * left out.
 */
export function readDefaultRoutes(text: string): readonly DefaultRoute[] {
  return text.split("\n").slice(1).flatMap((line): readonly DefaultRoute[] => {
    const [name, destination, gateway = "", flags, , , metric, mask] = line.trim().split(/\s+/);
    const bits = parseInt(flags ?? "0", 16);
    if (name === undefined || destination !== "00000000" || mask !== "00000000") return [];
    if ((bits & RTF_UP) === 0 || !/^\d+$/.test(metric ?? "")) return [];
    const via = (bits & RTF_GATEWAY) !== 0 ? hostOrder(gateway) : undefined;
    return [{ interface: name, gateway: via, metric: Number(metric) }];
  }).toSorted((a, b) => a.metric - b.metric);
}

/**
 * The default routes in the text of /proc/net/ipv6_route, best first; those that reject (on "lo")
 * are none.
 */
export function readDefaultRoutes6(text: string): readonly DefaultRoute[] {
  return text.split("\n").flatMap((line): readonly DefaultRoute[] => {
    const words = line.trim().split(/\s+/);
    const [destination, length, , , gateway = "", metric = "0"] = words;
    const [flags, name] = [words[8] ?? "0", words[9]];
    if (name === undefined || name === "lo" || length !== "00") return [];
    if (!/^0{32}$/.test(destination ?? "") || (parseInt(flags, 16) & RTF_UP) === 0) return [];
    if (!/^[0-9a-f]{32}$/.test(gateway) || !/^[0-9a-f]{1,8}$/.test(metric)) return [];
    const via = /^0+$/.test(gateway) ? undefined : ipFromBytes(Uint8Array.fromHex(gateway));
    return [{ interface: name, gateway: via, metric: parseInt(metric, 16) }];
  }).toSorted((a, b) => a.metric - b.metric);
}

/** 4 bytes printed as a number of this machine: little-endian on x86-64 and arm64. */
function hostOrder(hex: string): Ip | undefined {
  return /^[0-9A-F]{8}$/.test(hex) ? ipFromBytes(Uint8Array.fromHex(hex).reverse()) : undefined;
}
