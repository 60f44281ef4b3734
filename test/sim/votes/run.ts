/**
 * One votes run: nodes and a witness with an exclusive instance, and all that may happen to them;
 * from one seed. Promised: no instant with two machines that answer, and, when all is put right, a
 * holder.
 */
import { milliseconds, type Nanoseconds, nanoseconds, seconds } from "../../../src/time.ts";
import { configFrom } from "../cluster.ts";
import { CALM } from "../paths.ts";
import { PROMPT } from "../promptness.ts";
import { Random } from "../random.ts";
import { aim, type Done } from "./aimed.ts";
import { Scene } from "./scene.ts";

/** What became of a run. */
export interface VotesOutcome {
  readonly seed: number;
  readonly words: string;
  readonly complaints: readonly string[];
  readonly takeovers: number;
  /** Virtual time of all machines together. */
  readonly hours: number;
  readonly log: readonly string[];
}

const SHAPES: readonly (readonly [nodes: number, witnesses: number])[] = [
  [2, 1],
  [2, 1],
  [2, 1],
  [3, 0],
  [2, 2],
  [3, 2],
];

type Deed = (scene: Scene, random: Random, interval: Nanoseconds) => Done;

const DEEDS: readonly (readonly [number, Deed])[] = [
  [5, cut],
  [3, isolate],
  [3, mute],
  [3, kill],
  [2, powerOff],
  [3, pause],
  [1, starve],
  [2, weather],
  [2, stop],
  [2, restart],
  [2, handover],
  [2, maintenance],
  [1, reload],
  [1, refuse],
  [1, slow],
];

/** How a run is drawn. */
export interface VotesOptions {
  /** Does it begin with a moment that chance seldom finds? Default: every second run does. */
  readonly aims?: boolean;
  /** Are all machines slow, so that clocks go on within their turns? Default: none is. */
  readonly isSlow?: boolean;
}

/**
 * How long a slow machine takes to look at its clock: a turn has 5 to 50 looks. With twice as much
 * a machine has no time left now and then, and holds nothing.
 */
const PER_LOOK = milliseconds(0.2);

/** Performs the run of `seed`. It ends at the first complaint. */
export async function votesRun(seed: number, options: VotesOptions = {}): Promise<VotesOutcome> {
  const random = new Random(seed, 6);
  const { scene, interval, words } = drawScene(random, seed);
  const complaints: string[] = [];
  const isWell = () => scene.twice.length === 0 && complaints.length === 0;
  const second = new Random(seed, 7);
  const isAimed = options.aims ?? second.chance(0.5);
  const { lan } = scene.cluster;
  if (options.isSlow === true) {
    for (const name of scene.names) {
      scene.cluster.setPromptness(name, { ...PROMPT, perLook: PER_LOOK });
    }
  }
  scene.startAll();
  for (let round = random.between(1, 3); round > 0 && isWell(); round--) {
    await settle(scene, interval, complaints);
    let done: readonly Done[] = [];
    if (isAimed && isWell()) done = await aim(scene, second, interval);
    for (let i = random.between(1, 6); i > 0 && isWell(); i--) {
      const one = random.weighed(DEEDS)(scene, random, interval);
      scene.tell(one.words);
      done = [...done, one];
      await scene.pass(nanoseconds(random.between(0, 8 * interval)));
      if (!random.chance(0.4)) continue;
      const [first, ...rest] = done;
      first?.mend?.();
      scene.tell(`mend ${first?.words}`);
      done = rest;
      await scene.pass(nanoseconds(random.between(0, 8 * interval)));
    }
    for (const one of done) one.mend?.();
    lan.paths.healAll();
    scene.tell("all is put right");
    for (const name of scene.names) if (!scene.cluster.isRunning(name)) scene.cluster.start(name);
  }
  if (isWell()) await settle(scene, interval, complaints);
  return {
    seed,
    words,
    complaints: [...scene.twice.map((one) => `two answer: ${one}`), ...complaints],
    takeovers: scene.log.filter((line) => line.includes("-> master")).length,
    hours: scene.names.length * lan.now / 3600e9,
    log: scene.log,
  };
}

function drawScene(random: Random, seed: number) {
  const [nodes, witnesses] = random.pick(SHAPES);
  const ms = random.pick([1000, 1000, 100, 200, 500, 2000]);
  const both = random.chance(0.2);
  const grouped = random.chance(0.15);
  const lines = [
    ...random.chance(0.2) ? ["preempt = false"] : [],
    ...random.chance(0.1) ? ['stop = "release"'] : [],
  ];
  const scene = new Scene({
    seed,
    nodes: ["pi-a", "pi-b", "pi-c"].slice(0, nodes),
    witnesses: ["nas", "pc"].slice(0, witnesses),
    interval: `${ms}ms`,
    both,
    grouped,
    lines,
  });
  const rates: string[] = [];
  for (const name of scene.names) {
    const machine = scene.cluster.lan.machine(name);
    if (random.chance(0.3)) machine.clock.rates = drawRates(random);
    rates.push(`${machine.clock.rates.boot} ${machine.clock.rates.raw}`);
    if (ms >= 1000 && random.chance(0.15)) machine.fence.isPossible = false;
  }
  const words = `${nodes}+${witnesses} ${ms}ms${both ? " both" : ""}${grouped ? " grouped" : ""} ` +
    `${lines.join(" ")} clocks ${rates.join(", ")}`;
  return { scene, interval: milliseconds(ms), words };
}

/** One of the clocks is right within 1000 ppm, the other one is slewed. */
function drawRates(random: Random) {
  const right = 1 + (random.between(0, 2000) - 1000) / 1e6;
  const slewed = 1 + (random.between(0, 160) - 80) / 1e3;
  return random.chance(0.5) ? { boot: right, raw: slewed } : { boot: slewed, raw: right };
}

/** A majority is connected, and a node may hold: so one does, within this time. */
async function settle(scene: Scene, interval: Nanoseconds, complaints: string[]): Promise<void> {
  const most = nanoseconds(30e9 + 20 * interval);
  const took = await scene.until(() => scene.holder() !== undefined, most);
  if (took === undefined && scene.twice.length === 0) {
    const views = scene.names.map((name) =>
      `${name}: ${
        scene.cluster.status(name)?.instances.map((one) => `${one.state} ${one.cause}`).join()
      }`
    );
    complaints.push(`no node holds it after ${most / 1e9} s: ${views.join("; ")}`);
  }
  await scene.pass(nanoseconds(6 * interval));
  if (scene.twice.length === 0 && complaints.length === 0 && scene.holder() === undefined) {
    // A better node may be taking it just now.
    const again = await scene.until(() => scene.holder() !== undefined, seconds(10));
    if (again === undefined) complaints.push("the holder did not stay");
  }
}

function pair(scene: Scene, random: Random): readonly [string, string] {
  const a = random.pick(scene.names);
  return [a, random.pick(scene.names.filter((name) => name !== a))];
}

function cut(scene: Scene, random: Random): Done {
  const { paths } = scene.cluster.lan;
  const [a, b] = pair(scene, random);
  const isBoth = random.chance(0.6);
  paths.cut(a, b);
  if (isBoth) paths.cut(b, a);
  return {
    words: `cut ${a} ${isBoth ? "-" : "->"} ${b}`,
    mend: () => {
      paths.heal(a, b);
      if (isBoth) paths.heal(b, a);
    },
  };
}

function isolate(scene: Scene, random: Random): Done {
  const { paths } = scene.cluster.lan;
  const name = random.pick(scene.names);
  const [hears, speaks] = random.pick([[false, false], [true, false], [false, true]]);
  const others = scene.names.filter((other) => other !== name);
  for (const other of others) {
    if (!speaks) paths.cut(name, other);
    if (!hears) paths.cut(other, name);
  }
  return {
    words: `${name} alone${speaks ? ", is heard" : ""}${hears ? ", hears" : ""}`,
    mend: () => {
      for (const other of others) {
        paths.heal(name, other);
        paths.heal(other, name);
      }
    },
  };
}

function mute(scene: Scene, random: Random): Done {
  const { paths } = scene.cluster.lan;
  const [a, b] = pair(scene, random);
  paths.mute(a, b);
  return { words: `no adverts ${a} -> ${b}`, mend: () => paths.unmute(a, b) };
}

function kill({ cluster, names, answering }: Scene, random: Random): Done {
  const name = random.chance(0.5) ? answering()[0] ?? random.pick(names) : random.pick(names);
  cluster.lan.kill(name);
  if (random.chance(0.5)) cluster.startLater(name, nanoseconds(random.between(0, 5e9)));
  return { words: `kill ${name}`, mend: () => cluster.start(name) };
}

function powerOff({ cluster, names }: Scene, random: Random): Done {
  const name = random.pick(names);
  cluster.powerOff(name);
  return { words: `power off ${name}`, mend: () => cluster.powerOn(name) };
}

function pause({ cluster: { lan }, names, answering }: Scene, random: Random): Done {
  const name = random.chance(0.6) ? answering()[0] ?? random.pick(names) : random.pick(names);
  lan.pause(name);
  return { words: `pause ${name}`, mend: () => lan.resume(name) };
}

/** The clocks of a machine go on, and nothing runs there. */
function starve({ cluster: { lan }, names }: Scene, random: Random): Done {
  const name = random.pick(names);
  if (!lan.machine(name).powered) return { words: "nothing" };
  lan.freeze(name, "starved");
  return { words: `starve ${name}`, mend: () => lan.thaw(name) };
}

function weather({ cluster: { lan: { paths } } }: Scene, random: Random): Done {
  const jitter = milliseconds(random.pick([1, 10, 50, 200]));
  const loss = random.pick([0, 0.05, 0.3]);
  paths.weather = { ...CALM, jitter, loss, duplicate: 0.1, reorder: 0.2 };
  return {
    words: `weather ${jitter / 1e6} ms, ${loss}`,
    mend: () => {
      paths.weather = CALM;
    },
  };
}

function stop({ cluster, names }: Scene, random: Random): Done {
  const name = random.pick(names);
  cluster.stop(name);
  if (random.chance(0.5)) cluster.startLater(name, nanoseconds(random.between(0, 5e9)));
  return { words: `stop ${name}`, mend: () => cluster.start(name) };
}

function restart({ cluster, names, answering }: Scene, random: Random): Done {
  const name = answering()[0] ?? random.pick(names);
  cluster.restart(name, nanoseconds(random.between(0, 1.5e9)));
  return { words: `restart ${name}`, mend: () => cluster.start(name) };
}

function handover({ cluster, names, answering }: Scene, random: Random): Done {
  const name = answering()[0] ?? random.pick(names);
  const others = names.filter((other) => other !== name && other.startsWith("pi-"));
  const to = random.chance(0.5) ? random.pick(others) : undefined;
  cluster.order(name, {
    kind: "handover",
    instance: "db",
    to,
    forTime: undefined,
    reply: () => {},
  });
  return {
    words: `handover of ${name} to ${to}`,
    mend: () => cluster.order(name, { kind: "take-back", instance: "db", reply: () => {} }),
  };
}

function maintenance({ cluster, names }: Scene, random: Random): Done {
  const name = random.pick(names);
  const force = random.chance(0.5);
  const wanted = { since: 0 as never, until: undefined, reason: undefined };
  cluster.order(name, { kind: "maintenance", wanted, force, reply: () => {} });
  return {
    words: `maintenance of ${name}`,
    mend: () =>
      cluster.order(name, {
        kind: "maintenance",
        wanted: undefined,
        force: false,
        reply: () => {},
      }),
  };
}

/** Another order of preference, on all of them at nearly one time. */
function reload(scene: Scene, random: Random): Done {
  const { cluster, names } = scene;
  const nodes = names.filter((name) => name.startsWith("pi-"));
  const prefer = [...nodes].sort(() => random.chance(0.5) ? 1 : -1);
  const config = configFrom(scene.toml({ prefer }));
  for (const name of names) if (random.chance(0.9)) cluster.reload(name, config);
  return {
    words: `reload with ${prefer}`,
    mend: () => {
      for (const name of names) cluster.reload(name, configFrom(scene.toml()));
    },
  };
}

function refuse({ cluster, names }: Scene, random: Random): Done {
  const name = random.pick(names);
  const machine = cluster.lan.machine(name);
  const call = random.pick(["add", "remove", "send"] as const);
  machine.refuse(call, random.between(1, 4), "ENOBUFS");
  return { words: `${name} refuses to ${call}` };
}

function slow({ cluster, names }: Scene, random: Random): Done {
  const name = random.pick(names);
  const spread = milliseconds(random.pick([5, 50, 300]));
  cluster.setPromptness(name, { least: PROMPT.least, spread });
  return { words: `${name} is slow`, mend: () => cluster.setPromptness(name, PROMPT) };
}
