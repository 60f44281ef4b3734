/** What does a keepalived.conf become? Tables of floatip's, and a verdict on every statement. */
import { LVS_BLOCKS, ROOT_DIRECTIVES } from "./global_directives.ts";
import { ruleFor, translationOf } from "./directives.ts";
import { freeName, openTableNames } from "./checks.ts";
import type { ImportContext } from "./context.ts";
import { type Globals, readGlobals } from "./globals.ts";
import { readGroups, type SyncGroup } from "./groups.ts";
import { type Instance, readInstance } from "./instance.ts";
import { notifyEntries } from "./notifies.ts";
import { keywordOf, type Statement } from "./statement.ts";
import type { TomlEntry, TomlTable } from "./toml.ts";
import { isTracker, trackersOf } from "./trackers.ts";
import { checksOf, type Trackable, type Tracking } from "./tracks.ts";
import { valueOf } from "./values.ts";
import { altered, carried, needless, reportAll, unsupported } from "./translation.ts";

/** An instance with its name in the result and the group that it is in. */
interface GroupedInstance {
  readonly instance: Instance;
  readonly name: string;
  readonly group: SyncGroup | undefined;
}

/** The tables of the result, in the order in which they are written; none where no instance is carried over. */
export function convert(root: readonly Statement[], context: ImportContext): readonly TomlTable[] {
  const globals = readGlobals(root, context);
  const instances = instancesOf(root, globals, context);
  const groups = readGroups(root, instances.map(({ name }) => name), context);
  const members = named(instances, groups);
  const trackers = trackersOf(root, context.report);
  const names = openTableNames("check");
  const able: Trackable = { trackers, names, runner: globals.runner, used: new Set(), context };
  const tables = members.flatMap((member) => {
    const together = members.filter(({ group }) => group !== undefined && group === member.group);
    return instanceTables(member, together.map(({ instance }) => instance), able);
  });
  for (const tracker of trackers.filter((one) => !able.used.has(one))) {
    reportAll(tracker.statement, UNUSED, context.report);
  }
  judgeRoot(root, context);
  if (instances.length === 0) return [];
  const node: readonly TomlTable[] = globals.nodeName === undefined
    ? []
    : [{ path: ["node"], place: undefined, entries: [["name", globals.nodeName]] }];
  return [...node, ...tables, ...groupTables(groups, members), ...names.tables()];
}

const UNUSED = needless("nothing tracks it, so that keepalived does not run it either");

/** Every vrrp_instance that can be carried over; of two with one name keepalived takes the first. */
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

/** Two virtual routers of one number, family and wire: nobody could tell them apart. */
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

/** [instance.NAME], and its [instance.NAME.notify] where somebody is told. `together`: the instances of its group. */
function instanceTables(
  { instance, name, group }: GroupedInstance,
  together: readonly Instance[],
  able: Trackable,
): readonly TomlTable[] {
  const { statement, directives, owner } = instance;
  const { report } = able.context;
  const header = carried(`[instance.${name}]`);
  report(
    statement,
    name === instance.name
      ? header
      : altered(`its name has to be ${name}: letters, digits, _ . -`, header.to),
  );
  const own: Tracking = {
    own: interfacesOf([instance]),
    owner,
    by: group === undefined ? "alone" : "member",
  };
  const common: Tracking = { own: interfacesOf(together), owner, by: "group" };
  const checks = new Set([
    ...checksOf(directives, own, able),
    ...(group === undefined ? [] : checksOf(group.directives, common, able)),
  ]);
  const first = group?.members[0] === instance.name ? group.directives : undefined;
  const notify = notifyEntries(directives, first, able.runner, able.context);
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

/** Blocks that are read elsewhere in this folder. */
const READ: ReadonlySet<string> = new Set(["global_defs", "vrrp_instance", "vrrp_sync_group"]);

const KNOWN: readonly string[] = [
  ...READ,
  ...LVS_BLOCKS,
  ...["vrrp_script", "vrrp_track_process", "track_file"],
  ...Object.keys(ROOT_DIRECTIVES),
];

function judgeRoot(root: readonly Statement[], { report, unknown }: ImportContext): void {
  for (const statement of root) {
    const keyword = keywordOf(statement);
    const rule = ruleFor(ROOT_DIRECTIVES, keyword);
    if (READ.has(keyword) || isTracker(statement)) continue;
    if (LVS_BLOCKS.has(keyword)) reportAll(statement, LVS, report);
    else if (rule !== undefined) reportAll(statement, translationOf(statement, rule), report);
    else reportAll(statement, unknown(statement, KNOWN), report);
  }
}

/** The load balancer, said once for all of its blocks. */
export const LVS = unsupported(
  "it is the load balancer (LVS), and floatip moves addresses only",
  "leave this half with keepalived, in a file of its own, or put HAProxy or nginx behind the address",
);
