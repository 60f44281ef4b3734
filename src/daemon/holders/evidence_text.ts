/**
 * Conflicts in words: which machine it is, what it does, and why it was not noticed before. Pure.
 */
import { formatIp } from "../../net/ip.ts";
import { between, type Instant, seconds } from "../../time.ts";
import { masterDownOf } from "../../vrrp/intervals.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Conflict, VirtualRouter } from "../virtual_router.ts";

/** After so long the other nodes have been asked for their own addresses. */
const SETTLED = seconds(3);

/** Which machine it is. */
interface Machine {
  /** "pi-b (192.168.1.12, 02:00:00:00:00:02)". */
  readonly words: string;
  /** Its name in the file, else its address, else its MAC. */
  readonly name: string;
  readonly addresses: readonly string[];
}

/** A conflict as a person reads it. */
export interface Description {
  /** A node's name, an address or a MAC. */
  readonly name: string;
  /** The address that it is known by, else its MAC. */
  readonly rival: string;
  /** "pi-b (192.168.1.12, 02:00:00:00:00:02)". */
  readonly machine: string;
  /** A sentence without a full stop. */
  readonly words: string;
  /** It says why both hold the address. */
  readonly isExplained: boolean;
}

/** Describes one conflict of `router`, as far as it is known at `now`. */
export function describe(
  conflict: Conflict,
  router: VirtualRouter,
  neighbours: Neighbours,
  now: Instant,
): Description {
  const machine = conflict.kind === "answer"
    ? machineAt(conflict, router, neighbours)
    : machineOf(conflict.who, router);
  const rival = machine.name === conflict.who ? conflict.who : machine.addresses[0] ?? conflict.who;
  const reason = conflict.kind === "answer"
    ? reasonOf(conflict, machine, router, neighbours, now)
    : "";
  const words = `${machine.words} ${actOf(conflict)}${reason}`;
  const isExplained = reason !== "";
  return { name: machine.name, rival, machine: machine.words, words, isExplained };
}

/**
 * Describes `conflicts`: a machine that answers is told once, with what its adverts say as the
 * reason.
 */
export function describeAll(
  conflicts: readonly Conflict[],
  router: VirtualRouter,
  neighbours: Neighbours,
  now: Instant,
): readonly Description[] {
  const told = (conflict: Conflict) => describe(conflict, router, neighbours, now);
  const answers = conflicts.filter(({ kind }) => kind === "answer").map(told);
  const names = new Set(answers.map(({ name }) => name));
  const adverts = conflicts.filter(({ kind }) => kind !== "answer").map(told)
    .filter(({ name }) => !names.has(name));
  return [...answers, ...adverts];
}

function actOf({ kind, words, unasked }: Conflict): string {
  switch (kind) {
    case "answer":
      return unasked ? `tells the neighbours that it has ${words}` : `answers for ${words} too`;
    case "master":
      return `claims to be master too, ${words}`;
    case "refused":
      return `sends adverts that are refused: ${words}`;
  }
}

/** Why both hold it, as far as this node can tell; begins with a semicolon. */
function reasonOf(
  conflict: Conflict,
  { addresses }: Machine,
  router: VirtualRouter,
  neighbours: Neighbours,
  now: Instant,
): string {
  if (conflict.leaving) {
    return "; its answers leave by this machine's own card: a container or virtual machine on it " +
      "has the address";
  }
  const own = router.source === undefined ? undefined : formatIp(router.source);
  if (conflict.own || (own !== undefined && addresses.includes(own))) {
    return "; the two machines are clones, which cannot hear each other: " +
      "give one of them other addresses";
  }
  const adverts = [...router.conflicts.values()].filter(({ kind }) => kind !== "answer");
  const its = adverts.filter(({ who }) => addresses.includes(who));
  const refused = its.findLast(({ kind }) => kind === "refused");
  if (refused !== undefined) return `; its adverts are refused: ${refused.words}`;
  const accepted = its.find(({ kind }) => kind === "master");
  if (accepted !== undefined) return `; it claims to be master too, ${accepted.words}`;
  // Where the sender of refused adverts is, was not told: it may be this machine.
  const unplaced = adverts.findLast(({ kind, who, stranger }) =>
    kind === "refused" && !stranger && !neighbours.knows(who, now)
  );
  if (addresses.length === 0 && unplaced !== undefined) {
    const { words } = machineOf(unplaced.who, router);
    return `; adverts of ${words} are refused: ${unplaced.words}`;
  }
  // Later it has been asked which machine is which, and it can be said what is not known.
  if (between(conflict.since, now) < SETTLED) return "";
  return addresses.length === 0
    ? "; it is none of the nodes that are known here: another machine uses the address"
    : silenceOf(addresses, router, now);
}

/** Why no advert of a machine with `addresses` says that it is master; begins with a semicolon. */
function silenceOf(
  addresses: readonly string[],
  { heard, rules }: VirtualRouter,
  now: Instant,
): string {
  const last = addresses.flatMap((one) => heard.get(one) ?? []).toSorted((a, b) => a.at - b.at)
    .at(-1);
  if (last === undefined) {
    return "; none of its adverts arrives here: a packet filter drops them, or its file has " +
      "another VRID or transport, or does not name this node";
  }
  if (last.priority === 0) return "; it left, so another program or user put the address there";
  return between(last.at, now) <= masterDownOf(rules, last.interval)
    ? ""
    : "; its adverts stopped: they are lost now, or its daemon died and left the address there";
}

function machineOf(address: string, { plan: { names } }: VirtualRouter): Machine {
  const name = names.get(address);
  return {
    words: name === undefined ? address : `${name} (${address})`,
    name: name ?? address,
    addresses: [address],
  };
}

function machineAt(
  { who: mac, own }: Conflict,
  router: VirtualRouter,
  neighbours: Neighbours,
): Machine {
  const ours = router.source === undefined ? "" : formatIp(router.source);
  const all = neighbours.addressesOf(mac);
  if (own || all.includes(ours)) {
    const what = own ? `hardware address ${mac}` : `own address ${ours} (${mac})`;
    const words = `another machine with this node's ${own ? "own " : ""}${what}`;
    return { words, name: mac, addresses: all };
  }
  const { names } = router.plan;
  const address = all.find((one) => names.has(one)) ?? all[0];
  const name = address === undefined ? undefined : names.get(address);
  const place = address === undefined ? mac : `${address}, ${mac}`;
  const sorted = address === undefined ? [] : [address, ...all.filter((one) => one !== address)];
  if (name !== undefined) return { words: `${name} (${place})`, name, addresses: sorted };
  return {
    words: address === undefined ? mac : `${address} (${mac})`,
    name: address ?? mac,
    addresses: sorted,
  };
}
