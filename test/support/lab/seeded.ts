/**
 * What do random tests draw? In a run by test/run.ts, which loads this first, the same each time: a change is judged, not its luck.
 * New draws are for `deno task fuzz` and whoever sets FUZZ_RUNS; what they find becomes a test of its own.
 */
import fc from "fast-check";

const SEED = 20261126;

if (Deno.env.get("FUZZ_RUNS") === undefined) fc.configureGlobal({ seed: SEED });
