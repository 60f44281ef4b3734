/** Conversion of a keepalived.conf: the tables of the result, instances and sync groups. */
import { writeValue } from "../../config/toml_text.ts";
import { Block } from "./block.ts";
import { NOTIFIES, notifyEntries } from "./commands.ts";
import { GROUP_DIRECTIVES, reportOthers } from "./directives.ts";
import { ROOT_DIRECTIVES } from "./global_directives.ts";
import { type Globals, readGlobals } from "./globals.ts";
import { type Instance, readInstance } from "./instance.ts";
import { keywordOf, type Statement } from "./statement.ts";
import { freeName, openTableNames, type TomlEntry, type TomlTable } from "./toml.ts";
import { trackersOf } from "./trackers.ts";
import { checksOf, type Trackable, type Tracking, TRACKS } from "./tracks.ts";
import {
  altered,
  carried,
  changed,
  type ImportContext,
  needless,
  reportAll,
  unsupported,
  valueOf,
} from "./translation.ts";

/** An instance with its name in the result and the group that it is in. */
interface GroupedInstance {
  readonly instance: Instance;
  readonly name: string;
  readonly group: SyncGroup | undefined;
}

/** The tables of the result, in their order; none where no instance is carried over. */
export function convert(root: readonly Statement[], context: ImportContext): readonly TomlTable[] {
  const globals = readGlobals(root, context);
  const instances = instancesOf(root, globals, context);
  const groups = readGroups(root, instances.map(({ name }) => name), context);
  const members = named(instances, groups);
  const trackers = trackersOf(root, context);
  const names = openTableNames("check");
  const able: Trackable = { trackers, names, runner: globals.runner, used: new Set(), context };
  const tables = members.flatMap((member) => {
    const together = members.filter(({ group }) => group !== undefined && group === member.group);
    return instanceTables(member, together.map(({ instance }) => instance), able);
  });
  for (const tracker of trackers.filter((one) => !able.used.has(one))) {
    reportAll(tracker.statement, UNUSED, context.report);
  }
  reportOthers(new Block(root, context), READ, ROOT_DIRECTIVES);
  if (instances.length === 0) return [];
  const node: readonly TomlTable[] = globals.nodeName === undefined
    ? []
    : [{ path: ["node"], place: undefined, entries: [["name", globals.nodeName]] }];
  return [...node, ...tables, ...groupTables(groups, members), ...names.tables()];
}

const UNUSED = needless("nothing tracks it: keepalived does not run it either");

/** The instances that can be carried over. Of two with one name keepalived takes the first. */
function instancesOf(
  root: readonly Statement[],
  globals: Globals,
  context: ImportContext,
): readonly Instance[] {
  const instances: Instance[] = [];
  const seen = new Set<string>();
  const taken = new Set<string>();
  for (const statement of root.filter((one) => keywordOf(one) === "vrrp_instance")) {
    const name = valueOf(statement) ?? "";
    if (seen.has(name)) {
      const why = `there is an instance ${name} already, and keepalived takes the first`;
      reportAll(statement, altered(why), context.report);
      continue;
    }
    seen.add(name);
    const instance = readInstance(statement, globals, taken, context);
    if (instance === undefined) continue;
    const rival = instances.find((other) => sameRouter(other, instance));
    if (rival === undefined) instances.push(instance);
    else context.report(statement, sameVrid(rival));
  }
  return instances;
}

/** Whether their packets cannot be told apart. */
function sameRouter(a: Instance, b: Instance): boolean {
  return a.vrid === b.vrid && a.family === b.family && a.interface === b.interface;
}

function sameVrid(rival: Instance) {
  return unsupported(
    `${rival.name} has VRID ${rival.vrid} on that interface already, and keepalived does not start`,
    "a virtual_router_id of its own, on all nodes",
  );
}

function named(
  instances: readonly Instance[],
  groups: readonly SyncGroup[],
): readonly GroupedInstance[] {
  const taken = new Set<string>();
  return instances.map((instance) => {
    const name = freeName(instance.name, "", taken);
    taken.add(name);
    const group = groups.find(({ members }) => members.includes(instance.name));
    return { instance, name, group };
  });
}

function interfacesOf(instances: readonly Instance[]): readonly string[] {
  return instances.flatMap((instance) => instance.interface ?? []);
}

/**
 * [instance.NAME], and [instance.NAME.notify] if it has entries. `together`: the instances of its
 * group.
 */
function instanceTables(
  { instance, name, group }: GroupedInstance,
  together: readonly Instance[],
  able: Trackable,
): readonly TomlTable[] {
  const { statement, block, owner } = instance;
  const { report } = able.context;
  const header = carried(`[instance.${name}]`);
  report(
    statement,
    name === instance.name
      ? header
      : altered(`its name becomes ${name}: letters, digits, _ . -`, header.to),
  );
  const own: Tracking = {
    own: interfacesOf([instance]),
    owner,
    by: group === undefined ? "alone" : "member",
  };
  const common: Tracking = { own: interfacesOf(together), owner, by: "group" };
  const checks = new Set([
    ...checksOf(block, own, able),
    ...(group === undefined ? [] : checksOf(group.block, common, able)),
  ]);
  const first = group?.members[0] === instance.name ? group.block : undefined;
  const notify = notifyEntries(block, first, able.runner);
  const place = statement.place;
  const entries: readonly TomlEntry[] = checks.size === 0
    ? instance.entries
    : [...instance.entries, ["checks", [...checks]]];
  return [
    { path: ["instance", name], place, entries },
    ...(notify.length === 0
      ? []
      : [{ path: ["instance", name, "notify"], place: undefined, entries: notify }]),
  ];
}

function groupTables(
  groups: readonly SyncGroup[],
  members: readonly GroupedInstance[],
): readonly TomlTable[] {
  const names = openTableNames("group");
  for (const group of groups) {
    const inside = members.filter((member) => member.group === group);
    if (inside.length < 2) continue;
    const instances = inside.map(({ name }) => name);
    names.nameOf(group.name, [["instances", instances]], group.statement.place);
  }
  return names.tables();
}

/** Blocks at the root that are read elsewhere. */
const READ: readonly string[] = [
  ...["global_defs", "vrrp_instance", "vrrp_sync_group"],
  ...["vrrp_script", "vrrp_track_process", "track_file", "vrrp_track_file"],
];

/** A vrrp_sync_group with at least one member. */
interface SyncGroup {
  readonly name: string;
  readonly statement: Statement;
  readonly block: Block;
  /** Names of instances in keepalived.conf. */
  readonly members: readonly string[];
}

const GROUP_KEYWORDS: readonly string[] = ["group", ...NOTIFIES, ...TRACKS];

/** The groups of the file. `instances`: the names of those that are carried over. */
function readGroups(
  root: readonly Statement[],
  instances: readonly string[],
  context: ImportContext,
): readonly SyncGroup[] {
  const grouped = new Set<string>();
  return root.filter((statement) => keywordOf(statement) === "vrrp_sync_group")
    .flatMap((statement) => readGroup(statement, instances, grouped, context));
}

function readGroup(
  statement: Statement,
  instances: readonly string[],
  grouped: Set<string>,
  context: ImportContext,
): readonly SyncGroup[] {
  const { report } = context;
  const block = new Block(statement.block ?? [], context);
  reportOthers(block, GROUP_KEYWORDS, GROUP_DIRECTIVES);
  for (const list of block.all("group")) report(list, carried("instances = [...]"));
  const members = block.inside("group")
    .flatMap((line) => line.words.map((name) => [name, line] as const))
    .filter(([name, line]) => isMember(name, line, instances, grouped, context));
  for (const [name] of members) grouped.add(name);
  const name = valueOf(statement);
  if (name === undefined || members.length === 0) {
    const why = name === undefined ? "it has no name" : "none of its instances is carried over";
    report(statement, unsupported(why, "correct it, and import again"));
    return [];
  }
  report(
    statement,
    members.length > 1
      ? carried(`[group.${name}]`)
      : changed("a group with one member has no effect"),
  );
  return [{ name, statement, block, members: members.map(([member]) => member) }];
}

function isMember(
  name: string,
  line: Statement,
  instances: readonly string[],
  grouped: ReadonlySet<string>,
  { report }: ImportContext,
): boolean {
  if (!instances.includes(name)) {
    report(line, altered(`there is no instance ${name} to carry over`));
    return false;
  }
  if (grouped.has(name)) {
    report(line, altered(`${name} is in a group already, and an instance can be in one only`));
    return false;
  }
  report(line, carried(writeValue(name)));
  return true;
}
