/**
 * Problems of a sound file on this machine: what a person should know before the daemon runs into
 * it.
 */
import { machine, type Path, type Problem, warning } from "../problem.ts";
import { formatIp, type Ip, isLoopback, isUnspecified, sameIp } from "../../net/ip.ts";
import {
  addressesOf,
  type Interfaces,
  type Link,
  linkNamed,
  linkWith,
  primaryAddress,
  usableSources,
} from "../../net/interfaces.ts";
import { containsIp } from "../../net/prefix.ts";
import type { CheckSettings } from "../tables/check.ts";
import type { Config } from "../config.ts";
import { familyName, mostAdvertised } from "../tables/address.ts";
import type { InstanceConfig } from "../tables/instance.ts";
import { addressProblems, noInterface } from "./address_problems.ts";
import { clusterProblems } from "./cluster_problems.ts";
import { ownAddresses } from "./own_address.ts";
import type { NodePlan, Plan } from "./plan.ts";

const OWNER = 255;

/**
 * Holds each plan of `node` against `interfaces` and the default routes' `gateways`: problems of
 * severity "machine" and "warning".
 */
export function machineProblems(
  config: Config,
  node: NodePlan,
  interfaces: Interfaces,
  gateways: readonly Ip[] = [],
): readonly Problem[] {
  // A machine that is none of the nodes was told so once, by identity.ts.
  const known = config.nodes.length === 0 || config.nodes.some(({ name }) => name === node.node);
  const ofPlans = node.plans.flatMap((plan) => {
    const instance = config.instances.find((entry) => entry.name === plan.name);
    if (instance === undefined) return [];
    return [...fitWaiting(plan, known), ...fitPlan(plan, instance, interfaces, gateways)];
  });
  const problems = [
    ...fitPorts(config, interfaces),
    ...fitNodes(config),
    ...clusterProblems(config, node.node, interfaces),
    ...ofPlans,
    ...node.checks.flatMap((check) => fitCheck(check, interfaces)),
  ];
  // Both families of an instance may say the same.
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const key = JSON.stringify([problem.path, problem.what]);
    return !seen.has(key) && seen.add(key);
  });
}

/** A file that names one node only. Without [nodes] it cannot tell. */
function fitNodes({ nodes }: Config): readonly Problem[] {
  const [only, ...others] = nodes;
  if (only === undefined || others.length > 0) return [];
  return [
    warning(
      ["nodes", only.name],
      `[nodes] names one node only: ${only.name}`,
      "No other node takes over when it fails.",
      "add a line for each of the other nodes, and put the same file there",
      "key",
    ),
  ];
}

/** Can metrics and the page be served where the file says? */
function fitPorts({ metrics, web }: Config, interfaces: Interfaces): readonly Problem[] {
  const ports = [
    ...(metrics.listen === undefined ? [] : [["metrics", "Metrics wait", metrics.listen] as const]),
    ...(web.listen ?? []).map((listen) => ["web", "The page waits", listen] as const),
  ];
  return ports.flatMap(([table, waits, { address, port }]): readonly Problem[] => {
    if (isUnspecified(address) || isLoopback(address)) return [];
    if (linkWith(interfaces, address) !== undefined) return [];
    const any = address.family === "ipv6" ? "[::]" : "0.0.0.0";
    return [machine(
      [table, "listen"],
      `this machine does not have the address ${formatIp(address)}`,
      `${waits} until it comes; in a file for all nodes it is one node's only.`,
      `listen = "${any}:${port}"`,
    )];
  });
}

/** What the check looks at is not there: with a wrong name or wire it is never up. */
function fitCheck({ name, probe }: CheckSettings, interfaces: Interfaces): readonly Problem[] {
  if (probe.kind === "interface" && linkNamed(interfaces, probe.name) === undefined) {
    return [{
      ...noInterface(probe.name, ["check", name, "interface"], interfaces),
      why: "The check is down until it comes; with a wrong name it is never up.",
    }];
  }
  if (probe.kind !== "ping" || probe.by !== "arp") return [];
  if (interfaces.addresses.some(({ prefix }) => containsIp(prefix, probe.address))) return [];
  return [machine(
    ["check", name, "ping"],
    `no interface of this machine has an address in the network of ${formatIp(probe.address)}`,
    "ARP and Neighbor Discovery reach no further than the wire: the check is never up.",
    'by = "icmp"',
  )];
}

/** What the plan itself says about why it cannot run. */
function fitWaiting(plan: Plan, known: boolean): readonly Problem[] {
  const path: Path = ["instance", plan.name];
  return plan.waiting.flatMap((fault): readonly Problem[] => {
    if (fault.kind === "identity") {
      const why = "Adverts to oneself reach no other node; the instance waits.";
      const fix = "name the other nodes' addresses in peers";
      return known ? [machine([...path, "peers"], fault.message, why, fix)] : [];
    }
    const why = "The instance waits, and claims no address.";
    if (plan.interface === undefined) {
      return [{
        ...machine(path, fault.message, why, "name the interface, or correct the address"),
        at: "key",
      }];
    }
    return [machine([...path, "vrid"], fault.message, why, "give one of the two another vrid")];
  });
}

function fitPlan(
  plan: Plan,
  instance: InstanceConfig,
  interfaces: Interfaces,
  gateways: readonly Ip[],
): readonly Problem[] {
  const path: Path = ["instance", plan.name];
  if (plan.interface === undefined) return [];
  const link = linkNamed(interfaces, plan.interface);
  if (link === undefined) {
    return [noInterface(plan.interface, [...path, "interface"], interfaces)];
  }
  return [
    ...fitLink(plan, link, path),
    ...fitMtu(plan, link, path),
    ...fitSource(plan, instance, link, interfaces, path),
    ...addressProblems(plan, instance, interfaces, gateways),
  ];
}

function fitLink(plan: Plan, link: Link, path: Path): readonly Problem[] {
  const at = [...path, "interface"];
  const problems: Problem[] = [];
  if (link.loopback) {
    problems.push(machine(
      at,
      `${link.name} is the loopback interface`,
      "No other machine hears what is sent there.",
      "remove it, or write the interface that the LAN is on",
    ));
  } else if (!link.multicast && plan.rules.transport === "multicast") {
    problems.push(machine(
      at,
      `${link.name} does not carry multicast`,
      "No peer would hear the adverts, and every node would make itself master.",
      "name the other nodes in [nodes], or in peers: adverts then go to each by its address",
    ));
  }
  return problems;
}

/** One advert is one packet; by UDP it may travel in pieces. */
function fitMtu({ family, rules }: Plan, { name, mtu }: Link, path: Path): readonly Problem[] {
  const most = mostAdvertised(family, mtu);
  const count = rules.addresses.length;
  if (rules.transport === "udp" || count <= most) return [];
  return [machine(
    [...path, "addresses"],
    `${name} has an MTU of ${mtu}: an advert there names at most ${most} ${
      familyName(family)
    } addresses, not ${count}`,
    "The adverts could not be sent, and every node would make itself master.",
    "write the rest with advertise = false, or as a second instance with a VRID of its own",
    "key",
  )];
}

function fitSource(
  plan: Plan,
  instance: InstanceConfig,
  link: Link,
  interfaces: Interfaces,
  path: Path,
): readonly Problem[] {
  const { family, priority } = plan.rules;
  if (plan.source === undefined) {
    // An owner's floating address may be the only one that it has.
    const addresses = priority === OWNER ? [] : plan.rules.addresses;
    const chosen = primaryAddress(interfaces, link, family, addresses, plan.rules.peers);
    if (chosen !== undefined) return fitChoice(plan, link, chosen, interfaces, path);
    // It has one, which is to float: that is said.
    if (ownAddresses(plan, interfaces, new Map()).length > 0) return [];
    return [machine(
      [...path, "interface"],
      `${link.name} has no ${family === "ipv4" ? "IPv4" : "link-local IPv6"} address to send from`,
      "Adverts need a source address of the machine's own; the instance waits for one.",
      `give ${link.name} an address, or choose another interface`,
    )];
  }
  const wire = linkWith(interfaces, plan.source);
  // A source out of [nodes] that is not here was reported for the node as a whole.
  const written = instance.source !== undefined && sameIp(instance.source, plan.source);
  // What goes to peers may take another path than the addresses: that is a choice, not a
  // mistake.
  const elsewhere = wire !== undefined && plan.rules.transport !== "multicast";
  if (!written || wire?.name === link.name || elsewhere) return [];
  const own = addressesOf(interfaces, link).find((entry) =>
    !entry.ours && entry.prefix.address.family === family
  );
  const what = wire === undefined
    ? `source ${formatIp(plan.source)} is not an address of this machine`
    : `source ${formatIp(plan.source)} is on ${wire.name}, not on ${link.name}`;
  return [machine(
    [...path, "source"],
    what,
    "Adverts would not leave through the interface with this source; the instance waits.",
    own === undefined
      ? `give ${link.name} the address`
      : `source = "${formatIp(own.prefix.address)}"`,
  )];
}

/** Several addresses: which of them the peers have in their files, this node cannot know. */
function fitChoice(
  { rules: { family, addresses, transport, peers } }: Plan,
  link: Link,
  chosen: Ip,
  interfaces: Interfaces,
  path: Path,
): readonly Problem[] {
  if (transport === "multicast" || peers.length === 0) return [];
  const own = usableSources(interfaces, link, family, addresses)
    .map(({ prefix }) => formatIp(prefix.address));
  if (own.length < 2) return [];
  const others = own.filter((address) => address !== formatIp(chosen)).join(" or ");
  return [{
    ...machine(
      path,
      `${link.name} has the addresses ${
        own.join(" and ")
      }, and nothing says which of them the peers know`,
      "Peers refuse what comes from an address that is not in their files, and take over beside" +
        " this node.",
      `source = "${
        formatIp(chosen)
      }"  # or ${others}: the one that the peers' files have for this node`,
    ),
    at: "key",
  }];
}
