/**
 * A small portion of the inputs of turns/turns.ts: none ends the daemon, and none holds it up for
 * long.
 */
import assert from "node:assert/strict";
import { reloads } from "./turns/reloads.ts";
import { situations } from "./turns/situations.ts";
import { feed } from "./turns/turns.ts";

/**
 * The task `fuzz` runs a million of them by turns/turns.ts itself, without JIT as the service does.
 */
const RUNS = 20_000;

Deno.test("fuzz: no input ends the daemon, or holds its loop up", async () => {
  const { counts, longest } = await feed(RUNS, 7);
  for (
    const kind of [
      "packets",
      "channel",
      "claims",
      "commands",
      "interfaces",
      "notes",
      "requests",
      "files",
    ]
  ) {
    assert.ok((counts[kind] ?? 0) > 0, kind);
  }
  // `deno task fuzz` says 20 ms.
  for (const [kind, { ms, input }] of longest) {
    assert.ok(ms < 100 || kind === "start" || kind === "end", `${kind}: ${ms} ms: ${input}`);
  }
});

/** The task runs a hundred of them. */
const RELOADS = 4;

Deno.test("fuzz: no reload between large files holds the loop up", async () => {
  const { ms, what } = await reloads(RELOADS, 5);
  assert.ok(ms > 0 && ms < 100, `${ms} ms: ${what}`);
});

/** The task runs fifty of them. */
const STORIES = 2;

Deno.test("fuzz: nothing that happens to a large daemon holds its loop up", async () => {
  const longest = await situations(STORIES, 9);
  for (const [kind, { ms, what }] of longest) assert.ok(ms < 100, `${kind}: ${ms} ms: ${what}`);
  for (const kind of ["start", "stop", "status", "metrics"]) assert.ok(longest.has(kind), kind);
});
