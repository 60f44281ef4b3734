/** Does an instance make sense in itself? Version, interval, password, priority and peers held against each other. */
import { type Nanoseconds, writeDuration } from "../time.ts";
import { type Family, formatIp, type Ip, sameIp } from "../net/ip.ts";
import type { FileDraft, InstanceDraft } from "./drafts.ts";
import type { Path, Problem } from "./problem.ts";
import type { Report } from "./read.ts";
import { V3_INTERVAL } from "./schema_instance.ts";
import { advertisedOf, checkOwnable, familiesOf, words } from "./sound_address.ts";

/** Reports what is unsound about one instance; keys that could not be read are taken as unknown, not as wrong. */
export function checkInstance(instance: InstanceDraft, file: FileDraft, report: Report): void {
  for (const check of CHECKS) {
    const problem = check(instance, file);
    if (problem !== undefined) report(problem);
  }
  checkPeers(instance, report);
}

/** Fills in what most problems share. */
function wrong(
  instance: InstanceDraft,
  key: string,
  what: string,
  why: string,
  fix: string,
  severity: Problem["severity"] = "error",
): Problem {
  return { severity, path: [...instance.path, key], at: "value", what, why, fix };
}

type Check = (instance: InstanceDraft, file: FileDraft) => Problem | undefined;

const CHECKS: readonly Check[] = [
  checkFamily,
  checkInterval2,
  checkInterval3,
  checkAuthVersion,
  checkPassword,
  checkChecksum,
  checkPreferred,
  checkOwner,
  checkDelay,
  checkUnicast,
  checkLease,
];

/** The version in force; undefined where the one written is no version. */
function versionOf(instance: InstanceDraft): 2 | 3 | undefined {
  return "version" in instance.keys ? instance.keys.version : 3;
}

function checkFamily(instance: InstanceDraft): Problem | undefined {
  if (versionOf(instance) !== 2) return undefined;
  const [entry] = advertisedOf(instance, "ipv6");
  if (entry?.prefix === undefined) return undefined;
  return {
    severity: "error",
    path: entry.addressPath,
    at: "value",
    what: `${formatIp(entry.prefix.address)} is IPv6, and VRRPv2 carries IPv4 addresses only`,
    why: "RFC 3768 knows no IPv6; no peer would understand the advert.",
    fix: "version = 3",
  };
}

function checkInterval2(instance: InstanceDraft): Problem | undefined {
  const interval = instance.keys.advert_interval;
  if (versionOf(instance) !== 2 || interval === undefined) return undefined;
  const whole = interval % 1e9 === 0;
  if (whole && interval >= 1e9 && interval <= 255e9) return undefined;
  const nearest = Math.min(255, Math.max(1, Math.round(interval / 1e9)));
  const fix = whole || interval > 1e9
    ? `advert_interval = "${nearest}s"`
    : `advert_interval = "1s", or version = 3 to keep "${writeDuration(interval)}"`;
  return wrong(
    instance,
    "advert_interval",
    `VRRPv2's advert_interval is whole seconds from 1s to 255s, not ${writeDuration(interval)}`,
    "VRRPv2 carries it as one byte of seconds, and a peer that reads another interval rejects the advert.",
    fix,
  );
}

function checkInterval3(instance: InstanceDraft): Problem | undefined {
  const interval = instance.keys.advert_interval;
  if (versionOf(instance) !== 3 || interval === undefined) return undefined;
  const { least, most } = V3_INTERVAL;
  if (interval >= least && interval <= most && interval % least === 0) return undefined;
  const nearest = Math.min(most, Math.max(least, Math.round(interval / least) * least));
  return wrong(
    instance,
    "advert_interval",
    `VRRPv3's advert_interval is a multiple of 10ms from 10ms to 40.95s, not ${
      writeDuration(interval)
    }`,
    "VRRPv3 carries it as 12 bits of hundredths of a second.",
    `advert_interval = "${seconds(nearest as Nanoseconds)}"`,
  );
}

/** Seconds with a fraction read better than milliseconds: 40.95s. */
function seconds(interval: Nanoseconds): string {
  return interval > 1e9 ? `${interval / 1e9}s` : writeDuration(interval);
}

function checkAuthVersion(instance: InstanceDraft): Problem | undefined {
  if (instance.keys.auth === undefined || versionOf(instance) !== 3) return undefined;
  return {
    severity: "error",
    path: [...instance.path, "auth"],
    at: "key",
    what: "VRRPv3 has no password",
    why: "RFC 9568 removed it; peers would take no notice, and it would look safer than it is.",
    fix: "version = 2 where peers demand a password, else remove auth",
  };
}

function checkPassword(instance: InstanceDraft): Problem | undefined {
  const { password } = instance;
  if (password === undefined) return undefined;
  const bytes = new TextEncoder().encode(password).length;
  const what = bytes === 0
    ? "the password is empty"
    : bytes > 8
    ? "the password is longer than 8 bytes, and VRRPv2 carries no more"
    : /\p{Cc}/u.test(password)
    ? "the password has a control character in it"
    : undefined;
  if (what === undefined) return undefined;
  return {
    severity: "error",
    path: [...instance.path, "auth", "pass"],
    at: "value",
    what,
    why: bytes > 8
      ? "Other programs cut it off in silence; floatip would rather you knew what is on the wire."
      : "Peers compare it byte for byte.",
    fix: 'auth = { pass = "secret12" }  # your own, 1 to 8 bytes, the same on all nodes',
  };
}

function checkChecksum(instance: InstanceDraft): Problem | undefined {
  const { checksum } = instance.keys;
  if (checksum === undefined || checksum === "auto" || versionOf(instance) !== 2) return undefined;
  return wrong(
    instance,
    "checksum",
    `checksum = "${checksum}" has no effect with VRRPv2`,
    "VRRPv2 has one form of checksum only.",
    "remove it",
    "warning",
  );
}

function checkPreferred(instance: InstanceDraft, file: FileDraft): Problem | undefined {
  const { prefer, priority } = instance.keys;
  if (prefer === undefined) return undefined;
  if (priority !== undefined) {
    return wrong(
      instance,
      "priority",
      "priority stands together with prefer",
      "Both say who should be master, and they could disagree.",
      "keep prefer, and remove priority",
    );
  }
  if (file.hasNodes) return undefined;
  return wrong(
    instance,
    "prefer",
    "prefer names nodes, and the file has no [nodes]",
    "Without [nodes] a node cannot tell whether it is meant.",
    '[nodes]  # with a line for each: pi-a = "192.168.1.11"',
  );
}

function checkOwner(instance: InstanceDraft): Problem | undefined {
  const { priority, preempt } = instance.keys;
  if (priority !== 255 || preempt !== false) return undefined;
  return wrong(
    instance,
    "preempt",
    "preempt = false has no effect with priority 255",
    "Priority 255 is the owner of the address, and it always claims it (RFC 9568 6.1).",
    "priority = 254",
    "warning",
  );
}

function checkDelay(instance: InstanceDraft): Problem | undefined {
  const { preempt, preempt_delay: delay, priority } = instance.keys;
  if (delay === undefined || delay === 0) return undefined;
  if (preempt !== false && priority !== 255) return undefined;
  const reason = preempt === false ? "preempt = false" : "priority 255";
  return wrong(
    instance,
    "preempt_delay",
    `preempt_delay has no effect with ${reason}`,
    preempt === false
      ? "A node that never preempts has nothing to delay."
      : "Priority 255 is the owner of the address, and it claims it at once.",
    preempt === false ? "preempt = true, or remove preempt_delay" : "priority = 254",
    "warning",
  );
}

function checkUnicast(instance: InstanceDraft, file: FileDraft): Problem | undefined {
  const { transport, peers } = instance.keys;
  if (transport !== "unicast" || instance.keys.peers !== undefined) return undefined;
  if ("peers" in instance.keys && peers === undefined) return undefined;
  const lacking = familiesOf(instance).find((family) => !allHave(file, family));
  if (lacking === undefined && file.nodes.length > 1) return undefined;
  const stranger = lacking && file.nodes.find((node) => !hasFamily(node, lacking));
  const what = file.nodes.length > 1 && stranger !== undefined && lacking !== undefined
    ? `transport is unicast, and node ${stranger.name} has no ${words(lacking)} address in [nodes]`
    : "transport is unicast, and no peers are known";
  return wrong(
    instance,
    "transport",
    what,
    "Nobody would hear the adverts, and every node would make itself master.",
    stranger === undefined || lacking === undefined || file.nodes.length < 2
      ? 'peers = ["192.168.1.12"]'
      : `${stranger.name} = [${
        [...stranger.addresses.map(({ address }) => formatIp(address)), EXAMPLE[lacking]]
          .map((address) => `"${address}"`).join(", ")
      }]  # one address per family`,
  );
}

const EXAMPLE: Readonly<Record<Family, string>> = { ipv4: "192.168.1.12", ipv6: "fd00::12" };

function hasFamily(node: FileDraft["nodes"][number], family: Family): boolean {
  return node.addresses.some(({ address }) => address.family === family);
}

function allHave(file: FileDraft, family: Family): boolean {
  return file.nodes.length > 1 && file.nodes.every((node) => hasFamily(node, family));
}

function checkLease(instance: InstanceDraft): Problem | undefined {
  const { lease, advert_interval: interval = 1e9 } = instance.keys;
  if (lease === undefined || typeof lease === "string" || lease >= 3 * interval) return undefined;
  return wrong(
    instance,
    "lease",
    `a lease of ${writeDuration(lease)} is shorter than three adverts`,
    "The kernel could take the address off a master that is merely late, before any backup takes over.",
    'lease = "auto"',
    "warning",
  );
}

function checkPeers(instance: InstanceDraft, report: Report): void {
  const { source, peers } = instance.keys;
  const families = familiesOf(instance);
  const known = families.length > 0;
  if (source !== undefined) {
    const path = [...instance.path, "source"];
    checkOwnable(source, "the source", path, 'source = "192.168.1.11"', report);
    if (known && !families.includes(source.family)) report(otherFamily("source", source, path));
    checkNotFloating(instance, source, "the source", path, report);
  }
  for (const [index, peer] of (peers ?? []).entries()) {
    // A hole is an entry that was reported already.
    if ((peer as Ip | undefined) === undefined) continue;
    const path = [...instance.path, "peers", index];
    checkOwnable(peer, "a peer", path, 'peers = ["192.168.1.12"]', report);
    if (known && !families.includes(peer.family)) report(otherFamily("peer", peer, path));
    checkNotFloating(instance, peer, "a peer", path, report);
    if (source !== undefined && sameIp(peer, source)) report(peerIsSource(peer, path));
    if (peers?.findIndex((other) => isSame(other, peer)) !== index) report(peerTwice(peer, path));
  }
}

function isSame(a: Ip | undefined, b: Ip): boolean {
  return a !== undefined && sameIp(a, b);
}

function checkNotFloating(
  instance: InstanceDraft,
  address: Ip,
  role: string,
  path: Path,
  report: Report,
): void {
  const { priority } = instance.keys;
  const floats = instance.addresses.some(({ prefix }) => isSame(prefix?.address, address));
  // The owner's own address is the floating one; a map of priorities has an owner somewhere.
  const owned = priority === 255 ||
    (typeof priority === "object" && [...priority.values()].includes(255));
  if (!floats || owned) return;
  report({
    severity: "error",
    path,
    at: "value",
    what: `${formatIp(address)} is ${role} and a floating address of this instance`,
    why: "A floating address moves between nodes, so adverts from or to it would go astray.",
    fix: "use the machine's own address",
  });
}

function otherFamily(role: string, address: Ip, path: Path): Problem {
  const other = address.family === "ipv4" ? "ipv6" : "ipv4";
  return {
    severity: "error",
    path,
    at: "value",
    what: `${role} ${formatIp(address)} is ${words(address.family)}, and all addresses here are ${
      words(other)
    }`,
    why: "Adverts travel in the family of the addresses they speak of.",
    fix: `use the machine's ${words(other)} address`,
  };
}

function peerIsSource(peer: Ip, path: Path): Problem {
  return {
    severity: "error",
    path,
    at: "value",
    what: `peer ${formatIp(peer)} is the source itself`,
    why: "Adverts to oneself reach nobody; the list is of the other nodes.",
    fix: "remove it from peers",
  };
}

function peerTwice(peer: Ip, path: Path): Problem {
  return {
    severity: "error",
    path,
    at: "value",
    what: `peer ${formatIp(peer)} is in the list twice`,
    why: "It would be sent every advert twice; probably another address was meant.",
    fix: "remove one of the two",
  };
}
