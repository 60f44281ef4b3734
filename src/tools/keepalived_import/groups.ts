/** Which instances change state together? The vrrp_sync_groups with the members that there are. */
import { writeValue } from "../../config/toml_text.ts";
import { GROUP_DIRECTIVES, ruleFor, translationOf } from "./directives.ts";
import type { ImportContext } from "./context.ts";
import { mailVerdict } from "./globals.ts";
import { NOTIFIES } from "./notifies.ts";
import { keywordOf, type Statement } from "./statement.ts";
import { TRACKS } from "./tracks.ts";
import { type Directives, directivesOf, valueOf } from "./values.ts";
import { altered, carried, changed, reportAll, unsupported } from "./translation.ts";

/** A vrrp_sync_group with at least one member. */
export interface SyncGroup {
  readonly name: string;
  readonly statement: Statement;
  readonly directives: Directives;
  /** Names of instances, as keepalived calls them. */
  readonly members: readonly string[];
}

const KNOWN: readonly string[] = [
  ...["group", "smtp_alert"],
  ...NOTIFIES,
  ...TRACKS,
  ...Object.keys(GROUP_DIRECTIVES),
];

/** The groups of the file; `instances` are the names of those that are carried over. */
export function readGroups(
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
  const directives = directivesOf(statement.block ?? []);
  judgeOthers(statement.block ?? [], context);
  const lines = (directives.get("group") ?? []).flatMap((block) => {
    report(block, carried("instances = [...]"));
    return block.block ?? [];
  });
  const members = lines.flatMap((line) => line.words.map((name) => [name, line] as const))
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
      : changed("with one member a group does nothing"),
  );
  return [{ name, statement, directives, members: members.map(([member]) => member) }];
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
    report(line, altered(`${name} is in a group already, and an instance follows one only`));
    return false;
  }
  report(line, carried(writeValue(name)));
  return true;
}

function judgeOthers(statements: readonly Statement[], { report, unknown }: ImportContext): void {
  for (const statement of statements) {
    const keyword = keywordOf(statement);
    const rule = ruleFor(GROUP_DIRECTIVES, keyword);
    if (keyword === "smtp_alert") report(statement, mailVerdict(statement));
    else if (rule !== undefined) reportAll(statement, translationOf(statement, rule), report);
    else if (!KNOWN.includes(keyword)) reportAll(statement, unknown(statement, KNOWN), report);
  }
}
