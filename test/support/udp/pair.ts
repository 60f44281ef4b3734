/** Two nodes behind filters that let nothing through but one UDP port and ping. */
import { demand } from "../lab/command.ts";
import type { LabHost } from "../lab/lab_host.ts";

/** How often the master speaks, in milliseconds. */
export const INTERVAL_MS = 100;

/** The floating addresses: IPv4, and IPv6 with the link-local one that RFC 9568 wants first. */
export const ADDRESS = "10.77.0.100",
  ADDRESS6 = "fd77::100";

/** Both families of nodes a and b, by `transport`. */
export function fileFor(transport: "unicast" | "udp", ...more: readonly string[]): string {
  return [
    "[nodes]",
    'a = ["10.77.0.1", "fd77::1"]',
    'b = ["10.77.0.2", "fd77::2"]',
    "",
    "[instance.web]",
    "vrid = 51",
    `addresses = ["${ADDRESS}/24", "fe80::100/64", "${ADDRESS6}/64"]`,
    'prefer = ["a", "b"]',
    `advert_interval = "${INTERVAL_MS}ms"`,
    `transport = "${transport}"`,
    ...more,
    "",
  ].join("\n");
}

/**
 * A firewall as many hosts have it: what is not named is dropped, in and out. ARP is no business of
 * an inet table.
 */
export async function filter(host: LabHost, port: number): Promise<void> {
  const chain = (hook: "input" | "output") =>
    [
      `chain ${hook} {`,
      `type filter hook ${hook} priority filter; policy drop;`,
      "meta l4proto { icmp, icmpv6 } accept",
      `udp sport ${port} udp dport ${port} accept`,
      "}",
    ].join("\n");
  const rules = `table inet filter {\n${chain("input")}\n${chain("output")}\n}\n`;
  await demand(host.argv(["nft", "-f", "-"]), { input: rules });
}
