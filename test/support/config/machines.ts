/**
 * Machines that configurations are held against: interfaces with addresses, written in one line
 * each.
 */
import type { Interfaces, Link, LinkAddress } from "../../../src/net/interfaces.ts";
import { parsePrefix } from "../../../src/net/prefix.ts";
import type { Machine } from "../../../src/config/plan/plan_node.ts";

/**
 * A machine with interfaces such as `{ eth0: ["192.168.1.11/24", "ours 192.168.1.50/32"] }`; "ours"
 * marks an address that floatip added.
 */
export function machine(
  links: Readonly<Record<string, readonly string[]>>,
  hostName = "somehost",
): Machine {
  const names = Object.keys(links);
  const interfaces: Interfaces = {
    links: names.map((name, index) => link(name, index + 1)),
    addresses: names.flatMap((name, index) =>
      (links[name] ?? []).map((text) => address(text, index + 1))
    ),
  };
  return { hostName, interfaces };
}

function link(name: string, index: number): Link {
  const loopback = name === "lo";
  return {
    index,
    name,
    mac: undefined,
    up: true,
    running: true,
    arp: !loopback,
    loopback,
    multicast: !loopback && !name.startsWith("tun"),
    mtu: 1500,
    forwards6: false,
  };
}

function address(text: string, index: number): LinkAddress {
  const prefix = parsePrefix(text.replace("ours ", ""));
  if (prefix === undefined) throw new RangeError(text);
  const ours = text.startsWith("ours ");
  return { index, prefix, ours, tentative: false, secondary: false, deprecated: false };
}
