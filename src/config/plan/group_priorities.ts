/**
 * Members of a sync group that disagree on which node is better: only where they agree can they
 * move together.
 */
import type { Config } from "../config.ts";
import type { GroupConfig } from "../tables/group.ts";
import type { InstanceConfig } from "../tables/instance.ts";
import { type Problem, warning } from "../problem.ts";
import { nodePriorities, type NodePriority } from "./node_priorities.ts";
import { writeKey, writeValue } from "../toml_text.ts";

/** Is, of any two nodes, the same one better in all `members`, or neither? */
export function isAgreed(config: Config, members: readonly InstanceConfig[]): boolean {
  const [first, ...rest] = members.map((member) => nodePriorities(config, member));
  return first === undefined || rest.every((other) => agree(first, other));
}

/** A warning for each group whose members differ: at the member that differs from the first. */
export function groupProblems(config: Config): readonly Problem[] {
  return config.groups.flatMap((group) => differenceIn(config, group) ?? []);
}

function differenceIn(config: Config, group: GroupConfig): Problem | undefined {
  const members = config.instances.filter(({ name }) => group.instances.includes(name));
  const [leader] = members;
  const other = members.find((member) =>
    leader !== undefined && !isAgreed(config, [leader, member])
  );
  if (leader === undefined || other === undefined) return undefined;
  const order = (instance: InstanceConfig) =>
    nodePriorities(config, instance).map(({ node }) => node);
  const { prefer } = other;
  return warning(
    ["instance", other.name, prefer === undefined ? "priority" : "prefer"],
    `${other.name} is best on ${order(other)[0]}, and ${leader.name} of the same group ` +
      `${group.name} on ${order(leader)[0]}, or they differ on which comes next`,
    "Members change state together: where they differ on who is better, who holds them is " +
      "left to chance.",
    prefer === undefined
      ? `give ${writeKey(other.name)} the priorities of ${writeKey(leader.name)}`
      : `prefer = ${writeValue(leader.prefer ?? order(leader))}`,
    "key",
  );
}

/** Is, of any two nodes, the same one better in both, or neither? */
function agree(some: readonly NodePriority[], others: readonly NodePriority[]): boolean {
  const elsewhere = new Map(others.map(({ node, priority }) => [node, priority]));
  const order = (a: number, b: number) => Math.sign(a - b);
  return some.every((a) =>
    some.every((b) =>
      order(a.priority, b.priority) ===
        order(elsewhere.get(a.node) ?? 0, elsewhere.get(b.node) ?? 0)
    )
  );
}
