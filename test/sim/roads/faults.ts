/** What breaks in a roads run: adverts alone, one of the roads, a program, a machine. */
import { type Damage, type Fault, kill } from "../faults.ts";
import type { Random } from "../random.ts";
import { LINK } from "../setup.ts";
import type { World } from "../world.ts";

/** All kinds, each as often as it should be picked. */
const FAULTS: readonly (readonly [number, Fault])[] = [
  [6, mute],
  [4, muteOneWay],
  [5, cutLan],
  [2, cutLink],
  [3, kill],
  [2, pause],
  [1, stop],
];

/** What happens to a road alone. */
export const LOSSES: readonly (readonly [number, Fault])[] = [
  [2, mute],
  [2, muteOneWay],
  [2, cutLan],
  [3, cutLanOneWay],
  [2, cutLink],
  [3, cutLinkOneWay],
];

/** Breaks something, and says what. */
export function breakRoad(world: World, random: Random): Damage {
  const done = random.weighed(FAULTS)(world, random.pick(world.setup.nodes).name, random);
  world.cluster.lan.see({ kind: "act", words: done.words });
  return done;
}

/** A packet filter between two nodes, or between one and all others, that drops adverts alone. */
function mute(world: World, name: string, random: Random): Damage {
  return muted(world, waysFrom(world, name, random));
}

function muteOneWay(world: World, name: string, random: Random): Damage {
  return muted(world, waysFrom(world, name, random).filter((_, i) => i % 2 === 0));
}

function muted({ cluster: { lan: { paths } } }: World, ways: readonly Way[]): Damage {
  for (const [from, to] of ways) paths.mute(from, to);
  return {
    words: `lose adverts ${wordsOf(ways)}`,
    dirty: false,
    mend() {
      for (const [from, to] of ways) paths.unmute(from, to);
    },
  };
}

function cutLan(world: World, name: string, random: Random): Damage {
  return cut(world, "outside", waysFrom(world, name, random));
}

function cutLink(world: World, name: string, random: Random): Damage {
  return cut(world, LINK.segment, waysFrom(world, name, random));
}

function cutLanOneWay(world: World, name: string, random: Random): Damage {
  return cut(world, "outside", oneWay(waysFrom(world, name, random), random));
}

function cutLinkOneWay(world: World, name: string, random: Random): Damage {
  return cut(world, LINK.segment, oneWay(waysFrom(world, name, random), random));
}

/** From the node, or to it. */
function oneWay(ways: readonly Way[], random: Random): readonly Way[] {
  const parity = random.between(0, 1);
  return ways.filter((_, i) => i % 2 === parity);
}

function cut(
  { cluster: { lan: { paths } } }: World,
  segment: string,
  ways: readonly Way[],
): Damage {
  for (const [from, to] of ways) paths.cutOn(segment, from, to);
  return {
    words: `cut ${segment} ${wordsOf(ways)}`,
    dirty: false,
    mend() {
      for (const [from, to] of ways) paths.healOn(segment, from, to);
    },
  };
}

function pause({ cluster: { lan } }: World, name: string): Damage {
  lan.pause(name);
  return { words: `pause ${name}`, dirty: false, mend: () => lan.resume(name) };
}

function stop({ cluster }: World, name: string): Damage {
  cluster.stop(name);
  return { words: `stop ${name}`, dirty: false, mend: () => cluster.start(name) };
}

type Way = readonly [from: string, to: string];

/** Both ways between `name` and one other node, or all of them. */
function waysFrom({ setup }: World, name: string, random: Random): readonly Way[] {
  const others = setup.nodes.map((node) => node.name).filter((one) => one !== name);
  const chosen = random.chance(0.5) ? others : [random.pick(others)];
  return chosen.flatMap((other): readonly Way[] => [[name, other], [other, name]]);
}

function wordsOf(ways: readonly Way[]): string {
  return ways.map(([from, to]) => `${from} -> ${to}`).join(", ");
}
