/**
 * The draws of random tests. In a run by test/run.ts, which loads this first, they are the same
 * each time: a change is judged, not its luck. New draws come with `deno task fuzz`, or with
 * FUZZ_RUNS; what they find becomes a test of its own.
 */
import fc from "fast-check";

const SEED = 20261126;

if (Deno.env.get("FUZZ_RUNS") === undefined) fc.configureGlobal({ seed: SEED });
