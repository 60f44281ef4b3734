/**
 * Invariant: no second master while two nodes can tell each other, and two that there are end; but
 * for a better node that hears the master, and preempts it.
 */
import { after, type Instant, seconds } from "../../../src/time.ts";
import { type InstanceSetup, LINK } from "../setup.ts";
import type { Checker, World } from "../world.ts";

/** A session is there, and something was told. */
const TALKS = seconds(5);

/** Two masters know of each other for a second before one yields; a report may be as old. */
const ENDS = seconds(4);

/** Causes that come from silence. */
const SILENCE = /^no (?:advert|machine|node)/;

/** See above. */
export function noSecondMaster(world: World): Checker {
  const since = new Map<string, Instant>();
  const talksSince = new Map<string, Instant>();
  const names = world.setup.nodes.map(({ name }) => name);
  const pairs = names.flatMap((a) => names.filter((b) => a < b).map((b) => [a, b] as const));

  const lookAtRoads = (at: Instant) => {
    for (const [a, b] of pairs) {
      const key = `${a} ${b}`;
      if (!canTalk(world, a, b)) talksSince.delete(key);
      else if (!talksSince.has(key)) talksSince.set(key, at);
    }
  };
  const haveTalked = (a: string, b: string, at: Instant) => {
    const from = talksSince.get(a < b ? `${a} ${b}` : `${b} ${a}`);
    return from !== undefined && after(from, TALKS) <= at;
  };
  const isSettled = (name: string, instance: InstanceSetup, at: Instant) => {
    const from = since.get(`${name} ${instance.name}`);
    return from !== undefined && after(from, ENDS) <= at && world.isAble(name, instance);
  };
  const takesOver = (node: string, instance: InstanceSetup, cause: string, at: Instant) => {
    for (const other of names) {
      if (other === node || !isSettled(other, instance, at)) continue;
      if (!haveTalked(node, other, at) || !SILENCE.test(cause)) continue;
      const words = `${node} is master beside ${other}, which could tell it: ${cause}`;
      world.complain("no_second_master", `${instance.name}: ${words}`);
    }
  };
  return {
    see(seen, at) {
      if (seen.kind === "act" || seen.kind === "program" || seen.kind === "link") lookAtRoads(at);
      if (seen.kind === "program" && seen.what !== "paused" && seen.what !== "resumed") {
        for (const { name } of world.setup.instances) since.delete(`${seen.node} ${name}`);
      }
      if (seen.kind !== "journal") return;
      const told = /^(\S+)(?: \(IPv6\))?: (\S+) -> (\S+): (.*)$/.exec(seen.line);
      const instance = world.setup.instances.find(({ name }) => name === told?.[1]);
      if (told === null || instance === undefined) return;
      const [, , , to, cause = ""] = told;
      if (to === "master") {
        takesOver(seen.node, instance, cause, at);
        since.set(`${seen.node} ${instance.name}`, at);
      } else since.delete(`${seen.node} ${instance.name}`);
    },
    tick(at) {
      lookAtRoads(at);
      for (const instance of world.setup.instances) {
        for (const [a, b] of pairs) {
          if (!isSettled(a, instance, at) || !isSettled(b, instance, at)) continue;
          if (!haveTalked(a, b, at)) continue;
          world.complain("no_second_master", `${instance.name}: ${a} and ${b} go on`);
        }
      }
    },
  };
}

/** By the LAN or by the link, both ways, with both programs awake. */
function canTalk({ cluster, setup }: World, a: string, b: string): boolean {
  const { lan } = cluster;
  const areAwake = [a, b].every((name) =>
    cluster.isRunning(name) && cluster.host(name)?.paused !== true
  );
  const segments = setup.cluster?.linked === true ? ["outside", LINK.segment] : ["outside"];
  return areAwake &&
    segments.some((segment) =>
      lan.paths.isOpen(a, b, segment) && lan.paths.isOpen(b, a, segment) &&
      [a, b].every((name) => {
        const machine = lan.machine(name);
        return machine.ports().some((port) => port.segment === segment && machine.isLive(port));
      })
    );
}
