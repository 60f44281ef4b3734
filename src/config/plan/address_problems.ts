/**
 * Floating addresses held against this machine's links and addresses: do they fit, and are they
 * free. Pure.
 */
import {
  addressesOf,
  type Interfaces,
  LEAST_MTU6,
  type Link,
  linkAround,
  linkNamed,
  type VirtualAddress,
} from "../../net/interfaces.ts";
import { nearestWord } from "../did_you_mean.ts";
import { machine, type Path, type Problem, warning } from "../problem.ts";
import { type Family, formatIp, type Ip, isLinkLocal, sameIp } from "../../net/ip.ts";
import { containsIp, formatPrefix, networkOf } from "../../net/prefix.ts";
import type { InstanceConfig } from "../tables/instance.ts";
import { mayBeLeftover, type OwnAddress, ownAddresses } from "./own_address.ts";
import type { Plan } from "./plan.ts";

const ANOTHER_ADDRESS = "give the instance an address that no machine has";

/**
 * Holds the addresses of `plan` against `interfaces`; `gateways` are those of the default routes.
 */
export function addressProblems(
  plan: Plan,
  instance: InstanceConfig,
  interfaces: Interfaces,
  gateways: readonly Ip[],
): readonly Problem[] {
  return plan.virtualAddresses.flatMap((held) => {
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
    const taken = takenProblems(
      { ...plan, virtualAddresses: [held] },
      link,
      interfaces,
      gateways,
      path,
    );
    problems.push(...taken);
    if (taken.length > 0) return problems;
    if (!onSubnet(held, link, interfaces)) {
      problems.push(strangeSubnet(held, link, plan.family, interfaces, path));
    } else problems.push(...otherLength(held, link, interfaces, path));
    return problems;
  });
}

/**
 * Why the one address of `plan` cannot float on `link`: the kernel takes none, or it is somebody's
 * already.
 */
function takenProblems(
  plan: Plan,
  link: Link,
  interfaces: Interfaces,
  gateways: readonly Ip[],
  path: Path,
): readonly Problem[] {
  return plan.virtualAddresses.flatMap((held): readonly Problem[] => {
    const { address } = held.prefix;
    if (address.family === "ipv6" && link.ipv6Off) return [ipv6Off(held, link, path)];
    const elsewhere = presentElsewhere(held, link, interfaces);
    if (elsewhere !== undefined) return [alreadyOn(held, elsewhere, path)];
    const own = ownAddresses(plan, interfaces, new Map());
    if (own.length > 0) return own.map((one) => ownHere(one, interfaces, path));
    return gateways.some((gateway) => sameIp(gateway, address)) ? [isGateway(address, path)] : [];
  });
}

/** sysctl writes a point in an interface's name as a slash. */
function ipv6Off({ prefix }: VirtualAddress, { name, mtu }: Link, path: Path): Problem {
  return machine(
    path,
    `IPv6 is switched off on ${name}, which is to have ${formatIp(prefix.address)}`,
    "The kernel refuses the address each time; the instance waits until it takes it.",
    mtu < LEAST_MTU6
      ? `ip link set ${name} mtu ${LEAST_MTU6}`
      : `sysctl -w net.ipv6.conf.${name.replaceAll(".", "/")}.disable_ipv6=0`,
  );
}

function ownHere(own: OwnAddress, interfaces: Interfaces, path: Path): Problem {
  const text = formatPrefix(own.entry.prefix);
  return machine(
    path,
    `${formatIp(own.entry.prefix.address)} is this machine's own address on ${own.link.name}: ` +
      "it was not put there by floatip",
    "Two machines would have it, and this one would lose it to another master: the instance waits.",
    mayBeLeftover(own, interfaces)
      ? `ip address del ${text} dev ${own.link.name}  # and out of this machine's network settings`
      : ANOTHER_ADDRESS,
  );
}

function isGateway(address: Ip, path: Path): Problem {
  return machine(
    path,
    `${formatIp(address)} is the gateway of this machine's default route`,
    "A router has it: as master, this machine would take it from the router, and lose its way out.",
    ANOTHER_ADDRESS,
  );
}

function labelTooLong(label: string, held: VirtualAddress, path: Path): Problem {
  return machine(
    path,
    `label ${label} behind ${held.interface} is longer than 15 bytes`,
    "The kernel refuses it; the address is added without a label.",
    "remove the label",
  );
}

/** The other link that has the address, not put there by floatip. */
function presentElsewhere(
  held: VirtualAddress,
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

function alreadyOn(held: VirtualAddress, other: Link, path: Path): Problem {
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
function onSubnet(held: VirtualAddress, link: Link, interfaces: Interfaces): boolean {
  const { address } = held.prefix;
  if (isLinkLocal(address)) return true;
  return addressesOf(interfaces, link).some((entry) =>
    !entry.ours && !isLinkLocal(entry.prefix.address) &&
    (containsIp(entry.prefix, address) || containsIp(held.prefix, entry.prefix.address))
  );
}

/**
 * In the subnet of its link, but with another length: one of the two is probably a slip. A host
 * address is none.
 */
function otherLength(
  held: VirtualAddress,
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
  return [
    warning(
      path,
      `${formatPrefix(held.prefix)} has another length than the subnet of ${link.name}, ${subnet}`,
      length < first.prefix.length
        ? `The master would look for all of ${
          formatPrefix({ address: networkOf(held.prefix), length })
        } on this wire, also for what is behind a router.`
        : "The master would reach some of its neighbours by a router only, or not at all.",
      `"${right}"`,
    ),
  ];
}

function strangeSubnet(
  held: VirtualAddress,
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
  return warning(
    path,
    `${formatIp(held.prefix.address)} is in no subnet of ${link.name} (${has})`,
    better === undefined
      ? "Clients reach it only where routers or their own settings say that it is on this wire."
      : `It is in a subnet of ${better.name}: clients look for it there.`,
    better === undefined ? "check the address and its length" : `interface = "${better.name}"`,
  );
}

/** There is no interface called `name`, which `path` asks for. */
export function noInterface(name: string, path: Path, interfaces: Interfaces): Problem {
  const names = interfaces.links.filter((link) => !link.loopback).map((link) => link.name);
  const meant = nearestWord(name, names) ?? (names.length === 1 ? names[0] : undefined);
  return machine(
    path,
    `there is no interface ${name} on this machine: it has ${names.join(", ") || "none"}`,
    "The instance waits until it comes; with a wrong name it never comes.",
    meant === undefined ? "write the name of one that is there" : `interface = "${meant}"`,
  );
}
