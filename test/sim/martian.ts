/** Packets that a kernel drops for their source. */
import type { Family } from "../../src/net/ip.ts";
import type { Machine } from "./machine.ts";

/**
 * Does the kernel of `machine` drop what says that it comes from `source`? IPv4 from an own
 * address; IPv6 passes.
 */
export function isMartian(machine: Machine, family: Family, source: string): boolean {
  return family === "ipv4" && machine.has(source);
}

/** By its text. */
export function familyOf(address: string): Family {
  return isIpv6(address) ? "ipv6" : "ipv4";
}

/** By its text. */
export function isIpv6(address: string): boolean {
  return address.includes(":");
}
