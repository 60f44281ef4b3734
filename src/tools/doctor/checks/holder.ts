/** Check of the holders: which machines answer for each address by ARP or Neighbour Discovery. */
import { nameIn, type NodePlan, transportText } from "../../../config/plan/plan.ts";
import type { Interfaces } from "../../../net/interfaces.ts";
import { formatIp, includesIp, type Ip, sameIp } from "../../../net/ip.ts";
import { formatMac, virtualMac } from "../../../net/mac.ts";
import { type DoctorCheck, type Finding, ok, problem, unknown } from "../check.ts";
import type { DaemonSeen, Environment, LanQuery, LanSeen } from "../environment.ts";
import {
  type DoctorTarget,
  holdsNow,
  ownAddressesOn,
  type PlacedPlan,
  placedPlans,
} from "../target.ts";
import { judgeRefused, namesOurs, ONE_WAY, refusedIn, rejectText, wayOf } from "./refused.ts";

/** Whether exactly one machine answers for each floating address. */
export const holder: DoctorCheck = {
  name: "holder",
  needs: "interface",
  async run(target, environment) {
    const [lan, daemon] = await Promise.all([environment.lan(), environment.daemon()]);
    return judgeHolders(target, environment, lan, daemon);
  },
};

/** For each floating address, and for the addresses of this node. */
export function judgeHolders(
  target: DoctorTarget,
  { interfaces }: Pick<Environment, "interfaces">,
  lan: LanSeen,
  daemon: DaemonSeen,
): readonly Finding[] {
  const node = target.plan?.node;
  if (node === undefined) return [];
  if (lan.refusal !== undefined) {
    return [unknown(`the LAN could not be asked: ${lan.refusal}`, "sudo floatip doctor")];
  }
  const plans = placedPlans(target);
  const floating = plans.flatMap((plan) =>
    plan.virtualAddresses.flatMap((held) => {
      const query = { interface: held.interface, address: held.prefix.address };
      const here = holdsNow(interfaces, held.interface, held.prefix.address);
      return judgeAddress(query, here, plan, node, withOwn(lan, interfaces), daemon);
    })
  );
  const own = plans.flatMap((plan) =>
    ownAddressesOn(interfaces, plan).flatMap((address) =>
      judgeOwn({ interface: plan.interface, address }, lan)
    )
  );
  const seen = new Set<string>();
  return [...floating, ...own].filter(({ what }) => !seen.has(what) && seen.add(what));
}

const SELF = "this node";

/** What was seen on the LAN, and the addresses of this machine. */
interface Seen extends LanSeen {
  readonly own: readonly string[];
  /** Addresses of this machine, without floating ones. */
  readonly self: readonly Ip[];
}

function withOwn(lan: LanSeen, { links, addresses }: Interfaces): Seen {
  const own = links.flatMap(({ mac }) => mac === undefined ? [] : [formatMac(mac)]);
  const self = addresses.filter(({ ours }) => !ours).map(({ prefix }) => prefix.address);
  return { ...lan, own, self };
}

function macsFor(
  { interface: name, address }: LanQuery,
  { answers }: Pick<LanSeen, "answers">,
): readonly string[] {
  const macs = answers.filter((answer) =>
    answer.interface === name && sameIp(answer.address, address)
  ).map(({ mac }) => mac);
  return [...new Set(macs)];
}

function judgeAddress(
  query: LanQuery,
  here: boolean,
  plan: PlacedPlan,
  node: NodePlan,
  lan: Seen,
  daemon: DaemonSeen,
): readonly Finding[] {
  const address = formatIp(query.address);
  const macs = macsFor(query, lan);
  const others = macs.map((mac) => ownerOf(mac, plan, node, lan));
  const all = [...(here ? [SELF] : []), ...others.map(({ name }) => name)];
  const reason = reasonFor(macs, plan, node, lan, daemon);
  if (all.length > 1) return [judgeSeveral(address, all, others, reason)];
  const stranger = others.find(({ known }) => known === false);
  if (stranger !== undefined && reason !== undefined) {
    const what = `${address} is held by ${stranger.name}`;
    return [{ mark: "problem", what, fix: FREE_IT, ...reason }];
  }
  if (stranger !== undefined) {
    return [problem(
      `${address} belongs to ${stranger.name}, which is none of the nodes`,
      "Clients reach that machine; when a node takes the address, both answer.",
      `free the address there, or choose another one: floatip init suggests one`,
    )];
  }
  const [one] = all;
  const doubtful = others.find(({ known }) => known === undefined);
  if (doubtful !== undefined) {
    return [unknown(`${address} is held by ${doubtful.name}; the machine is not known`)];
  }
  if (one !== undefined) return [ok(`${address} is held by ${one}, and no other machine answers`)];
  if (daemon.kind === "running" && plan.waiting.length === 0) {
    const why = "Clients cannot reach the address.";
    return [problem(`no machine answers for ${address}`, why, "floatip status")];
  }
  return [ok(`${address} is free: no machine answers for it`)];
}

/** Why another machine holds the address beside the master, and the fix. */
type Reason = Pick<Finding, "why" | "fix">;

/**
 * Adverts of the holder that are refused here; else what the daemon knows. A keepalived that hears
 * adverts which it refuses falls silent: the daemon may have heard it before.
 */
function reasonFor(
  macs: readonly string[],
  plan: PlacedPlan,
  node: NodePlan,
  lan: Seen,
  daemon: DaemonSeen,
): Reason | undefined {
  const own = plan.source ?? lan.self.find(({ family }) => family === plan.family);
  const adverts = lan.adverts.filter((one) =>
    macs.includes(one.mac) && !one.outgoing && one.source.family === plan.family &&
    (one.advert.vrid === plan.rules.vrid || namesOurs(one, plan))
  );
  const [refused] = refusedIn(adverts, plan, own);
  if (refused !== undefined) {
    const { fix } = judgeRefused(refused, plan, node, lan);
    const why = `Its adverts are refused: ${rejectText(refused.reject)}.`;
    return fix === undefined ? { why } : { why, fix };
  }
  const expected = transportText(plan);
  const other = adverts.map(wayOf).find((way) => way !== expected);
  if (other !== undefined) {
    return { why: `Its adverts come by ${other}; this node expects ${expected}.`, fix: ONE_WAY };
  }
  const status = daemon.kind === "running"
    ? daemon.status.instances.find(({ name, family }) =>
      name === plan.name && family === plan.family
    )
    : undefined;
  if (status?.health !== "two" || status.evidence.length === 0) return undefined;
  return { why: `The daemon says: ${status.evidence.join("; ")}.` };
}

const FREE_IT = "free the address there, or choose another one";

/** Two machines hold the address, or one machine answers on two interfaces. */
function judgeSeveral(
  address: string,
  all: readonly string[],
  others: readonly { readonly known: boolean | undefined }[],
  reason: Reason | undefined,
): Finding {
  const [first = ""] = all;
  if (all.every((name) => name === first)) {
    return problem(
      `${address} is answered for twice by ${first}, with ${all.length} hardware addresses`,
      "It has two interfaces on this LAN, and clients learn either hardware address.",
      `sysctl -w net.ipv4.conf.all.arp_ignore=1   # on ${first}`,
    );
  }
  const foreign = others.some(({ known }) => known === false);
  if (reason !== undefined) {
    const what = `${address} is answered for by ${all.join(" and by ")}`;
    const fix = foreign ? { fix: FREE_IT } : {};
    return { mark: "problem", what, ...fix, ...reason };
  }
  return problem(
    `${address} is answered for by ${all.join(" and by ")}`,
    foreign
      ? "Clients reach either, by chance: a machine outside the cluster uses the address."
      : "Two nodes hold it: they do not hear each other's adverts.",
    foreign ? FREE_IT : 'floatip firewall   # on both, and look at "adverts" there',
  );
}

/** The machine of a hardware address. `known` false: none of the nodes; undefined: not known. */
function ownerOf(
  mac: string,
  plan: PlacedPlan,
  node: NodePlan,
  { answers, adverts, asked, own }: Seen,
): { readonly name: string; readonly known: boolean | undefined } {
  if (own.includes(mac)) return { name: SELF, known: true };
  const peer = answers.find((answer) =>
    answer.mac === mac && includesIp(plan.rules.peers, answer.address)
  );
  if (peer !== undefined) return { name: nameIn(node, peer.address), known: true };
  const sender = adverts.find((one) =>
    one.mac === mac && one.advert.vrid === plan.rules.vrid && namesOurs(one, plan)
  );
  if (sender !== undefined) return { name: nameIn(node, sender.source), known: true };
  if (mac === virtualMac(plan.family, plan.rules.vrid)) {
    return { name: `the virtual MAC ${mac}`, known: true };
  }
  const expected = asked.filter(({ address }) => includesIp(plan.rules.peers, address));
  const allAnswered = expected.length > 0 &&
    expected.every((query) => macsFor(query, { answers }).length > 0);
  return { name: mac, known: allAnswered ? false : undefined };
}

/** Another machine with an address of this node. */
function judgeOwn(query: LanQuery, lan: LanSeen): readonly Finding[] {
  const macs = macsFor(query, lan);
  if (macs.length === 0) return [];
  const address = formatIp(query.address);
  return [problem(
    `${address}, this node's own address on ${query.interface}, is used by ${macs.join(", ")} too`,
    "Two machines with one address: adverts and answers go to either.",
    "give one of the two another address",
  )];
}
