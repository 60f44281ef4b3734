/** Check of adverts: what is on the wire, compared with what reaches a socket. */
import { nameIn, type NodePlan, transportText } from "../../../config/plan/plan.ts";
import type { Interfaces } from "../../../net/interfaces.ts";
import { formatIp, includesIp, type Ip, isMulticast, parseIp, sameIp } from "../../../net/ip.ts";
import { formatMac } from "../../../net/mac.ts";
import { formatDuration } from "../../../time.ts";
import { type DoctorCheck, type Finding, ok, problem, unknown, warning } from "../check.ts";
import {
  type DaemonSeen,
  type Environment,
  firstOfEach,
  type HeardAdvert,
  type LanSeen,
} from "../environment.ts";
import {
  type DoctorTarget,
  holdsNow,
  isOwnAddress,
  ownAddressesOn,
  type PlacedPlan,
  placedPlans,
} from "../target.ts";
import { judgeRefused, namesOurs, ONE_WAY, refusedIn, transportOf, wayOf } from "./refused.ts";

/** Whether adverts arrive, and floatip gets them. */
export const adverts: DoctorCheck = {
  name: "adverts",
  needs: "interface",
  async run(target, environment) {
    const [lan, daemon] = await Promise.all([environment.lan(), environment.daemon()]);
    return judgeAdverts(target, environment, lan, daemon);
  },
};

/** For each virtual router, and for each peer of it. */
export function judgeAdverts(
  target: DoctorTarget,
  { interfaces }: Pick<Environment, "interfaces">,
  lan: LanSeen,
  daemon: DaemonSeen,
): readonly Finding[] {
  const { plan } = target;
  if (plan === undefined) return [];
  if (lan.refusal !== undefined) {
    return [unknown(`nothing could be heard: ${lan.refusal}`, "sudo floatip doctor")];
  }
  const missing = silentPeers(target, plan.node, lan);
  const found = placedPlans(target).flatMap((one) => {
    const holding = one.virtualAddresses.some((held) =>
      holdsNow(interfaces, held.interface, held.prefix.address)
    );
    const own = one.source ?? ownAddressesOn(interfaces, one)[0];
    // A switch may deliver our own adverts, or those for other machines.
    const adverts = lan.adverts.filter((heard) => isForUs(heard, interfaces));
    return judgeRouter(one, plan.node, { ...lan, adverts }, holding, daemon, own);
  });
  return [...found, ...missing];
}

/** Any machine can invent senders: so many are named. */
const MOST_TOLD = 8;

/** "pi-a and pi-b", "pi-a and 10.77.0.9 and 246 more". */
function namesOf(node: NodePlan, senders: readonly Ip[]): string {
  const more = senders.length - MOST_TOLD;
  const names = senders.slice(0, MOST_TOLD).map((sender) => nameIn(node, sender));
  return [...names, ...(more > 0 ? [`${more} more`] : [])].join(" and ");
}

function judgeRouter(
  plan: PlacedPlan,
  node: NodePlan,
  lan: LanSeen,
  holding: boolean,
  daemon: DaemonSeen,
  own: Ip | undefined,
): readonly Finding[] {
  const heard = firstOfEach(lan.adverts.filter((one) => isOurs(one, plan)));
  const refused = refusedIn(heard, plan, own);
  if (refused.length > 0) return refused.map((one) => judgeRefused(one, plan, node, lan));
  const astray = heard.filter((one) => isAstray(one, plan, own));
  if (astray.length > 0) return astray.map((one) => judgeAstray(one, plan, node, own));
  const lost = heard.filter((one) => !wasDelivered(one, plan, lan, daemon));
  if (lost.length > 0) return lost.slice(0, MOST_TOLD).map((one) => judgeLost(one, plan, node));
  const what = `VRID ${plan.rules.vrid} of ${plan.name}`;
  // An advert through a tunnel has no Ethernet header; the daemon hears it.
  const unseen = plan.port === undefined || holding ? [] : heardByDaemon(plan, daemon);
  const senders = uniqueIps([...heard.map(({ source }) => source), ...unseen]);
  if (senders.length > 0) {
    const masters = namesOf(node, senders);
    return holding ? [twoMasters(what, masters)] : [ok(`${what}: adverts of ${masters} arrive`)];
  }
  if (holding) return judgeSending(what, plan, node, lan);
  const holder = holderOf(plan, lan);
  if (holder !== undefined) return [judgeUnheard(what, plan, nameIn(node, holder))];
  const silence = `${what}: no advert within ${formatDuration(lan.listened)}`;
  return daemon.kind === "running"
    ? [unknown(`${silence}, and no machine holds the address`)]
    : [unknown(`${silence}: no node is master yet`)];
}

/**
 * This node is master, and backups are silent. Only refusals and members of the group tell more.
 */
function judgeSending(
  what: string,
  plan: PlacedPlan,
  node: NodePlan,
  lan: LanSeen,
): readonly Finding[] {
  const { transport, peers } = plan.rules;
  const names = (addresses: readonly Ip[]) => addresses.map((one) => nameIn(node, one)).join(", ");
  const refusing = lan.refused.filter(({ destination, port }) =>
    port === plan.port && includesIp(peers, destination)
  );
  const found = uniqueIps(refusing.map(({ destination }) => destination)).map((peer) => {
    const filtered = refusing.some(({ by, destination }) =>
      by === "filter" && sameIp(destination, peer)
    );
    return filtered ? judgeRejecting(nameIn(node, peer)) : judgeDeaf(nameIn(node, peer), plan.port);
  });
  if (found.length > 0) return found;
  const sentence = `${what}: this node is master`;
  if (plan.family === "ipv6") return [ok(sentence)];
  if (transport !== "multicast") {
    const there = peers.filter((peer) => lan.answers.some(({ address }) => sameIp(address, peer)));
    if (there.length === 0) return [ok(sentence)];
    return [ok(`${sentence}, and no refusal comes from ${names(there)}`)];
  }
  const members = uniqueIps(
    lan.members.filter((one) => one.interface === plan.interface).map(({ source }) => source),
  );
  if (members.length > 0) return [ok(`${sentence}, and its multicast reaches ${names(members)}`)];
  return [unknown(`${sentence}, and no node confirms that its multicast arrives`)];
}

function judgeRejecting(peer: string): Finding {
  return problem(
    `the packet filter of ${peer} rejects this node's adverts`,
    "It takes the address while this node holds it.",
    `floatip firewall   # on ${peer}`,
  );
}

/** For UDP, a packet filter that rejects looks like a closed port. */
function judgeDeaf(peer: string, port: number | undefined): Finding {
  return warning(
    port === undefined
      ? `floatip does not run on ${peer}: it does not accept VRRP`
      : `UDP port ${port} of ${peer} is closed: floatip does not run there, or a packet filter ` +
        "rejects it",
    "It does not take over when this node fails.",
    `systemctl enable --now floatip   # on ${peer}`,
  );
}

/**
 * Whether it claims our addresses, with whatever VRID. Adverts by UDP may come in on any interface.
 */
function isOurs(one: HeardAdvert, plan: PlacedPlan): boolean {
  const { interface: name, source, advert } = one;
  return (name === plan.interface || plan.port !== undefined) && source.family === plan.family &&
    advert.priority > 0 && namesOurs(one, plan);
}

function uniqueIps(addresses: readonly Ip[]): readonly Ip[] {
  return addresses.filter((address, index) => !includesIp(addresses.slice(0, index), address));
}

/**
 * The doctor does not open the UDP port: a daemon that starts meanwhile would find it in use. The
 * daemon is asked instead; while none runs, nothing can be lost.
 */
function wasDelivered(
  one: HeardAdvert,
  plan: PlacedPlan,
  lan: LanSeen,
  daemon: DaemonSeen,
): boolean {
  // A socket of the group hears unicast too, and the daemon refuses it.
  if (plan.rules.transport === "multicast" && transportOf(one) === "unicast") return false;
  if (plan.port !== undefined && wayOf(one) === transportText(plan)) {
    return daemon.kind !== "running" || includesIp(heardByDaemon(plan, daemon), one.source);
  }
  return lan.delivered.some(({ family, vrid, source }) =>
    family === plan.family && vrid === plan.rules.vrid && sameIp(source, one.source)
  );
}

/** Senders that the daemon heard within a master-down interval. */
function heardByDaemon({ name, family }: PlacedPlan, daemon: DaemonSeen): readonly Ip[] {
  if (daemon.kind !== "running") return [];
  const router = daemon.status.instances.find((one) => one.name === name && one.family === family);
  const recent = router?.peers.filter(({ last_heard_ms: heard }) =>
    heard !== null && heard <= router.master_down_ms
  );
  return recent?.flatMap(({ address }) => parseIp(address) ?? []) ?? [];
}

/** Whether it comes from another machine, to a group or to this machine. */
function isForUs({ outgoing, mac, destination }: HeardAdvert, interfaces: Interfaces): boolean {
  if (outgoing || interfaces.links.some((link) => link.mac && formatMac(link.mac) === mac)) {
    return false;
  }
  return isMulticast(destination) || isOwnAddress(interfaces, destination);
}

/** Whether it is sent to another address of this machine than the one that floatip uses. */
function isAstray(one: HeardAdvert, plan: PlacedPlan, own: Ip | undefined): boolean {
  return own !== undefined && transportOf(one) !== "multicast" &&
    transportOf(one) === plan.rules.transport && !sameIp(one.destination, own);
}

function judgeAstray(
  { source, destination }: HeardAdvert,
  plan: PlacedPlan,
  node: NodePlan,
  own: Ip | undefined,
): Finding {
  const hears = own === undefined ? "elsewhere" : `at ${formatIp(own)}`;
  return problem(
    `adverts of ${nameIn(node, source)} go to ${formatIp(destination)}; this node hears ${hears}`,
    "It does not hear them, and both take the address.",
    `source = "${formatIp(destination)}"   # in [instance.${plan.name}], on this node`,
  );
}

function judgeLost(one: HeardAdvert, plan: PlacedPlan, node: NodePlan): Finding {
  const sender = nameIn(node, one.source);
  const [way, expected] = [wayOf(one), transportText(plan)];
  if (way !== expected) {
    return warning(
      `${sender} sends adverts for VRID ${plan.rules.vrid} by ${way}; this node expects ` +
        expected,
      "The two do not hear each other, and both take the address.",
      plan.rules.transport !== "multicast" && !includesIp(plan.rules.peers, one.source)
        ? `list ${formatIp(one.source)} in [nodes], on all of them`
        : ONE_WAY,
    );
  }
  return problem(
    `adverts of ${sender} reach ${plan.interface}, but not floatip`,
    "A packet filter or rp_filter drops them: this node takes the address from a live master.",
    "floatip firewall",
  );
}

function twoMasters(what: string, masters: string): Finding {
  return problem(
    `${what}: ${masters} is master too, beside this node`,
    "It does not hear this node: a packet filter there drops the adverts, or multicast is lost.",
    `floatip doctor   # on ${masters}`,
  );
}

/** The node that answers for a floating address; undefined: none, or none that is known. */
function holderOf(plan: PlacedPlan, { answers }: LanSeen): Ip | undefined {
  const macs = answers.filter(({ address }) => includesIp(plan.rules.addresses, address))
    .map(({ mac }) => mac);
  return answers.find(({ address, mac }) =>
    macs.includes(mac) && includesIp(plan.rules.peers, address)
  )?.address;
}

function judgeUnheard(what: string, plan: PlacedPlan, holder: string): Finding {
  const multicast = plan.rules.transport === "multicast";
  return problem(
    `${what}: ${holder} holds the address, but its adverts do not reach ${plan.interface}`,
    multicast
      ? "Multicast is lost on the way: by a switch with IGMP snooping, Wi-Fi, or a hypervisor."
      : "Its packet filter drops them, or its file does not name this node.",
    multicast
      ? 'transport = "unicast"   # and every node in [nodes]'
      : "floatip firewall   # there, and here",
  );
}

/** Peers on this LAN that do not answer for their own address. */
function silentPeers(target: DoctorTarget, node: NodePlan, lan: LanSeen): readonly Finding[] {
  const peers = placedPlans(target).flatMap(({ rules, interface: name }) =>
    rules.peers.map((address) => ({ name, address }))
  );
  const silent = lan.asked.filter((query) =>
    peers.some(({ name, address }) => name === query.interface && sameIp(address, query.address)) &&
    !lan.answers.some(({ address }) => sameIp(address, query.address))
  );
  return silent.map(({ interface: name, address }) =>
    warning(
      `${nameIn(node, address)} does not answer on ${name}`,
      "It is off, unplugged, or has another address: it cannot take over.",
      `ping ${formatIp(address)}`,
    )
  );
}
