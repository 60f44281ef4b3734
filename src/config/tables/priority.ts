/** `prefer` and `priority` of an instance: the order of its nodes. */
import { error, type Path, type Problem, type Reported, type Rule, warning } from "../problem.ts";
import { writeKey } from "../toml_text.ts";
import type { Draft, Keys } from "./key.ts";
import { type NodesDraft, unknownNode } from "./node.ts";
import { listOf, oneOrByName, wholeNumber, word } from "./types.ts";

/** Keys of [instance.NAME]. */
export const PRIORITY = {
  prefer: {
    type: listOf(word("the name of a node"), "a list of node names, best first"),
    absent: "none: all nodes have priority 100",
    what:
      "The nodes that should hold the addresses, best first: priorities 200, 190, 180 and so on" +
      " follow from it.",
    why: "The best node that is alive becomes master.",
    example: ["pi-a", "pi-b"],
    synonyms: ["order", "preference", "preferred"],
  },
  priority: {
    type: oneOrByName(
      wholeNumber(1, 255),
      "a whole number from 1 to 255, or one for each node: { pi-a = 150, pi-b = 100 }",
    ),
    absent: "from prefer, else 100",
    what: "The node with the highest priority becomes master; 255 takes the address at once, " +
      "without listening.",
    why: "The highest priority wins; 0 means leaving, and 255 is for the owner of the address.",
    example: 150,
    synonyms: ["prio", "weight"],
  },
} as const satisfies Keys;

interface Subject {
  readonly path: Path;
  readonly keys: Draft<typeof PRIORITY>;
}

/** What is wrong with the order of the nodes. */
export const PRIORITY_RULES: readonly Rule<Subject, NodesDraft>[] = [
  preferAndPriority,
  preferWithoutNodes,
  preferredNodes,
  namedPriorities,
  missingPriorities,
  equalPriorities,
];

function preferAndPriority({ path, keys }: Subject): Problem | undefined {
  if (keys.prefer === undefined || keys.priority === undefined) return undefined;
  return error(
    [...path, "priority"],
    "priority and prefer are both written",
    "Both say which node should be master, and they could disagree.",
    "remove it, and keep prefer",
  );
}

function preferWithoutNodes({ path, keys }: Subject, { hasNodes }: NodesDraft) {
  if (keys.prefer === undefined || keys.priority !== undefined || hasNodes !== false) {
    return undefined;
  }
  return error(
    [...path, "prefer"],
    "prefer names nodes, and the file has no [nodes]",
    "Without [nodes] a node cannot tell whether it is meant.",
    "write [nodes], with a line for each node and its address",
  );
}

function preferredNodes({ path, keys }: Subject, { hasNodes, nodes }: NodesDraft) {
  const { prefer = [] } = keys;
  if (!hasNodes) return undefined;
  const names = nodes.map((node) => node.name);
  return prefer.flatMap((name, index): readonly Reported[] => {
    if (name === undefined) return [];
    const at = [...path, "prefer", index];
    if (!names.includes(name)) return [() => unknownNode(name, names, at, "prefer", prefer)];
    return prefer.indexOf(name) === index ? [] : [error(
      at,
      `prefer names ${name} twice`,
      "A node has one place in the order.",
      "remove one of the two",
    )];
  });
}

function namedPriorities({ path, keys: { priority } }: Subject, { hasNodes, nodes }: NodesDraft) {
  if (typeof priority !== "object" || hasNodes === undefined) return undefined;
  const names = nodes.map((node) => node.name);
  const used = [...priority.keys()];
  return used.filter((name) => !names.includes(name)).map((name) => (): Problem => {
    const problem = unknownNode(name, names, [...path, "priority", name], "priority", used);
    const meant = /^"(.*)"$/.exec(problem.fix)?.[1];
    const fix = meant === undefined ? problem.fix : `${writeKey(meant)} = ${priority.get(name)}`;
    return { ...problem, fix, at: "key" };
  });
}

function missingPriorities({ path, keys: { priority } }: Subject, { nodes }: NodesDraft) {
  if (typeof priority !== "object") return undefined;
  const missing = nodes.filter(({ name }) => !priority.has(name)).map(({ name }) => name);
  return missing.length === 0 ? undefined : error(
    [...path, "priority"],
    `priority names no value for ${missing.join(", ")}`,
    "The priority of a node that is left out is not known.",
    `add ${missing.map((name) => `${writeKey(name)} = 100`).join(", ")}`,
  );
}

function equalPriorities({ path, keys: { priority } }: Subject): Problem | undefined {
  if (typeof priority !== "object") return undefined;
  const values = [...priority.values()];
  const equal = values.find((value, index) => values.indexOf(value) !== index);
  return equal === undefined ? undefined : warning(
    [...path, "priority"],
    `two nodes have priority ${equal}`,
    "Between equals the first to speak stays master, and the higher address wins a tie.",
    "give each node a priority of its own",
  );
}
