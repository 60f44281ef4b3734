/** Does the file fit this machine? What a person should know before the daemon runs into it. */
import {
  type Family,
  formatIp,
  type Ip,
  isLinkLocal,
  isLoopback,
  isUnspecified,
  sameIp,
} from "../net/ip.ts";
import {
  addressesOf,
  type HeldAddress,
  type Interfaces,
  type Link,
  linkAround,
  linkNamed,
  linkWith,
  primaryAddress,
  usableSources,
} from "../net/interfaces.ts";
import { containsIp, formatPrefix, networkOf } from "../net/prefix.ts";
import type { CheckSettings } from "../health/check.ts";
import type { Config, InstanceConfig } from "./config.ts";
import { nearest } from "./nearest.ts";
import type { NodePlan, Plan } from "./plan.ts";
import type { Path, Problem } from "./problem.ts";

/** Holds each plan of `node` against `interfaces`: problems of severity "machine" and "warning". */
export function fit(
  config: Config,
  node: NodePlan,
  interfaces: Interfaces,
): readonly Problem[] {
  // Whoever is none of the nodes was told so once, by identity.ts.
  const known = config.nodes.length === 0 || config.nodes.some(({ name }) => name === node.node);
  const ofPlans = node.plans.flatMap((plan) => {
    const instance = config.instances.find((entry) => entry.name === plan.name);
    if (instance === undefined) return [];
    return [...fitWaiting(plan, known), ...fitPlan(plan, instance, interfaces)];
  });
  const problems = [
    ...fitMetrics(config, interfaces),
    ...fitNodes(config),
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

/** Is there anybody to take over? Without [nodes] the file cannot tell. */
function fitNodes({ nodes }: Config): readonly Problem[] {
  const [only, ...others] = nodes;
  if (only === undefined || others.length > 0) return [];
  return [{
    severity: "warning",
    path: ["nodes", only.name],
    at: "key",
    what: `[nodes] names one node only: ${only.name}`,
    why: "No other node takes over when it fails.",
    fix: "add a line for each of the other nodes, and put the same file there",
  }];
}

/** Can metrics be served where [metrics] says? */
function fitMetrics({ metrics }: Config, interfaces: Interfaces): readonly Problem[] {
  const { listen } = metrics;
  if (listen === undefined || isUnspecified(listen.address) || isLoopback(listen.address)) {
    return [];
  }
  if (linkWith(interfaces, listen.address) !== undefined) return [];
  const any = listen.address.family === "ipv6" ? "[::]" : "0.0.0.0";
  return [machine(
    ["metrics", "listen"],
    `this machine does not have the address ${formatIp(listen.address)}`,
    "Metrics wait until it comes; in a file for all nodes it is one node's only.",
    `listen = "${any}:${listen.port}"`,
  )];
}

/** Is there what the check looks at: a wrong name or wire would be down for ever. */
function fitCheck({ name, probe }: CheckSettings, interfaces: Interfaces): readonly Problem[] {
  if (probe.kind === "interface" && linkNamed(interfaces, probe.name) === undefined) {
    return [{
      ...noInterface(probe.name, ["check", name, "interface"], interfaces),
      why: "The check is down until it comes; with a wrong name it is down for ever.",
    }];
  }
  if (probe.kind !== "ping" || probe.by !== "arp") return [];
  if (interfaces.addresses.some(({ prefix }) => containsIp(prefix, probe.address))) return [];
  return [machine(
    ["check", name, "ping"],
    `no interface of this machine has an address in the network of ${formatIp(probe.address)}`,
    "ARP and Neighbor Discovery reach no further than the wire: the check is down for ever.",
    'by = "icmp"',
  )];
}

/** What the plan itself says about why it cannot run. */
function fitWaiting(plan: Plan, known: boolean): readonly Problem[] {
  const path: Path = ["instance", plan.name];
  return plan.waiting.flatMap((fault): readonly Problem[] => {
    if (fault.kind === "identity") {
      const why = "Adverts to oneself reach nobody; the instance waits.";
      const fix = "name the other nodes' addresses in peers";
      return known ? [machine([...path, "peers"], fault.words, why, fix)] : [];
    }
    const why = "The instance waits, and claims no address.";
    if (plan.interface === undefined) {
      return [{
        ...machine(path, fault.words, why, "name the interface, or correct the address"),
        at: "key",
      }];
    }
    return [machine([...path, "vrid"], fault.words, why, "give one of the two another vrid")];
  });
}

function fitPlan(
  plan: Plan,
  instance: InstanceConfig,
  interfaces: Interfaces,
): readonly Problem[] {
  const path: Path = ["instance", plan.name];
  if (plan.interface === undefined) return [];
  const link = linkNamed(interfaces, plan.interface);
  if (link === undefined) {
    return [noInterface(plan.interface, [...path, "interface"], interfaces)];
  }
  return [
    ...fitLink(plan, link, path),
    ...fitSource(plan, instance, link, interfaces, path),
    ...fitHeld(plan, instance, interfaces),
  ];
}

function machine(path: Path, what: string, why: string, fix: string): Problem {
  return { severity: "machine", path, at: "value", what, why, fix };
}

function noInterface(name: string, path: Path, interfaces: Interfaces): Problem {
  const names = interfaces.links.filter((link) => !link.loopback).map((link) => link.name);
  const meant = nearest(name, names) ?? (names.length === 1 ? names[0] : undefined);
  return machine(
    path,
    `there is no interface ${name} on this machine: it has ${names.join(", ") || "none"}`,
    "The instance waits until it comes; with a wrong name it waits for ever.",
    meant === undefined ? "write the name of one that is there" : `interface = "${meant}"`,
  );
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

function fitSource(
  plan: Plan,
  instance: InstanceConfig,
  link: Link,
  interfaces: Interfaces,
  path: Path,
): readonly Problem[] {
  const { family, addresses } = plan.rules;
  if (plan.source === undefined) {
    const chosen = primaryAddress(interfaces, link, family, addresses, plan.rules.peers);
    if (chosen !== undefined) return fitChoice(plan, link, chosen, interfaces, path);
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
  // What goes to peers may take another path than the addresses: that is somebody's choice, not a mistake.
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

/** Which of several addresses the peers have in their files, nobody here can know. */
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
      "Peers refuse what comes from an address that is not in their files, and take over beside this node.",
      `source = "${
        formatIp(chosen)
      }"  # or ${others}: the one that the peers' files have for this node`,
    ),
    at: "key",
  }];
}

function fitHeld(
  plan: Plan,
  instance: InstanceConfig,
  interfaces: Interfaces,
): readonly Problem[] {
  return plan.held.flatMap((held) => {
    const index = instance.addresses.findIndex(({ prefix }) =>
      sameIp(prefix.address, held.prefix.address)
    );
    const path: Path = ["instance", plan.name, "addresses", index];
    const link = linkNamed(interfaces, held.interface);
    if (link === undefined) return [noInterface(held.interface, path, interfaces)];
    const wish = instance.addresses[index];
    const problems: Problem[] = [];
    if (wish?.label !== undefined && held.label === undefined) {
      problems.push(labelTooLong(wish.label, held, path));
    }
    const elsewhere = presentElsewhere(held, link, interfaces);
    if (elsewhere !== undefined) problems.push(alreadyOn(held, elsewhere, path));
    else if (!onSubnet(held, link, interfaces)) {
      problems.push(strangeSubnet(held, link, plan.family, interfaces, path));
    } else problems.push(...otherLength(held, link, interfaces, path));
    return problems;
  });
}

function labelTooLong(label: string, held: HeldAddress, path: Path): Problem {
  return machine(
    path,
    `label ${label} behind ${held.interface} is longer than 15 bytes`,
    "The kernel refuses it; the address is added without a label.",
    "remove the label",
  );
}

/** The other link that has the address by somebody else's doing. */
function presentElsewhere(
  held: HeldAddress,
  link: Link,
  interfaces: Interfaces,
): Link | undefined {
  if (isLinkLocal(held.prefix.address)) return undefined;
  const entry = interfaces.addresses.find((other) =>
    !other.ours && other.index !== link.index &&
    sameIp(other.prefix.address, held.prefix.address)
  );
  return interfaces.links.find((other) => other.index === entry?.index);
}

function alreadyOn(held: HeldAddress, other: Link, path: Path): Problem {
  return machine(
    path,
    `${
      formatIp(held.prefix.address)
    } is on ${other.name} already, and is to float on ${held.interface}`,
    "The machine would answer for it whether it is master or not.",
    `ip address del ${formatIp(held.prefix.address)} dev ${other.name}`,
  );
}

/** Is the address in a subnet of its link, or does its own prefix hold an address of the link? */
function onSubnet(held: HeldAddress, link: Link, interfaces: Interfaces): boolean {
  const { address } = held.prefix;
  if (isLinkLocal(address)) return true;
  return addressesOf(interfaces, link).some((entry) =>
    !entry.ours && !isLinkLocal(entry.prefix.address) &&
    (containsIp(entry.prefix, address) || containsIp(held.prefix, entry.prefix.address))
  );
}

/** In the subnet of its link, but with another length: one of the two is probably a slip. A host address is none. */
function otherLength(
  held: HeldAddress,
  link: Link,
  interfaces: Interfaces,
  path: Path,
): readonly Problem[] {
  const { address, length } = held.prefix;
  const whole = address.bytes.length * 8;
  if (length === whole || isLinkLocal(address)) return [];
  const around = addressesOf(interfaces, link).filter(({ ours, prefix }) =>
    !ours && prefix.length < whole && containsIp(prefix, address)
  );
  const [first] = around;
  if (first === undefined || around.some(({ prefix }) => prefix.length === length)) return [];
  const subnet = formatPrefix({ address: networkOf(first.prefix), length: first.prefix.length });
  const right = formatPrefix({ address, length: first.prefix.length });
  return [{
    severity: "warning",
    path,
    at: "value",
    what: `${
      formatPrefix(held.prefix)
    } has another length than the subnet of ${link.name}, ${subnet}`,
    why: length < first.prefix.length
      ? `The master would look for all of ${
        formatPrefix({ address: networkOf(held.prefix), length })
      } on this wire, also for what is behind a router.`
      : "The master would reach some of its neighbours by a router only, or not at all.",
    fix: `"${right}"`,
  }];
}

function strangeSubnet(
  held: HeldAddress,
  link: Link,
  family: Family,
  interfaces: Interfaces,
  path: Path,
): Problem {
  const better = linkAround(interfaces, held.prefix.address);
  const subnets = addressesOf(interfaces, link).filter((entry) =>
    !entry.ours && entry.prefix.address.family === family
  );
  const has = subnets.map((entry) => formatPrefix(entry.prefix)).join(", ") || "no address";
  return {
    severity: "warning",
    path,
    at: "value",
    what: `${formatIp(held.prefix.address)} is in no subnet of ${link.name} (${has})`,
    why: better === undefined
      ? "Clients reach it only where routers or their own settings say that it is on this wire."
      : `It is in a subnet of ${better.name}: clients look for it there.`,
    fix: better === undefined ? "check the address and its length" : `interface = "${better.name}"`,
  };
}
