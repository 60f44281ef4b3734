/**
 * The keepalived files of the tests: originals of the five examples, and others as in tutorials.
 */
import { readFileSync } from "node:fs";
import type { LanOptions } from "../lab/lan.ts";

/** One cluster that runs keepalived, and what is to be expected of it. */
export interface Original {
  readonly name: string;
  /** Nodes, best first: the one that holds everything first. */
  readonly nodes: readonly string[];
  /** The LAN that the files are made for. */
  readonly lan: Omit<LanOptions, "hosts"> & { readonly addresses: readonly string[] };
  /**
   * Floating addresses by node that holds them while all is well; others than {@link
   * Original.nodes}[0] for a mutual pair.
   */
  readonly held: Readonly<Record<string, string>>;
  /** Does the failing check of a node move the addresses? */
  readonly check: boolean;
  /** Does a node that comes back take the addresses back? */
  readonly preempts: boolean;
}

const HOME = { prefix: "192.168.1.0/24", ipv6: false } as const;

/** "192.168.1.11/24", "192.168.1.12/24", ... */
function from(base: string, first: number, count: number, length = 24): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${base}.${first + index}/${length}`);
}

/** A pair on the LAN at home, whose first node has everything. */
function pair(
  name: string,
  nodes: readonly [string, string],
  addresses: readonly string[],
  more: Partial<Original> & { readonly firstHost?: number } = {},
): Original {
  const { firstHost = 11, ...rest } = more;
  return {
    name,
    nodes,
    lan: { ...HOME, addresses: from("192.168.1", firstHost, 2) },
    held: Object.fromEntries(addresses.map((address) => [address, nodes[0]])),
    check: false,
    preempts: true,
    ...rest,
  };
}

/** All of them. */
export const ORIGINALS: readonly Original[] = [
  {
    name: "five-nodes",
    nodes: ["node-1", "node-2", "node-3", "node-4", "node-5"],
    lan: { ...HOME, addresses: from("192.168.1", 11, 5) },
    held: { "192.168.1.50": "node-1" },
    check: false,
    preempts: true,
  },
  pair("web-pair", ["web-1", "web-2"], ["192.168.1.51"], { check: true }),
  pair("load-balancer-pair", ["lb-1", "lb-2"], ["192.168.1.60"], { check: true, firstHost: 21 }),
  pair("mutual-pair", ["files-1", "files-2"], [], {
    held: { "192.168.1.71": "files-1", "192.168.1.72": "files-2" },
    check: true,
    firstHost: 31,
  }),
  {
    name: "database-trio",
    nodes: ["db-1", "db-2", "db-3"],
    lan: { prefix: "10.0.1.0/24", addresses: from("10.0.1", 11, 3) },
    held: { "10.0.2.100": "db-1" },
    check: true,
    preempts: true,
  },
  pair("pihole", ["pihole-1", "pihole-2"], ["192.168.1.20"], { check: true, firstHost: 21 }),
  pair("kubernetes", ["master-1", "master-2"], ["192.168.1.200"], { check: true }),
  pair("haproxy-strict", ["haproxy-1", "haproxy-2"], ["192.168.1.99"]),
  {
    name: "router",
    nodes: ["gw-1", "gw-2"],
    lan: {
      prefix: "203.0.113.0/24",
      addresses: from("203.0.113", 1, 2),
      second: { prefix: "10.0.0.0/24", interface: "eth1" },
    },
    held: {
      "203.0.113.10": "gw-1",
      "10.0.0.100": "gw-1",
      "10.0.0.101": "gw-1",
      "fd00:77::1": "gw-1",
    },
    check: true,
    preempts: false,
  },
  pair("ipv6", ["six-1", "six-2"], ["fe80::66", "fd77::66"], {
    lan: { ...HOME, ipv6: true, addresses: from("192.168.1", 11, 2) },
  }),
  pair("macros", ["m-1", "m-2"], [71, 72, 73, 81, 82, 83].map((last) => `192.168.1.${last}`)),
  pair("nopreempt", ["mysql-1", "mysql-2"], ["192.168.1.33"], { check: true, preempts: false }),
];

/** The file of one node. */
export function originalOf({ name }: Original, node: string): string {
  const folder = new URL(`./originals/${name}/`, import.meta.url);
  for (const file of [`${node}.conf`, "all.conf"]) {
    try {
      return readFileSync(new URL(file, folder), "utf8");
    } catch {
      // The next one.
    }
  }
  throw new Error(`there is no file for ${node} of ${name}`);
}
