/** Does somebody else use our VRID? */
import { formatIp, includesIp, sameIp } from "../../net/ip.ts";
import type { Examination } from "../examination.ts";
import { type Finding, ok, problem, unknown, warning } from "../finding.ts";
import { isOwn, type Placed, placedPlans, type Subject } from "../subject.ts";
import type { HeardAdvert, LanSeen, Surroundings } from "../surroundings.ts";

/** VRID */
export const strangers: Examination = {
  name: "VRID",
  needs: "interface",
  async examine(subject, world) {
    return judgeStrangers(subject, world, await world.lan());
  },
};

/** Whoever sends our VRID and is none of the nodes; and what else is used on the LAN, so that a free one can be named. */
export function judgeStrangers(
  subject: Subject,
  { interfaces }: Pick<Surroundings, "interfaces">,
  lan: LanSeen,
): readonly Finding[] {
  if (lan.refusal !== undefined) {
    return [unknown(`nothing could be heard: ${lan.refusal}`, "sudo floatip doctor")];
  }
  const plans = placedPlans(subject);
  const found = plans.flatMap((plan) => {
    const heard = lan.adverts.filter((one) =>
      one.interface === plan.interface && one.source.family === plan.family && !one.outgoing &&
      one.advert.vrid === plan.rules.vrid && !isOwn(interfaces, one.source)
    );
    return firstOfEach(heard).flatMap((one) => judgeSender(one, plan, lan));
  });
  if (found.length > 0) return found;
  const ours = new Set(plans.map(({ rules }) => rules.vrid as number));
  const others = usedIn(lan).filter((vrid) => !ours.has(vrid));
  const rest = others.length === 0 ? "" : `; on this LAN ${listOf(others)} are used by others`;
  return [ok(`nobody else uses VRID ${listOf([...ours])}${rest}`)];
}

function judgeSender(
  { source, mac, advert }: HeardAdvert,
  plan: Placed,
  lan: LanSeen,
): readonly Finding[] {
  const { peers, addresses, vrid } = plan.rules;
  if (includesIp(peers, source)) return [];
  const shared = advert.addresses.some((address) => includesIp(addresses, address));
  if (shared && peers.length === 0) return [];
  const who = `${formatIp(source)} (${mac})`;
  if (shared) {
    return [warning(
      `${who} takes part in ${plan.name}, and is not in the file`,
      "A node that the file does not name hears no unicast, and can take the address at the same time.",
      `name ${formatIp(source)} in [nodes], on all nodes; or switch it off`,
    )];
  }
  const named = advert.addresses.map(formatIp).join(", ");
  return [problem(
    `VRID ${vrid} is used by ${who} for ${named}`,
    "Two clusters with one VRID on a LAN disturb each other.",
    `vrid = ${freeVrid(lan, vrid)}   # nobody was heard with it; change it on every node`,
  )];
}

function firstOfEach(heard: readonly HeardAdvert[]): readonly HeardAdvert[] {
  return heard.filter(({ source }, index) =>
    heard.findIndex((other) => sameIp(other.source, source)) === index
  );
}

/** The next VRID from `from` on that nobody was heard with. */
function freeVrid(lan: LanSeen, from: number): number {
  const used = new Set(usedIn(lan));
  const candidates = Array.from({ length: 255 }, (_, i) => (from + i) % 255 + 1);
  return candidates.find((vrid) => !used.has(vrid)) ?? from;
}

function usedIn({ adverts }: LanSeen): readonly number[] {
  return [...new Set(adverts.map(({ advert }) => advert.vrid))].toSorted((a, b) => a - b);
}

function listOf(numbers: readonly number[]): string {
  return numbers.join(", ");
}
