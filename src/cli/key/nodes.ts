/** What is known of the keys that each node has: may another one sign, may an old one go? Pure. */

/** A node that speaks to the others by keys. */
export interface NodeKeys {
  readonly name: string;
  /** Ids of the keys that it has, the one that it signs with first; undefined: not known. */
  readonly keys: readonly string[] | undefined;
}

/** Why the key `id` may not sign yet, as a sentence; undefined: every node has it. */
export function whyNotSigning(id: string, nodes: readonly NodeKeys[]): string | undefined {
  const lacking = nodes.filter(({ keys }) => keys?.includes(id) === false);
  return sentence(lacking, "does not have it yet", "do not have it yet", nodes);
}

/** Why the key `id` may not go, as a sentence; undefined: no node signs with it. */
export function whyNotRetired(id: string, nodes: readonly NodeKeys[]): string | undefined {
  const users = nodes.filter(({ keys }) => keys?.[0] === id);
  return sentence(users, "signs with it", "sign with it", nodes);
}

/** The nodes that sign with `id`, and those that could verify it, for a table. */
export function usersOf(id: string, nodes: readonly NodeKeys[]): string {
  const signing = nodes.filter(({ keys }) => keys?.[0] === id);
  const having = nodes.filter(({ keys }) => keys?.slice(1).includes(id));
  return [
    ...signing.length === 0 ? [] : [`signs on ${names(signing)}`],
    ...having.length === 0 ? [] : [`known on ${names(having)}`],
  ].join(", ");
}

function sentence(
  some: readonly NodeKeys[],
  one: string,
  several: string,
  nodes: readonly NodeKeys[],
): string | undefined {
  const unknown = nodes.filter(({ keys }) => keys === undefined);
  const parts = [
    ...some.length === 0 ? [] : [`${names(some)} ${some.length === 1 ? one : several}`],
    ...unknown.length === 0 ? [] : [`which keys ${names(unknown)} has is not known`],
  ];
  if (nodes.length === 0) return "which nodes there are is not known";
  return parts.length === 0 ? undefined : parts.join(", and ");
}

function names(nodes: readonly NodeKeys[]): string {
  return nodes.map(({ name }) => name).join(", ");
}
