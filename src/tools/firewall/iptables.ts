/** How does iptables(8) let the passages through? Shell lines, at the head of INPUT and OUTPUT. */
import { type Family, formatIp } from "../../net/ip.ts";
import { protocolOf, type RequiredTraffic, TRAFFIC } from "./required_traffic.ts";
import { quoteForShell } from "./shell.ts";

const PROGRAM: Readonly<Record<Family, string>> = { ipv4: "iptables", ipv6: "ip6tables" };

/** One line for each passage, peer and ICMPv6 type: `iptables -I INPUT -i eth0 -s 192.168.1.12 -p 112 ... -j ACCEPT`. */
export function iptablesLines(required: readonly RequiredTraffic[]): readonly string[] {
  return required.flatMap((traffic) =>
    addressWords(traffic).flatMap((addresses) =>
      protocolWords(traffic).map((protocol) =>
        [
          `${PROGRAM[traffic.family]} -I ${traffic.direction === "in" ? "INPUT" : "OUTPUT"}`,
          ...interfaceWords(traffic),
          ...addresses,
          protocol,
          "-m comment --comment floatip -j ACCEPT",
        ].join(" ")
      )
    )
  );
}

function interfaceWords({ direction, interface: name }: RequiredTraffic): readonly string[] {
  if (name === undefined) return [];
  return [`${direction === "in" ? "-i" : "-o"} ${quoteForShell(name)}`];
}

/** One list of words for each line that is needed: several peers are several lines. */
function addressWords(
  { direction, others, group }: RequiredTraffic,
): readonly (readonly string[])[] {
  if (group !== undefined) return [[`-d ${formatIp(group)}`]];
  if (others.length === 0) return [[]];
  return others.map((other) => [`${direction === "in" ? "-s" : "-d"} ${formatIp(other)}`]);
}

function protocolWords(traffic: RequiredTraffic): readonly string[] {
  const { kind, direction, port } = traffic;
  const { [direction]: types } = TRAFFIC[kind];
  if (port !== undefined) return [`-p udp --dport ${port}`];
  if (types.length === 0) return [`-p ${protocolOf(traffic)}`];
  return types.map((type) => `-p icmpv6 --icmpv6-type ${type}`);
}
