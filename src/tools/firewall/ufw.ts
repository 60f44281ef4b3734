/** How does ufw(8) let the passages through? */
import { formatIp } from "../../net/ip.ts";
import type { RequiredTraffic } from "./required_traffic.ts";
import { quoteForShell } from "./shell.ts";

/**
 * `ufw` lines. Neighbour Discovery and Multicast Listener Discovery pass by ufw's own before6.rules, and what goes out by its
 * default policy; where that is "deny", the lines for VRRP going out are needed too (`denyOut`).
 */
export function ufwLines(
  required: readonly RequiredTraffic[],
  denyOut: boolean,
): readonly string[] {
  return required.filter(({ direction, kind }) =>
    kind === "vrrp" && (direction === "in" || denyOut)
  ).flatMap(linesOf);
}

function linesOf(
  { direction, interface: name, others, group, port }: RequiredTraffic,
): readonly string[] {
  const on = name === undefined ? "" : ` on ${quoteForShell(name)}`;
  const start = `ufw allow ${direction}${on} proto ${port === undefined ? "vrrp" : "udp"}`;
  if (group !== undefined) return [`${start} from any to ${formatIp(group)} comment floatip`];
  return others.map((other) => {
    const ends = direction === "in" ? `from ${formatIp(other)}` : `to ${formatIp(other)}`;
    // Without "to any" a port would be the sender's.
    const to = port === undefined
      ? ""
      : direction === "in"
      ? ` to any port ${port}`
      : ` port ${port}`;
    return `${start} ${ends}${to} comment floatip`;
  });
}
