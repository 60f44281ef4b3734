/**
 * Plans what a node runs: the configuration held against one machine gives identity, interface,
 * priority and peers.
 */
import { atOnce } from "../../async.ts";
import { type Family, formatIp, includesIp, type Ip, isLinkLocal, sameIp } from "../../net/ip.ts";
import {
  foreignAddresses,
  foreignLinkWith,
  type Interfaces,
  type Link,
  type LinkAddress,
  linkAround,
  linkWith,
  type VirtualAddress,
} from "../../net/interfaces.ts";
import type { Fault } from "../../vrrp/event.ts";
import { autoLease } from "../../vrrp/lease.ts";
import type { Transport, Vrid } from "../../vrrp/rules.ts";
import { passwordBytes } from "../../wire/vrrp.ts";
import { basePriorityOf, rivalsOf } from "./node_priorities.ts";
import { type Config, indexOf } from "../config.ts";
import type { InstanceConfig } from "../tables/instance.ts";
import { type Nanoseconds, nanoseconds } from "../../time.ts";
import { machineProblems } from "./machine_problems.ts";
import { withoutClashes } from "./clashes.ts";
import { fenceFor, leaseFor } from "./exclusive.ts";
import { identify, type Identity } from "./identity.ts";
import { keyOf, type NodePlan, type Plan } from "./plan.ts";
import type { Problem } from "../problem.ts";

/** What a machine looks like to {@link plan}. */
export interface Machine {
  readonly hostName: string;
  readonly interfaces: Interfaces;
  /** The gateways of its default routes, as far as they are known. */
  readonly gateways?: readonly Ip[];
}

/** A plan, and what a person should know of it. */
export interface Planned {
  readonly node: NodePlan;
  readonly problems: readonly Problem[];
}

/** Everything {@link plan} needs to know to plan one virtual router. */
interface Setting {
  readonly config: Config;
  readonly machine: Machine;
  readonly self: Identity;
  /** The interfaces of the plan in force, by {@link keyOf}. */
  readonly before: ReadonlyMap<string, string | undefined>;
  /** The machine's addresses without those of our own making. */
  readonly foreign: readonly LinkAddress[];
  /** Where the node's addresses are. */
  readonly home: Readonly<Record<Family, Link | undefined>>;
}

/**
 * Plans what this node runs. `nodeName` is --node; `previous` the plan in force: what cannot be
 * told now stays as it was. The daemon follows the plan (a plan that cannot run yet says why in
 * `waiting`) and leaves `problems` aside, which are for a person who asks whether file and machine
 * fit: "machine" and "warning" only.
 *
 * Where something is not written:
 * - interface: the link with the node's address in [nodes], of the router's family, else of the
 *   other; else the link whose subnet holds the first floating address that is in any.
 * - priority: 200, 190, 180 and so on along `prefer`, then the nodes not named there in the order
 *   of [nodes] (in smaller steps where there are more than 20 nodes); without `prefer` 100.
 * - source: this node's own address among written peers; else its address in [nodes] of the family;
 *   with multicast only where it is on the same interface, and for IPv6 only a link-local one (RFC
 *   9568 5.1.2.1).
 * - peers: the other nodes' addresses of the family. Written ones are the same on all nodes: a node
 *   leaves out itself.
 * - transport: unicast where peers are written, or every node in [nodes] has an address of the
 *   family; else multicast. So an IPv6 router between nodes known by IPv4 addresses speaks
 *   multicast, on all of them. UDP is for those who ask for it.
 */
export function plan(
  config: Config,
  machine: Machine,
  nodeName: string | undefined,
  previous: NodePlan | undefined,
): Planned {
  const { node, problems } = atOnce(planNode(config, machine, nodeName, previous));
  const { interfaces, gateways } = machine;
  return { node, problems: [...problems, ...machineProblems(config, node, interfaces, gateways)] };
}

/**
 * {@link plan} without a look at whether the file fits the machine, an instance after the other, in
 * time that grows with the file: for the daemon.
 */
export function* planNode(
  config: Config,
  machine: Machine,
  nodeName: string | undefined,
  previous: NodePlan | undefined,
): Generator<void, Planned> {
  const self = identify(config, machine, nodeName, previous);
  const setting = settingOf(config, machine, self, previous);
  const names = new Map(
    config.nodes.flatMap((node) =>
      node.addresses.map((own) => [formatIp(own), node.name] as const)
    ),
  );
  yield;
  const plans: Plan[] = [];
  for (const instance of self.isWitness === true ? [] : config.instances) {
    for (const family of familiesOf(instance)) {
      plans.push({ ...planRouter(instance, family, setting), names });
    }
    yield;
  }
  const used = new Set(plans.flatMap((one) => one.checks));
  const node: NodePlan = {
    node: self.name,
    known: self.unknown === undefined,
    ...(self.isWitness === true ? { isWitness: true } : {}),
    names,
    plans: withoutClashes(plans),
    checks: config.checks.filter(({ name }) => used.has(name)),
  };
  return { node, problems: self.problems };
}

function settingOf(
  config: Config,
  machine: Machine,
  self: Identity,
  previous: NodePlan | undefined,
): Setting {
  const { interfaces } = machine;
  const home = (family: Family) => linkOfNode(self.entry?.addresses ?? [], family, interfaces);
  return {
    config,
    machine,
    self,
    before: new Map(previous?.plans.map((old) => [keyOf(old), old.interface])),
    foreign: foreignAddresses(interfaces),
    home: { ipv4: home("ipv4"), ipv6: home("ipv6") },
  };
}

/** The families of the addresses that adverts name, IPv4 first: there is a router of each. */
function familiesOf(instance: InstanceConfig): readonly Family[] {
  const families: readonly Family[] = ["ipv4", "ipv6"];
  return families.filter((family) =>
    instance.addresses.some(({ prefix, advertised }) =>
      advertised && prefix.address.family === family
    )
  );
}

/**
 * The addresses that move with the router of `family`: with the first one also those of a family
 * without a router.
 */
function movingWith(instance: InstanceConfig, family: Family): InstanceConfig["addresses"] {
  const families = familiesOf(instance);
  return instance.addresses.filter(({ prefix: { address } }) =>
    address.family === family || (family === families[0] && !families.includes(address.family))
  );
}

function planRouter(
  instance: InstanceConfig,
  family: Family,
  setting: Setting,
): Omit<Plan, "names"> {
  const { config, self } = setting;
  const name = interfaceOf(instance, family, setting);
  const transport = transportOf(instance, family, config);
  const source = sourceOf(instance, family, transport, name, setting);
  const { peers, alone } = peersOf(instance, family, source, setting);
  const moving = movingWith(instance, family);
  const group = indexOf(config).groupOf.get(instance.name);
  const waiting = [...identityFault(self), ...interfaceFault(name, instance, family), ...alone];
  const rivals = rivalsOf(config, instance, self.name, family);
  const exclusive = leaseFor(instance, config);
  return {
    name: instance.name,
    family,
    interface: name,
    waiting,
    source,
    port: transport === "udp" ? instance.port : undefined,
    virtualAddresses: name === undefined ? [] : moving.map((entry) => toHeld(entry, name)),
    fence: exclusive === undefined || instance.fence === "off"
      ? fenceOf(instance)
      : fenceFor(exclusive, fenceOf(instance)),
    ...(exclusive === undefined ? {} : { exclusive }),
    checksum: instance.checksum,
    group,
    checks: instance.checks,
    rules: {
      vrid: instance.vrid as Vrid,
      family,
      version: instance.version,
      priority: basePriorityOf(instance, self.name, config),
      advertInterval: instance.advertInterval,
      addresses: moving.filter(({ advertised }) => advertised).map(({ prefix }) => prefix.address),
      preempt: instance.preempt,
      preemptDelay: instance.preemptDelay,
      initialState: instance.initialState,
      ...(instance.auth === undefined ? {} : { password: passwordBytes(instance.auth.pass) }),
      transport,
      peers,
      addressMismatch: instance.addressMismatch,
      ...(rivals === undefined ? {} : { rivals }),
      ...(config.nodes.length > 1 ? { intervalKnown: true } : {}),
      grouped: group !== undefined,
      lease: leaseOf(instance),
      duplicateCheck: instance.duplicateCheck === "quick",
      ...(config.cluster === undefined ? {} : { secondOpinion: true }),
      ...(exclusive === undefined ? {} : { exclusive: true }),
      stop: instance.stop,
    },
  };
}

function leaseOf({ lease, advertInterval }: InstanceConfig): Nanoseconds | undefined {
  if (lease === "off") return undefined;
  return lease === "auto" ? autoLease(advertInterval) : lease;
}

/** No peer takes over sooner after the last advert (RFC 9568 6.1). */
function fenceOf({ fence, lease, advertInterval }: InstanceConfig): Nanoseconds | undefined {
  if (fence === "off") return undefined;
  const least = nanoseconds(3 * advertInterval);
  return typeof lease === "string" || lease < least ? least : lease;
}

function identityFault(self: Identity): readonly Fault[] {
  return self.unknown === undefined ? [] : [{ kind: "identity", message: self.unknown }];
}

function interfaceFault(
  name: string | undefined,
  instance: InstanceConfig,
  family: Family,
): readonly Fault[] {
  if (name !== undefined) return [];
  const first = instance.addresses.find(({ prefix }) => prefix.address.family === family);
  const address = first === undefined ? "the address" : formatIp(first.prefix.address);
  const words = `no interface has a subnet around ${address} (yet)`;
  return [{ kind: "interface-missing", message: words }];
}

function interfaceOf(
  instance: InstanceConfig,
  family: Family,
  { machine: { interfaces }, self, before: interfacesBefore, home }: Setting,
): string | undefined {
  if (instance.interface !== undefined) return instance.interface;
  const before = interfacesBefore.get(keyOf({ name: instance.name, family }));
  if (self.entry !== undefined) {
    const own = home[family];
    if (own !== undefined) return own.name;
    // The node's address is gone for now (a lease ran out, a cable is out): it will be back where
    // it was.
    if (before !== undefined) return before;
  }
  for (const { prefix: { address } } of instance.addresses) {
    // Every link holds fe80::/64: a link-local address tells nothing.
    if (address.family !== family || isLinkLocal(address)) continue;
    const around = linkAround(interfaces, address);
    if (around !== undefined) return around.name;
  }
  return before;
}

/** The link that has the node's address of `family`, else of the other family. */
function linkOfNode(
  addresses: readonly Ip[],
  family: Family,
  interfaces: Interfaces,
): Link | undefined {
  const sorted = addresses.toSorted((a, b) =>
    Number(b.family === family) - Number(a.family === family)
  );
  for (const address of sorted) {
    const link = foreignLinkWith(interfaces, address);
    if (link !== undefined) return link;
  }
  return undefined;
}

function transportOf(
  instance: InstanceConfig,
  family: Family,
  config: Config,
): Transport {
  if (instance.transport !== undefined) return instance.transport;
  if (instance.peers !== undefined) {
    return instance.peers.some((peer) => peer.family === family) ? "unicast" : "multicast";
  }
  // All nodes or none: a node without an address would speak multicast to peers that expect
  // unicast.
  return indexOf(config).allHave[family] ? "unicast" : "multicast";
}

function sourceOf(
  instance: InstanceConfig,
  family: Family,
  transport: Transport,
  name: string | undefined,
  { machine: { interfaces }, foreign, self }: Setting,
): Ip | undefined {
  if (instance.source?.family === family) return instance.source;
  const named = transport === "multicast" ? undefined : ownPeer(instance, family, foreign);
  if (named !== undefined) return named;
  const own = self.entry?.addresses.find((address) => address.family === family);
  if (own === undefined || transport !== "multicast") return own;
  if (family === "ipv6" && !isLinkLocal(own)) return undefined;
  // Multicast stays on its wire: an address of another wire would be a stranger there.
  const link = linkWith(interfaces, own);
  return link === undefined || link.name === name ? own : undefined;
}

/**
 * The one address of this machine that a list of peers names: the list is the same on all nodes, so
 * that all know it.
 */
function ownPeer(
  { peers = [] }: InstanceConfig,
  family: Family,
  foreign: readonly LinkAddress[],
): Ip | undefined {
  const own = peers.filter((peer) =>
    peer.family === family &&
    foreign.some(({ prefix }) => sameIp(prefix.address, peer))
  );
  return own.length === 1 && peers.length > 1 ? own[0] : undefined;
}

/**
 * The peers of one family; `alone` says so where a written list is of this node's own addresses
 * only.
 */
function peersOf(
  instance: InstanceConfig,
  family: Family,
  source: Ip | undefined,
  { config, foreign, self }: Setting,
): { readonly peers: readonly Ip[]; readonly alone: readonly Fault[] } {
  if (instance.peers === undefined) {
    const others = config.nodes.filter((node) => node !== self.entry);
    const all = others.flatMap((node) => node.addresses);
    return { peers: all.filter((address) => address.family === family), alone: [] };
  }
  const written = instance.peers.filter((peer) => peer.family === family);
  const own = [
    ...(source === undefined ? [] : [source]),
    ...(self.entry?.addresses ?? []),
    ...foreign.map(({ prefix }) => prefix.address),
  ];
  const peers = written.filter((peer) => !includesIp(own, peer));
  if (peers.length > 0 || written.length === 0) return { peers, alone: [] };
  const words = `all peers are this machine's own addresses: ${written.map(formatIp).join(", ")}`;
  return { peers: written, alone: [{ kind: "identity", message: words }] };
}

function toHeld(entry: InstanceConfig["addresses"][number], name: string): VirtualAddress {
  const wire = entry.interface ?? name;
  const label = entry.label?.startsWith(":") ? `${wire}${entry.label}` : entry.label;
  // A label that grew too long with this machine's interface name is left out: the address matters
  // more.
  const fits = label !== undefined && new TextEncoder().encode(label).length <= 15;
  return { interface: wire, prefix: entry.prefix, ...(fits ? { label } : {}) };
}
