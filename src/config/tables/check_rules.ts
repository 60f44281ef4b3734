/**
 * What makes a health check one that says something, and instances and checks ones that fit each
 * other.
 */
import { formatIp, type Ip, isMulticast, isUnspecified, parseIp } from "../../net/ip.ts";
import { parseDuration, writeDuration } from "../../time.ts";
import { nearestWord } from "../did_you_mean.ts";
import { error, type Path, type Problem, type Reported, type Rule, warning } from "../problem.ts";
import { listNames, showName, showValue, writeHeader, writeValue } from "../toml_text.ts";
import { floats, isOwned } from "./address.ts";
import { CHECK, type CheckDraft, PROBES } from "./check.ts";
import { commandProblems, signalProblem } from "./command.ts";
import { type GroupDraft, membersOf } from "./group.ts";
import type { InstanceDraft } from "./instance.ts";
import { exampleText, type Keys, wantedLine } from "./key.ts";

type Name = keyof typeof CHECK;
type Kind = (typeof PROBES)[number];

/** What the rules need to know of the file. */
interface File {
  readonly instances: readonly InstanceDraft[];
  readonly groups: readonly GroupDraft[];
  readonly checks: readonly CheckDraft[];
}

/** What is wrong with one check; keys that could not be read are taken as unknown, not as wrong. */
export const CHECK_RULES: readonly Rule<CheckDraft, File>[] = [
  noProbe,
  twoProbes,
  withoutItsProbe,
  longTimeout,
  valueWithoutWeight,
  namedServer,
  addressOfNoNode,
  floatingTarget,
  wrongQuery,
  insecureHttp,
  partOfPath,
  ({ path, keys: { command } }) => command && commandProblems(command, [...path, "command"]),
  ({ path, keys: { command, user } }) =>
    command && signalProblem(command, user, [...path, "command"]),
];

/** The probes that are written, right or wrong, in the order of the file. */
function probesOf({ raw }: CheckDraft): readonly Kind[] {
  return Object.keys(raw).flatMap((key) => PROBES.filter((kind) => kind === key));
}

function noProbe({ path, raw, keys }: CheckDraft): Problem | undefined {
  // A key that no check has is probably the probe.
  const strange = Object.keys(raw).some((key) => !Object.hasOwn(CHECK, key));
  if (strange || PROBES.some((kind) => kind in keys)) return undefined;
  return error(
    path,
    `${writeHeader(path)} does not say what to look at`,
    "A check has exactly one of http, tcp, dns, ping, command, process, file and interface.",
    `http = ${exampleText(CHECK.http)}`,
    "key",
  );
}

function twoProbes(check: CheckDraft): Problem | undefined {
  const probes = probesOf(check);
  const [, second] = probes;
  return second === undefined ? undefined : error(
    [...check.path, second],
    `${writeHeader(check.path)} has two probes: ${probes.join(" and ")}`,
    "Each has a verdict of its own, and up or down could not be told.",
    `make ${second} a check of its own, and name that in checks, beside ${showName(check.name)}`,
    "key",
  );
}

function withoutItsProbe(check: CheckDraft): readonly Problem[] {
  const probes = probesOf(check);
  if (probes.length === 0) return [];
  return Object.keys(check.keys).flatMap((name) => {
    const owners = (CHECK as Keys)[name]?.of;
    if (owners === undefined || owners.some((kind) => probes.includes(kind as Kind))) return [];
    return [error(
      [...check.path, name],
      `${name} belongs to ${owners.join(" and ")}, and this check is ${probes[0]}`,
      "It would be ignored.",
      "remove it",
      "key",
    )];
  });
}

function longTimeout({ path, keys }: CheckDraft): Problem | undefined {
  // An interval that is there and cannot be read says nothing about the timeout.
  const interval = "interval" in keys ? keys.interval : parseDuration(CHECK.interval.default);
  const { timeout } = keys;
  if (timeout === undefined || interval === undefined || timeout <= interval) return undefined;
  return warning(
    [...path, "timeout"],
    `timeout ${writeDuration(timeout)} is longer than the interval of ${writeDuration(interval)}`,
    "An attempt is over before the next one starts: one that hangs is noticed late.",
    `timeout = "${writeDuration(interval)}"  # or a longer interval`,
  );
}

function valueWithoutWeight({ path, keys }: CheckDraft): Problem | undefined {
  return keys.want !== "value" || "weight" in keys ? undefined : error(
    [...path, "want"],
    "the number in the file is to be multiplied with a weight, and there is none",
    "Without a weight a number says neither up nor down.",
    'weight = 1  # or want = "present"',
  );
}

function namedServer({ path, raw, keys: { server } }: CheckDraft): Problem | undefined {
  return server === undefined || parseIp(server.host) !== undefined ? undefined : error(
    [...path, "server"],
    `server ${showValue(raw["server"])} is no address`,
    "A name would have to be asked of a name server first.",
    `server = ${exampleText(CHECK.server)}  # or the address of another name server`,
  );
}

/** The addresses that a check asks, by their keys. */
function targetsOf({ keys }: CheckDraft): readonly (readonly [Name, Ip])[] {
  const { http, tcp, server, ping } = keys;
  const hosts = [
    ["http", http === undefined ? undefined : new URL(http).hostname],
    ["tcp", tcp?.host],
    ["server", server?.host],
    ["ping", ping && formatIp(ping)],
  ] as const;
  return hosts.flatMap(([name, host = ""]) => {
    const address = parseIp(host.replace(/^\[|\]$/g, ""));
    return address === undefined ? [] : [[name, address]];
  });
}

function addressOfNoNode(check: CheckDraft): readonly Problem[] {
  return targetsOf(check).filter(([, address]) => isMulticast(address) || isUnspecified(address))
    .map(([name, address]) =>
      error(
        [...check.path, name],
        `${name} names ${formatIp(address)}, which no machine has as its own`,
        "A check must know which server answered.",
        wantedLine(name, CHECK[name]),
      )
    );
}

/** A place that moves with the instance says the same on all nodes. */
function floatingTarget(check: CheckDraft, { instances }: File): readonly Problem[] {
  return targetsOf(check).flatMap(([name, address]) => {
    const owner = instances.find((instance) =>
      instance.keys.checks?.includes(check.name) && floats(instance, address)
    );
    return owner === undefined ? [] : [warning(
      [...check.path, name],
      `${formatIp(address)} is a floating address of instance ${owner.name}`,
      "Every node would look at the master, and all would fail or recover together.",
      "use the node's own service: 127.0.0.1 on each",
    )];
  });
}

function wrongQuery({ path, keys: { dns } }: CheckDraft): Problem | undefined {
  if (dns === undefined) return undefined;
  const labels = dns.replace(/\.$/, "").split(".");
  const sound = dns.length <= 254 && labels.every((label) => /^[^\s:/@]{1,63}$/u.test(label));
  return sound ? undefined : error(
    [...path, "dns"],
    `dns ${showValue(dns)} is no name that can be asked for`,
    "It is the name to ask for; the name server to ask is in server.",
    wantedLine("dns", CHECK.dns),
  );
}

function insecureHttp({ path, keys: { http, insecure } }: CheckDraft): Problem | undefined {
  return insecure !== true || !/^http:/i.test(http ?? "") ? undefined : warning(
    [...path, "insecure"],
    "insecure has no effect with http://",
    "Only https:// has certificates.",
    "remove it",
  );
}

function partOfPath({ path, keys: { file } }: CheckDraft): Problem | undefined {
  return file === undefined || file.startsWith("/") ? undefined : error(
    [...path, "file"],
    `file ${showValue(file)} is no whole path`,
    "Which file is looked at would depend on the daemon's directory.",
    `file = ${writeValue(`/run/${file.replace(/^[./~]+/, "") || "flag"}`)}`,
  );
}

/**
 * What keeps instances from following the checks that they name, and checks that no instance names.
 */
export function referenceProblems(file: File): readonly Reported[] {
  const checks = new Map(file.checks.map((check) => [check.name, check]));
  const named = new Set(file.instances.flatMap(({ keys }) => keys.checks ?? []));
  const problems = file.instances.flatMap((instance) => namedChecks(instance, checks, file));
  // A misspelt name stands for one of those that no instance seems to use.
  if ([...named].some((name) => name !== undefined && !checks.has(name))) return problems;
  // A list of checks that cannot be read may have named any of them.
  const unread = file.instances.some(({ keys }) => "checks" in keys && keys.checks === undefined);
  const unused = unread ? [] : file.checks.filter(({ name }) => !named.has(name));
  return [...problems, ...unused.map((check) => unusedCheck(check, file))];
}

function namedChecks(
  instance: InstanceDraft,
  checks: ReadonlyMap<string, CheckDraft>,
  file: File,
): readonly Reported[] {
  const named = instance.keys.checks ?? [];
  return named.flatMap((name, index): readonly Reported[] => {
    if (name === undefined) return [];
    const path = [...instance.path, "checks", index];
    const check = checks.get(name);
    if (check === undefined) return [() => unknownCheck(name, file, named, path)];
    if (named.indexOf(name) !== index) return [namedTwice(name, path)];
    return check.keys.weight === undefined ? [] : uselessWeight(check, instance, file, path);
  });
}

function unknownCheck(
  name: string,
  file: File,
  named: readonly (string | undefined)[],
  path: Path,
): Problem {
  const free = file.checks.map((check) => check.name).filter((known) => !named.includes(known));
  const meant = nearestWord(name, free);
  return error(
    path,
    `there is no check ${showName(name)}` + (meant === undefined ? "" : `: did you mean ${meant}?`),
    "Nothing would be looked at, and the addresses would stay whatever fails.",
    meant !== undefined
      ? writeValue(meant)
      : free.length > 0
      ? `use one of ${listNames(free)}`
      : `${writeHeader(["check", name])}  # with what to look at: http = "http://127.0.0.1/"`,
  );
}

function namedTwice(name: string, path: Path): Problem {
  return error(
    path,
    `checks names ${name} twice`,
    "A check counts once; probably another one was meant.",
    "remove one of the two",
  );
}

function uselessWeight(
  check: CheckDraft,
  instance: InstanceDraft,
  file: File,
  path: Path,
): readonly Problem[] {
  const { name, keys: { weight } } = check;
  const header = writeHeader(check.path);
  const group = file.groups.find((entry) => membersOf(entry).includes(instance.name));
  const owner = isOwned(instance)
    ? [error(
      path,
      `check ${name} has the weight ${weight}, and an owner's priority of 255 never changes`,
      "Priority 255 says that the address is the node's own (RFC 9568 5.2.4).",
      `write a priority of 254 or less, or remove weight from ${header}`,
    )]
    : [];
  return group === undefined ? owner : [
    ...owner,
    error(
      path,
      `check ${name} has a weight, and instance ${instance.name} is in group ${group.name}`,
      "Members whose priorities move apart would draw the group to two nodes at once.",
      `remove weight from ${header}: down then means fault, for all of the group`,
    ),
  ];
}

function unusedCheck(check: CheckDraft, file: File): Problem {
  const [instance] = file.instances;
  const line = (names: readonly (string | undefined)[]) => `checks = ${writeValue(names)}`;
  return warning(
    check.path,
    `no instance uses check ${check.name}`,
    "It is never run.",
    instance === undefined
      ? line([check.name])
      : `${line([...instance.keys.checks ?? [], check.name])}  # in [instance.${instance.name}]`,
    "key",
  );
}
