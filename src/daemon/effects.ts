/**
 * Effects: each becomes calls of the host, finished before the next effect of the same virtual
 * router is looked at.
 */
import { type Endpoint, type Host, HostError } from "../host.ts";
import { isFloating, isPlaced } from "../config/plan/own_address.ts";
import { unreachable } from "../assert.ts";
import { nameIn } from "../config/plan/plan.ts";
import { formatIp, includesIp, type Ip, isMulticast, sameIp } from "../net/ip.ts";
import {
  addressEntries,
  type Interfaces,
  type LinkAddress,
  linkNamed,
  type VirtualAddress,
} from "../net/interfaces.ts";
import { samePrefix } from "../net/prefix.ts";
import { after } from "../time.ts";
import { BURST } from "../vrrp/announcements.ts";
import type { Action } from "../vrrp/event.ts";
import { gratuitousArp } from "../wire/arp.ts";
import { unsolicitedNa } from "../wire/ndp.ts";
import { type ChecksumForm, groupOf } from "../wire/vrrp.ts";
import { advertTo } from "./advert_messages.ts";
import type { Announcement, Announcer } from "./announcer.ts";
import type { Journal } from "./journal/journal.ts";
import { lifetimeOf } from "./exclusive/lifetimes.ts";
import { forgetOpen, keepOpen } from "./machine/fence.ts";
import { labelOf } from "./journal/log.ts";
import { askableLink, questionFor } from "./holders/questions.ts";
import type { Look } from "./pictures.ts";
import type { OwnedRouter } from "./virtual_router.ts";
import { masterOf } from "../vrrp/state.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"releasedAt" | "leaseUntil" | "advertisedAt" | "sendTrouble">;

/** So many addresses of one router go to the kernel together: 1 or 2 ms. */
const TOGETHER = 16;

/** Work with many addresses: after each part it gives how many there were. */
export type AddressWork = Generator<number, void, void>;

/** An advert as it leaves by an endpoint to a destination. */
export type Sealer = (endpoint: Endpoint, to: Ip, message: Uint8Array) => Uint8Array;

/**
 * Carries `effect` out for `router`: at once (undefined), or what is to be done with its addresses
 * is given, and others have their turn between two parts of that. Throws HostError where an address
 * cannot be added.
 */
export function performEffect(
  effect: Action,
  router: VirtualRouter,
  host: Host,
  journal: Journal,
  announcer: Announcer,
  look: Look,
  seal: Sealer = (_endpoint, _to, message) => message,
): AddressWork | undefined {
  switch (effect.kind) {
    case "send-advert":
      sendAdvert(effect, router, host, journal, seal);
      return undefined;
    case "add-addresses":
      return addAddresses(router, host, journal, look);
    case "remove-addresses":
      return removeAddresses(router, host, journal, announcer, look);
    case "renew-addresses":
      return renewAddresses(router, host, announcer);
    case "announce":
      announce(effect.count, router, host, announcer);
      return undefined;
    case "probe-addresses":
      ask(router, host, journal);
      return undefined;
    default:
      return unreachable(effect);
  }
}

function* removeAddresses(
  router: VirtualRouter,
  host: Host,
  journal: Journal,
  announcer: Announcer,
  look: Look,
): AddressWork {
  announcer.cancel(router);
  yield* removingAddresses(router.plan.virtualAddresses, router, host, journal, look);
  router.releasedAt = host.now();
  router.leaseUntil = undefined;
}

/**
 * Takes those of `addresses` off their interfaces that floatip has put there, other prefix lengths
 * of the same address included. What others have put there stays. Never throws.
 */
export function* removingAddresses(
  addresses: readonly VirtualAddress[],
  router: VirtualRouter,
  host: Host,
  journal: Journal,
  look: Look,
): AddressWork {
  // They are another daemon's.
  if (router.elsewhere !== undefined) return;
  const refused = new Set<string>();
  for (const part of partsOf(addresses)) {
    const thereIn = (interfaces: Interfaces) =>
      part.flatMap((held) =>
        placedEntries(held, router, interfaces)
          .map(({ name, entry }) => ({ ...held, interface: name, prefix: entry.prefix }))
      );
    let there = thereIn(look());
    let outcomes = host.removeAddresses(there);
    // Gone, or its link has got another name since that picture.
    if (outcomes.includes("absent")) {
      there = thereIn(host.interfaces());
      outcomes = host.removeAddresses(there);
    }
    for (const [index, outcome] of outcomes.entries()) {
      if (!(outcome instanceof HostError)) continue;
      journal.write("error", `${labelOf(router.plan)}: ${outcome.message}`);
      const left = there[index];
      if (left !== undefined) refused.add(formatIp(left.prefix.address));
    }
    for (const { prefix } of part) router.placed.delete(formatIp(prefix.address));
    yield part.length;
  }
  // Of a lease that ends, what could not be removed stays behind the fence.
  const isKept = ({ prefix }: VirtualAddress) =>
    router.plan.exclusive !== undefined && refused.has(formatIp(prefix.address));
  forgetOpen(addresses.filter((one) => !isKept(one)), router, host);
}

function partsOf<T>(all: readonly T[]): readonly (readonly T[])[] {
  if (all.length <= TOGETHER) return all.length === 0 ? [] : [all];
  return Array.from(
    { length: Math.ceil(all.length / TOGETHER) },
    (_, i) => all.slice(i * TOGETHER, (i + 1) * TOGETHER),
  );
}

/**
 * The entries of `held` that are floatip's, by the present names of their links: one may have been
 * renamed since.
 */
function placedEntries(
  held: VirtualAddress,
  router: VirtualRouter,
  interfaces: Interfaces,
): readonly { readonly name: string; readonly entry: LinkAddress }[] {
  const { address } = held.prefix;
  const link = linkNamed(interfaces, held.interface);
  const before = router.placed.get(formatIp(address));
  return addressEntries(interfaces, address).flatMap((entry) => {
    const isThere = entry.index === link?.index && isOurs(entry, held, router, interfaces);
    if (!isThere && entry.index !== before) return [];
    const name = interfaces.links.find(({ index }) => index === entry.index)?.name;
    return name === undefined ? [] : [{ name, entry }];
  });
}

function* addAddresses(
  router: VirtualRouter,
  host: Host,
  journal: Journal,
  look: Look,
): AddressWork {
  for (const [index, part] of partsOf(router.plan.virtualAddresses).entries()) {
    const interfaces = look();
    const wanted = part.filter((held) => !isForeign(held, router, interfaces));
    // The lease of the first part ends first.
    if (index === 0) noteLease(router, host);
    const lifetime = lifetimeOf(router, host);
    if (lifetime === 0) return;
    const outcomes = host.addAddresses(wanted, lifetime);
    for (const [i, held] of wanted.entries()) {
      if (outcomes[i] instanceof HostError) continue;
      const link = linkNamed(interfaces, held.interface);
      if (link !== undefined) router.placed.set(formatIp(held.prefix.address), link.index);
      for (const entry of present(held, interfaces)) {
        if (samePrefix(entry.prefix, held.prefix)) continue;
        attempt(router, journal, () => host.removeAddress({ ...held, prefix: entry.prefix }));
      }
    }
    throwFirst(outcomes);
    yield part.length;
  }
  keepOpen(router, host);
}

/** Has another program put `held` there? */
function isForeign(held: VirtualAddress, router: VirtualRouter, interfaces: Interfaces): boolean {
  return present(held, interfaces).some((entry) => !isOurs(entry, held, router, interfaces));
}

function throwFirst(outcomes: readonly unknown[]): void {
  const refused = outcomes.find((outcome) => outcome instanceof HostError);
  if (refused !== undefined) throw refused;
}

/** One that was gone all the same is announced: the neighbours may have learnt otherwise. */
function* renewAddresses(router: VirtualRouter, host: Host, announcer: Announcer): AddressWork {
  let missed = false;
  const interfaces = host.interfaces();
  for (const part of partsOf(router.plan.virtualAddresses)) {
    const wanted = part.filter((held) => !isForeign(held, router, interfaces));
    const lifetime = lifetimeOf(router, host);
    if (lifetime === 0) return;
    const outcomes = host.addAddresses(wanted, lifetime);
    noteLease(router, host);
    missed ||= outcomes.includes("added");
    throwFirst(outcomes);
    yield part.length;
  }
  // Without adverts nothing else keeps it open until a successor is there.
  if (router.state.kind === "handoff") keepOpen(router, host);
  if (missed) announce(BURST, router, host, announcer);
}

/**
 * May floatip do with `entry`, an address of `held`, what it likes? An owner's own one, and what
 * others have put there, stays as it is. While floatip holds it on that card, what puts it there
 * again does floatip's work.
 */
function isOurs(
  entry: LinkAddress,
  { prefix }: VirtualAddress,
  { plan, placed }: VirtualRouter,
  interfaces: Interfaces,
): boolean {
  return isFloating(entry, plan) || isPlaced(prefix.address, placed, interfaces);
}

function noteLease(router: VirtualRouter, host: Host): void {
  const { lease } = router.rules;
  router.leaseUntil = lease === undefined ? undefined : after(host.now(), lease);
}

/** The holder of an address, and the last master, is asked for it; answers come as claims. */
function ask(router: VirtualRouter, host: Host, journal: Journal): void {
  const { state, plan: { virtualAddresses: all, rules } } = router;
  const interfaces = host.interfaces();
  router.look.claimAskedAt = host.now();
  const master = masterOf(state)?.source;
  // By the master's and the peers' answers it is known whose MAC is whose.
  const others = master === undefined || includesIp(rules.peers, master)
    ? rules.peers
    : [...rules.peers, master];
  const asked = new Set<string>();
  for (const held of all) {
    const link = askableLink(interfaces, held.interface);
    if (link === undefined) continue;
    // Which machine answers is asked once on each link.
    const whose = asked.has(held.interface) ? [] : others;
    asked.add(held.interface);
    for (const target of [held.prefix.address, ...whose]) {
      const frame = questionFor(target, link, router, interfaces);
      if (frame === undefined) continue;
      attempt(router, journal, () => host.sendFrame(held.interface, frame));
    }
  }
}

function announce(
  count: number,
  router: VirtualRouter,
  host: Host,
  announcer: Announcer,
): void {
  const interfaces = host.interfaces();
  const frames = router.plan.virtualAddresses.flatMap((held): readonly Announcement[] => {
    const link = linkNamed(interfaces, held.interface);
    if (link === undefined || link.mac === undefined || !link.arp) return [];
    const { address } = held.prefix;
    const frame = address.family === "ipv4"
      ? gratuitousArp(link.mac, address)
      : unsolicitedNa(link.mac, address, link.forwards6);
    return [{ interface: held.interface, address, frame }];
  });
  announcer.announce(router, frames, count);
}

function sendAdvert(
  { priority, interval }: Extract<Action, { kind: "send-advert" }>,
  router: VirtualRouter,
  host: Host,
  journal: Journal,
  seal: Sealer,
): void {
  const { endpoint, source, plan } = router;
  if (endpoint === undefined || source === undefined) return;
  const began = host.now();
  let trouble: string | undefined;
  for (const destination of destinations(endpoint, plan.rules.peers)) {
    const form = checksumForm(router, isMulticast(destination) ? undefined : destination);
    const spoken = { priority, interval: interval ?? plan.rules.advertInterval, source, form };
    const message = advertTo(destination, plan.rules, spoken);
    try {
      host.send(endpoint, source, destination, seal(endpoint, destination, message));
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      trouble = `adverts to ${nameIn(plan, destination)} do not leave: ${error.words}`;
    }
  }
  router.counters.sent++;
  // A node that did not hear it counts from the one before.
  if (trouble === undefined) router.advertisedAt = host.now();
  if (priority === 0) router.counters.sentZero++;
  if (trouble !== undefined && trouble !== router.sendTrouble) {
    journal.write("warning", `${labelOf(plan)}: ${trouble}`);
  }
  router.sendTrouble = trouble;
  // Last: who dies between the two is silent sooner, not later than the others wait. Who stood
  // still between them for long may have been succeeded: the next advert opens it.
  if (host.now() < after(began, plan.rules.advertInterval)) keepOpen(router, host);
}

/**
 * The form to send: the configured one, else the one that is known of `destination`; to a group, or
 * without a destination, the one that all known daemons use. Alone: with the pseudo-header, as
 * keepalived and FRR do.
 */
export function checksumForm(router: VirtualRouter, destination?: Ip): ChecksumForm {
  if (router.plan.checksum !== "auto") return router.plan.checksum;
  const heard = [...router.heard.values()].filter((peer) =>
    peer.checksum !== undefined && (destination === undefined || sameIp(peer.source, destination))
  );
  return heard.length > 0 && heard.every((peer) => peer.checksum === "rfc9568")
    ? "rfc9568"
    : "pseudo-header";
}

function destinations(endpoint: Endpoint, peers: readonly Ip[]): readonly Ip[] {
  return endpoint.kind === "multicast" ? [groupOf(endpoint.family)] : peers;
}

/**
 * The kernel's entries for the address of `held` on its interface, whatever their prefix length.
 */
function present(held: VirtualAddress, interfaces: Interfaces): readonly LinkAddress[] {
  const link = linkNamed(interfaces, held.interface);
  return addressEntries(interfaces, held.prefix.address).filter(({ index }) =>
    index === link?.index
  );
}

/**
 * Runs `act`; the host's refusal becomes a log line. For acts whose failure must not stop the
 * others.
 */
export function attempt(router: VirtualRouter, journal: Journal, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    journal.write("error", `${labelOf(router.plan)}: ${error.message}`);
  }
}
