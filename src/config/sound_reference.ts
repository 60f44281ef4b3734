/** Do instances and health checks fit each other? Names, and weights where a priority may move. */
import type { CheckDraft } from "./drafts_check.ts";
import type { FileDraft, InstanceDraft } from "./drafts.ts";
import { nearest } from "./did_you_mean.ts";
import type { Path, Problem } from "./problem.ts";
import type { Report } from "./problem_list.ts";
import { listNames, showName, writeHeader, writeValue } from "./toml_text.ts";

/** Reports what keeps instances from following the checks that they name, and checks that nobody names. */
export function checkReferences(file: FileDraft, report: Report): void {
  const checks = new Map(file.checks.map((check) => [check.name, check]));
  for (const instance of file.instances) {
    const named: readonly (string | undefined)[] = instance.keys.checks ?? [];
    for (const [index, name] of named.entries()) {
      if (name === undefined) continue;
      const path = [...instance.path, "checks", index];
      const check = checks.get(name);
      if (check === undefined) report(() => unknownCheck(name, file, named, path));
      else if (named.indexOf(name) !== index) report(namedTwice(name, path));
      else if (check.keys.weight !== undefined) checkWeight(check, instance, file, path, report);
    }
  }
  // A misspelt name stands for one of those that nobody seems to use.
  const named = new Set(file.instances.flatMap(({ keys }) => keys.checks ?? []));
  if ([...named].some((name) => !checks.has(name))) return;
  // A list of checks that cannot be read may have named any of them.
  const unread = file.instances.some(({ keys }) => "checks" in keys && keys.checks === undefined);
  for (const check of unread ? [] : file.checks) {
    if (!named.has(check.name)) report(unusedCheck(check, file));
  }
}

function unknownCheck(
  name: string,
  file: FileDraft,
  named: readonly (string | undefined)[],
  path: Path,
): Problem {
  const names = file.checks.map((check) => check.name);
  const free = names.filter((known) => !named.includes(known));
  const meant = nearest(name, free);
  return {
    severity: "error",
    path,
    at: "value",
    what: `there is no check ${showName(name)}` +
      (meant === undefined ? "" : `: did you mean ${meant}?`),
    why: "Nothing would be looked at, and the addresses would stay whatever fails.",
    fix: meant !== undefined
      ? writeValue(meant)
      : free.length > 0
      ? `use one of ${listNames(free)}`
      : `${writeHeader(["check", name])}  # with what to look at: http = "http://127.0.0.1/"`,
  };
}

function namedTwice(name: string, path: Path): Problem {
  return {
    severity: "error",
    path,
    at: "value",
    what: `checks names ${name} twice`,
    why: "A check counts once; probably another one was meant.",
    fix: "remove one of the two",
  };
}

function checkWeight(
  check: CheckDraft,
  instance: InstanceDraft,
  file: FileDraft,
  path: Path,
  report: Report,
): void {
  const { name, keys: { weight } } = check;
  const common = { severity: "error", path, at: "value" } as const;
  if (isOwners(instance)) {
    report({
      ...common,
      what: `check ${name} has the weight ${weight}, and an owner's priority of 255 never changes`,
      why: "Priority 255 says that the address is the node's own (RFC 9568 5.2.4).",
      fix: `write a priority of 254 or less, or remove weight from ${writeHeader(check.path)}`,
    });
  }
  const group = file.groups.find((entry) => entry.instances.includes(instance.name));
  if (group === undefined) return;
  report({
    ...common,
    what: `check ${name} has a weight, and instance ${instance.name} is in group ${group.name}`,
    why: "Members whose priorities move apart would draw the group to two nodes at once.",
    fix: `remove weight from ${
      writeHeader(check.path)
    }: down then means fault, for all of the group`,
  });
}

/** Does some node own the addresses? */
function isOwners({ keys: { priority } }: InstanceDraft): boolean {
  return typeof priority === "object" ? [...priority.values()].includes(255) : priority === 255;
}

function unusedCheck(check: CheckDraft, file: FileDraft): Problem {
  const [instance] = file.instances;
  return {
    severity: "warning",
    path: check.path,
    at: "key",
    what: `no instance uses check ${check.name}`,
    why: "It is never run.",
    fix: instance === undefined
      ? `checks = ${writeValue([check.name])}`
      : `checks = ${
        writeValue([...instance.keys.checks ?? [], check.name])
      }  # in [instance.${instance.name}]`,
  };
}
