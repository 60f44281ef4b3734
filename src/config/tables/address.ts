/** An entry of an instance's `addresses`: keys, and what makes an address one that can float. */
import { type Family, formatIp, type Ip, isLinkLocal, sameIp, sizeOf } from "../../net/ip.ts";
import { broadcastOf, formatPrefix, networkOf, type Prefix } from "../../net/prefix.ts";
import { error, type Path, type Problem, type Rule, warning } from "../problem.ts";
import type { Keys, Settings, TableDraft } from "./key.ts";
import type { NodeDraft } from "./node.ts";
import { mappedIpv4, specialNature } from "./special.ts";
import { flag, interfaceName, prefix, text } from "./types.ts";

/** An entry of `addresses`: a text is the same as { address = TEXT }. */
export const ADDRESS = {
  address: {
    type: prefix('an address with its prefix length, such as "192.168.1.50/24"'),
    as: "prefix",
    what: "The floating address; without a prefix length it is a host address (/32, /128).",
    why: "The kernel derives the subnet from it.",
    example: "192.168.1.50/24",
    synonyms: ["ip", "prefix"],
  },
  interface: {
    type: interfaceName(),
    absent: "the instance's",
    what: "The interface that this one address is added to.",
    why: "Neighbours ask for the address on that wire.",
    example: "eth1",
    synonyms: ["dev", "device", "iface"],
  },
  label: {
    type: text(/^[^\s\p{C}]{1,64}$/u, 'a label such as "eth0:1"'),
    absent: "none",
    what: 'The label that ifconfig shows (IPv4 only); one that begins with ":" follows the ' +
      "interface's name.",
    why: "The kernel keeps 15 bytes of it.",
    example: "eth0:1",
  },
  advertise: {
    type: flag(),
    as: "advertised",
    default: true,
    what:
      "Do adverts name the address? Without, it moves all the same, and peers need not know it.",
    why: "Peers that name other addresses than this node may ignore its adverts.",
    example: false,
    synonyms: ["advertised", "excluded", "virtual_ipaddress_excluded"],
  },
} as const satisfies Keys;

/** One entry, as far as it could be read. */
export type AddressDraft = TableDraft<typeof ADDRESS>;

/** A floating address as written. */
export type FloatingAddress = Settings<typeof ADDRESS>;

/** "192.168.1.50/24 on eth1 label eth1:1", as plan/diff.ts shows what is held. */
export function showAddress(entry: FloatingAddress): string {
  const { prefix, interface: wire, label, advertised } = entry;
  return [
    formatPrefix(prefix),
    ...(wire === undefined ? [] : [`on ${wire}`]),
    ...(label === undefined ? [] : [`label ${label}`]),
    ...(advertised ? [] : ["not advertised"]),
  ].join(" ");
}

/** What the rules need to know of an instance. */
export interface Holder {
  readonly name: string;
  readonly path: Path;
  readonly keys: {
    readonly interface?: string | undefined;
    readonly vrid?: number | undefined;
    readonly priority?: number | ReadonlyMap<string, number> | undefined;
    readonly addresses?: readonly AddressDraft[] | undefined;
  };
}

/** What they need to know of the file. */
interface File {
  readonly nodes: readonly NodeDraft[];
}

/** What keeps the addresses of an instance from floating. */
export const ADDRESS_RULES: readonly Rule<Holder, File>[] = [
  (holder, file) => addressesOf(holder).flatMap((entry) => addressProblems(entry, holder, file)),
  noneAdvertised,
  tooMany,
  linkLocalFirst,
];

/** The entries of `addresses`. */
function addressesOf({ keys }: Holder): readonly AddressDraft[] {
  return keys.addresses ?? [];
}

/** Does `holder` have the floating address `address`? */
export function floats(holder: Holder, address: Ip): boolean {
  return addressesOf(holder).some(({ keys }) =>
    keys.address !== undefined && sameIp(keys.address.address, address)
  );
}

/** Does some node own the addresses of `holder`, with priority 255? */
export function isOwned({ keys: { priority } }: Holder): boolean {
  return typeof priority === "object" ? [...priority.values()].includes(255) : priority === 255;
}

/** The families of the addresses that adverts name, IPv4 first. */
export function familiesOf(holder: Holder): readonly Family[] {
  const families: readonly Family[] = ["ipv4", "ipv6"];
  return families.filter((family) => advertisedOf(holder, family).length > 0);
}

/** The addresses of `family` that adverts name. */
export function advertisedOf(holder: Holder, family: Family): readonly AddressDraft[] {
  return addressesOf(holder).filter((entry) =>
    isAdvertised(entry) && entry.keys.address?.address.family === family
  );
}

function isAdvertised({ keys }: AddressDraft): boolean {
  return keys.advertise ?? true;
}

function addressProblems(entry: AddressDraft, holder: Holder, file: File): readonly Problem[] {
  const written = entry.keys.address;
  if (written === undefined) return [];
  const nature = natureOf(written);
  const problem = nature === undefined
    ? anothersAddress(entry, written, holder, file)
    : notFloating(entry, written, nature);
  return [problem, wrongLabel(entry, written, holder)].filter((one) => one !== undefined);
}

/** What an address is that can not float, in words; undefined: it can. */
export function natureOf(prefix: Prefix): string | undefined {
  const { address, length } = prefix;
  const special = specialNature(address);
  if (special !== undefined) return special;
  // Subnets of two addresses or one have neither network nor broadcast address (RFC 3021, RFC
  // 6164).
  if (length >= sizeOf(address.family) * 8 - 1) return undefined;
  if (sameIp(address, networkOf(prefix))) {
    return address.family === "ipv4"
      ? `the network address of ${formatPrefix(prefix)}`
      : `the subnet-router anycast address of ${formatPrefix(prefix)}`;
  }
  if (address.family === "ipv4" && sameIp(address, broadcastOf(prefix))) {
    return `the broadcast address of ${formatIp(networkOf(prefix))}/${length}`;
  }
  return undefined;
}

function notFloating(entry: AddressDraft, prefix: Prefix, nature: string): Problem {
  return error(
    entry.pathOf("address"),
    `${formatIp(prefix.address)} is ${nature}`,
    "No machine can have it as its own, so no client could ever reach it.",
    `write a free address of your LAN, such as "${hostExample(prefix)}"`,
  );
}

/** A plausible host of the same subnet: the one with 50 at its end, or the first. */
function hostExample(prefix: Prefix): string {
  const { address, length } = prefix;
  const mapped = mappedIpv4(address);
  if (mapped !== undefined && specialNature(mapped) === undefined) {
    const meant = { address: mapped, length: length > 96 ? length - 96 : 24 };
    return natureOf(meant) === undefined ? formatPrefix(meant) : hostExample(meant);
  }
  if (specialNature(address) !== undefined) {
    return address.family === "ipv4" ? "192.168.1.50/24" : "fd00::50/64";
  }
  const bytes = networkOf(prefix).bytes.slice();
  const last = bytes.length - 1;
  const room = sizeOf(address.family) * 8 - length;
  bytes[last] = (bytes[last] ?? 0) + (room >= 8 ? (address.family === "ipv4" ? 50 : 0x50) : 1);
  return formatPrefix({ address: { family: address.family, bytes }, length });
}

function anothersAddress(
  entry: AddressDraft,
  { address }: Prefix,
  { keys: { priority } }: Holder,
  { nodes }: File,
): Problem | undefined {
  const owner = nodes.find((node) => node.addresses.some((own) => sameIp(own.address, address)));
  if (owner === undefined) return undefined;
  const owned = typeof priority === "object" ? priority.get(owner.name) : priority;
  if (owned === 255) return undefined;
  return error(
    entry.pathOf("address"),
    `floating address ${formatIp(address)} is node ${owner.name}'s own address`,
    `It would leave ${owner.name} with the first failover, and ${owner.name} would be cut off.`,
    "use a free address of the same subnet; only an owner with priority 255 may float its own",
  );
}

function wrongLabel(
  entry: AddressDraft,
  { address }: Prefix,
  holder: Holder,
): Problem | undefined {
  const { label } = entry.keys;
  if (label === undefined) return undefined;
  const wire = wireOf(entry, holder);
  const whole = label.startsWith(":") && wire !== undefined ? `${wire}${label}` : label;
  const path = entry.pathOf("label");
  if (address.family === "ipv6") {
    return error(
      path,
      `${formatIp(address)} is IPv6, and only IPv4 addresses have labels`,
      "The kernel keeps none for IPv6; the label would be lost without a word.",
      "remove it",
    );
  }
  if (new TextEncoder().encode(whole).length > 15) {
    return error(
      path,
      `label "${whole}" is longer than 15 bytes`,
      "The kernel refuses it, and the address would never be added.",
      'label = ":1"',
    );
  }
  if (wire === undefined || whole.startsWith(wire)) return undefined;
  return error(
    path,
    `label "${label}" does not begin with the interface's name, ${wire}`,
    "ip and ifconfig find an address by a label that begins with its interface's name.",
    `label = "${`${wire}:1`.slice(0, 15)}"`,
  );
}

function wireOf(entry: AddressDraft, holder: Holder): string | undefined {
  return entry.keys.interface ?? holder.keys.interface;
}

/** A router whose adverts name nothing could not be told from another's by its peers. */
function noneAdvertised(holder: Holder): Problem | undefined {
  const all = addressesOf(holder);
  const [first] = all;
  if (first === undefined || all.some(isAdvertised)) return undefined;
  return error(
    first.pathOf("advertise"),
    "none of the addresses is advertised",
    "An advert names at least one address; peers know by it what it is about.",
    "advertise = true",
  );
}

/**
 * Most addresses that one advert names on a link with this MTU: its count is a byte, and it is one
 * packet. Counted as keepalived does, which refuses adverts that name more than it would: of IPv6
 * 89 at 1500, 76 at 1280.
 */
export function mostAdvertised(family: Family, mtu: number): number {
  const [rest, size] = family === "ipv4" ? [20 + 8 + 8, 4] : [40 + 8 + 16, 16];
  return Math.max(0, Math.min(255, Math.floor((mtu - rest) / size)));
}

/** On an Ethernet. */
export const MOST = {
  ipv4: mostAdvertised("ipv4", 1500),
  ipv6: mostAdvertised("ipv6", 1500),
} as const;

function tooMany(holder: Holder): readonly Problem[] {
  return familiesOf(holder).flatMap((family) => {
    const all = advertisedOf(holder, family);
    const first = all[MOST[family]];
    return first === undefined ? [] : error(
      first.path,
      `${all.length} ${familyName(family)} addresses are more than one advert can carry`,
      `An advert names all addresses: at most ${MOST[family]} of ${familyName(family)}.`,
      "write the rest with advertise = false, or as a second instance with a VRID of its own",
    );
  });
}

function linkLocalFirst(holder: Holder): Problem | undefined {
  const [first] = advertisedOf(holder, "ipv6");
  const written = first?.keys.address;
  if (first === undefined || written === undefined || isLinkLocal(written.address)) {
    return undefined;
  }
  if (natureOf(written) !== undefined) return undefined;
  return warning(
    first.pathOf("address"),
    `the first IPv6 address, ${formatIp(written.address)}, is not link-local`,
    "RFC 9568 demands a link-local address first: routers of other makes may reject the adverts.",
    `put a link-local address before it: "fe80::${(holder.keys.vrid ?? 1).toString(16)}/64"`,
  );
}

/** Floating addresses that stand in the file twice. */
export function twiceProblems(holders: readonly Holder[]): readonly Problem[] {
  const seen = new Map<string, { readonly entry: AddressDraft; readonly holder: Holder }[]>();
  return holders.flatMap((holder) =>
    addressesOf(holder).flatMap((entry) => {
      if (entry.keys.address === undefined) return [];
      const { address } = entry.keys.address;
      const equal = seen.get(formatIp(address)) ?? [];
      const first = equal.find((other) =>
        !areApart(address, wireOf(other.entry, other.holder), wireOf(entry, holder))
      );
      seen.set(formatIp(address), [...equal, { entry, holder }]);
      return first === undefined ? [] : twice(entry, address, first.holder, holder);
    })
  );
}

/** Equal link-local addresses on different wires are different addresses (RFC 4007 4). */
function areApart(address: Ip, a: string | undefined, b: string | undefined): boolean {
  return address.family === "ipv6" && isLinkLocal(address) && a !== undefined && b !== undefined &&
    a !== b;
}

function twice(entry: AddressDraft, address: Ip, first: Holder, second: Holder): Problem {
  const where = first === second ? "twice in this instance" : `in instance ${first.name} already`;
  return error(
    entry.pathOf("address"),
    `floating address ${formatIp(address)} is ${where}`,
    "Two virtual routers could put one address on two nodes at once.",
    "let one of the two be another address",
  );
}

/** "IPv4" or "IPv6". */
export function familyName(family: Family): string {
  return family === "ipv4" ? "IPv4" : "IPv6";
}
