/** What is forecast happens: each row of generated clusters against the daemon's outcome. */
import assert from "node:assert/strict";
import { tell, tryForecast } from "./forecast_run.ts";

/** Clusters in a run, more with FUZZ_RUNS; FORECAST_SEED tries a single one. */
const CLUSTERS = Number(Deno.env.get("FUZZ_RUNS") ?? 240);
const CLUSTERS_PER_TEST = 40;
const only = Deno.env.get("FORECAST_SEED");

const first = Number(only ?? 1);
const last = only === undefined ? CLUSTERS : first;

for (let from = first; from <= last; from += CLUSTERS_PER_TEST) {
  const to = Math.min(last, from + CLUSTERS_PER_TEST - 1);
  Deno.test(`clusters ${from} to ${to} do what their forecasts say`, async () => {
    let told = 0;
    for (let seed = from; seed <= to; seed++) {
      const { rows, mismatch } = await tryForecast(seed);
      assert.equal(mismatch, undefined, mismatch && tell(mismatch));
      told += Math.sign(rows);
    }
    // Of some groups nothing can be forecast.
    assert.ok(told > 0.8 * (to - from), `${told} clusters have a forecast`);
  });
}
