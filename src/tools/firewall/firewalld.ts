/** How does firewalld let the passages through? Rich rules (firewalld.richlanguage(5)), kept over restarts. */
import { formatIp, type Ip } from "../../net/ip.ts";
import type { RequiredTraffic } from "./required_traffic.ts";
import { quoteForShell } from "./shell.ts";

/**
 * `firewall-cmd` lines for the zone of each interface (the default zone where `zones` has none), and the reload that puts them
 * in force. Only what comes in: firewalld lets everything out, and Neighbour Discovery in, by itself.
 */
export function firewalldLines(
  required: readonly RequiredTraffic[],
  zones: ReadonlyMap<string, string>,
): readonly string[] {
  const lines = required.filter(({ direction, kind }) => direction === "in" && kind === "vrrp")
    .flatMap((traffic) => {
      const zone = zones.get(traffic.interface ?? "");
      const where = zone === undefined ? "" : `--zone=${quoteForShell(zone)} `;
      return richRules(traffic).map((rule) =>
        `firewall-cmd --permanent ${where}--add-rich-rule='${rule}'`
      );
    });
  return lines.length === 0 ? [] : [...lines, "firewall-cmd --reload"];
}

function richRules({ family, others, group, port }: RequiredTraffic): readonly string[] {
  const what = port === undefined ? 'protocol value="vrrp"' : `port port="${port}" protocol="udp"`;
  const rule = (element: "source" | "destination", address: Ip) =>
    `rule family="${family}" ${element} address="${formatIp(address)}" ${what} accept`;
  return group === undefined
    ? others.map((other) => rule("source", other))
    : [rule("destination", group)];
}
