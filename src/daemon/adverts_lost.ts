/**
 * Adverts that do not arrive while reports do, in words: which of the two roads is broken. The
 * same reason on both nodes.
 */
import type { Plan } from "../config/plan/plan.ts";

/** "a packet filter drops IP protocol 112 on the way, or the LAN between the two is cut". */
export function advertsLostWords({ rules, port }: Plan): string {
  const road = rules.transport === "udp" ? `UDP port ${port}` : "IP protocol 112";
  return `a packet filter drops ${road} on the way, or the LAN between the two is cut`;
}
