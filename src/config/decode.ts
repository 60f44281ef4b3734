/** Decodes a configuration text: a sound Config with its warnings, or every problem that it has. */
import { boundsProblem, countProblem } from "./bounds.ts";
import type { Config } from "./config.ts";
import { type Credentials, substitute, UNSEEN } from "./credentials.ts";
import { familyProblems } from "./plan/cluster_problems.ts";
import { groupProblems } from "./plan/group_priorities.ts";
import { error, type Path, type Problem, ProblemList, type Report } from "./problem.ts";
import { parseToml } from "./syntax.ts";
import { toCheck } from "./tables/check.ts";
import { settingsOf } from "./tables/key.ts";
import { readNodes } from "./tables/nodes.ts";
import { readTable } from "./tables/read.ts";
import { checkFile, type FileDraft, NO_INSTANCE, PLAIN_TABLES, ROOT } from "./tables/root.ts";

/** What a text decodes to. */
export type Decoded =
  | {
    readonly kind: "config";
    readonly config: Config;
    readonly warnings: readonly Problem[];
    /** Where the file only names a secret that is kept elsewhere. */
    readonly credentials: readonly Path[];
  }
  /** At least one of them an error; warnings stand among them. */
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/**
 * Decodes `text`; all problems are found, not the first (but of broken TOML only the first).
 * `credentials`: the secrets that it only names. Never throws.
 */
export function decode(text: string, credentials: Credentials = UNSEEN): Decoded {
  try {
    return decodeBounded(text, credentials);
  } catch (thrown) {
    return { kind: "problems", problems: [unforeseen(thrown)] };
  }
}

/**
 * A mistake of ours, or a stack that was too small: the file is to blame only as far as it brought
 * that about.
 */
export function unforeseen(thrown: unknown): Problem {
  const name = thrown instanceof Error ? thrown.name : "an exception";
  const problem = error(
    [],
    `floatip itself failed over this file (${name})`,
    "It is not known whether the file is sound, so nothing of it is used.",
    "please report it, with the file without its passwords; a simpler file may do meanwhile",
  );
  return { ...problem, position: { line: 1, column: 1 } };
}

function decodeBounded(text: string, credentials: Credentials): Decoded {
  const beyond = boundsProblem(text);
  if (beyond !== undefined) return { kind: "problems", problems: [beyond] };
  const parsed = parseToml(text);
  if (parsed.kind === "problem") return { kind: "problems", problems: [parsed.problem] };
  const tooMany = countProblem(parsed.root);
  if (tooMany !== undefined) return { kind: "problems", problems: [tooMany] };
  const problems = new ProblemList();
  const { report } = problems;
  const { root, places } = substitute(parsed.root, credentials, report);
  const file = readFile(root, report);
  checkFile(file, report);
  if (problems.hasErrors) return { kind: "problems", problems: problems.all() };
  const config = toConfig(file);
  for (const problem of [...groupProblems(config), ...familyProblems(config)]) report(problem);
  return { kind: "config", config, warnings: problems.all(), credentials: places };
}

function toConfig({ keys, nodes }: FileDraft): Config {
  return {
    ...settingsOf(PLAIN_TABLES, keys),
    nodes: nodes.map(({ name, addresses, links, onlyVrrp }) => ({
      name,
      addresses: addresses.map(({ address }) => address),
      links: links.map(({ address }) => address),
      onlyVrrp,
    })),
    checks: (keys.check ?? []).map(toCheck),
  };
}

/** Reads a TOML document. Whatever has not the right shape is reported and left out. */
function readFile(root: Readonly<Record<string, unknown>>, report: Report): FileDraft {
  const { keys } = readTable(ROOT, root, [], report);
  if (!("instance" in keys)) report(NO_INSTANCE);
  const nodes = readNodes(keys.nodes ?? {}, report);
  return { keys, nodes };
}
