/**
 * Machines that configurations are held against: interfaces with addresses, written in one line
 * each.
 */
import type { Interfaces, Link, LinkAddress } from "../../../src/net/interfaces.ts";
import type { Machine } from "../../../src/config/plan/plan_node.ts";
import { address, link } from "../net/links.ts";

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
    links: names.map((name, index) => linkOf(name, index + 1)),
    addresses: names.flatMap((name, index) =>
      (links[name] ?? []).map((text) => addressOf(text, index + 1))
    ),
  };
  return { hostName, interfaces };
}

function linkOf(name: string, index: number): Link {
  const isLoopback = name === "lo";
  return link(name, index, {
    mac: undefined,
    arp: !isLoopback,
    loopback: isLoopback,
    multicast: !isLoopback && !name.startsWith("tun"),
  });
}

function addressOf(text: string, index: number): LinkAddress {
  return address(index, text.replace("ours ", ""), { ours: text.startsWith("ours ") });
}
