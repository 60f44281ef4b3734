/** Which floating addresses does an instance have? Each line of virtual_ipaddress with its options. */
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
  /** Its own interface; undefined: the instance's. */
  readonly interface: string | undefined;
  readonly label: string | undefined;
  readonly statement: Statement;
}

/**
 * The address of one line of an instance on the interface `own`, judged; undefined: there is none, and the line says
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
  // With another end keepalived leaves the length aside.
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

/** An interface of its own; null: what stands there can be none. */
function interfaceOf(
  name: string | undefined,
  statement: Statement,
  report: Report,
): string | undefined | null {
  if (name === undefined || isInterface(name)) return name;
  report(statement, unsupported(`${showName(name)} is no name of an interface`, "correct it"));
  return null;
}

function hostOf({ address }: Prefix): Prefix {
  return { address, length: mostOf(address.family) };
}

function mostOf(family: Family): 32 | 128 {
  return family === "ipv4" ? 32 : 128;
}

/**
 * "192.168.1.50/24". Of a length keepalived takes the digits that it begins with; without a length, and with one that is
 * none, it takes a host address.
 */
function prefixOf(text: string, statement: Statement, report: Report): Prefix | undefined {
  const [before = "", length] = text.split("/");
  const address = parseIp(before);
  if (address === undefined) {
    report(statement, unsupported("it is no address, and keepalived skips it", "correct it"));
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
        `${showName(length)} is no prefix length: keepalived takes ${taken}`,
        undefined,
        "write the length of the subnet, such as /24, if that was meant",
      ),
    );
  }
  return { address, length: bits };
}

/** Options with a value, and what is said of each. */
const VALUED: Readonly<Record<string, (value: string, statement: Statement) => Translation>> = {
  dev: () => carried(undefined),
  label: () => carried(undefined),
  scope: (value) =>
    value === "global"
      ? carried(undefined)
      : changed(`floatip adds it with scope global, a host address with scope host`),
  brd: () => carried(undefined, "the subnet's broadcast address is set anyway"),
  broadcast: () => carried(undefined, "the subnet's broadcast address is set anyway"),
  peer: () =>
    altered("floatip adds no peer to an address", undefined, "a command of on_master can add it"),
  preferred_lft: (value) =>
    value === "forever"
      ? altered("floatip keeps a host address of IPv6 from being chosen as a source")
      : changed("floatip says itself which addresses may be sources"),
  track_group: () => changed("every address of an instance is watched"),
};

const FLAGS: Readonly<Record<string, Translation>> = {
  use_vmac: changed("no virtual MAC is needed: a takeover is announced"),
  home: changed("floatip sets no flag for Mobile IPv6"),
  "-nodad": changed("floatip adds IPv6 addresses without duplicate address detection"),
  mngtmpaddr: changed("floatip makes no temporary addresses of it"),
  noprefixroute: altered("the kernel makes a route to the subnet of the address"),
  autojoin: changed("floatip joins no multicast group for it"),
  no_track: changed("floatip puts an address back that somebody else deletes"),
};

/** The options with a value; all options are judged. */
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

function unknownOption(word: string): Translation {
  return parseIp(word.split("/")[0] ?? "") === undefined
    ? altered(`keepalived does not know ${showName(word)} here, and ignores it`)
    : altered(
      `keepalived takes one address a line, and ignores ${word}`,
      undefined,
      "write each address on a line of its own",
    );
}

/** A label that floatip and the kernel take. */
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
    changed("floatip's labels begin with the interface's name, and have 15 bytes at most"),
  );
  return undefined;
}

/** The addresses of `family`; the others are judged. */
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
        "keepalived ignores it: the first address says which family an instance has",
        "virtual_ipaddress_excluded holds both families; write it there, and import again",
      ),
    );
    return false;
  });
}

/** Each address once; a second one is judged. */
export function once(addresses: readonly Address[], report: Report): readonly Address[] {
  const seen = new Set<string>();
  return addresses.filter(({ prefix, statement }) => {
    const text = formatIp(prefix.address);
    if (seen.has(text)) report(statement, changed("it stands there already"));
    const fresh = !seen.has(text);
    seen.add(text);
    return fresh;
  });
}

/** Is the address in no instance before? Else it is judged. `wire` is the interface that it is added to. */
export function isFree(
  address: Address,
  wire: string | undefined,
  taken: ReadonlySet<string>,
  report: Report,
): boolean {
  if (!taken.has(wireKeyOf(address, wire))) return true;
  report(
    address.statement,
    unsupported(
      "another instance has it already",
      "remove it here or there: one address, one place",
    ),
  );
  return false;
}

/** An address, and for a link-local one the wire: there the same one is another. */
export function wireKeyOf({ prefix: { address } }: Address, wire: string | undefined): string {
  const linkLocal = address.family === "ipv6" && isLinkLocal(address);
  return linkLocal ? `${formatIp(address)}%${wire ?? ""}` : formatIp(address);
}

/** Those that adverts name: keepalived takes the rest as virtual_ipaddress_excluded, judged here. */
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

/** The address as it stands in the result. */
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

/** Can an interface have this name? */
export function isInterface(name: string): boolean {
  return accepts(INSTANCE.interface.type, name);
}
