/** Invariant: a calm LAN is quiet: no transition, and only the holder sends, at its interval. */
import type { Instant } from "../../../src/time.ts";
import { advertIn } from "../advert.ts";
import { leaseOf } from "../setup.ts";
import { type Checker, PROMPT_WITHIN, type World } from "../world.ts";

/** Listens while all is calm. */
export function quiet(world: World): Checker {
  const lastAdvert = new Map<string, Instant>();
  const wakes = new Map<string, number>();
  return {
    enter(phase, at) {
      lastAdvert.clear();
      if (phase === "calm") {
        for (const name of world.cluster.names) wakes.set(name, wakesOf(world, name));
      } else if (world.phase === "calm") {
        lookForRestless(world, wakes, at);
      }
    },
    see(seen, at) {
      if (world.phase !== "calm") return;
      if (seen.kind === "journal" && seen.line.includes(" -> ")) {
        world.complain("quiet", `a transition in calm: ${seen.node}: ${seen.line}`);
      }
      if (seen.kind !== "sent") return;
      const { vrid, priority } = advertIn(seen.message);
      const instance = world.instanceOf(advertIn(seen.message), seen.source);
      if (instance === undefined || !world.holds(seen.node, instance)) {
        world.complain("quiet", `${seen.node} advertises VRID ${vrid}, which it does not hold`);
      }
      const interval = world.node(seen.node)?.interval ?? 0;
      const key = `${seen.node} VRID ${vrid} to ${seen.destination}`;
      const gap = at - (lastAdvert.get(key) ?? at - interval);
      lastAdvert.set(key, at);
      if (Math.abs(gap - interval) <= PROMPT_WITHIN && priority > 0) return;
      world.complain("quiet", `${key}: an advert ${(gap / 1e6).toFixed(1)} ms after the last`);
    },
  };
}

/** A program that is woken for nothing burns the processor. */
function lookForRestless(world: World, wakes: ReadonlyMap<string, number>, at: Instant): void {
  const elapsed = at - world.phaseSince;
  for (const node of world.setup.nodes) {
    const count = wakesOf(world, node.name) - (wakes.get(node.name) ?? 0);
    const fastest = Math.min(...world.setup.nodes.map((other) => other.interval));
    const lease = leaseOf(node) ?? Infinity;
    const beats = elapsed / fastest + elapsed / lease;
    // Every ten seconds its addresses are asked for: it asks, is answered, and concludes; others
    // ask it.
    const questions = 8 * elapsed / 10e9;
    // A backup polls every two seconds, and is answered.
    const polls = 2 * elapsed / 2e9;
    const due = 10 + polls + world.setup.instances.length * (3 * beats + questions) +
      questionsIn(world, elapsed);
    if (count <= due) continue;
    const ms = (elapsed / 1e6).toFixed(0);
    world.complain("quiet", `${node.name} was woken ${count} times in ${ms} ms of calm`);
  }
}

/**
 * Wakes for the questions to the other nodes and their answers: at most every ten seconds each,
 * where one is not well.
 */
function questionsIn(world: World, elapsed: number): number {
  return 2 * (world.setup.nodes.length - 1) * (1 + elapsed / 10e9);
}

function wakesOf(world: World, name: string): number {
  return world.cluster.host(name)?.wakes ?? 0;
}
