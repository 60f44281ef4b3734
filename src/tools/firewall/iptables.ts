/** How does iptables(8) let the passages through? Shell lines, at the head of INPUT and OUTPUT. */
import { type Family, formatIp } from "../../net/ip.ts";
import { type Passage, protocolOf, TRAFFIC } from "./required_traffic.ts";
import { quoteForShell } from "./shell.ts";

const PROGRAM: Readonly<Record<Family, string>> = { ipv4: "iptables", ipv6: "ip6tables" };

/** One line for each passage, peer and ICMPv6 type: `iptables -I INPUT -i eth0 -s 192.168.1.12 -p 112 ... -j ACCEPT`. */
export function iptablesLines(passages: readonly Passage[]): readonly string[] {
  return passages.flatMap((passage) =>
    addressWords(passage).flatMap((addresses) =>
      protocolWords(passage).map((protocol) =>
        [
          `${PROGRAM[passage.family]} -I ${passage.direction === "in" ? "INPUT" : "OUTPUT"}`,
          ...interfaceWords(passage),
          ...addresses,
          protocol,
          "-m comment --comment floatip -j ACCEPT",
        ].join(" ")
      )
    )
  );
}

function interfaceWords({ direction, interface: name }: Passage): readonly string[] {
  if (name === undefined) return [];
  return [`${direction === "in" ? "-i" : "-o"} ${quoteForShell(name)}`];
}

/** One list of words for each line that is needed: several peers are several lines. */
function addressWords({ direction, others, group }: Passage): readonly (readonly string[])[] {
  if (group !== undefined) return [[`-d ${formatIp(group)}`]];
  if (others.length === 0) return [[]];
  return others.map((other) => [`${direction === "in" ? "-s" : "-d"} ${formatIp(other)}`]);
}

function protocolWords(passage: Passage): readonly string[] {
  const { traffic, direction, port } = passage;
  const { [direction]: types } = TRAFFIC[traffic];
  if (port !== undefined) return [`-p udp --dport ${port}`];
  if (types.length === 0) return [`-p ${protocolOf(passage)}`];
  return types.map((type) => `-p icmpv6 --icmpv6-type ${type}`);
}
