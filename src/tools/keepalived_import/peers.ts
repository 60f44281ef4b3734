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
import type { TomlEntry } from "./toml.ts";
import { type Directives, lastOf, valueOf } from "./values.ts";
import { altered, carried, changed, type Report, unsupported } from "./translation.ts";

/** The entries for the source and the peers of an instance of `family` whose floating addresses are `floating`; all is judged. */
export function travelOf(
  directives: Directives,
  family: Family,
  floating: readonly Ip[],
  report: Report,
): readonly TomlEntry[] {
  const blocks = directives.get("unicast_peer") ?? [];
  const lines = blocks.flatMap(({ block = [] }) => block);
  const source = sourceOf(directives, family, floating, lines.length > 0, report);
  const peers = lines.flatMap((line) => peerOf(line, family, [...floating, ...source], report));
  const once = peers.filter(({ address, line }, index) => {
    const first = peers.findIndex((other) => sameIp(other.address, address));
    if (first !== index) report(line, changed("it stands there already"));
    return first === index;
  });
  for (const block of blocks) {
    const translation = once.length > 0
      ? carried("peers = [...]")
      : changed("nobody stands in it: keepalived falls back to multicast, and so does floatip");
    report(block, translation);
  }
  return [
    ...source.map((address): TomlEntry => ["source", formatIp(address)]),
    ...(once.length === 0
      ? []
      : [["peers", once.map(({ address }) => formatIp(address))] as const]),
  ];
}

/** No source or one. */
function sourceOf(
  directives: Directives,
  family: Family,
  floating: readonly Ip[],
  unicast: boolean,
  report: Report,
): readonly Ip[] {
  const statements = ["unicast_src_ip", "mcast_src_ip"].map((word) =>
    lastOf(directives, word, report)
  );
  const [first, second] = statements.filter((statement) => statement !== undefined)
    .toSorted((a, b) => b.order - a.order);
  if (second !== undefined) {
    report(second, changed("another source is named, and the last one holds"));
  }
  if (first === undefined) return [];
  const text = valueOf(first) ?? "";
  const address = parseIp(text);
  if (address === undefined || address.family !== family || !isOwnable(address)) {
    report(
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
    report(
      first,
      unsupported("the source is a floating address: adverts would go astray", "the machine's own"),
    );
    return [];
  }
  const to = `source = ${writeValue(formatIp(address))}`;
  const multicast = keywordOf(first) === "unicast_src_ip" && !unicast;
  report(first, multicast ? changed("without peers adverts go by multicast", to) : carried(to));
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
  report: Report,
): readonly Peer[] {
  const text = keywordOf(line);
  const address = parseIp(text);
  if (address === undefined || address.family !== family || !isOwnable(address)) {
    report(
      line,
      unsupported(
        `${showName(text)} is no address of a machine of ${NAMES[family]}, and keepalived skips it`,
        "correct it",
      ),
    );
    return [];
  }
  if (not.some((one) => sameIp(one, address))) {
    report(line, altered("it is this node itself, or a floating address: no peer has it"));
    return [];
  }
  judgeBounds(line, report);
  report(line, carried(writeValue(formatIp(address))));
  return [{ address, line }];
}

function judgeBounds(line: Statement, report: Report): void {
  const words = argumentsOf(line);
  for (let at = 0; at < words.length; at += 2) {
    const [option = "", value] = words.slice(at, at + 2);
    if (["min_ttl", "max_ttl"].includes(option) && value !== undefined) {
      report(line, changed("floatip looks at who sends, not at how far it came"));
    } else if (parseIp(option) !== undefined) {
      report(
        line,
        altered(
          `keepalived takes one address a line, and ignores ${option}`,
          undefined,
          "write each address on a line of its own",
        ),
      );
      return;
    } else {
      report(line, altered(`keepalived does not know ${showName(option)} here, and ignores it`));
      return;
    }
  }
}

function isOwnable(address: Ip): boolean {
  return !isMulticast(address) && !isLoopback(address) && !isUnspecified(address) &&
    formatIp(address) !== "255.255.255.255";
}
