import assert from "node:assert/strict";
import { sleep, withTimeout } from "../../src/async.ts";
import { messageOf, systemMessage } from "../../src/error.ts";

/** Longer than any test: only its end by other means lets the test go on. */
const LONG_MS = 3_600_000;

Deno.test("sleep: an abort ends it, before it begins and after", async () => {
  await sleep(LONG_MS, AbortSignal.abort());
  const stop = new AbortController();
  const slept = sleep(LONG_MS, stop.signal);
  stop.abort();
  await slept;
  await sleep(0);
});

Deno.test("withTimeout: the result, an error, or undefined", async () => {
  assert.equal(await withTimeout(Promise.resolve(1), LONG_MS), 1);
  await assert.rejects(withTimeout(Promise.reject(new Error("no")), LONG_MS), /no/);
  assert.equal(await withTimeout(Promise.withResolvers<number>().promise, 0), undefined);
});

Deno.test("messageOf: of an Error, of any other value, and without Deno's addition", () => {
  assert.equal(messageOf(new Error("gone")), "gone");
  assert.equal(messageOf("gone"), "gone");
  assert.equal(systemMessage(new Error("No such file (os error 2): open '/x'")), "No such file");
});
