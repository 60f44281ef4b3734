/**
 * The names of the programs that rules are written for, which the command line needs at every
 * start.
 */

/** The programs, by the names of `--format`. */
export const FIREWALL_FORMATS = ["nft", "iptables", "firewalld", "ufw"] as const;

/** One of them. */
export type FirewallFormat = (typeof FIREWALL_FORMATS)[number];
