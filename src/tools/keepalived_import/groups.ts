/** Which instances change state together? The vrrp_sync_groups with the members that there are. */
import { writeValue } from "../../config/toml_text.ts";
import { answerTo, GROUP_ANSWERS, verdictOf } from "./directives.ts";
import type { Context } from "./context.ts";
import { mailVerdict } from "./globals.ts";
import { NOTIFIES } from "./notifies.ts";
import { keywordOf, type Statement } from "./statement.ts";
import { TRACKS } from "./tracks.ts";
import { type Bag, bagOf, valueOf } from "./values.ts";
import { altered, carried, changed, judgeAll, unsupported } from "./translation.ts";

/** A vrrp_sync_group with at least one member. */
export interface Group {
  readonly name: string;
  readonly statement: Statement;
  readonly bag: Bag;
  /** Names of instances, as keepalived calls them. */
  readonly members: readonly string[];
}

const KNOWN: readonly string[] = [
  ...["group", "smtp_alert"],
  ...NOTIFIES,
  ...TRACKS,
  ...Object.keys(GROUP_ANSWERS),
];

/** The groups of the file; `instances` are the names of those that are carried over. */
export function readGroups(
  root: readonly Statement[],
  instances: readonly string[],
  context: Context,
): readonly Group[] {
  const grouped = new Set<string>();
  return root.filter((statement) => keywordOf(statement) === "vrrp_sync_group")
    .flatMap((statement) => readGroup(statement, instances, grouped, context));
}

function readGroup(
  statement: Statement,
  instances: readonly string[],
  grouped: Set<string>,
  context: Context,
): readonly Group[] {
  const { judge } = context;
  const bag = bagOf(statement.block ?? []);
  judgeOthers(statement.block ?? [], context);
  const lines = (bag.get("group") ?? []).flatMap((block) => {
    judge(block, carried("instances = [...]"));
    return block.block ?? [];
  });
  const members = lines.flatMap((line) => line.words.map((name) => [name, line] as const))
    .filter(([name, line]) => isMember(name, line, instances, grouped, context));
  for (const [name] of members) grouped.add(name);
  const name = valueOf(statement);
  if (name === undefined || members.length === 0) {
    const why = name === undefined ? "it has no name" : "none of its instances is carried over";
    judge(statement, unsupported(why, "correct it, and import again"));
    return [];
  }
  judge(
    statement,
    members.length > 1
      ? carried(`[group.${name}]`)
      : changed("with one member a group does nothing"),
  );
  return [{ name, statement, bag, members: members.map(([member]) => member) }];
}

function isMember(
  name: string,
  line: Statement,
  instances: readonly string[],
  grouped: ReadonlySet<string>,
  { judge }: Context,
): boolean {
  if (!instances.includes(name)) {
    judge(line, altered(`there is no instance ${name} to carry over`));
    return false;
  }
  if (grouped.has(name)) {
    judge(line, altered(`${name} is in a group already, and an instance follows one only`));
    return false;
  }
  judge(line, carried(writeValue(name)));
  return true;
}

function judgeOthers(statements: readonly Statement[], { judge, unknown }: Context): void {
  for (const statement of statements) {
    const keyword = keywordOf(statement);
    const answer = answerTo(GROUP_ANSWERS, keyword);
    if (keyword === "smtp_alert") judge(statement, mailVerdict(statement));
    else if (answer !== undefined) judgeAll(statement, verdictOf(statement, answer), judge);
    else if (!KNOWN.includes(keyword)) judgeAll(statement, unknown(statement, KNOWN), judge);
  }
}
