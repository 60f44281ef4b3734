/** Adverts that the daemon refuses, by its own checks: the reason and the fix. */
import { nameIn, type NodePlan, transportText } from "../../../config/plan/plan.ts";
import { formatIp, includesIp, type Ip, isMulticast, sameIp } from "../../../net/ip.ts";
import { formatDuration, writeDuration } from "../../../time.ts";
import type { Transport } from "../../../vrrp/rules.ts";
import { validateAdvert } from "../../../vrrp/validate_advert.ts";
import { type Reject, REJECT_REASONS } from "../../../wire/reject.ts";
import { type Finding, problem } from "../check.ts";
import type { HeardAdvert, LanSeen } from "../environment.ts";
import type { PlacedPlan } from "../target.ts";

/** An advert of another machine, and why it is refused. */
export interface RefusedAdvert {
  readonly heard: HeardAdvert;
  readonly reject: Reject;
}

/** The adverts of `heard` that the daemon refuses. `own`: the source address of its own adverts. */
export function refusedIn(
  heard: readonly HeardAdvert[],
  plan: PlacedPlan,
  own: Ip | undefined,
): readonly RefusedAdvert[] {
  return heard.flatMap((one) => {
    const { source, destination, advert } = one;
    if (advert.vrid !== plan.rules.vrid) {
      const detail = `VRID ${advert.vrid}, ours is ${plan.rules.vrid}`;
      return [{ heard: one, reject: { reason: "unknown-vrid", detail } }];
    }
    // By another transport: judgeLost reports that.
    if (transportOf(one) !== plan.rules.transport) return [];
    const context = { source, destination, own, transport: plan.rules.transport };
    const admission = validateAdvert(advert, context, plan.rules);
    return "reject" in admission ? [{ heard: one, reject: admission.reject }] : [];
  });
}

/** What to do where nodes send in different ways. */
export const ONE_WAY = "give all nodes the same transport and port: one file for all of them";

/** How an advert was sent. */
export function transportOf({ port, destination }: HeardAdvert): Transport {
  if (port !== undefined) return "udp";
  return isMulticast(destination) ? "multicast" : "unicast";
}

/** The same as {@link transportText} writes it, with the port. */
export function wayOf(one: HeardAdvert): string {
  const { port } = one;
  return port === undefined ? transportOf(one) : `udp port ${port}`;
}

/** Does it name an address of `plan`, with whatever VRID? */
export function namesOurs({ advert }: HeardAdvert, { rules }: PlacedPlan): boolean {
  return advert.addresses.some((address) => includesIp(rules.addresses, address));
}

/**
 * "adverts of 192.168.1.12 are refused: its source is not among the configured peers", with a fix.
 */
export function judgeRefused(
  { heard, reject }: RefusedAdvert,
  plan: PlacedPlan,
  node: NodePlan,
  lan: LanSeen,
): Finding {
  const sender = nameIn(node, heard.source);
  return problem(
    `adverts of ${sender} are refused: ${rejectText(reject)}`,
    `${sender} and this node ignore each other: both take the address.`,
    fixOf(reject, heard, plan, node, lan),
  );
}

/** "the password is wrong: not ours". */
export function rejectText({ reason, detail }: Reject): string {
  return `${REJECT_REASONS[reason]}${detail === "" ? "" : ` (${detail})`}`;
}

function fixOf(
  { reason }: Reject,
  { source, advert }: HeardAdvert,
  plan: PlacedPlan,
  node: NodePlan,
  lan: LanSeen,
): string {
  const { rules } = plan;
  switch (reason) {
    case "unknown-vrid":
      return `vrid = ${rules.vrid}   # there; or ${advert.vrid} on all others`;
    case "unknown-peer":
      return nameFix(source, plan, node, lan);
    case "auth-type":
    case "auth-password":
      return `give ${plan.name} the same auth on all nodes, or none`;
    case "version":
      return `version = ${rules.version}   # there; or version = ${advert.version} on all others`;
    case "interval-mismatch":
      return `advert_interval = "${writeDuration(rules.advertInterval)}"   # there: it says ${
        formatDuration(advert.interval)
      }`;
    case "own-packet":
    case "own-address":
      return "give one of the two machines another address: they are clones";
    case "addresses":
      return `give one of the two clusters another vrid: both use ${rules.vrid}`;
    default:
      return `give all nodes the same file: ${transportText(plan)}, VRRPv${rules.version}`;
  }
}

/**
 * The line that makes `source` a node. A node that is silent at its address may have moved there.
 */
function nameFix(
  source: Ip,
  { rules: { peers } }: PlacedPlan,
  node: NodePlan,
  lan: LanSeen,
): string {
  const text = formatIp(source);
  const silent = peers.filter((peer) =>
    lan.asked.some(({ address }) => sameIp(address, peer)) &&
    !lan.answers.some(({ address }) => sameIp(address, peer))
  );
  const [moved] = silent;
  if (node.names.size === 0) {
    const others = peers.filter((peer) => !includesIp(silent, peer)).map(formatIp);
    const list = [...others, text].map((one) => `"${one}"`).join(", ");
    return `peers = [${list}]   # if ${text} is one of the nodes`;
  }
  const name = moved && silent.length === 1 ? node.names.get(formatIp(moved)) : undefined;
  if (name === undefined || moved === undefined) return `name ${text} in [nodes], on all nodes`;
  return `${name} = "${text}"   # in [nodes], on all nodes, if it is ${name}: ${
    formatIp(moved)
  } does not answer`;
}
