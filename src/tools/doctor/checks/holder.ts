/** Is there exactly one machine behind each floating address? Asked by ARP and Neighbour Discovery. */
import { nameIn, type NodePlan } from "../../../config/plan/plan.ts";
import type { Interfaces } from "../../../net/interfaces.ts";
import { formatIp, includesIp, type Ip, sameIp } from "../../../net/ip.ts";
import { formatMac } from "../../../net/mac.ts";
import { type DoctorCheck, type Finding, ok, problem, unknown } from "../check.ts";
import type { DaemonSeen, Environment, LanQuery, LanSeen } from "../environment.ts";
import {
  type DoctorTarget,
  holdsNow,
  ownAddressesOn,
  type PlacedPlan,
  placedPlans,
} from "../target.ts";
import { judgeRefused, refusedIn, rejectText } from "./refused.ts";

/** holder */
export const holder: DoctorCheck = {
  name: "holder",
  needs: "interface",
  async run(target, environment) {
    const [lan, daemon] = await Promise.all([environment.lan(), environment.daemon()]);
    return judgeHolders(target, environment, lan, daemon);
  },
};

/** For each floating address, and for this node's own. */
export function judgeHolders(
  target: DoctorTarget,
  { interfaces }: Pick<Environment, "interfaces">,
  lan: LanSeen,
  daemon: DaemonSeen,
): readonly Finding[] {
  const node = target.plan?.node;
  if (node === undefined) return [];
  if (lan.refusal !== undefined) {
    return [unknown(`nobody could be asked: ${lan.refusal}`, "sudo floatip doctor")];
  }
  const plans = placedPlans(target);
  const floating = plans.flatMap((plan) =>
    plan.virtualAddresses.flatMap((held) => {
      const question = { interface: held.interface, address: held.prefix.address };
      const here = holdsNow(interfaces, held.interface, held.prefix.address);
      return judgeAddress(question, here, plan, node, withOwn(lan, interfaces), daemon);
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

/** What was seen, and whose the hardware addresses of this machine are. */
interface Seen extends LanSeen {
  readonly own: readonly string[];
  /** Addresses of this machine that do not float. */
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
  question: LanQuery,
  here: boolean,
  plan: PlacedPlan,
  node: NodePlan,
  lan: Seen,
  daemon: DaemonSeen,
): readonly Finding[] {
  const address = formatIp(question.address);
  const macs = macsFor(question, lan);
  const others = macs.map((mac) => ownerOf(mac, plan, node, lan));
  const all = [...(here ? [SELF] : []), ...others.map(({ words }) => words)];
  const reason = reasonFor(macs, plan, node, lan, daemon);
  if (all.length > 1) return [judgeSeveral(address, all, others, reason)];
  const stranger = others.find(({ known }) => known === false);
  if (stranger !== undefined && reason !== undefined) {
    const what = `${address} is held by ${stranger.words}`;
    return [{ mark: "problem", what, fix: FREE_IT, ...reason }];
  }
  if (stranger !== undefined) {
    return [problem(
      `${address} belongs to ${stranger.words}, which is none of the nodes`,
      "Clients reach that machine; when a node takes the address, both answer.",
      `free the address there, or choose another one: floatip init suggests one`,
    )];
  }
  const [one] = all;
  const anybody = others.find(({ known }) => known === undefined);
  if (anybody !== undefined) {
    return [unknown(`${address} is held by ${anybody.words}; whose that is cannot be told`)];
  }
  if (one !== undefined) return [ok(`${address} is held by ${one}, and nobody else answers`)];
  if (daemon.kind === "running" && plan.waiting.length === 0) {
    return [problem(
      `nobody answers for ${address}`,
      "Clients reach nothing there.",
      "floatip status",
    )];
  }
  return [ok(`${address} is free: nobody answers for it`)];
}

/** Why another machine holds the address beside the master, and how that is mended. */
type Reason = Pick<Finding, "why" | "fix">;

/**
 * Adverts of the holder that are refused here; else what the daemon knows: a keepalived that hears adverts which it refuses
 * falls silent, and the daemon may have heard it before.
 */
function reasonFor(
  macs: readonly string[],
  plan: PlacedPlan,
  node: NodePlan,
  lan: Seen,
  daemon: DaemonSeen,
): Reason | undefined {
  const own = plan.source ?? lan.self.find(({ family }) => family === plan.family);
  const adverts = lan.adverts.filter(({ mac, outgoing, source, advert }) =>
    macs.includes(mac) && !outgoing && source.family === plan.family &&
    advert.vrid === plan.rules.vrid
  );
  const [refused] = refusedIn(adverts, plan, own);
  if (refused !== undefined) {
    const { fix } = judgeRefused(refused, plan, node, lan);
    const why = `Its adverts are refused: ${rejectText(refused.reject)}.`;
    return fix === undefined ? { why } : { why, fix };
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

/** Two answers of one machine: it has two cards on this LAN. Else two machines hold the address. */
function judgeSeveral(
  address: string,
  all: readonly string[],
  others: readonly { readonly known: boolean | undefined }[],
  reason: Reason | undefined,
): Finding {
  const [first = ""] = all;
  if (all.every((words) => words === first)) {
    return problem(
      `${address} is answered for twice by ${first}, with ${all.length} hardware addresses`,
      "It has two interfaces on this LAN, and clients learn now one, now the other.",
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
      ? "Clients reach now one, now the other: the address is taken by a machine outside the cluster."
      : "Two nodes hold it: they do not hear each other's adverts.",
    foreign ? FREE_IT : 'floatip firewall   # on both, and look at "adverts" there',
  );
}

/** Whose hardware address it is; `known` false: of none of the nodes, undefined: it cannot be told. */
function ownerOf(
  mac: string,
  plan: PlacedPlan,
  node: NodePlan,
  { answers, adverts, asked, own }: Seen,
): { readonly words: string; readonly known: boolean | undefined } {
  if (own.includes(mac)) return { words: SELF, known: true };
  const peer = answers.find((answer) =>
    answer.mac === mac && includesIp(plan.rules.peers, answer.address)
  );
  if (peer !== undefined) return { words: nameIn(node, peer.address), known: true };
  const sender = adverts.find((one) =>
    one.mac === mac && one.advert.vrid === plan.rules.vrid &&
    one.advert.addresses.some((address) => includesIp(plan.rules.addresses, address))
  );
  if (sender !== undefined) return { words: nameIn(node, sender.source), known: true };
  // RFC 9568 7.3: some speakers answer with the virtual router's own address.
  const virtual = plan.family === "ipv4" ? "00:00:5e:00:01:" : "00:00:5e:00:02:";
  if (mac === `${virtual}${plan.rules.vrid.toString(16).padStart(2, "0")}`) {
    return { words: `the virtual MAC ${mac}`, known: true };
  }
  const expected = asked.filter(({ address }) => includesIp(plan.rules.peers, address));
  const allAnswered = expected.length > 0 &&
    expected.every((question) => macsFor(question, { answers }).length > 0);
  return { words: mac, known: allAnswered ? false : undefined };
}

/** Somebody else with this node's own address: nothing works well then. */
function judgeOwn(question: LanQuery, lan: LanSeen): readonly Finding[] {
  const macs = macsFor(question, lan);
  if (macs.length === 0) return [];
  const address = formatIp(question.address);
  return [problem(
    `${address}, this node's own address on ${question.interface}, is used by ${
      macs.join(", ")
    } too`,
    "Two machines with one address: adverts and answers go to either.",
    "give one of the two another address",
  )];
}
