/** Answers to reloads are made in slices, one after the other, and are whole. */
import assert from "node:assert/strict";
import type { Config } from "../../../src/config/config.ts";
import { decode } from "../../../src/config/decode.ts";
import { PendingReloads } from "../../../src/daemon/pending_reloads.ts";
import { Slice } from "../../../src/daemon/slice.ts";
import { after, type Instant, milliseconds } from "../../../src/time.ts";

const COUNT = 100;

function fileOf(seconds: number): Config {
  const tables = Array.from(
    { length: COUNT },
    (_, i) =>
      `[instance.i${i}]\nvrid = ${i + 1}\naddresses = ["10.77.1.${i}/16"]\n` +
      `advert_interval = "${seconds}s"\n`,
  );
  const decoded = decode(`[nodes]\npi-a = "10.77.0.11"\npi-b = "10.77.0.12"\n${tables.join("")}`);
  assert(decoded.kind === "config");
  return decoded.config;
}

const [ONE, TWO, THREE] = [fileOf(1), fileOf(2), fileOf(3)] as const;

Deno.test("reload: the answer is made in slices, also where another one comes meanwhile", () => {
  let now = 0 as Instant;
  // Each look at the clock takes 0.1 ms.
  const clock = () => now = after(now, milliseconds(0.1));
  const reloads = new PendingReloads();
  const answers: (readonly string[])[] = [];
  const reply = (changes: readonly string[]) => answers.push(changes);
  const slices: number[] = [];
  const answerAll = (most: number) => {
    let count = 0;
    for (; !reloads.isEmpty && count < most; count++) reloads.answer(undefined, new Slice(clock));
    slices.push(count);
  };
  reloads.add(ONE, TWO, reply);
  answerAll(2);
  assert.equal(answers.length, 0);
  reloads.add(TWO, THREE, reply);
  answerAll(100);
  assert(slices[1] !== undefined && slices[1] > 10 && slices[1] < 100, `${slices}`);
  assert.deepEqual(answers.map((changes) => changes.length), [COUNT, COUNT]);
  assert.equal(answers[0]?.[0], "[instance.i0] advert_interval 1s -> 2s");
  assert.equal(answers[1]?.at(-1), `[instance.i${COUNT - 1}] advert_interval 2s -> 3s`);
});
