/** The plan of this node as text: one line for each virtual router. */
import { few, instanceLabel } from "../../printable.ts";
import type { NodePlan, Plan } from "../../config/plan/plan.ts";
import { formatIp } from "../../net/ip.ts";
import { formatPrefix } from "../../net/prefix.ts";
import { formatDuration } from "../../time.ts";
import { masterDownOf } from "../../vrrp/intervals.ts";
import { isOwner } from "../../vrrp/rules.ts";

/**
 * "pi-a: instance web: VRID 51, priority 200, unicast from 192.168.1.11 to ..." for each plan of
 * `node`.
 */
export function planLines(node: NodePlan): readonly string[] {
  if (!node.known) return ["which node this is cannot be told yet: it would wait"];
  if (node.plans.length === 0) return [`${node.node}: no instance to run`];
  return node.plans.map((plan) => `${node.node}: ${planWords(plan, node)}`);
}

/**
 * Where the file names nobody besides this node: with multicast that may be right, and it may be
 * forgotten.
 */
export function lonelyLines({ names, plans }: NodePlan): readonly string[] {
  const named = names.size > 0 || plans.some(({ rules }) => rules.peers.length > 0);
  return named ? [] : ["no other node is named in this file: it cannot tell which takes over"];
}

function planWords(plan: Plan, node: NodePlan): string {
  const { rules } = plan;
  return [
    `instance ${instanceLabel(plan.name, plan.family)}: VRID ${rules.vrid}`,
    isOwner(rules) ? "priority 255 (owner)" : `priority ${rules.priority}`,
    transportWords(plan, node),
    `VRRPv${rules.version} advert every ${formatDuration(rules.advertInterval)}`,
    `takes over after ${formatDuration(masterDownOf(rules, rules.advertInterval))} of silence`,
    `holds ${heldWords(plan)}`,
    ...(plan.group === undefined ? [] : [`group ${plan.group}`]),
  ].join(", ");
}

function transportWords(plan: Plan, node: NodePlan): string {
  const { transport, peers } = plan.rules;
  const source = plan.source === undefined ? "" : ` from ${formatIp(plan.source)}`;
  if (transport === "multicast") return `multicast on ${plan.interface ?? "no interface"}${source}`;
  const named = peers.map((peer) => {
    const address = formatIp(peer);
    const name = node.names.get(address);
    return name === undefined ? address : `${address} (${name})`;
  });
  // keepalived and routers hear no UDP: the reader may be waiting for one.
  const way = plan.port === undefined ? transport : `UDP port ${plan.port} (floatip only)`;
  return `${way}${source} to ${few(named)}`;
}

function heldWords(plan: Plan): string {
  return plan.virtualAddresses.map((held) =>
    `${formatPrefix(held.prefix)} on ${held.interface}` +
    (held.label === undefined ? "" : ` as ${held.label}`)
  ).join(", ") || "nothing until it has an interface";
}
