/** The floating addresses of an instance: the lines of virtual_ipaddress with their options. */
import { MOST, natureOf } from "../../config/tables/address.ts";
import { INSTANCE } from "../../config/tables/instance.ts";
import { accepts } from "../../config/tables/types.ts";
import { showName } from "../../config/toml_text.ts";
import { type Family, formatIp, isLinkLocal, parseIp } from "../../net/ip.ts";
import { formatPrefix, type Prefix } from "../../net/prefix.ts";
import { argumentsOf, keywordOf, type Statement } from "./statement.ts";
import {
  altered,
  carried,
  changed,
  type Report,
  type Translation,
  unsupported,
  wholeNumberIn,
} from "./translation.ts";

/** A floating address that can be carried over. */
export interface Address {
  readonly prefix: Prefix;
  /** Its interface; undefined: that of the instance. */
  readonly interface: string | undefined;
  readonly label: string | undefined;
  readonly statement: Statement;
}

/**
 * The address of one line of an instance on the interface `own`; undefined: none, and the note says
 * why.
 */
export function readAddress(
  statement: Statement,
  own: string | undefined,
  report: Report,
): Address | undefined {
  const written = prefixOf(keywordOf(statement), statement, report);
  if (written === undefined) return undefined;
  const options = optionsOf(statement, report);
  // With a peer keepalived ignores the length.
  const prefix = options.has("peer") ? hostOf(written) : written;
  const dev = interfaceOf(options.get("dev"), statement, report);
  const nature = prefix.length === 0 ? "the whole Internet" : natureOf(prefix);
  if (dev === null) return undefined;
  if (nature !== undefined) {
    report(statement, unsupported(`${formatPrefix(prefix)} is ${nature}`, "correct it"));
    return undefined;
  }
  const label = labelOf(options.get("label"), prefix, dev ?? own, statement, report);
  return { prefix, interface: dev === own ? undefined : dev, label, statement };
}

/** The interface of an address; null: an invalid name. */
function interfaceOf(
  name: string | undefined,
  statement: Statement,
  report: Report,
): string | undefined | null {
  if (name === undefined || isInterface(name)) return name;
  report(statement, unsupported(`${showName(name)} is not an interface name`, "correct it"));
  return null;
}

function hostOf({ address }: Prefix): Prefix {
  return { address, length: mostOf(address.family) };
}

function mostOf(family: Family): 32 | 128 {
  return family === "ipv4" ? 32 : 128;
}

/**
 * "192.168.1.50/24". Of a length keepalived takes the leading digits. Without a length, or with an
 * invalid one, it takes a host address.
 */
function prefixOf(text: string, statement: Statement, report: Report): Prefix | undefined {
  const [before = "", length] = text.split("/");
  const address = parseIp(before);
  if (address === undefined) {
    report(statement, unsupported("it is not an address, and keepalived skips it", "correct it"));
    return undefined;
  }
  const most = mostOf(address.family);
  const digits = /^\d+/.exec(length ?? "")?.[0];
  const bits = length === undefined ? most : wholeNumberIn(digits, 0, most) ?? most;
  if (length !== undefined && length !== String(bits)) {
    const taken = bits === most ? `${most}, a host address` : `${bits}`;
    report(
      statement,
      altered(
        `${showName(length)} is not a prefix length: keepalived takes ${taken}`,
        undefined,
        "write the length of the subnet, such as /24, if you meant that",
      ),
    );
  }
  return { address, length: bits };
}

/** The translation of each option with a value. */
const VALUED: Readonly<Record<string, (value: string, statement: Statement) => Translation>> = {
  dev: () => carried(undefined),
  label: () => carried(undefined),
  scope: (value) =>
    value === "global"
      ? carried(undefined)
      : changed("floatip adds it with scope global, a host address with scope host"),
  brd: () => carried(undefined, "the subnet's broadcast address is set anyway"),
  broadcast: () => carried(undefined, "the subnet's broadcast address is set anyway"),
  peer: () =>
    altered("floatip adds no peer to an address", undefined, "a command in on_master can add it"),
  preferred_lft: (value) =>
    value === "forever"
      ? altered("floatip does not let the kernel choose an IPv6 host address as a source")
      : changed("floatip decides which addresses may be sources"),
  track_group: () => changed("every address of an instance is watched"),
};

const FLAGS: Readonly<Record<string, Translation>> = {
  use_vmac: changed("floatip announces a takeover and needs no virtual MAC"),
  home: changed("floatip does not set the flag for Mobile IPv6"),
  "-nodad": changed("floatip adds IPv6 addresses without duplicate address detection"),
  mngtmpaddr: changed("floatip does not make temporary addresses of it"),
  noprefixroute: altered("the kernel adds a route to the subnet of the address"),
  autojoin: changed("floatip does not join a multicast group for it"),
  no_track: changed("floatip adds an address again when it is deleted"),
};

/** The options with a value; all options are reported. */
function optionsOf(statement: Statement, report: Report): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  const words = argumentsOf(statement);
  let known = true;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const valued = Object.hasOwn(VALUED, word) ? VALUED[word] : undefined;
    const flag = Object.hasOwn(FLAGS, word) ? FLAGS[word] : undefined;
    const value = words[at + 1];
    if (valued !== undefined && value !== undefined) {
      report(statement, valued(value, statement));
      options.set(word, value);
      at++;
    } else if (flag !== undefined) report(statement, flag);
    else {
      if (known) report(statement, unknownOption(word));
      known = false;
    }
  }
  return options;
}

/** What becomes of a word behind an address that is no option there. */
export function unknownOption(word: string): Translation {
  return parseIp(word.split("/")[0] ?? "") === undefined
    ? altered(`keepalived does not know ${showName(word)} here, and ignores it`)
    : altered(
      `keepalived takes one address per line, and ignores ${word}`,
      undefined,
      "write each address on a line of its own",
    );
}

/** The label, where floatip and the kernel accept it. */
function labelOf(
  label: string | undefined,
  { address }: Prefix,
  wire: string | undefined,
  statement: Statement,
  report: Report,
): string | undefined {
  if (label === undefined) return undefined;
  if (address.family === "ipv6") {
    report(statement, changed("only IPv4 addresses have labels"));
    return undefined;
  }
  const fits = new TextEncoder().encode(label).length <= 15 && /^[^\s\p{C}]+$/u.test(label);
  if (fits && (wire === undefined || label.startsWith(wire))) return label;
  report(
    statement,
    changed("in floatip a label begins with the interface name, and has at most 15 bytes"),
  );
  return undefined;
}

/** The addresses of `family`; the others are reported. */
export function ofFamily(
  addresses: readonly Address[],
  family: Family,
  report: Report,
): readonly Address[] {
  return addresses.filter(({ prefix, statement }) => {
    if (prefix.address.family === family) return true;
    report(
      statement,
      unsupported(
        "keepalived ignores it: the first address decides the family of an instance",
        "virtual_ipaddress_excluded takes both families: write it there, and import again",
      ),
    );
    return false;
  });
}

/** Each address once; repeated ones are reported. `advertised`: with their place in adverts. */
export function once(
  addresses: readonly Address[],
  report: Report,
  advertised = false,
): readonly Address[] {
  const seen = new Map<string, Address>();
  return addresses.filter((address) => {
    const text = formatIp(address.prefix.address);
    const before = seen.get(text);
    if (before === undefined) seen.set(text, address);
    else report(address.statement, repeated(address, before, advertised));
    return before === undefined;
  });
}

function repeated(address: Address, before: Address, advertised: boolean): Translation {
  if (advertised) {
    return altered(
      "keepalived names it once more in its adverts, and refuses those of a node that does not",
      undefined,
      "remove the repeated line in the files of all nodes, and import again",
    );
  }
  return address.interface === before.interface
    ? changed("it is there already")
    : altered("it is there already: floatip adds an address on one interface only");
}

/** Whether no earlier instance has the address; else it is reported. `wire`: its interface. */
export function isFree(
  address: Address,
  wire: string | undefined,
  taken: ReadonlySet<string>,
  report: Report,
): boolean {
  if (!taken.has(wireKeyOf(address, wire))) return true;
  report(
    address.statement,
    unsupported("another instance has it already", "remove one of the two"),
  );
  return false;
}

/** The address, and the interface of a link-local one. */
export function wireKeyOf({ prefix: { address } }: Address, wire: string | undefined): string {
  const linkLocal = address.family === "ipv6" && isLinkLocal(address);
  return linkLocal ? `${formatIp(address)}%${wire ?? ""}` : formatIp(address);
}

/**
 * The addresses for adverts. keepalived takes the rest as virtual_ipaddress_excluded: they are
 * reported.
 */
export function withoutSurplus(addresses: readonly Address[], report: Report): readonly Address[] {
  const [first] = addresses;
  const family = first?.prefix.address.family ?? "ipv4";
  const most = MOST[family];
  const mtu = family === "ipv6" ? " on a link with an MTU of 1500" : "";
  for (const { statement } of addresses.slice(most)) {
    report(statement, altered(`keepalived names the first ${most} in its adverts${mtu}`));
  }
  return addresses.slice(0, most);
}

/** The address in the result. */
export function writeAddress(address: Address, advertised: boolean): unknown {
  const { prefix, interface: dev, label } = address;
  const host = prefix.length === mostOf(prefix.address.family);
  const text = host ? formatIp(prefix.address) : formatPrefix(prefix);
  if (dev === undefined && label === undefined && advertised) return text;
  return {
    address: text,
    ...(dev === undefined ? {} : { interface: dev }),
    ...(label === undefined ? {} : { label }),
    ...(advertised ? {} : { advertise: false }),
  };
}

/** Whether an interface can have this name. */
export function isInterface(name: string): boolean {
  return accepts(INSTANCE.interface.type, name);
}
