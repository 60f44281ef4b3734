/** [instance.NAME]: a virtual router of each family, its keys and rules. */
import { milliseconds, type Nanoseconds, parseDuration, writeDuration } from "../../time.ts";
import { formatIp } from "../../net/ip.ts";
import { error, type Path, type Problem, type Rule, warning } from "../problem.ts";
import {
  ADDRESS,
  ADDRESS_RULES,
  advertisedOf,
  familiesOf,
  familyName,
  showAddress,
} from "./address.ts";
import type { Keys, Named, TableDraft } from "./key.ts";
import type { NodesDraft } from "./node.ts";
import { NOTIFY } from "./notify.ts";
import { PEERS, PEERS_RULES } from "./peers.ts";
import { PRIORITY, PRIORITY_RULES } from "./priority.ts";
import {
  duration,
  entries,
  flag,
  interfaceName,
  leaseTime,
  listOf,
  oneOf,
  table,
  text,
  wholeNumber,
  word,
} from "./types.ts";

/** auth = { ... } */
export const AUTH = {
  pass: {
    type: text(/^/, 'a text of 1 to 8 bytes, or { credential = "NAME" }'),
    what: "The password, the same on all nodes.",
    why: "Adverts with another password are rejected, and every node makes itself master.",
    example: "secret12",
    synonyms: ["auth_pass", "password"],
    secret: true,
  },
} as const satisfies Keys;

/** [instance.NAME] */
export const INSTANCE = {
  interface: {
    type: interfaceName(),
    absent: "the one that has the node's address in [nodes], else the one whose subnet has the " +
      "floating address",
    what: "The interface that adverts leave through and addresses are added to.",
    why: "Adverts on the wrong wire reach no peer, and every node makes itself master.",
    example: "eth0",
    synonyms: ["dev", "device", "iface", "nic"],
  },
  vrid: {
    type: wholeNumber(1, 255),
    what:
      "The virtual router's number: the same on all its nodes, used by nothing else on the LAN.",
    why: "Nodes recognise each other by it; it is one byte of the packet.",
    example: 51,
    remark: "",
    synonyms: ["virtual_router_id", "router_id", "id"],
  },
  addresses: {
    type: entries(
      ADDRESS,
      "address",
      "a list of at least one floating address",
      showAddress,
    ),
    entryWord: "address",
    what: "The floating addresses: the master has them.",
    why: "They are what clients connect to.",
    example: ["192.168.1.50/24"],
    remark: "a free address of your LAN",
    synonyms: ["virtual_ipaddress", "virtual_ip", "vip", "vips", "ip", "ips", "address"],
  },
  ...PRIORITY,
  version: {
    type: oneOf(2, 3),
    default: 3,
    what: "The version of VRRP: 3 (RFC 9568), or 2 (RFC 3768) for peers that know no other.",
    why: "Nodes with different versions do not understand each other: each makes itself master.",
    synonyms: ["vrrp_version"],
  },
  advert_interval: {
    // What each version can carry is checked where the version is known.
    type: duration("0s", "24h", "1s", 'a duration with its unit, such as "1s" or "100ms"'),
    offers: (guess) => typeof guess === "string" && isCarriedBy3(parseDuration(guess)),
    default: "1s",
    what:
      "How often the master says that it is alive; a takeover takes a little over three of them.",
    why: "It decides how soon a dead master is noticed.",
    synonyms: ["advert_int", "advertisement_interval", "interval"],
  },
  ...PEERS,
  preempt: {
    type: flag(),
    default: true,
    what: "Does a better node that comes back take the addresses from a living master?",
    why: "It decides whether there is a second interruption when a node returns.",
    synonyms: ["nopreempt", "preemption"],
  },
  preempt_delay: {
    type: duration("0s", "24h", "30s"),
    default: "0s",
    what: "How long a better node that comes back leaves a living master alone.",
    why: "It gives services time to start before the addresses return.",
    example: "30s",
  },
  initial_state: {
    type: oneOf("backup", "master"),
    default: "backup",
    what: '"master": the first election after a start preempts at once.',
    why: "Every node listens first whatever is written here; the priority decides which one is " +
      "master.",
    synonyms: ["state"],
  },
  auth: {
    type: table(AUTH, "a table with the password: { pass = ... }"),
    absent: "none",
    what: "VRRPv2's password, for peers that demand one.",
    why: "It travels in clear text: it keeps mistakes apart, not attackers.",
    example: { pass: "secret12" },
    synonyms: ["authentication", "password", "auth_pass", "pass"],
    secret: true,
  },
  checksum: {
    type: oneOf("auto", "pseudo-header", "rfc9568"),
    default: "auto",
    what: "The form of the VRRPv3 checksum over IPv4 that is sent; both are accepted.",
    why: "Some peers accept one form only; with auto floatip sends the form its peers use.",
  },
  address_mismatch: {
    type: oneOf("auto", "obey", "ignore"),
    default: "auto",
    what: "What to do with an advert that names other addresses; auto ignores strangers' only.",
    why: "It decides whether a stranger with the same VRID can take the addresses away.",
  },
  lease: {
    type: leaseTime("1s", "1h"),
    default: "auto",
    what: "How long the kernel keeps a floating address that the daemon does not renew.",
    why: "It takes the address off a node whose floatip died, so that two nodes never hold it.",
  },
  fence: {
    type: oneOf("auto", "off"),
    default: "auto",
    what: "Have nf_tables silence a floating address to the millisecond when its time has passed.",
    why:
      "The kernel alone counts whole seconds: a dead daemon's address lives on beside a new one.",
  },
  exclusive: {
    type: flag(),
    default: false,
    what: "Hold the addresses only with a majority of votes: never two nodes, and sometimes none.",
    why: "Two nodes that are cut apart would both answer, and what they take in differs.",
    synonyms: ["single", "never_two", "fenced"],
  },
  duplicate_check: {
    type: oneOf("quick", "off"),
    default: "quick",
    what: "Ask the LAN for the address: just before a takeover, and every ten seconds.",
    why: "An answer is reported: adverts are being lost, or another machine uses the address.",
  },
  stop: {
    type: oneOf("handover", "release"),
    default: "handover",
    what: "How an orderly stop gives the addresses up: when a backup has taken over, or at once.",
    why: "At once is sooner done, and clients notice it.",
  },
  checks: {
    type: listOf(word("the name of a check"), "a list of names of checks"),
    entryWord: "check",
    default: [],
    absent: "none",
    what: "The health checks that this instance depends on.",
    why: "A node whose service fails would keep the address, without a message.",
    example: ["nginx"],
    synonyms: ["check", "track_script", "track_process", "track_file"],
  },
  notify: {
    type: table(NOTIFY),
    absent: "none",
    what: "Commands and services for this instance's changes, besides [notify].",
    why: "The command or address named here would never be called.",
    example: {},
  },
} as const satisfies Keys;

/** One [instance.NAME], as far as it could be read. */
export type InstanceDraft = TableDraft<typeof INSTANCE>;

/** What one [instance.NAME] says. */
export type InstanceConfig = Named<typeof INSTANCE>;

/**
 * What is wrong with one instance; keys that could not be read are taken as unknown, not as wrong.
 */
export const INSTANCE_RULES: readonly Rule<InstanceDraft, NodesDraft>[] = [
  ...ADDRESS_RULES,
  ...PRIORITY_RULES,
  ...PEERS_RULES,
  ipv6WithVersion2,
  wholeSeconds,
  hundredthsOfSeconds,
  passwordWithVersion3,
  wrongPassword,
  checksumWithVersion2,
  ownerPreempts,
  uselessDelay,
  shortLease,
];

/**
 * The smallest and largest advertisement interval of VRRPv3 (RFC 9568 5.2.7: 12 bits of
 * centiseconds).
 */
export const V3_INTERVAL = { least: milliseconds(10), most: milliseconds(40950) } as const;

/** The version in force; undefined where the one written is no version. */
function versionOf({ keys }: InstanceDraft): 2 | 3 | undefined {
  return "version" in keys ? keys.version : INSTANCE.version.default;
}

function ipv6WithVersion2(instance: InstanceDraft): Problem | undefined {
  const [entry] = advertisedOf(instance, "ipv6");
  const written = entry?.keys.address;
  if (versionOf(instance) !== 2 || entry === undefined || written === undefined) return undefined;
  return error(
    entry.pathOf("address"),
    `${formatIp(written.address)} is IPv6, and VRRPv2 carries IPv4 addresses only`,
    "RFC 3768 knows no IPv6; no peer would understand the advert.",
    "version = 3",
  );
}

function wholeSeconds(instance: InstanceDraft): Problem | undefined {
  const { advert_interval: interval } = instance.keys;
  if (versionOf(instance) !== 2 || interval === undefined) return undefined;
  const whole = interval % 1e9 === 0;
  if (whole && interval >= 1e9 && interval <= 255e9) return undefined;
  const nearest = Math.min(255, Math.max(1, Math.round(interval / 1e9)));
  return error(
    [...instance.path, "advert_interval"],
    `VRRPv2's advert_interval is whole seconds from 1s to 255s, not ${writeDuration(interval)}`,
    "VRRPv2 carries it as one byte of seconds, and a peer that reads another interval rejects " +
      "the advert.",
    whole || interval > 1e9
      ? `advert_interval = "${nearest}s"`
      : `advert_interval = "1s"  # or version = 3, which can have "${writeDuration(interval)}"`,
  );
}

function isCarriedBy3(interval: Nanoseconds | undefined): boolean {
  const { least, most } = V3_INTERVAL;
  return interval !== undefined && interval >= least && interval <= most && interval % least === 0;
}

function hundredthsOfSeconds(instance: InstanceDraft): Problem | undefined {
  const { advert_interval: interval } = instance.keys;
  if (versionOf(instance) !== 3 || interval === undefined) return undefined;
  if (isCarriedBy3(interval)) return undefined;
  const { least, most } = V3_INTERVAL;
  const nearest = Math.min(most, Math.max(least, Math.round(interval / least) * least));
  // Seconds with a fraction read better than milliseconds: 40.95s.
  const text = nearest > 1e9 ? `${nearest / 1e9}s` : writeDuration(nearest as Nanoseconds);
  return error(
    [...instance.path, "advert_interval"],
    `VRRPv3's advert_interval is a multiple of 10ms from 10ms to 40.95s, not ${
      writeDuration(interval)
    }`,
    "VRRPv3 carries it as 12 bits of hundredths of a second.",
    `advert_interval = "${text}"`,
  );
}

function passwordWithVersion3(instance: InstanceDraft): Problem | undefined {
  return instance.keys.auth === undefined || versionOf(instance) !== 3 ? undefined : error(
    [...instance.path, "auth"],
    "VRRPv3 has no password",
    "RFC 9568 removed it; peers would take no notice, and it would look safer than it is.",
    "remove it, or write version = 2 where peers demand a password",
    "key",
  );
}

function wrongPassword({ keys: { auth } }: InstanceDraft): Problem | undefined {
  const password = auth?.keys.pass;
  if (auth === undefined || password === undefined) return undefined;
  const bytes = new TextEncoder().encode(password).length;
  const what = bytes === 0
    ? "the password is empty"
    : bytes > 8
    ? "the password is longer than 8 bytes, and VRRPv2 carries no more"
    : /\p{Cc}/u.test(password)
    ? "the password has a control character in it"
    : undefined;
  return what === undefined ? undefined : error(
    auth.pathOf("pass"),
    what,
    bytes > 8
      ? "Other programs cut it off without a message: the wire would have another one."
      : "Peers compare it byte for byte.",
    "write a password of 1 to 8 bytes, the same on all nodes",
  );
}

function checksumWithVersion2(instance: InstanceDraft): Problem | undefined {
  const { checksum } = instance.keys;
  if (checksum === undefined || checksum === "auto" || versionOf(instance) !== 2) return undefined;
  return warning(
    [...instance.path, "checksum"],
    `checksum = "${checksum}" has no effect with VRRPv2`,
    "VRRPv2 has one form of checksum only.",
    "remove it",
  );
}

function ownerPreempts({ path, keys: { priority, preempt } }: InstanceDraft): Problem | undefined {
  return priority !== 255 || preempt !== false ? undefined : warning(
    [...path, "preempt"],
    "preempt = false has no effect with priority 255",
    "Priority 255 is the owner of the address, and it always claims it (RFC 9568 6.1).",
    "priority = 254",
  );
}

function uselessDelay({ path, keys }: InstanceDraft): Problem | undefined {
  const { preempt, preempt_delay: delay, priority } = keys;
  if (delay === undefined || delay === 0) return undefined;
  if (preempt !== false && priority !== 255) return undefined;
  return warning(
    [...path, "preempt_delay"],
    `preempt_delay has no effect with ${preempt === false ? "preempt = false" : "priority 255"}`,
    preempt === false
      ? "A node that never preempts has nothing to delay."
      : "Priority 255 is the owner of the address, and it claims it at once.",
    preempt === false ? "remove it, or write preempt = true" : "priority = 254",
  );
}

function shortLease({ path, keys }: InstanceDraft): Problem | undefined {
  const { lease, advert_interval: interval = 1e9 } = keys;
  if (lease === undefined || typeof lease === "string" || lease >= 3 * interval) return undefined;
  return warning(
    [...path, "lease"],
    `a lease of ${writeDuration(lease)} is shorter than three adverts`,
    "The kernel could take the address off a master that is merely late, before any backup " +
      "takes over.",
    'lease = "auto"',
  );
}

/** Two virtual routers of one family cannot share a number on one wire (RFC 9568 1.6). */
export function vridProblems(instances: readonly InstanceDraft[]): readonly Problem[] {
  const used = new Set(instances.map(({ keys: { vrid } }) => vrid));
  const earlier = new Map<string, readonly InstanceDraft[]>();
  return instances.flatMap((instance) => {
    const { vrid, interface: wire } = instance.keys;
    if (vrid === undefined) return [];
    // The same interface as written; where both are left to floatip, probably the same.
    const place = JSON.stringify([vrid, wire]);
    const others = earlier.get(place) ?? [];
    earlier.set(place, [...others, instance].slice(0, MOST_COMPARED));
    for (const other of others) {
      const shared = familiesOf(instance).filter((family) => familiesOf(other).includes(family));
      if (shared.length === 0) continue;
      const where = `${wire === undefined ? "" : ` on ${wire}`} (${
        shared.map(familyName).join(" and ")
      })`;
      return [sharedVrid([...instance.path, "vrid"], vrid, other.name, where, used)];
    }
    return [];
  });
}

/** One of each family, and a pair for each problem, can share a number on one wire. */
const MOST_COMPARED = 4;

function sharedVrid(
  path: Path,
  vrid: number,
  other: string,
  where: string,
  used: ReadonlySet<number | undefined>,
): Problem {
  const after = Array.from({ length: 254 }, (_, step) => (vrid + step) % 255 + 1);
  return error(
    path,
    `vrid ${vrid} is instance ${other}'s already${where}`,
    "Adverts of one could not be told from adverts of the other, and addresses would be lost.",
    `vrid = ${after.find((candidate) => !used.has(candidate)) ?? vrid}`,
  );
}
