/**
 * What `floatip check` forecasts of machines that are gone and of cuts happens: over random
 * clusters, each line of the table, and random cuts besides.
 */
import assert from "node:assert/strict";
import {
  type Cut,
  type CutForecast,
  forecastCuts,
  holdersAfter,
  sidesOf,
} from "../../../src/config/plan/forecast_cuts.ts";
import { ETCD } from "../../../src/config/plan/exclusive.ts";
import { seconds } from "../../../src/time.ts";
import { configFrom } from "../cluster.ts";
import { etcdOf } from "../etcd.ts";
import { Random } from "../random.ts";
import { Scene, type SceneOptions } from "./scene.ts";

/** Clusters in a run, more with FUZZ_RUNS; FORECAST_SEED tries a single one. */
const CLUSTERS = Number(Deno.env.get("FUZZ_RUNS") ?? 8);
const only = Deno.env.get("FORECAST_SEED");
/** Cuts of each cluster besides those of its table. */
const FURTHER = 3;
const PER_TEST = 4;

const first = Number(only ?? 1);
const last = only === undefined ? CLUSTERS : first;

for (let from = first; from <= last; from += PER_TEST) {
  const to = Math.min(last, from + PER_TEST - 1);
  Deno.test(`forecast of cuts: clusters ${from} to ${to} do what is forecast`, async () => {
    for (let seed = from; seed <= to; seed++) await tryCluster(seed);
  });
}

async function tryCluster(seed: number): Promise<void> {
  const random = new Random(seed, 8);
  const options = drawOptions(random, seed);
  const config = configFrom(new Scene(options).toml());
  const [forecast] = forecastCuts(config);
  if (forecast === undefined) throw new Error("an exclusive instance has a forecast");
  const told = forecast.rows.map(({ words, cuts }) => ({ words, cut: random.pick(cuts) }));
  const drawn = Array.from({ length: FURTHER }, () => drawCut(random, forecast))
    .map((cut) => ({ words: "drawn", cut }));
  for (const { words, cut } of [...told, ...drawn]) {
    const wrong = await trial(new Scene(options), forecast, cut);
    const again = `FORECAST_SEED=${seed} deno test -A test/sim/votes/cuts_forecast_test.ts`;
    const story = `${wrong}\nforecast: ${words}\n${JSON.stringify([options, cut])}\n${again}`;
    assert.equal(wrong, undefined, story);
  }
}

/** Lets it happen. What did not come true, in words. */
async function trial(
  scene: Scene,
  { electorate, nodes }: CutForecast,
  cut: Cut,
): Promise<string | undefined> {
  const { lan } = scene.cluster;
  scene.startAll();
  await scene.until(() => scene.holder() !== undefined, seconds(40));
  await scene.pass(seconds(5));
  const holder = scene.holder();
  if (holder === undefined) return `no node holds it at first\n${scene.story()}`;
  const before = scene.log.length;
  for (const name of cut.gone) {
    if (name === ETCD) etcdOf(lan).isDown = true;
    else scene.cluster.powerOff(name);
  }
  for (const [a, b] of cut.apart) {
    if (b === ETCD) etcdOf(lan).cutOff.add(a);
    else {
      lan.paths.cut(a, b);
      lan.paths.cut(b, a);
    }
  }
  const expected = holdersAfter(electorate, nodes, holder, cut);
  await scene.pass(seconds(12));
  const then = scene.holder();
  const story = () => `\n${scene.story()}`;
  if (scene.twice.length > 0) return `${scene.twice[0]}${story()}`;
  if (expected.length === 0) return scene.silent() ? undefined : `${then} holds it${story()}`;
  if (then === undefined || !expected.includes(then)) {
    return `${then} holds it, and not ${expected.join(" or ")}${story()}`;
  }
  const moved = scene.log.slice(before).some((line) => line.includes("-> master"));
  return moved === (then !== holder) ? undefined : `it went away in between${story()}`;
}

function drawOptions(random: Random, seed: number): SceneOptions {
  const etcd = random.chance(0.25);
  const nodes = ["pi-a", "pi-b", "pi-c", "pi-d"].slice(0, random.between(etcd ? 1 : 2, 4));
  const witnesses = etcd ? [] : ["nas", "pc", "tv"].slice(0, random.between(0, 3));
  const prefer = random.pick([nodes, nodes.toReversed(), []]);
  return {
    seed,
    nodes,
    witnesses,
    etcd,
    prefer,
    interval: `${random.pick([100, 500, 1000])}ms`,
    grouped: random.chance(0.2),
    lines: random.chance(0.3) ? ["preempt = false"] : [],
  };
}

/** Some machines are gone, or two sides or two machines cannot see each other. */
function drawCut(random: Random, { electorate, nodes }: CutForecast): Cut {
  const names = electorate.voters[0] === ETCD ? nodes.map(({ node }) => node) : electorate.voters;
  const some = names.filter(() => random.chance(0.5));
  switch (random.pick(["gone", "sides", "pair"] as const)) {
    case "gone":
      return { gone: some, apart: [] };
    case "sides":
      return sidesOf(some, names);
    case "pair": {
      const a = random.pick(names);
      const rest = names.filter((name) => name !== a);
      return { gone: [], apart: rest.length === 0 ? [] : [[a, random.pick(rest)]] };
    }
  }
}
