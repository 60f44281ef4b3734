/** From which address do adverts leave, and to whom? unicast_src_ip, mcast_src_ip and unicast_peer. */
import { showName, writeValue } from "../../config/toml_text.ts";
import {
  type Family,
  formatIp,
  type Ip,
  isLoopback,
  isMulticast,
  isUnspecified,
  parseIp,
  sameIp,
} from "../../net/ip.ts";
import { argumentsOf, keywordOf, type Statement } from "./statement.ts";
import type { Entry } from "./toml.ts";
import { type Bag, lastOf, valueOf } from "./values.ts";
import { altered, carried, changed, type Judge, unsupported } from "./translation.ts";

/** The entries for the source and the peers of an instance of `family` whose floating addresses are `floating`; all is judged. */
export function travelOf(
  bag: Bag,
  family: Family,
  floating: readonly Ip[],
  judge: Judge,
): readonly Entry[] {
  const blocks = bag.get("unicast_peer") ?? [];
  const lines = blocks.flatMap(({ block = [] }) => block);
  const source = sourceOf(bag, family, floating, lines.length > 0, judge);
  const peers = lines.flatMap((line) => peerOf(line, family, [...floating, ...source], judge));
  const once = peers.filter(({ address, line }, index) => {
    const first = peers.findIndex((other) => sameIp(other.address, address));
    if (first !== index) judge(line, changed("it stands there already"));
    return first === index;
  });
  for (const block of blocks) {
    const verdict = once.length > 0
      ? carried("peers = [...]")
      : changed("nobody stands in it: keepalived falls back to multicast, and so does floatip");
    judge(block, verdict);
  }
  return [
    ...source.map((address): Entry => ["source", formatIp(address)]),
    ...(once.length === 0
      ? []
      : [["peers", once.map(({ address }) => formatIp(address))] as const]),
  ];
}

/** No source or one. */
function sourceOf(
  bag: Bag,
  family: Family,
  floating: readonly Ip[],
  unicast: boolean,
  judge: Judge,
): readonly Ip[] {
  const statements = ["unicast_src_ip", "mcast_src_ip"].map((word) => lastOf(bag, word, judge));
  const [first, second] = statements.filter((statement) => statement !== undefined)
    .toSorted((a, b) => b.order - a.order);
  if (second !== undefined) {
    judge(second, changed("another source is named, and the last one holds"));
  }
  if (first === undefined) return [];
  const text = valueOf(first) ?? "";
  const address = parseIp(text);
  if (address === undefined || address.family !== family || !isOwnable(address)) {
    judge(
      first,
      unsupported(
        `${showName(text)} is no address of this machine that adverts of ${
          NAMES[family]
        } could come from`,
        "correct it",
      ),
    );
    return [];
  }
  if (floating.some((one) => sameIp(one, address))) {
    judge(
      first,
      unsupported("the source is a floating address: adverts would go astray", "the machine's own"),
    );
    return [];
  }
  const to = `source = ${writeValue(formatIp(address))}`;
  const multicast = keywordOf(first) === "unicast_src_ip" && !unicast;
  judge(first, multicast ? changed("without peers adverts go by multicast", to) : carried(to));
  return [address];
}

const NAMES: Readonly<Record<Family, string>> = { ipv4: "IPv4", ipv6: "IPv6" };

interface Peer {
  readonly address: Ip;
  readonly line: Statement;
}

/** `not`: the source and the floating addresses, which no peer has. */
function peerOf(
  line: Statement,
  family: Family,
  not: readonly Ip[],
  judge: Judge,
): readonly Peer[] {
  const text = keywordOf(line);
  const address = parseIp(text);
  if (address === undefined || address.family !== family || !isOwnable(address)) {
    judge(
      line,
      unsupported(
        `${showName(text)} is no address of a machine of ${NAMES[family]}, and keepalived skips it`,
        "correct it",
      ),
    );
    return [];
  }
  if (not.some((one) => sameIp(one, address))) {
    judge(line, altered("it is this node itself, or a floating address: no peer has it"));
    return [];
  }
  judgeBounds(line, judge);
  judge(line, carried(writeValue(formatIp(address))));
  return [{ address, line }];
}

function judgeBounds(line: Statement, judge: Judge): void {
  const words = argumentsOf(line);
  for (let at = 0; at < words.length; at += 2) {
    const [option = "", value] = words.slice(at, at + 2);
    if (["min_ttl", "max_ttl"].includes(option) && value !== undefined) {
      judge(line, changed("floatip looks at who sends, not at how far it came"));
    } else if (parseIp(option) !== undefined) {
      judge(
        line,
        altered(
          `keepalived takes one address a line, and ignores ${option}`,
          undefined,
          "write each address on a line of its own",
        ),
      );
      return;
    } else {
      judge(line, altered(`keepalived does not know ${showName(option)} here, and ignores it`));
      return;
    }
  }
}

function isOwnable(address: Ip): boolean {
  return !isMulticast(address) && !isLoopback(address) && !isUnspecified(address) &&
    formatIp(address) !== "255.255.255.255";
}
