/**
 * A forecast of which node holds an exclusive address when machines that decide on it are gone, or
 * some cannot see each other: from the file alone, while all else is well. Cuts of which the same
 * comes are told once.
 */
import { type Config, membersWith } from "../config.ts";
import { type Electorate, electorateOf, ETCD, leaseFor } from "./exclusive.ts";
import { both, either } from "./forecast_text.ts";
import { isAgreed } from "./group_priorities.ts";
import { nodePriorities, type NodePriority } from "./node_priorities.ts";

/** Machines that are gone, and pairs of others that cannot see each other. */
export interface Cut {
  readonly gone: readonly string[];
  readonly apart: readonly (readonly [string, string])[];
}

/** What decides on one instance. */
export interface InstanceElectorate extends Electorate {
  /** Does the best node take over? Else the first that asks. */
  readonly isRanked: boolean;
}

/** One line of the table. */
export interface CutRow {
  /** "only pi-a and pi-b cannot see each other" */
  readonly event: string;
  /** What the line stands for; of many cuts some. */
  readonly cuts: readonly Cut[];
  /** "only pi-a and pi-b cannot see each other: pi-a keeps it" */
  readonly words: string;
  /** Is the address without a node then, by one fault? */
  readonly alarming: boolean;
}

/** The table of all instances of which the same is forecast. */
export interface CutForecast {
  readonly instances: readonly string[];
  readonly electorate: InstanceElectorate;
  /** Best first. */
  readonly nodes: readonly NodePriority[];
  /** "2 of these 3 decide: pi-a, pi-b and nas; pi-a holds it" */
  readonly start: string;
  readonly rows: readonly CutRow[];
}

/** The tables of all exclusive instances of which the file knows which node is better. */
export function forecastCuts(config: Config): readonly CutForecast[] {
  const tables = new Map<string, CutForecast>();
  for (const instance of config.instances) {
    if (leaseFor(instance, config) === undefined || config.nodes.length === 0) continue;
    const members = membersWith(instance, config);
    if (!isAgreed(config, members)) continue;
    const electorate = electorateOf(config);
    // All that wait for a lease in etcd ask again when it ends; the first one keeps it.
    const isRanked = electorate.voters[0] !== ETCD || members.every(({ preempt }) => preempt);
    const nodes = nodePriorities(config, members[0] ?? instance);
    const table = tableOf(config, { ...electorate, isRanked }, nodes);
    const key = [table.start, ...table.rows.map(({ words }) => words)].join("\n");
    const instances = [...tables.get(key)?.instances ?? [], instance.name];
    tables.set(key, { ...table, instances });
  }
  return [...tables.values()];
}

/**
 * Which nodes may hold the address after `cut`, if `holder` held it; several: one of them does;
 * empty: none. The holder keeps it while it sees a majority, itself counted; else the best node
 * that does takes over.
 */
export function holdersAfter(
  { voters, need, isRanked }: InstanceElectorate,
  nodes: readonly NodePriority[],
  holder: string,
  { gone, apart }: Cut,
): readonly string[] {
  const isApart = (a: string, b: string) =>
    apart.some((pair) => a !== b && pair.includes(a) && pair.includes(b));
  const decides = (name: string) =>
    !gone.includes(name) &&
    voters.filter((other) => !gone.includes(other) && !isApart(name, other)).length >= need;
  if (decides(holder)) return [holder];
  const able = nodes.filter(({ node }) => decides(node));
  return able.filter(({ priority }) => !isRanked || priority === able[0]?.priority)
    .map(({ node }) => node);
}

/** Nothing arrives between `side` and the rest of `voters`. */
export function sidesOf(side: readonly string[], voters: readonly string[]): Cut {
  const rest = voters.filter((name) => !side.includes(name));
  return { gone: [], apart: side.flatMap((a) => rest.map((b) => [a, b] as const)) };
}

function tableOf(
  config: Config,
  electorate: InstanceElectorate,
  nodes: readonly NodePriority[],
): Omit<CutForecast, "instances"> {
  const [{ node: holder } = { node: "" }] = nodes;
  const equals = nodes.filter(({ priority }) => priority === nodes[0]?.priority);
  const holds = `${holder} holds it${equals.length > 1 ? " (it may as well be an equal one)" : ""}`;
  const table = new Table(electorate, nodes, holder);
  const members = config.cluster?.etcd?.length;
  if (members !== undefined) {
    addEtcd(table, nodes, holder, members);
    const start = `etcd decides, by a majority of its ${members} members; ${holds}`;
    return { electorate, nodes, start, rows: table.rows };
  }
  addVotes(table, electorate, holder, config.cluster?.witnesses?.map(({ name }) => name) ?? []);
  const { voters, need } = electorate;
  const start = `${need} of these ${voters.length} decide: ${both(voters)}; ${holds}`;
  return { electorate, nodes, start, rows: table.rows };
}

function addEtcd(
  table: Table,
  nodes: readonly NodePriority[],
  holder: string,
  members: number,
): void {
  const others = nodes.map(({ node }) => node).filter((name) => name !== holder);
  const spare = Math.ceil(members / 2) - 1;
  const apart = (a: string, b: string): Cut => ({ gone: [], apart: [[a, b]] });
  table.add(`${holder} cannot ask etcd`, [apart(holder, ETCD)]);
  table.addEach(others, (name) => apart(name, ETCD), (names) => `${either(names)} cannot ask etcd`);
  table.addEach(others, (name) => apart(holder, name), (names) => pairText(holder, names));
  if (spare > 0) {
    table.add(`${spare} of the members of etcd ${spare > 1 ? "are" : "is"} gone`, [NOTHING]);
  }
  table.add(`${spare + 1} of the members of etcd ${spare > 0 ? "are" : "is"} gone`, [GONE_ETCD]);
}

const NOTHING: Cut = { gone: [], apart: [] };
/** Without a majority of its members. */
const GONE_ETCD: Cut = { gone: [ETCD], apart: [] };

/** That a node dies is told by the other table. */
function addVotes(
  table: Table,
  { voters, need }: Electorate,
  holder: string,
  witnesses: readonly string[],
): void {
  const [size, spare] = [voters.length, voters.length - need];
  const others = voters.filter((name) => name !== holder);
  const next = spare === 1 ? "; the next machine to go leaves the address without a node" : "";
  table.addEach(
    witnesses,
    (name) => ({ gone: [name], apart: [] }),
    (names) => `${either(names)} is gone`,
    next,
  );
  if (next === "" || witnesses.length === 0) {
    // The first ones and the last ones of the list.
    const many = [voters.slice(0, spare + 1), voters.slice(-spare - 1)];
    const cuts = many.map((gone): Cut => ({ gone, apart: [] }));
    if (size > 2) table.add(`${spare + 1} of these ${size} are gone`, cuts);
  }
  table.addEach(
    others,
    (name) => ({ gone: [], apart: [[holder, name]] }),
    (names) => pairText(holder, names),
  );
  if (size < 3) return;
  const alone = (name: string) => sidesOf([name], voters);
  if (size === 3) {
    for (const name of voters) {
      const rest = voters.filter((other) => other !== name);
      table.add(`${both(rest)} cannot see ${name}`, [alone(name)]);
    }
    return;
  }
  table.add(`no other machine sees ${holder}`, [alone(holder)]);
  table.addEach(others, alone, (names) => `no other machine sees ${either(names)}`);
  if (witnesses.length >= need) {
    table.add("the nodes see no witness", [sidesOf(witnesses, voters)]);
  }
  const withOthers = (count: number): readonly Cut[] =>
    [others.slice(0, count), others.slice(others.length - count)]
      .map((side) => sidesOf([holder, ...side], voters));
  table.add(`${holder} sees just ${need - 1} of the others`, withOthers(need - 1));
  if (size % 2 === 0) {
    table.add("one half of them cannot see the other half", withOthers(need - 2));
  } else if (size > 4) {
    table.addRule(
      `${holder} sees fewer of them, and ${need} others see each other`,
      "the best node of these takes over, if one is among them",
      withOthers(size - need - 1),
    );
  }
}

function pairText(holder: string, others: readonly string[]): string {
  const one = others.length === 1 ? either(others) : `one other (${either(others)})`;
  return `only ${holder} and ${one} cannot see each other`;
}

/** Lines, each with what comes of its cuts. */
class Table {
  readonly rows: CutRow[] = [];
  readonly #electorate: InstanceElectorate;
  readonly #nodes: readonly NodePriority[];
  readonly #holder: string;

  constructor(electorate: InstanceElectorate, nodes: readonly NodePriority[], holder: string) {
    this.#electorate = electorate;
    this.#nodes = nodes;
    this.#holder = holder;
  }

  /** A line for cuts of which the same comes. */
  add(event: string, cuts: readonly Cut[], more = ""): void {
    const [first = NOTHING] = cuts;
    const holders = holdersAfter(this.#electorate, this.#nodes, this.#holder, first);
    const isOneFault = first.gone.length + Math.min(1, first.apart.length) === 1 &&
      first !== GONE_ETCD;
    const words = holders.length === 0
      ? "the address is without a node"
      : holders.includes(this.#holder)
      ? `${this.#holder} keeps it${more}`
      : `${either(holders)} takes over${more}`;
    const alarming = holders.length === 0 && isOneFault;
    this.rows.push({ event, cuts, words: `${event}: ${words}`, alarming });
  }

  /** One line for all of `names` of which the same comes. */
  addEach(
    names: readonly string[],
    cut: (name: string) => Cut,
    event: (names: readonly string[]) => string,
    more = "",
  ): void {
    const groups = Map.groupBy(
      names,
      (name) => holdersAfter(this.#electorate, this.#nodes, this.#holder, cut(name)).join(),
    );
    for (const group of groups.values()) this.add(event(group), group.map(cut), more);
  }

  /** A line of which not the same comes each time. */
  addRule(event: string, words: string, cuts: readonly Cut[]): void {
    this.rows.push({ event, cuts, words: `${event}: ${words}`, alarming: false });
  }
}
