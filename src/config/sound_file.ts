/** Do the parts of a file fit each other? Nodes, preferences, virtual router numbers and groups. */
import { sameIp } from "../net/ip.ts";
import type { FileDraft, GroupDraft, InstanceDraft, NodeDraft } from "./drafts.ts";
import { nearest } from "./did_you_mean.ts";
import type { Path, Problem } from "./problem.ts";
import type { Report } from "./problem_list.ts";
import { checkAddresses, checkOwnable, checkTwice, familiesOf, words } from "./tables/address.ts";
import { checkCheck } from "./sound_check.ts";
import { checkInstance } from "./sound_instance.ts";
import { checkMetrics } from "./sound_metrics.ts";
import { checkNotify } from "./sound_notify.ts";
import { checkPeers } from "./tables/peers.ts";
import { checkReferences } from "./sound_reference.ts";
import { listNames, showName, writeKey } from "./toml_text.ts";

/** Reports everything that is unsound in a file whose shape was read, in no particular order. */
export function checkFile(file: FileDraft, report: Report): void {
  checkNodes(file, report);
  for (const instance of file.instances) {
    checkAddresses(instance, file, report);
    checkInstance(instance, file, report);
    checkPeers(instance, file, report);
    checkPrefer(instance, file, report);
    checkPriorities(instance, file, report);
  }
  checkTwice(file, report);
  checkVrids(file, report);
  checkGroups(file, report);
  for (const check of file.checks) checkCheck(check, file, report);
  checkReferences(file, report);
  checkMetrics(file, report);
  for (const { notify } of [file, ...file.instances]) {
    if (notify !== undefined) checkNotify(notify, report);
  }
}

function checkNodes(file: FileDraft, report: Report): void {
  const names = file.nodes.map((node) => node.name);
  if (file.hasNodes && names.length === 0) report(noNodes());
  if (file.hasNodes && file.nodeName !== undefined && !names.includes(file.nodeName)) {
    report(unknownNode(file.nodeName, names, ["node", "name"], "node.name"));
  }
  for (const node of file.nodes) {
    for (const [index, { address, path }] of node.addresses.entries()) {
      const fix = `write the address that ${node.name} has on the LAN`;
      checkOwnable(address, "a node", path, fix, report);
      const earlier = node.addresses.slice(0, index);
      if (earlier.some((other) => other.address.family === address.family)) {
        report(secondOfFamily(node, path));
      }
      const owner = file.nodes.find((other) =>
        other.addresses.some((own) => sameIp(own.address, address))
      );
      if (owner !== undefined && owner !== node) report(sameAddress(node, owner, path));
    }
  }
}

function noNodes(): Problem {
  return {
    severity: "error",
    path: ["nodes"],
    at: "key",
    what: "[nodes] is empty",
    why: "No node could find itself in it, so none would ever claim an address.",
    fix: 'a line for each node, such as pi-a = "192.168.1.11"',
  };
}

function secondOfFamily(node: NodeDraft, path: Path): Problem {
  return {
    severity: "error",
    path,
    at: "value",
    what: `node ${node.name} has two addresses of one family`,
    why: "Adverts come from one address per family; peers must know which.",
    fix: "keep the one on the LAN that the nodes share",
  };
}

function sameAddress(node: NodeDraft, owner: NodeDraft, path: Path): Problem {
  return {
    severity: "error",
    path,
    at: "value",
    what: `node ${node.name} has the same address as node ${owner.name}`,
    why: "A node finds itself by its address: one machine would take itself for both.",
    fix: `give ${node.name} its own address`,
  };
}

const NODES_WANTED = "write [nodes], with a line for each node and its address";

/** `used`: names that stand there already, so that none of them can be meant. */
function unknownNode(
  name: string,
  names: readonly string[],
  path: Path,
  where: string,
  used: readonly (string | undefined)[] = [],
): Problem {
  const free = names.filter((known) => !used.includes(known));
  const meant = nearest(name, free);
  return {
    severity: "error",
    path,
    at: "value",
    what: `${where} names ${showName(name)}, which is not in [nodes]` +
      (meant === undefined ? "" : `: did you mean ${meant}?`),
    why: "A name that no node has means nobody.",
    fix: names.length === 0
      ? NODES_WANTED
      : meant !== undefined
      ? `"${meant}"`
      : free.length > 0
      ? `use one of ${listNames(free)}`
      : "remove it: all nodes stand there already",
  };
}

function checkPrefer(instance: InstanceDraft, file: FileDraft, report: Report): void {
  if (!file.hasNodes) return;
  const names = file.nodes.map((node) => node.name);
  const prefer: readonly (string | undefined)[] = instance.keys.prefer ?? [];
  for (const [index, name] of prefer.entries()) {
    if (name === undefined) continue;
    const path = [...instance.path, "prefer", index];
    if (!names.includes(name)) report(() => unknownNode(name, names, path, "prefer", prefer));
    else if (prefer.indexOf(name) !== index) report(preferredTwice(name, path));
  }
}

function preferredTwice(name: string, path: Path): Problem {
  return {
    severity: "error",
    path,
    at: "value",
    what: `prefer names ${name} twice`,
    why: "A node has one place in the order.",
    fix: "remove one of the two",
  };
}

function checkPriorities(instance: InstanceDraft, file: FileDraft, report: Report): void {
  const { priority } = instance.keys;
  if (typeof priority !== "object") return;
  const path = [...instance.path, "priority"];
  const names = file.nodes.map((node) => node.name);
  for (const name of priority.keys()) {
    if (names.includes(name)) continue;
    const used = [...priority.keys()];
    report(() => {
      const problem = unknownNode(name, names, [...path, name], "priority", used);
      const meant = /^"(.*)"$/.exec(problem.fix)?.[1];
      const fix = meant === undefined ? problem.fix : `${writeKey(meant)} = ${priority.get(name)}`;
      return { ...problem, fix, at: "key" };
    });
  }
  const missing = names.filter((name) => !priority.has(name));
  if (missing.length > 0) report(noPriority(missing, path));
  const values = [...priority.values()];
  const equal = values.find((value, index) => values.indexOf(value) !== index);
  if (equal !== undefined) report(equalPriority(equal, path));
}

function noPriority(missing: readonly string[], path: Path): Problem {
  return {
    severity: "error",
    path,
    at: "value",
    what: `priority names no value for ${missing.join(", ")}`,
    why: "Whoever is left out would have to be guessed at.",
    fix: `add ${missing.map((name) => `${writeKey(name)} = 100`).join(", ")}`,
  };
}

function equalPriority(equal: number, path: Path): Problem {
  return {
    severity: "warning",
    path,
    at: "value",
    what: `two nodes have priority ${equal}`,
    why: "Between equals the first to speak stays master, and the higher address wins a tie.",
    fix: "give each node a priority of its own",
  };
}

/** Two virtual routers of one family cannot share a number on one wire (RFC 9568 1.6). */
function checkVrids(file: FileDraft, report: Report): void {
  const earlier = new Map<string, InstanceDraft[]>();
  for (const instance of file.instances) {
    const { vrid } = instance.keys;
    if (vrid === undefined) continue;
    // The same interface as written; where both are left to floatip, probably the same.
    const place = JSON.stringify([vrid, instance.keys.interface]);
    const others = earlier.get(place) ?? [];
    earlier.set(place, [...others, instance].slice(0, MOST_COMPARED));
    for (const other of others) {
      const shared = familiesOf(instance).filter((family) => familiesOf(other).includes(family));
      if (shared.length === 0) continue;
      const where = instance.keys.interface === undefined ? "" : ` on ${instance.keys.interface}`;
      report({
        severity: "error",
        path: [...instance.path, "vrid"],
        at: "value",
        what: `vrid ${vrid} is instance ${other.name}'s already${where} (${
          shared.map(words).join(" and ")
        })`,
        why:
          "Adverts of one could not be told from adverts of the other, and addresses would be lost.",
        fix: `vrid = ${freeVrid(file, vrid)}`,
      });
      break;
    }
  }
}

/** One of each family, and a pair for each problem, can share a number on one wire. */
const MOST_COMPARED = 4;

function freeVrid(file: FileDraft, from: number): number {
  const used = new Set(file.instances.map((instance) => instance.keys.vrid));
  for (let step = 1; step < 255; step++) {
    const candidate = (from + step - 1) % 255 + 1;
    if (!used.has(candidate)) return candidate;
  }
  return from;
}

function checkGroups(file: FileDraft, report: Report): void {
  const names = new Set(file.instances.map((instance) => instance.name));
  const seen = new Map<string, GroupDraft>();
  for (const group of file.groups) {
    const path = [...group.path, "instances"];
    for (const [index, name] of group.instances.entries()) {
      if (name === undefined) continue;
      const first = seen.get(name);
      if (!names.has(name)) {
        report(() => unknownMember(name, [...names], [...path, index], group));
      } else if (first !== undefined) report(memberTwice(name, first, group, [...path, index]));
      seen.set(name, first ?? group);
    }
    if (group.instances.length === 1) report(lonely(group, path));
  }
}

function unknownMember(
  name: string,
  names: readonly string[],
  path: Path,
  group: GroupDraft,
): Problem {
  const free = names.filter((known) => !group.instances.includes(known));
  const meant = nearest(name, free);
  return {
    severity: "error",
    path,
    at: "value",
    what: `group ${group.name} names ${showName(name)}, and there is no such instance` +
      (meant === undefined ? "" : `: did you mean ${meant}?`),
    why: "A group whose members are not all there cannot move together.",
    fix: meant !== undefined
      ? `"${meant}"`
      : free.length > 0
      ? `use one of ${listNames(free)}`
      : `add another instance, or remove [group.${writeKey(group.name)}]`,
  };
}

function memberTwice(name: string, first: GroupDraft, group: GroupDraft, path: Path): Problem {
  return {
    severity: "error",
    path,
    at: "value",
    what: first === group
      ? `group ${group.name} names ${name} twice`
      : `instance ${name} is in group ${first.name} already`,
    why: "An instance can follow one group only.",
    fix: first === group ? "remove one of the two" : "name it in one of the two only",
  };
}

function lonely(group: GroupDraft, path: Path): Problem {
  return {
    severity: "warning",
    path,
    at: "value",
    what: `group ${group.name} has one member only`,
    why: "A group makes instances change state together; with one it does nothing.",
    fix: `add another instance, or remove [group.${writeKey(group.name)}]`,
  };
}
