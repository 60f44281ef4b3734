/**
 * A forecast of who holds the addresses when a check fails or a node dies: a truth table from the
 * file alone.
 */
import type { CheckSettings } from "../tables/check.ts";
import { countsValue } from "../../vrrp/priority.ts";
import { type Electorate, electorateOf, ETCD } from "./exclusive.ts";
import { isAgreed } from "./group_priorities.ts";
import { type Config, indexOf, membersWith } from "../config.ts";
import type { InstanceConfig } from "../tables/instance.ts";
import {
  type ForecastEvent,
  type ForecastOutcome,
  tellDisagreement,
  tellEvent,
  tellOutcome,
  tellRecovery,
  tellStart,
} from "./forecast_text.ts";
import type { Path } from "../problem.ts";
import {
  checksOf,
  nodePriorities,
  type NodePriority,
  priorityReading,
  priorityWithout,
} from "./node_priorities.ts";
import { few } from "../../printable.ts";

/** One line of the table. */
export interface ForecastRow {
  /** "nginx fails on pi-a" */
  readonly event: string;
  readonly cause: ForecastEvent;
  readonly outcome: ForecastOutcome;
  /** "pi-a 200 - 50 = 150, pi-b 190"; empty where no sum is behind it. */
  readonly arithmetic: string;
  /** Is it probably not what was wanted? */
  readonly alarming: boolean;
  /** "nginx fails on pi-a: pi-b takes over" */
  readonly words: string;
  /** What happens when all is well again, as a sentence; undefined where nothing moves. */
  readonly recovery: string | undefined;
}

/** The table of one instance. */
export interface Forecast {
  readonly instance: string;
  /**
   * Who holds the addresses while all is well; several: equals, of whom one does; empty: the file
   * cannot know.
   */
  readonly holders: readonly string[];
  /** "while all is well pi-a holds it: pi-a 200, pi-b 190" */
  readonly start: string;
  readonly rows: readonly ForecastRow[];
}

/** The line of a key or value in the file, from 1; undefined where it is not known. */
type LineOf = (path: Path) => number | undefined;

/**
 * The forecast of every instance: each of its checks failing on each node, and each node dying, one
 * at a time, all nodes alive and all checks up before. Numbers in files count as 0 before. It is
 * what the daemon does: down without a weight is a fault; with a weight a master gives the
 * addresses up at once when another node is better now, whether backups preempt or not; between
 * equals nothing moves. Members of a group move together; those that differ on who is better have
 * no rows, since a node takes the addresses from another only when all of its members are better.
 */
export function forecast(config: Config, lineOf: LineOf = () => undefined): readonly Forecast[] {
  return config.instances.map((instance) => {
    const scene = sceneOf(config, instance, lineOf);
    return {
      instance: instance.name,
      holders: scene.holders,
      start: scene.disagreeing === undefined
        ? tellStart(scene.priorities, scene.holders, scene.self)
        : tellDisagreement(scene.disagreeing),
      rows: scene.disagreeing !== undefined
        ? []
        : scene.priorities.length === 0
        ? lonelyRows(scene)
        : [
          ...scene.checks.flatMap((check) =>
            scene.priorities.flatMap(({ node }) => checkRows(check, node, scene))
          ),
          ...scene.priorities.map(({ node }) => row({ kind: "node-dies", node }, 0, scene)),
        ],
    };
  });
}

/** What is the same for all rows of an instance. */
interface Scene {
  readonly config: Config;
  /** The instance whose priorities are shown: itself, or the first member of its group. */
  readonly leader: InstanceConfig;
  /** The instances that move together: itself, or all of its group. */
  readonly members: readonly InstanceConfig[];
  readonly preempts: boolean;
  readonly checks: readonly CheckSettings[];
  /** Best first; empty: the file has no [nodes]. */
  readonly priorities: readonly NodePriority[];
  readonly holders: readonly string[];
  readonly self: string;
  /** The name of a group whose members differ on which node is better. */
  readonly disagreeing: string | undefined;
  /** Why no node holds an exclusive address once one node is gone; undefined: one does. */
  readonly lacksVotes: string | undefined;
  readonly lineOf: LineOf;
}

function sceneOf(config: Config, instance: InstanceConfig, lineOf: LineOf): Scene {
  const members = membersWith(instance, config);
  const leader = members[0] ?? instance;
  const checks = new Set(members.flatMap((member) => checksOf(config, member)));
  const all = nodePriorities(config, leader);
  const best = all[0]?.priority;
  const group = indexOf(config).groupOf.get(instance.name);
  const disagreeing = isAgreed(config, members) ? undefined : group;
  const holders = all.filter(({ priority }) => priority === best).map(({ node }) => node);
  return {
    config,
    leader,
    members,
    preempts: members.every(({ preempt }) => preempt),
    checks: [...checks],
    priorities: all,
    holders: disagreeing === undefined ? holders : [],
    self: config.node.name ?? "this node",
    disagreeing,
    lacksVotes: leader.exclusive ? lackWithoutOne(electorateOf(config)) : undefined,
    lineOf,
  };
}

function lackWithoutOne({ voters, need }: Electorate): string | undefined {
  const left = voters.length - 1;
  const isLacking = voters[0] !== ETCD && left > 0 && left < need;
  return isLacking ? `${left} of ${voters.length} votes is no majority` : undefined;
}

function checkRows(check: CheckSettings, node: string, scene: Scene): readonly ForecastRow[] {
  if (!countsValue(check)) {
    const after = check.weight === undefined
      ? 0
      : priorityWithout(scene.config, scene.leader, node, check.name);
    return [row({ kind: "check-fails", check, node }, after, scene)];
  }
  // What a backup's number does depends on who is master then.
  if (!scene.holders.includes(node)) return [];
  const value = tippingValue(check, node, scene);
  const after = priorityReading(scene.config, scene.leader, node, check.name, value);
  return [row({ kind: "check-reads", check, node, value }, after, scene)];
}

/** Files hold numbers from -254 to 254. */
const LARGEST_VALUE = 254;

/**
 * The number nearest to 0 that makes another node the better one; where none does, from which on
 * nothing changes.
 */
function tippingValue({ name, weight = 1 }: CheckSettings, node: string, scene: Scene): number {
  const best = Math.max(...others(node, scene).map(({ priority }) => priority), 0);
  const direction = -Math.sign(weight);
  const reading = (value: number) => priorityReading(scene.config, scene.leader, node, name, value);
  const end = reading(direction * LARGEST_VALUE);
  // Tried, not divided: other checks may have brought the sum beyond 254, where the first points
  // change nothing.
  for (let count = 1; count < LARGEST_VALUE; count++) {
    const priority = reading(direction * count);
    if (priority < best || priority === end) return direction * count;
  }
  return direction * LARGEST_VALUE;
}

function priorityOf(node: string, scene: Scene): number {
  return scene.priorities.find((one) => one.node === node)?.priority ?? 0;
}

function others(node: string, scene: Scene): readonly NodePriority[] {
  return scene.priorities.filter((one) => one.node !== node);
}

/** `after`: the priority of the event's node then; 0: it cannot be master. */
function row(cause: ForecastEvent, after: number, scene: Scene): ForecastRow {
  const outcome = outcomeOf(cause, after, scene);
  const event = tellEvent(cause);
  const assumed = scene.holders.length > 1 && scene.holders.includes(cause.node) &&
    outcome.kind !== "nobody";
  return {
    event,
    cause,
    outcome,
    arithmetic: arithmetic(cause, after, scene),
    alarming: outcome.kind === "stays" || outcome.kind === "nobody",
    words: `${event}: ${tellOutcome(outcome)}${assumed ? `, if ${cause.node} held it` : ""}`,
    recovery: tellRecovery(
      cause,
      outcome,
      returns(cause.node, scene),
      scene.leader.preemptDelay,
      scene.lacksVotes === undefined ? [cause.node] : scene.holders,
    ),
  };
}

function outcomeOf(cause: ForecastEvent, after: number, scene: Scene): ForecastOutcome {
  const { node } = cause;
  if (cause.kind === "node-dies" && scene.lacksVotes !== undefined) {
    return { kind: "nobody", why: scene.lacksVotes };
  }
  if (!scene.holders.includes(node)) return { kind: "keeps", on: scene.holders };
  const rest = others(node, scene);
  const best = rest[0]?.priority ?? 0;
  if (after === 0 && rest.length === 0) return { kind: "nobody", why: "there is no other node" };
  if (best <= after) return { kind: "stays", on: node, why: whyStays(cause, after, best, scene) };
  const [to = node, ...more] = rest.filter(({ priority }) => priority === best)
    .map((one) => one.node);
  return more.length === 0
    ? { kind: "moves", to }
    : { kind: "moves-to-either", among: [to, ...more] };
}

/** The priority of an owner, who always preempts. */
const OWNER = 255;

/** Does `node` take the addresses back once all is well again? Equals never do; owners always. */
function returns(node: string, scene: Scene): boolean {
  const own = priorityOf(node, scene);
  if (others(node, scene).some(({ priority }) => priority >= own)) return false;
  const { config, members } = scene;
  return members.every((member) =>
    member.preempt || priorityWithout(config, member, node) === OWNER
  );
}

function whyStays(cause: ForecastEvent, after: number, best: number, scene: Scene): string {
  if (cause.kind === "node-dies") return "";
  const { check: { name, weight = 0 }, node } = cause;
  const line = scene.lineOf(["check", name, "weight"]);
  const place = line === undefined ? "" : `line ${line}: `;
  const rest = others(node, scene);
  if (rest.length === 0) return `${place}there is no other node`;
  const before = priorityOf(node, scene);
  const gap = before - best;
  const rivals = rest.filter(({ priority }) => priority === best).map((one) => one.node);
  if (cause.kind === "check-reads") {
    return `${place}weight ${weight} cannot bridge the gap of ${gap}`;
  }
  const drop = before - after;
  if (drop === 0) {
    return `${place}weight ${weight} changes nothing, since priorities end at 1 and 254`;
  }
  if (after === best) {
    const rival = rivals.join(" and ");
    return `${place}weight ${weight} only makes it equal to ${rival}, and equals do not take over`;
  }
  return drop === Math.abs(weight)
    ? `${place}weight ${weight} is less than the gap of ${gap}`
    : `${place}weight ${weight} makes a difference of ${drop}, ` +
      `since priorities end at 1 and 254, and the gap is ${gap}`;
}

function arithmetic(cause: ForecastEvent, after: number, scene: Scene): string {
  const rest = others(cause.node, scene).map(({ node, priority }) => `${node} ${priority}`);
  const before = priorityOf(cause.node, scene);
  if (after === 0) return few(rest);
  const drop = before - after;
  const sum = drop === 0
    ? `${cause.node} ${after}`
    : `${cause.node} ${before} ${drop > 0 ? "-" : "+"} ${Math.abs(drop)} = ${after}`;
  return few([sum, ...rest]);
}

/** Where the file knows this node only: what happens here, and that the rest stands elsewhere. */
function lonelyRows(scene: Scene): readonly ForecastRow[] {
  const { config, leader, self } = scene;
  const before = priorityWithout(config, leader, self);
  const rows = scene.checks.map((check): readonly [ForecastEvent, string] => {
    const event: ForecastEvent = { kind: "check-fails", check, node: self };
    if (check.weight === undefined) {
      return [event, "it gives the addresses up; the other nodes' files say which takes over"];
    }
    if (countsValue(check)) {
      return [event, `its number counts times ${check.weight}; the other nodes' files say how far`];
    }
    const after = priorityWithout(config, leader, self, check.name);
    const fall = `its priority falls from ${before} to ${after}`;
    // Without preempt no node would ever take it from a master that has fallen behind.
    return [
      event,
      scene.preempts
        ? `${fall}; the other nodes' files say whether a node between them takes over`
        : `${fall} and it gives the addresses up; the other nodes' files say which takes over`,
    ];
  });
  const death: ForecastEvent = { kind: "node-dies", node: self };
  const all = [
    ...rows,
    [death, "the best of the others takes over; their files say which that is"] as const,
  ];
  return all.map(([cause, why]) => {
    const event = tellEvent(cause);
    const outcome: ForecastOutcome = { kind: "unknown", why };
    return {
      event,
      cause,
      outcome,
      arithmetic: "",
      alarming: false,
      words: `${event}: ${tellOutcome(outcome)}`,
      recovery: undefined,
    };
  });
}
