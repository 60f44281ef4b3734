/** What stands in the file, as far as it could be read? Drafts: each key decoded or undefined, with its place. */
import type { Ip } from "../net/ip.ts";
import type { Prefix } from "../net/prefix.ts";
import type { Path, Problem } from "./problem.ts";
import { type CheckDraft, readCheck } from "./drafts_check.ts";
import { type NotifyDraft, readNotify } from "./drafts_notify.ts";
import type { Report } from "./problem_list.ts";
import { readNamed, readTable } from "./tables/read.ts";
import { type Draft, GROUP, NAME_PATTERN, NODE, ROOT } from "./tables/root.ts";
import { ADDRESS, AUTH, INSTANCE } from "./tables/instance.ts";
import { METRICS } from "./tables/metrics.ts";
import { address as addressShape, isTable } from "./tables/types.ts";
import { showName, showValue, writeHeader, writeKey } from "./toml_text.ts";
import * as v from "valibot";

/** One entry of `addresses`. */
export interface AddressDraft {
  readonly path: Path;
  /** Its `address`: the entry itself where it is a text. */
  readonly addressPath: Path;
  readonly prefix: Prefix | undefined;
  readonly interface: string | undefined;
  readonly label: string | undefined;
  readonly advertised: boolean;
}

/** One [instance.NAME]. */
export interface InstanceDraft {
  readonly name: string;
  readonly path: Path;
  readonly keys: Draft<typeof INSTANCE>;
  readonly addresses: readonly AddressDraft[];
  readonly password: string | undefined;
  readonly notify: NotifyDraft | undefined;
}

/** One line of [nodes]. */
export interface NodeDraft {
  readonly name: string;
  readonly path: Path;
  readonly addresses: readonly { readonly path: Path; readonly address: Ip }[];
}

/** One [group.NAME]. */
export interface GroupDraft {
  readonly name: string;
  readonly path: Path;
  readonly instances: readonly (string | undefined)[];
}

/** The whole file. */
export interface FileDraft {
  readonly nodeName: string | undefined;
  /** Is there a [nodes] at all? */
  readonly hasNodes: boolean;
  readonly nodes: readonly NodeDraft[];
  readonly instances: readonly InstanceDraft[];
  readonly groups: readonly GroupDraft[];
  readonly checks: readonly CheckDraft[];
  readonly notify: NotifyDraft | undefined;
  readonly metrics: Draft<typeof METRICS> | undefined;
}

/** Reads a TOML document. Whatever has not the right shape is reported and left out. */
export function readFileDraft(
  root: Readonly<Record<string, unknown>>,
  report: Report,
): FileDraft {
  const tables = readTable(ROOT, root, [], report);
  if (!Object.hasOwn(root, "instance")) report(NO_INSTANCE);
  const node = tables.node && readTable(NODE, tables.node, ["node"], report);
  const instances = readNamed(tables.instance ?? {}, ["instance"], "[instance.web]", report);
  const groups = readNamed(tables.group ?? {}, ["group"], "[group.gateway]", report);
  for (const [name] of instances) checkName(name, ["instance", name], report);
  const checks = readNamed(tables.check ?? {}, ["check"], "[check.nginx]", report);
  for (const [name] of groups) checkName(name, ["group", name], report);
  for (const [name] of checks) checkName(name, ["check", name], report);
  return {
    nodeName: node?.name,
    hasNodes: Object.hasOwn(root, "nodes"),
    nodes: readNodes(tables.nodes ?? {}, report),
    instances: instances.map(([name, raw]) => readInstance(name, raw, report)),
    groups: groups.map(([name, raw]) => readGroup(name, raw, report)),
    checks: checks.map(([name, raw]) => readCheck(name, raw, report)),
    notify: tables.notify && readNotify(tables.notify, ["notify"], report),
    metrics: tables.metrics && readTable(METRICS, tables.metrics, ["metrics"], report),
  };
}

const NO_INSTANCE: Problem = {
  severity: "error",
  path: [],
  at: "key",
  what: "there is no [instance.NAME] in the file",
  why: "Without one there is no floating address, and nothing to do.",
  fix: "[instance.web]",
};

function readInstance(
  name: string,
  raw: Readonly<Record<string, unknown>>,
  report: Report,
): InstanceDraft {
  const path: Path = ["instance", name];
  const keys = readTable(INSTANCE, raw, path, report);
  const auth = keys.auth && readTable(AUTH, keys.auth, [...path, "auth"], report);
  const addresses = (keys.addresses ?? []).map((entry, index) =>
    readAddress(entry, [...path, "addresses", index], report)
  );
  const notify = keys.notify && readNotify(keys.notify, [...path, "notify"], report);
  return { name, path, keys, addresses, password: auth?.pass, notify };
}

function readAddress(entry: unknown, path: Path, report: Report): AddressDraft {
  const inline = isTable(entry);
  const raw = inline ? entry : { address: entry };
  // A text stands for its own address: its problems point at the entry itself.
  const to: Report = inline ? report : (problem) =>
    report(() => {
      const found = typeof problem === "function" ? problem() : problem;
      return { ...found, path, fix: listed(found.fix) };
    });
  const keys = readTable(ADDRESS, raw, path, to);
  return {
    path,
    addressPath: inline ? [...path, "address"] : path,
    prefix: keys.address,
    interface: keys.interface,
    label: keys.label,
    advertised: keys.advertise ?? true,
  };
}

/** `address = "..."` as an entry of the list. */
function listed(fix: string): string {
  return fix.replace(/^address = /, "");
}

function readGroup(
  name: string,
  raw: Readonly<Record<string, unknown>>,
  report: Report,
): GroupDraft {
  const path: Path = ["group", name];
  return { name, path, instances: readTable(GROUP, raw, path, report).instances ?? [] };
}

function readNodes(
  raw: Readonly<Record<string, unknown>>,
  report: Report,
): readonly NodeDraft[] {
  return Object.entries(raw).map(([name, value]) => {
    const path: Path = ["nodes", name];
    checkName(name, path, report);
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (list.length === 0) report(wrongNode(name, value, path));
    const addresses = list.flatMap((entry, index) => {
      const at = Array.isArray(value) ? [...path, index] : path;
      const result = v.safeParse(addressShape(), entry);
      if (result.success) return [{ path: at, address: result.output }];
      report(wrongNode(name, entry, at));
      return [];
    });
    return { name, path, addresses };
  });
}

function wrongNode(name: string, value: unknown, path: Path): Problem {
  const text = typeof value === "string" ? value.trim() : "";
  const guesses = [text, text.split("/")[0], /^\[([\da-f:.]+)\]/i.exec(text)?.[1]];
  const mended = guesses.find((guess) => guess !== undefined && v.is(addressShape(), guess));
  const looksUp = /^[a-z\d][a-z\d.-]*[a-z][a-z\d.-]*$/i.test(text);
  return {
    severity: "error",
    path,
    at: "value",
    what: `node ${showName(name)} needs an address without a prefix length, not ${
      showValue(value)
    }`,
    why: "Nodes find themselves and their peers by these addresses.",
    fix: mended !== undefined
      ? path.length === 2 ? `${writeKey(name)} = "${mended}"` : `"${mended}"`
      : looksUp
      ? `write its address instead, which \`getent ahosts ${text}\` prints`
      : "write the address that this node has on the LAN",
  };
}

function mendName(name: string): string {
  return name.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 63) || "web";
}

/** A node is a key of [nodes], all else that has a name a table. */
function writeNamed([table = ""]: Path, name: string): string {
  return table === "nodes"
    ? `call it ${writeKey(name)}, here and wherever it is named`
    : writeHeader([table, name]);
}

function checkName(name: string, path: Path, report: Report): void {
  if (NAME_PATTERN.test(name)) return;
  report({
    severity: "error",
    path,
    at: "key",
    what: `${showName(name)} is no name: letters, digits and _ . - (63 at most)`,
    why: "Names stand in logs, commands and scripts, where blanks and signs would be misread.",
    fix: writeNamed(path, mendName(name)),
  });
}
