/**
 * Moments in which one rule alone keeps a second machine from answering: chance seldom finds them.
 */
import { milliseconds, type Nanoseconds, nanoseconds } from "../../../src/time.ts";
import type { Random } from "../random.ts";
import type { Scene } from "./scene.ts";

/** What is done, and how it is undone; undefined: it ends by itself. */
export interface Done {
  readonly words: string;
  readonly mend?: () => void;
}

/** What becomes of a machine, and how that ends. */
interface Fate {
  readonly words: string;
  readonly befall: (scene: Scene, name: string) => void;
  /** Where it has ended already: nothing. */
  readonly end: (scene: Scene, name: string) => void;
}

const FATES: readonly Fate[] = [
  {
    words: "kill",
    befall: ({ cluster }, name) => cluster.lan.kill(name),
    end: ({ cluster }, name) => cluster.start(name),
  },
  {
    words: "pause",
    befall: ({ cluster }, name) => cluster.lan.pause(name),
    end: ({ cluster }, name) => cluster.lan.resume(name),
  },
  {
    words: "starve",
    befall: ({ cluster }, name) => cluster.lan.freeze(name, "starved"),
    end: ({ cluster }, name) => cluster.lan.thaw(name),
  },
];

/** Longer than a kernel keeps the addresses of a dead program. */
const LONGEST_LIFETIME = 8e9;

/** Something happens to the holder, and time passes; where none is: nothing. */
export async function aim(
  scene: Scene,
  random: Random,
  interval: Nanoseconds,
): Promise<readonly Done[]> {
  const holder = scene.holder();
  if (holder === undefined) return [];
  const play = random.chance(0.7) ? endOfLease : amnesia;
  return await play(scene, random, interval, holder);
}

/**
 * A holder that nobody hears runs out of votes, and is stopped about then: killed, with addresses
 * that its kernel keeps, or for a while, after which it goes on with what it was about to do.
 */
async function endOfLease(
  scene: Scene,
  random: Random,
  interval: Nanoseconds,
  holder: string,
): Promise<readonly Done[]> {
  const { cluster: { lan }, names } = scene;
  // Then the others wait for nothing but the end of its lease.
  const muted = random.chance(0.5) ? [muteAll(scene, holder)] : [];
  if (muted.length > 0) {
    await scene.pass(nanoseconds(random.between(3 * interval, 6 * interval)));
  }
  const parted = part(scene, holder, names.filter((name) => name !== holder));
  if (random.chance(0.3)) {
    scene.tell(`${holder} refuses to remove`);
    lan.machine(holder).refuse("remove", random.between(1, 4), "EBUSY");
  }
  const least = random.chance(0.5) ? 1.5 * interval : 0;
  await scene.pass(nanoseconds(random.between(least, 3 * interval)));
  const fate = random.pick(FATES);
  scene.tell(`${fate.words} ${holder}`);
  fate.befall(scene, holder);
  await scene.pass(nanoseconds(random.between(0, Math.max(8 * interval, LONGEST_LIFETIME))));
  const ended = { words: `${fate.words} ${holder}`, mend: () => fate.end(scene, holder) };
  return random.chance(0.5) ? [ended, parted, ...muted] : [parted, ended, ...muted];
}

/** A holder and another node do not hear each other, and the voters between them begin anew. */
async function amnesia(
  scene: Scene,
  random: Random,
  interval: Nanoseconds,
  holder: string,
): Promise<readonly Done[]> {
  const { cluster, names } = scene;
  const isNode = (name: string) => name.startsWith("pi-") && name !== holder;
  const other = random.pick(names.filter(isNode));
  const parted = part(scene, holder, [other]);
  await scene.pass(nanoseconds(random.between(3 * interval, 6 * interval)));
  for (let times = random.between(1, 3); times > 0; times--) {
    for (const name of names.filter((one) => one !== holder && one !== other)) {
      scene.tell(`kill ${name}`);
      cluster.lan.kill(name);
      cluster.startLater(name, milliseconds(random.between(0, 50)));
    }
    await scene.pass(nanoseconds(random.between(0, 4 * interval)));
  }
  return [parted];
}

function muteAll(scene: Scene, name: string): Done {
  const { cluster: { lan: { paths } }, names } = scene;
  const words = `no adverts of ${name}`;
  scene.tell(words);
  for (const other of names) paths.mute(name, other);
  return {
    words,
    mend: () => {
      for (const other of names) paths.unmute(name, other);
    },
  };
}

function part(scene: Scene, name: string, others: readonly string[]): Done {
  const { paths } = scene.cluster.lan;
  const words = `cut ${name} - ${others}`;
  scene.tell(words);
  for (const other of others) {
    paths.cut(name, other);
    paths.cut(other, name);
  }
  return {
    words,
    mend: () => {
      for (const other of others) {
        paths.heal(name, other);
        paths.heal(other, name);
      }
    },
  };
}
