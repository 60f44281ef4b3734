/**
 * What a new configuration changes: virtual router by virtual router, so that untouched ones stay
 * untouched. Pure.
 */
import { instanceLabel } from "../../printable.ts";
import { writeDuration } from "../../time.ts";
import type { VirtualAddress } from "../../net/interfaces.ts";
import { formatIp, type Ip, sameIps } from "../../net/ip.ts";
import { formatPrefix, samePrefix } from "../../net/prefix.ts";
import { describeFileChange, type FileChange, fileChanges } from "../changes.ts";
import type { Config } from "../config.ts";
import { keyOf, type Plan, transportText } from "./plan.ts";
import { sameBytes } from "../../net/bytes.ts";

/** The fate of one virtual router (name and family). */
export type Change =
  | { readonly kind: "added"; readonly after: Plan }
  | { readonly kind: "removed"; readonly before: Plan }
  /** Its identity changed: it must stop and start. `what` says in words what changed. */
  | {
    readonly kind: "replaced";
    readonly before: Plan;
    readonly after: Plan;
    readonly what: readonly string[];
  }
  /** Altered in place. */
  | {
    readonly kind: "changed";
    readonly before: Plan;
    readonly after: Plan;
    readonly what: readonly string[];
  }
  | { readonly kind: "unchanged"; readonly before: Plan; readonly after: Plan };

/**
 * The changes from `before` to `after`, a virtual router after the other: removed ones first, the
 * others in the order of `after`. One that has another name and the same interface, family and VRID
 * is the same virtual router: it is changed, or replaced, with `before` of its old name.
 */
export function* diff(
  before: readonly Plan[],
  after: readonly Plan[],
): Generator<void, readonly Change[]> {
  const old = new Map(before.map((plan) => [keyOf(plan), plan]));
  const fresh = new Set(after.map(keyOf));
  const gone = new Map(
    before.filter((plan) => !fresh.has(keyOf(plan))).map((plan) => [wireOf(plan), plan]),
  );
  yield;
  const others: Change[] = [];
  for (const plan of after) {
    const was = old.get(keyOf(plan));
    const renamed = was === undefined ? gone.get(wireOf(plan)) : undefined;
    if (renamed !== undefined) gone.delete(wireOf(plan));
    others.push(compare(was ?? renamed, plan));
    yield;
  }
  const kept = new Set(others.flatMap((change) => change.kind === "added" ? [] : [change.before]));
  return [
    ...before.filter((plan) => !kept.has(plan))
      .map((plan): Change => ({ kind: "removed", before: plan })),
    ...others,
  ];
}

/**
 * What tells a virtual router from all others, whatever it is called; one that waits for its
 * interface has its name.
 */
function wireOf(plan: Plan): string {
  const { interface: name, family, rules: { vrid } } = plan;
  return name === undefined ? keyOf(plan) : `${name} ${family} ${vrid}`;
}

/**
 * `change` as one sentence: "web: priority 100 -> 150, address 192.168.1.51/24 added". Never a
 * password.
 */
export function describe(change: Change): string {
  const plan = change.kind === "removed" ? change.before : change.after;
  const name = instanceLabel(plan.name, plan.family);
  switch (change.kind) {
    case "added":
      return `${name}: added`;
    case "removed":
      return `${name}: removed`;
    case "replaced":
      return `${name}: restarted: ${change.what.join(", ")}`;
    case "changed":
      return `${name}: ${change.what.join(", ")}`;
    case "unchanged":
      return `${name}: unchanged`;
  }
}

/**
 * What a reload changed, one sentence each: first what the files say differently, then what follows
 * from it for the virtual routers of this node. Nothing is said twice in the same words. In parts
 * that turns may share. `nodeFlag`: --node, which a reload does not change.
 */
export function* describeReload(
  before: Config,
  after: Config,
  changes: readonly Change[],
  nodeFlag: string | undefined,
): Generator<void, readonly string[]> {
  const moved: string[] = [];
  const renamed = new Set<string>();
  const saidOf = new Map<string, Set<string>[]>();
  for (const change of changes) {
    if (change.kind === "unchanged") continue;
    moved.push(describe(change));
    const name = nameOf(change);
    const said = new Set("what" in change ? change.what : [change.kind]);
    saidOf.set(name, [...saidOf.get(name) ?? [], said]);
    if ("before" in change && change.before.name !== name) {
      renamed.add(`${change.before.name} removed`).add(`${name} added`);
    }
    yield;
  }
  const written = yield* fileChanges(before, after);
  const texts: string[] = [];
  for (const change of written) {
    const { instance = "", words } = change;
    const isKnown = renamed.has(`${instance} ${words}`) ||
      (saidOf.get(instance) ?? []).some((said) => says(said, change));
    if (!isKnown) texts.push(describeFileChange(change));
    yield;
  }
  return [...texts, ...moved, ...written.flatMap((change) => notYet(change, nodeFlag))];
}

/** What a reload cannot put in force. */
function notYet(
  { header, instance, key }: FileChange,
  nodeFlag: string | undefined,
): readonly string[] {
  if (header === "[node]" && nodeFlag !== undefined) {
    return [`${header} ${key} is not applied: --node ${nodeFlag} holds`];
  }
  return instance !== undefined && key === "initial_state"
    ? [`${header} ${key} counts from its next start on`]
    : [];
}

function nameOf(change: Change): string {
  return change.kind === "removed" ? change.before.name : change.after.name;
}

/** Is this change of a table among what is `said` of a virtual router, perhaps in other words? */
function says(said: ReadonlySet<string>, { key, words }: FileChange): boolean {
  const begin = `${key} `;
  return said.has(words) || said.values().some((one) => one.startsWith(begin));
}

function compare(before: Plan | undefined, after: Plan): Change {
  if (before === undefined) return { kind: "added", after };
  const identity = differences(IDENTITY, before, after);
  const what = [
    ...identity,
    ...differences(SETTINGS, before, after),
    ...addressChanges(before, after),
    ...peerChanges(before, after),
    ...checkChanges(before, after),
    ...waitingChanges(before, after),
  ];
  if (identity.length > 0) return { kind: "replaced", before, after, what };
  return what.length > 0
    ? { kind: "changed", before, after, what }
    : { kind: "unchanged", before, after };
}

type Aspect = readonly [title: string, show: (plan: Plan) => string];

/** What makes a virtual router another one on the wire. */
const IDENTITY: readonly Aspect[] = [
  ["interface", (plan) => plan.interface ?? "none"],
  ["vrid", (plan) => String(plan.rules.vrid)],
  ["version", (plan) => String(plan.rules.version)],
  ["transport", transportText],
  ["exclusive", ({ exclusive }) => exclusive?.name ?? "no"],
];

/** What can change while it runs. */
const SETTINGS: readonly Aspect[] = [
  ["name", (plan) => plan.name],
  ["source", (plan) => plan.source === undefined ? "the interface's" : formatIp(plan.source)],
  ["priority", (plan) => String(plan.rules.priority)],
  ["the others' priorities", rivalsText],
  ["advert_interval", (plan) => writeDuration(plan.rules.advertInterval)],
  ["preempt", (plan) => String(plan.rules.preempt)],
  ["preempt_delay", (plan) => writeDuration(plan.rules.preemptDelay)],
  ["initial_state", (plan) => plan.rules.initialState],
  ["address_mismatch", (plan) => plan.rules.addressMismatch],
  ["checksum", (plan) => plan.checksum],
  ["lease", ({ rules: { lease } }) => lease === undefined ? "off" : writeDuration(lease)],
  ["fence", (plan) => plan.fence === undefined ? "off" : "auto"],
  ["duplicate_check", (plan) => plan.rules.duplicateCheck ? "quick" : "off"],
  ["second opinion", (plan) => plan.rules.secondOpinion === true ? "asked for" : "none"],
  ["stop", (plan) => plan.rules.stop],
  ["group", (plan) => plan.group ?? "none"],
];

/** "200, 180"; "unknown" where the file does not name them all. */
function rivalsText({ rules: { rivals } }: Plan): string {
  return rivals?.map(({ priority }) => priority).join(", ") ?? "unknown";
}

function checkChanges(before: Plan, after: Plan): readonly string[] {
  if (before.checks.length === 0 && after.checks.length === 0) return [];
  return changes(before.checks, after.checks, "check");
}

function differences(
  aspects: readonly Aspect[],
  before: Plan,
  after: Plan,
): readonly string[] {
  const texts = aspects.flatMap(([title, show]) =>
    show(before) === show(after) ? [] : [`${title} ${show(before)} -> ${show(after)}`]
  );
  const secret = aspects === SETTINGS && !sameBytes(before.rules.password, after.rules.password);
  return secret ? [...texts, "auth pass changed"] : texts;
}

function addressChanges(before: Plan, after: Plan): readonly string[] {
  // Most often nothing changed, and this is asked at every change of the machine's addresses.
  if (before.interface === after.interface && sameAddresses(before, after)) return [];
  const texts = changes(formatHeld(before), formatHeld(after), "address");
  if (texts.length > 0) return texts;
  const told = changes(
    formatAll(before.rules.addresses),
    formatAll(after.rules.addresses),
    "advertised address",
  );
  if (told.length > 0) return told;
  const order = (plan: Plan): string => plan.rules.addresses.map(formatIp).join(" ");
  return order(before) === order(after) ? [] : ["order of addresses changed"];
}

function sameAddresses(before: Plan, after: Plan): boolean {
  return before.virtualAddresses.length === after.virtualAddresses.length &&
    before.virtualAddresses.every((held, index) => sameHeld(held, after.virtualAddresses[index])) &&
    sameIps(before.rules.addresses, after.rules.addresses);
}

function sameHeld(a: VirtualAddress, b: VirtualAddress | undefined): boolean {
  return a.interface === b?.interface && a.label === b.label && samePrefix(a.prefix, b.prefix);
}

function peerChanges(before: Plan, after: Plan): readonly string[] {
  const [old, now] = [before.rules.peers, after.rules.peers];
  return sameIps(old, now) ? [] : changes(formatAll(old), formatAll(now), "peer");
}

function waitingChanges(before: Plan, after: Plan): readonly string[] {
  if (before.waiting.length === 0 && after.waiting.length === 0) return [];
  const [old, now] = [before, after].map((plan) =>
    plan.waiting.map((fault) => fault.message).join("; ")
  );
  if (old === now) return [];
  return [now === "" ? "waits no more" : `waits: ${now}`];
}

function changes(
  before: readonly string[],
  after: readonly string[],
  title: string,
): readonly string[] {
  const [old, now] = [new Set(before), new Set(after)];
  return [
    ...after.filter((text) => !old.has(text)).map((text) => `${title} ${text} added`),
    ...before.filter((text) => !now.has(text)).map((text) => `${title} ${text} removed`),
  ];
}

function formatAll(addresses: readonly Ip[]): readonly string[] {
  return addresses.map(formatIp);
}

/** The addresses with what is special about each; the plan's own interface goes without saying. */
function formatHeld(plan: Plan): readonly string[] {
  return plan.virtualAddresses.map((held) => {
    const wire = held.interface === plan.interface ? "" : ` on ${held.interface}`;
    const label = held.label === undefined ? "" : ` label ${held.label}`;
    return `${formatPrefix(held.prefix)}${wire}${label}`;
  });
}
