/** Check of the VRIDs: other machines that use them. */
import { freeVrid } from "../../../config/first_file.ts";
import { formatIp, includesIp } from "../../../net/ip.ts";
import { type DoctorCheck, type Finding, ok, problem, unknown, warning } from "../check.ts";
import { type Environment, firstOfEach, type HeardAdvert, type LanSeen } from "../environment.ts";
import { type DoctorTarget, isOwnAddress, type PlacedPlan, placedPlans } from "../target.ts";

/** Whether another cluster uses our VRIDs. */
export const vrid: DoctorCheck = {
  name: "VRID",
  needs: "interface",
  async run(target, environment) {
    return judgeVrid(target, environment, await environment.lan());
  },
};

/** Senders of our VRIDs that are none of the nodes, and the other VRIDs of the LAN. */
export function judgeVrid(
  target: DoctorTarget,
  { interfaces }: Pick<Environment, "interfaces">,
  lan: LanSeen,
): readonly Finding[] {
  if (lan.refusal !== undefined) {
    return [unknown(`nothing could be heard: ${lan.refusal}`, "sudo floatip doctor")];
  }
  const plans = placedPlans(target);
  const found = plans.flatMap((plan) => {
    const heard = lan.adverts.filter((one) =>
      one.interface === plan.interface && one.source.family === plan.family && !one.outgoing &&
      one.advert.vrid === plan.rules.vrid && !isOwnAddress(interfaces, one.source)
    );
    const senders = firstOfEach(heard).flatMap((one) => judgeSender(one, plan, lan));
    return [...senders.slice(0, MOST_TOLD), ...judgeUnread(plan, interfaces, lan)];
  });
  if (found.length > 0) return found;
  const ours = new Set(plans.map(({ rules }) => rules.vrid as number));
  const others = usedIn(lan).filter((vrid) => !ours.has(vrid));
  const rest = others.length === 0 ? "" : `; others on this LAN use ${listOf(others)}`;
  return [ok(`no other cluster uses VRID ${listOf([...ours])}${rest}`)];
}

/** Any machine can invent senders: so many are named. */
const MOST_TOLD = 8;

/** Packets of IP protocol 112 that are no adverts for floatip. */
const UNREAD = {
  "carp": "CARP: it shares VRRP's group and protocol number",
  "auth-hmac": "adverts that keepalived's auth_hmac signs, which floatip cannot read",
} as const;

/** Packets with our VRID that floatip cannot read. keepalived falls silent when it hears ours. */
function judgeUnread(
  plan: PlacedPlan,
  interfaces: Environment["interfaces"],
  lan: LanSeen,
): readonly Finding[] {
  const heard = lan.unread.filter((one) =>
    one.interface === plan.interface && one.source.family === plan.family && !one.outgoing &&
    one.vrid === plan.rules.vrid && !isOwnAddress(interfaces, one.source)
  );
  return firstOfEach(heard).slice(0, MOST_TOLD).flatMap(({ source, mac, reason }) => {
    if (reason !== "carp" && reason !== "auth-hmac") return [];
    const sender = `${formatIp(source)} (${mac})`;
    const what = `VRID ${plan.rules.vrid} is used by ${sender} for ${UNREAD[reason]}`;
    const isNode = includesIp(plan.rules.peers, source);
    return [
      reason === "auth-hmac" && isNode
        ? problem(
          what,
          "The two do not understand each other, and both take the address.",
          "remove auth_hmac from keepalived.conf there",
        )
        : problem(
          what,
          "Two clusters with one VRID on a LAN disturb each other.",
          `vrid = ${freeAfter(lan, plan.rules.vrid)}   # free on this LAN; on every node`,
        ),
    ];
  });
}

function judgeSender(
  { source, mac, advert }: HeardAdvert,
  plan: PlacedPlan,
  lan: LanSeen,
): readonly Finding[] {
  const { peers, addresses, vrid } = plan.rules;
  if (includesIp(peers, source)) return [];
  const shared = advert.addresses.some((address) => includesIp(addresses, address));
  if (shared && peers.length === 0) return [];
  const sender = `${formatIp(source)} (${mac})`;
  if (shared) {
    return [warning(
      `${sender} takes part in ${plan.name}, and is not in the file`,
      "A node that the file does not name gets no unicast adverts, and can take the address too.",
      `name ${formatIp(source)} in [nodes], on all nodes; or switch it off`,
    )];
  }
  const named = advert.addresses.map(formatIp).join(", ");
  return [problem(
    `VRID ${vrid} is used by ${sender} for ${named}`,
    "Two clusters with one VRID on a LAN disturb each other.",
    `vrid = ${freeAfter(lan, vrid)}   # free on this LAN; change it on every node`,
  )];
}

/** The next VRID after `from` that is not used on the LAN. */
function freeAfter(lan: LanSeen, from: number): number {
  return freeVrid(new Set(usedIn(lan)), from % 255 + 1) ?? from;
}

function usedIn({ adverts, unread }: LanSeen): readonly number[] {
  const used = [...adverts.map(({ advert }) => advert.vrid), ...unread.map(({ vrid }) => vrid)];
  return [...new Set(used)].toSorted((a, b) => a - b);
}

function listOf(numbers: readonly number[]): string {
  return numbers.join(", ");
}
