/** Do adverts arrive, and does floatip get them? What came by on the wire held against what reached a socket. */
import { formatIp, includesIp, type Ip, sameIp } from "../../net/ip.ts";
import { formatDuration } from "../../time.ts";
import type { NodePlan } from "../../config/plan.ts";
import type { Examination } from "../examination.ts";
import { type Finding, ok, problem, unknown, warning } from "../finding.ts";
import { holdsNow, nameOf, type Placed, placedPlans, type Subject } from "../subject.ts";
import type { DaemonSeen, HeardAdvert, LanSeen, Surroundings } from "../surroundings.ts";

/** adverts */
export const adverts: Examination = {
  name: "adverts",
  needs: "interface",
  async examine(subject, world) {
    const [lan, daemon] = await Promise.all([world.lan(), world.daemon()]);
    return judgeAdverts(subject, world, lan, daemon);
  },
};

/** For each virtual router, and for each peer of it. */
export function judgeAdverts(
  subject: Subject,
  { interfaces }: Pick<Surroundings, "interfaces">,
  lan: LanSeen,
  daemon: DaemonSeen,
): readonly Finding[] {
  const { plan } = subject;
  if (plan === undefined) return [];
  if (lan.refusal !== undefined) {
    return [unknown(`nothing could be heard: ${lan.refusal}`, "sudo floatip doctor")];
  }
  const missing = silentPeers(subject, plan.node, lan);
  const found = placedPlans(subject).flatMap((one) => {
    const holding = one.held.some((held) =>
      holdsNow(interfaces, held.interface, held.prefix.address)
    );
    return judgeRouter(one, plan.node, lan, holding, daemon);
  });
  return [...found, ...missing];
}

function judgeRouter(
  plan: Placed,
  node: NodePlan,
  lan: LanSeen,
  holding: boolean,
  daemon: DaemonSeen,
): readonly Finding[] {
  const heard = lan.adverts.filter((one) => isOurs(one, plan) && !one.outgoing);
  const senders = uniqueSenders(heard);
  const lost = senders.filter((sender) => !wasDelivered(sender, plan, lan));
  if (lost.length > 0) return lost.map((sender) => judgeLost(sender, plan, node));
  const what = `VRID ${plan.rules.vrid} of ${plan.name}`;
  if (senders.length > 0) {
    const masters = senders.map((sender) => nameOf(node, sender)).join(" and ");
    return holding ? [twoMasters(what, masters)] : [ok(`${what}: adverts of ${masters} arrive`)];
  }
  if (holding) return judgeSending(what, plan, node, lan);
  const holder = holderOf(plan, lan);
  if (holder !== undefined) return [judgeUnheard(what, plan, nameOf(node, holder))];
  const silence = `${what}: no advert within ${formatDuration(lan.listened)}`;
  return daemon.kind === "running"
    ? [unknown(`${silence}, and nobody holds the address`)]
    : [unknown(`${silence}: nobody is master yet`)];
}

/** This node is master: backups are silent, so that only those can be told apart who refuse, and who answer for the group. */
function judgeSending(
  what: string,
  plan: Placed,
  node: NodePlan,
  lan: LanSeen,
): readonly Finding[] {
  const { transport, peers } = plan.rules;
  const names = (addresses: readonly Ip[]) => addresses.map((one) => nameOf(node, one)).join(", ");
  const refusing = lan.refused.filter(({ destination }) => includesIp(peers, destination));
  const found = uniqueIps(refusing.map(({ destination }) => destination)).map((peer) => {
    const filtered = refusing.some(({ by, destination }) =>
      by === "filter" && sameIp(destination, peer)
    );
    return filtered ? judgeRejecting(nameOf(node, peer)) : judgeDeaf(nameOf(node, peer));
  });
  if (found.length > 0) return found;
  const sentence = `${what}: this node is master`;
  if (plan.family === "ipv6") return [ok(sentence)];
  if (transport === "unicast") {
    const there = peers.filter((peer) => lan.answers.some(({ address }) => sameIp(address, peer)));
    if (there.length === 0) return [ok(sentence)];
    return [ok(`${sentence}, and no refusal comes from ${names(there)}`)];
  }
  const members = uniqueIps(
    lan.members.filter((one) => one.interface === plan.interface).map(({ source }) => source),
  );
  if (members.length > 0) return [ok(`${sentence}, and its multicast reaches ${names(members)}`)];
  return [unknown(`${sentence}, and nobody says that its multicast arrives`)];
}

function judgeRejecting(peer: string): Finding {
  return problem(
    `the packet filter of ${peer} rejects this node's adverts`,
    "It takes the address while this node holds it.",
    `floatip firewall   # on ${peer}`,
  );
}

function judgeDeaf(peer: string): Finding {
  return warning(
    `floatip does not run on ${peer}: it takes no VRRP`,
    "It takes nothing over when this node fails.",
    `systemctl enable --now floatip   # on ${peer}`,
  );
}

function isOurs({ interface: name, source, advert }: HeardAdvert, plan: Placed): boolean {
  return name === plan.interface && source.family === plan.family &&
    advert.vrid === plan.rules.vrid && advert.priority > 0 &&
    advert.addresses.some((address) => includesIp(plan.rules.addresses, address));
}

function uniqueSenders(heard: readonly HeardAdvert[]): readonly Ip[] {
  return uniqueIps(heard.map(({ source }) => source));
}

function uniqueIps(addresses: readonly Ip[]): readonly Ip[] {
  return addresses.filter((address, index) =>
    addresses.findIndex((other) => sameIp(other, address)) === index
  );
}

function wasDelivered(sender: Ip, { family, rules }: Placed, { delivered }: LanSeen): boolean {
  return delivered.some((one) =>
    one.family === family && one.vrid === rules.vrid && sameIp(one.source, sender)
  );
}

function judgeLost(sender: Ip, plan: Placed, node: NodePlan): Finding {
  const who = nameOf(node, sender);
  const { transport, peers } = plan.rules;
  if (transport === "unicast" && !includesIp(peers, sender)) {
    return warning(
      `${who} sends adverts for VRID ${plan.rules.vrid} by multicast or to others; this node expects unicast`,
      "The two do not hear each other, and both take the address.",
      `list ${formatIp(sender)} in [nodes], on all of them`,
    );
  }
  return problem(
    `adverts of ${who} reach ${plan.interface}, but not floatip`,
    "A packet filter, or rp_filter, drops them: this node takes the address from a living master.",
    "floatip firewall",
  );
}

function twoMasters(what: string, masters: string): Finding {
  return problem(
    `${what}: ${masters} is master too, beside this node`,
    "It does not hear this node's adverts: a packet filter there, or multicast that gets lost.",
    `floatip doctor   # on ${masters}`,
  );
}

/** The node that answers for a floating address; undefined: nobody, or none that is known. */
function holderOf(plan: Placed, { answers }: LanSeen): Ip | undefined {
  const macs = answers.filter(({ address }) => includesIp(plan.rules.addresses, address))
    .map(({ mac }) => mac);
  return answers.find(({ address, mac }) =>
    macs.includes(mac) && includesIp(plan.rules.peers, address)
  )?.address;
}

function judgeUnheard(what: string, plan: Placed, holder: string): Finding {
  const multicast = plan.rules.transport === "multicast";
  return problem(
    `${what}: ${holder} holds the address, but its adverts do not reach ${plan.interface}`,
    multicast
      ? "Multicast gets lost on the way: a switch that snoops IGMP, Wi-Fi, or a hypervisor."
      : "Its packet filter drops them, or its file does not name this node.",
    multicast
      ? 'transport = "unicast"   # and every node in [nodes]'
      : "floatip firewall   # there, and here",
  );
}

/** Peers on this LAN that do not even answer for their own address. */
function silentPeers(subject: Subject, node: NodePlan, lan: LanSeen): readonly Finding[] {
  const peers = placedPlans(subject).flatMap(({ rules, interface: name }) =>
    rules.peers.map((address) => ({ name, address }))
  );
  const silent = lan.asked.filter((question) =>
    peers.some(({ name, address }) =>
      name === question.interface && sameIp(address, question.address)
    ) && !lan.answers.some(({ address }) => sameIp(address, question.address))
  );
  return silent.map(({ interface: name, address }) =>
    warning(
      `${nameOf(node, address)} does not answer on ${name}`,
      "It is off, unplugged, or has another address: it takes nothing over.",
      `ping ${formatIp(address)}`,
    )
  );
}
