/**
 * Floating addresses that a machine which is none of the nodes answers for: `floatip check` asks
 * the LAN, by ARP and Neighbor Discovery.
 */
import { machine, type Problem } from "../../config/problem.ts";
import type { Config } from "../../config/config.ts";
import type { NodePlan, Plan } from "../../config/plan/plan.ts";
import type { LanQuery, LanSeen } from "../../tools/doctor/environment.ts";
import {
  addressEntries,
  type Interfaces,
  linkNamed,
  type VirtualAddress,
} from "../../net/interfaces.ts";
import { formatIp, type Ip, sameIp } from "../../net/ip.ts";
import { formatMac, virtualMac } from "../../net/mac.ts";
import { milliseconds, type Nanoseconds, nanoseconds } from "../../time.ts";
import { watchLan } from "../lan.ts";

/** A machine that is there answers within it, also where the first question was lost. */
const ANSWERS_WITHIN = milliseconds(800);

/** A master that answers is heard to be one within two of its intervals. */
const LONGEST_WAIT = milliseconds(5000);

/**
 * Questions are broadcasts: for so many floating addresses, and so many nodes, they are put at
 * most, three times each.
 */
const MOST_QUESTIONS = 64;

/** A floating address that can be asked for. */
export interface Target {
  readonly plan: Plan;
  readonly held: VirtualAddress;
}

/**
 * Asks for `node`'s floating addresses; none where this user may not. Takes a second, or up to six
 * where a machine answers.
 */
export async function strangerProblems(
  config: Config,
  node: NodePlan,
  interfaces: Interfaces,
): Promise<readonly Problem[]> {
  const targets = targetsOf(config, node, interfaces).slice(0, MOST_QUESTIONS);
  if (targets.length === 0) return [];
  const ports = [...new Set(node.plans.flatMap(({ port }) => port ?? []))];
  const nodes = nodeQuestions(config, targets).slice(0, MOST_QUESTIONS);
  const wish = { endpoints: [], ports, questions: [...targets.map(questionOf), ...nodes] };
  const asked = await watchLan({ ...wish, time: ANSWERS_WITHIN });
  const suspects = strangersIn(config, targets, asked, interfaces);
  if (asked.refusal !== undefined || suspects.length === 0) return [];
  const heard = await watchLan({ ...wish, time: waitFor(suspects.map(({ plan }) => plan)) });
  const both = {
    adverts: [...asked.adverts, ...heard.adverts],
    unread: [...asked.unread, ...heard.unread],
    answers: [...asked.answers, ...heard.answers],
  };
  return strangersIn(config, targets, both, interfaces).map((one) => problemOf(config, one));
}

/** One that answers, and its hardware address. */
export interface Stranger extends Target {
  readonly mac: string;
}

/**
 * Who of those that answered is none of the nodes: not at the MAC of one, nor heard with the VRID.
 */
export function strangersIn(
  config: Config,
  targets: readonly Target[],
  seen: Pick<LanSeen, "adverts" | "unread" | "answers">,
  { links }: Interfaces,
): readonly Stranger[] {
  const own = links.flatMap(({ mac }) => mac === undefined ? [] : [formatMac(mac)]);
  return targets.flatMap(({ plan, held }): readonly Stranger[] => {
    const { vrid } = plan.rules;
    const nodes = nodeAddresses(config, plan);
    const known = new Set([
      ...own,
      ...seen.answers.filter(({ address }) => nodes.some((other) => sameIp(other, address)))
        .map(({ mac }) => mac),
      ...seen.adverts.filter(({ advert }) => advert.vrid === vrid).map(({ mac }) => mac),
      ...seen.unread.filter((packet) => packet.vrid === vrid).map(({ mac }) => mac),
    ]);
    const stranger = seen.answers.find(({ interface: name, address, mac }) =>
      name === held.interface && sameIp(address, held.prefix.address) && !known.has(mac) &&
      mac !== virtualMac(address.family, vrid)
    );
    return stranger === undefined ? [] : [{ plan, held, mac: stranger.mac }];
  });
}

/**
 * What this machine has itself, it need not ask for; and a node that advertises too seldom, without
 * a name, cannot be told from others.
 */
function targetsOf(
  config: Config,
  { plans, known }: NodePlan,
  interfaces: Interfaces,
): readonly Target[] {
  if (!known) return [];
  const telling = plans.filter((plan) =>
    nodeAddresses(config, plan).length > 0 || waitFor([plan]) < LONGEST_WAIT
  );
  return telling.flatMap((plan) => plan.virtualAddresses.map((held) => ({ plan, held }))).filter(
    ({ held }) => {
      const link = linkNamed(interfaces, held.interface);
      const canAsk = link !== undefined && link.up && link.running && link.arp;
      return canAsk && addressEntries(interfaces, held.prefix.address).length === 0;
    },
  );
}

function questionOf({ held }: Target): LanQuery {
  return { interface: held.interface, address: held.prefix.address };
}

/** A node that may hold the addresses is asked for too: by its own address it is known. */
function nodeQuestions(config: Config, targets: readonly Target[]): readonly LanQuery[] {
  const questions = new Map(
    targets.flatMap(({ plan, held }) =>
      nodeAddresses(config, plan).map((address) => {
        const question = { interface: held.interface, address };
        return [`${question.interface} ${formatIp(address)}`, question] as const;
      })
    ),
  );
  return [...questions.values()];
}

function nodeAddresses({ nodes }: Config, { rules }: Plan): readonly Ip[] {
  return [...rules.peers, ...nodes.flatMap(({ addresses }) => addresses)];
}

function waitFor(plans: readonly Plan[]): Nanoseconds {
  const interval = Math.max(...plans.map(({ rules }) => rules.advertInterval));
  return nanoseconds(Math.min(LONGEST_WAIT, 2.2 * interval));
}

function problemOf(config: Config, { plan, held, mac }: Stranger): Problem {
  const { address } = held.prefix;
  const instance = config.instances.find(({ name }) => name === plan.name);
  const index = instance?.addresses.findIndex(({ prefix }) => sameIp(prefix.address, address));
  return machine(
    ["instance", plan.name, "addresses", index ?? 0],
    `another machine answers for ${formatIp(address)}: ${mac}, which is none of the nodes`,
    "As master this node would take it from that machine, and both would answer for it.",
    "free the address there, or choose another one: floatip init suggests one",
  );
}
