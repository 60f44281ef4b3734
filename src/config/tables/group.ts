/** [group.NAME]: instances that change state together. */
import { nearestWord } from "../did_you_mean.ts";
import { error, type Path, type Problem, type Reported, warning } from "../problem.ts";
import { listNames, showName, writeKey } from "../toml_text.ts";
import type { Keys, Named, TableDraft } from "./key.ts";
import { listOf, word } from "./types.ts";

/** [group.NAME] */
export const GROUP = {
  instances: {
    type: listOf(word("the name of an instance"), "a list of instance names"),
    entryWord: "instance",
    what: "The instances that change state together.",
    why: "A gateway whose inside and outside live on different nodes forwards nothing.",
    example: ["inside", "outside"],
    synonyms: ["group", "members"],
  },
} as const satisfies Keys;

/** One [group.NAME], as far as it could be read. */
export type GroupDraft = TableDraft<typeof GROUP>;

/** What one [group.NAME] says. */
export type GroupConfig = Named<typeof GROUP>;

/** What is wrong with the groups of a file with these instances. */
export function groupProblems(
  groups: readonly GroupDraft[],
  instances: readonly string[],
): readonly Reported[] {
  const names = new Set(instances);
  const seen = new Map<string, GroupDraft>();
  return groups.flatMap((group) => {
    const path = [...group.path, "instances"];
    const members = membersOf(group);
    const problems = members.flatMap((name, index): readonly Reported[] => {
      if (name === undefined) return [];
      const first = seen.get(name);
      seen.set(name, first ?? group);
      if (!names.has(name)) {
        return [() => unknownMember(name, instances, [...path, index], group)];
      }
      return first === undefined ? [] : [memberTwice(name, first, group, [...path, index])];
    });
    return members.length === 1 ? [...problems, lonely(group, path)] : problems;
  });
}

/** The names in a group; undefined: one that could not be read. */
export function membersOf({ keys }: GroupDraft): readonly (string | undefined)[] {
  return keys.instances ?? [];
}

function unknownMember(
  name: string,
  names: readonly string[],
  path: Path,
  group: GroupDraft,
): Problem {
  const free = names.filter((known) => !membersOf(group).includes(known));
  const meant = nearestWord(name, free);
  return error(
    path,
    `group ${group.name} names ${showName(name)}, and there is no such instance` +
      (meant === undefined ? "" : `: did you mean ${meant}?`),
    "A group whose members are not all there cannot move together.",
    meant !== undefined
      ? `"${meant}"`
      : free.length > 0
      ? `use one of ${listNames(free)}`
      : `add another instance, or remove [group.${writeKey(group.name)}]`,
  );
}

function memberTwice(name: string, first: GroupDraft, group: GroupDraft, path: Path): Problem {
  return error(
    path,
    first === group
      ? `group ${group.name} names ${name} twice`
      : `instance ${name} is in group ${first.name} already`,
    "An instance can follow one group only.",
    first === group ? "remove one of the two" : "name it in one of the two only",
  );
}

function lonely(group: GroupDraft, path: Path): Problem {
  return warning(
    path,
    `group ${group.name} has one member only`,
    "A group makes instances change state together; with one it does nothing.",
    `add another instance, or remove [group.${writeKey(group.name)}]`,
  );
}
