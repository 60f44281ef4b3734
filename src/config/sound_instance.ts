/** Does an instance make sense in itself? Version, interval, password and priority held against each other. */
import { type Nanoseconds, writeDuration } from "../time.ts";
import { formatIp } from "../net/ip.ts";
import type { FileDraft, InstanceDraft } from "./drafts.ts";
import type { Problem } from "./problem.ts";
import type { Report } from "./problem_list.ts";
import { V3_INTERVAL } from "./tables/instance.ts";
import { advertisedOf } from "./tables/address.ts";

/** Reports what is unsound about one instance; keys that could not be read are taken as unknown, not as wrong. */
export function checkInstance(instance: InstanceDraft, file: FileDraft, report: Report): void {
  for (const check of CHECKS) {
    const problem = check(instance, file);
    if (problem !== undefined) report(problem);
  }
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
    : `advert_interval = "1s"  # or version = 3, which can have "${writeDuration(interval)}"`;
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
    fix: "remove it, or write version = 2 where peers demand a password",
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
    fix: "write a password of 1 to 8 bytes, the same on all nodes",
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
      "remove it, and keep prefer",
    );
  }
  if (file.hasNodes) return undefined;
  return wrong(
    instance,
    "prefer",
    "prefer names nodes, and the file has no [nodes]",
    "Without [nodes] a node cannot tell whether it is meant.",
    "write [nodes], with a line for each node and its address",
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
    preempt === false ? "remove it, or write preempt = true" : "priority = 254",
    "warning",
  );
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
