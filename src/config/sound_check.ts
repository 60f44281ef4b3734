/** Does a health check make sense in itself? One probe, what belongs to it, times that fit, and a place to ask. */
import { formatIp, type Ip, isMulticast, isUnspecified, parseIp, sameIp } from "../net/ip.ts";
import { writeDuration } from "../time.ts";
import { type CheckDraft, DEFAULT_INTERVAL } from "./drafts_check.ts";
import type { FileDraft } from "./drafts.ts";
import { wantedLine } from "./suggest_fix.ts";
import type { Problem } from "./problem.ts";
import type { Report } from "./problem_list.ts";
import { BELONGS, CHECK } from "./tables/check.ts";
import { checkCommand, signalProblem } from "./tables/command.ts";
import { readEndpoint, readUrl } from "./target.ts";
import { secretRanges } from "./secret.ts";
import { showName, showValue, writeHeader, writeValue } from "./toml_text.ts";

type KeyName = keyof typeof CHECK;

/** Reports what is unsound about one check; keys that could not be read are taken as unknown, not as wrong. */
export function checkCheck(check: CheckDraft, file: FileDraft, report: Report): void {
  checkProbes(check, report);
  checkBelongings(check, report);
  checkTimeout(check, report);
  checkValue(check, report);
  checkTargets(check, file, report);
  checkPath(check, report);
  const { command } = check.keys;
  if (command === undefined) return;
  const path = [...check.path, "command"];
  checkCommand(command, path, report);
  const problem = signalProblem(command, check.keys.user, path);
  if (problem !== undefined) report(problem);
}

/** Fills in what most problems share. */
function wrong(
  check: CheckDraft,
  key: KeyName,
  what: string,
  why: string,
  fix: string,
  more: Partial<Pick<Problem, "severity" | "at">> = {},
): Problem {
  return {
    severity: "error",
    path: [...check.path, key],
    at: "value",
    what,
    why,
    fix,
    ...more,
  };
}

function checkProbes(check: CheckDraft, report: Report): void {
  const [first, second] = check.probes;
  if (first === undefined && !check.strange) {
    report({
      severity: "error",
      path: check.path,
      at: "key",
      what: `${writeHeader(check.path)} does not say what to look at`,
      why: "A check has exactly one of http, tcp, dns, ping, command, process, file and interface.",
      fix: `http = ${CHECK.http.example}`,
    });
  }
  if (first === undefined || second === undefined) return;
  report(wrong(
    check,
    second,
    `${writeHeader(check.path)} has two probes: ${check.probes.join(" and ")}`,
    "Each has a verdict of its own, and up or down could not be told.",
    `make ${second} a check of its own, and name that in checks, beside ${showName(check.name)}`,
    { at: "key" },
  ));
}

function checkBelongings(check: CheckDraft, report: Report): void {
  const [probe] = check.probes;
  if (probe === undefined) return;
  for (const name of Object.keys(check.keys) as readonly KeyName[]) {
    const owners = BELONGS[name];
    if (owners === undefined || owners.some((kind) => check.probes.includes(kind))) continue;
    report(wrong(
      check,
      name,
      `${name} belongs to ${owners.join(" and ")}, and this check is ${probe}`,
      "It would be ignored.",
      "remove it",
      { at: "key" },
    ));
  }
}

function checkTimeout(check: CheckDraft, report: Report): void {
  const { timeout } = check.keys;
  // An interval that is there and cannot be read says nothing about the timeout.
  const interval = "interval" in check.keys ? check.keys.interval : DEFAULT_INTERVAL;
  if (timeout === undefined || interval === undefined || timeout <= interval) return;
  report(wrong(
    check,
    "timeout",
    `timeout ${writeDuration(timeout)} is longer than the interval of ${writeDuration(interval)}`,
    "An attempt is over before the next one starts: one that hangs is noticed late.",
    `timeout = "${writeDuration(interval)}"  # or a longer interval`,
    { severity: "warning" },
  ));
}

function checkValue(check: CheckDraft, report: Report): void {
  if (check.keys.want !== "value" || "weight" in check.keys) return;
  report(wrong(
    check,
    "want",
    "the number in the file is to be multiplied with a weight, and there is none",
    "Without a weight a number says neither up nor down.",
    'weight = 1  # or want = "present"',
  ));
}

/** What is wanted, in words: which place is meant nobody but the reader knows. */
function suchAs(name: KeyName): string {
  return wantedLine(name, CHECK[name]);
}

/** Readers of the keys that say where to go: the host, or what is wrong. */
const TARGETS = [
  ["http", (text: string) => readUrl(text, ["http", "https"])],
  ["tcp", (text: string) => readEndpoint(text)],
  ["server", (text: string) => readEndpoint(text, 53)],
] as const;

function checkTargets(check: CheckDraft, file: FileDraft, report: Report): void {
  for (const [name, read] of TARGETS) {
    const text = check.keys[name];
    if (text === undefined) continue;
    const target = read(text);
    if (target.kind === "wrong") {
      const isTold = target.fix !== undefined && secretRanges(target.fix).length === 0;
      const fix = isTold ? `${name} = ${writeValue(target.fix)}` : suchAs(name);
      const what = `${name} ${showValue(text)} ${target.what}`;
      report(wrong(check, name, what, CHECK[name].why, fix));
      continue;
    }
    const address = parseIp(target.host.replace(/^\[|\]$/g, ""));
    if (address !== undefined) checkAddress(check, name, address, file, report);
    else if (name === "server") report(namedServer(check, text));
  }
  const { ping, dns } = check.keys;
  if (ping !== undefined) checkAddress(check, "ping", ping, file, report);
  if (dns !== undefined) checkQuery(check, dns, report);
  if (check.keys.insecure === true && /^http:/i.test(check.keys.http ?? "")) {
    const what = "insecure has no effect with http://";
    const why = "Only https:// has certificates.";
    report(wrong(check, "insecure", what, why, "remove it", { severity: "warning" }));
  }
}

function namedServer(check: CheckDraft, text: string): Problem {
  return wrong(
    check,
    "server",
    `server ${showValue(text)} is no address`,
    "A name would have to be asked of a name server first.",
    `server = ${CHECK.server.example}  # or the address of another name server`,
  );
}

/** A place that moves with the instance says the same on all nodes. */
function checkAddress(
  check: CheckDraft,
  name: KeyName,
  address: Ip,
  file: FileDraft,
  report: Report,
): void {
  if (isMulticast(address) || isUnspecified(address)) {
    const what = `${name} names ${formatIp(address)}, which is nobody's own address`;
    const why = "A check must know who answered.";
    return report(wrong(check, name, what, why, suchAs(name)));
  }
  const owner = file.instances.find((instance) =>
    instance.keys.checks?.includes(check.name) &&
    instance.addresses.some(({ prefix }) => prefix && sameIp(prefix.address, address))
  );
  if (owner === undefined) return;
  report(wrong(
    check,
    name,
    `${formatIp(address)} is a floating address of instance ${owner.name}`,
    "Every node would look at whoever is master, and all would fail or recover together.",
    "use the node's own service: 127.0.0.1 on each",
    { severity: "warning" },
  ));
}

function checkQuery(check: CheckDraft, query: string, report: Report): void {
  const labels = query.replace(/\.$/, "").split(".");
  const sound = query.length <= 254 && labels.every((label) => /^[^\s:/@]{1,63}$/u.test(label));
  if (sound) return;
  report(wrong(
    check,
    "dns",
    `dns ${showValue(query)} is no name that can be asked for`,
    "It is the name to ask for; the name server to ask stands in server.",
    suchAs("dns"),
  ));
}

function checkPath(check: CheckDraft, report: Report): void {
  const { file } = check.keys;
  if (file === undefined || file.startsWith("/")) return;
  report(wrong(
    check,
    "file",
    `file ${showValue(file)} is no whole path`,
    "Which file is looked at would depend on the daemon's directory.",
    `file = ${writeValue(`/run/${file.replace(/^[./~]+/, "") || "flag"}`)}`,
  ));
}
