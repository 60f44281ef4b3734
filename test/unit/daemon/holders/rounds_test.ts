/** Rounds: when what can wait is done. */
import { strictEqual } from "node:assert/strict";
import { roundFor } from "../../../../src/daemon/rounds.ts";
import type { Instant } from "../../../../src/time.ts";

const ms = (count: number) => Math.round(count * 1e6) as Instant;

Deno.test("rounds: the next quarter of a second, or the last one where that is just over", () => {
  const cases = { 250: 250, 1000: 1000, 1000.3: 1000, 1050: 1000, 1051: 1250 };
  for (const [due, round] of Object.entries(cases)) {
    strictEqual(roundFor(ms(Number(due))), ms(round), `${due} ms`);
  }
});

Deno.test("rounds: what is done every ten seconds does not drift, however late it is", () => {
  let due = roundFor(ms(1234));
  for (let time = 1; time <= 100; time++) due = roundFor(ms(due / 1e6 + 0.4 + 10_000));
  strictEqual(due, ms(1250 + 100 * 10_000));
});
