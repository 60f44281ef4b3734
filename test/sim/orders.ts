/** Random commands to running nodes: handovers, maintenance, restarts, and their withdrawal. */
import type { Command } from "../../src/daemon/command.ts";
import { milliseconds, nanoseconds, type WallTime } from "../../src/time.ts";
import type { Cluster } from "./cluster.ts";
import type { Damage } from "./faults.ts";
import type { Random } from "./random.ts";
import { longestDown } from "./setup.ts";
import type { World } from "./world.ts";

/**
 * An instance goes to somebody else: to anybody, or to one by name; for a while, or until asked
 * for.
 */
export function handOver({ cluster, setup }: World, name: string, random: Random): Damage {
  const instance = random.pick(setup.instances).name;
  const to = random.chance(0.3) ? random.pick(setup.nodes).name : undefined;
  const forTime = random.chance(0.3)
    ? nanoseconds(random.between(1, 5 * longestDown(setup)))
    : undefined;
  const undo = undoing(() => takeBack(cluster, name, instance));
  give(cluster, name, (reply) => ({ kind: "handover", instance, to, forTime, reply }), undo.late);
  const where = to === undefined ? "" : ` to ${to}`;
  return { words: `hand ${instance} over on ${name}${where}`, dirty: false, mend: undo.now };
}

/**
 * A node stands down: in earnest, or only where somebody else stands by; for a while, or until it
 * is over.
 */
export function maintain({ cluster }: World, name: string, random: Random): Damage {
  const since = cluster.host(name)?.wallTime() ?? 0 as WallTime;
  const until = random.chance(0.2) ? since + random.between(100, 20_000) as WallTime : undefined;
  const wanted = { since, until, reason: undefined };
  const force = random.chance(0.5);
  const undo = undoing(() => endMaintenance(cluster, name));
  give(cluster, name, (reply) => ({ kind: "maintenance", wanted, force, reply }), undo.late);
  return { words: `maintain ${name}${force ? " by force" : ""}`, dirty: false, mend: undo.now };
}

/** Its process ends without giving anything up, and another one goes on. */
export function restart({ cluster }: World, name: string, random: Random): Damage {
  const pause = milliseconds(random.between(20, 2000));
  cluster.restart(name, pause);
  return {
    words: `restart ${name} within ${pause / 1e6} ms`,
    dirty: false,
    mend: () => cluster.start(name),
  };
}

/** Nobody stands aside any more. */
export function endOrders({ cluster, setup }: World): void {
  for (const { name } of setup.nodes) {
    if (cluster.isMaintained(name)) endMaintenance(cluster, name);
    for (const instance of setup.instances) takeBack(cluster, name, instance.name);
  }
}

function takeBack(cluster: Cluster, name: string, instance: string): void {
  give(cluster, name, (reply) => ({ kind: "take-back", instance, reply }));
}

function endMaintenance(cluster: Cluster, name: string): void {
  const rest = { wanted: undefined, force: false };
  give(cluster, name, (reply) => ({ kind: "maintenance", ...rest, reply }));
}

/** Lets everybody see that the order was given, and how it was answered. */
function give(
  cluster: Cluster,
  name: string,
  make: (reply: (answer: { readonly outcome: string }) => void) => Command,
  answered: () => void = () => {},
): void {
  const number = cluster.nextOrder();
  const order = make(({ outcome }) => {
    cluster.lan.see({ kind: "order", node: name, number, what: order.kind, outcome });
    answered();
  });
  if (!cluster.isRunning(name)) return;
  cluster.lan.see({ kind: "order", node: name, number, what: order.kind, outcome: undefined });
  cluster.order(name, order);
}

/** `late`: the order has been answered; where it was undone meanwhile, it is undone again. */
function undoing(undo: () => void): { readonly now: () => void; readonly late: () => void } {
  let undone = false;
  return {
    now() {
      undone = true;
      undo();
    },
    late() {
      if (undone) undo();
    },
  };
}
