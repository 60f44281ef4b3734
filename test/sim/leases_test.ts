/** How late simulated lifetimes end at the latest: the checker of leases rests on it. */
import assert from "node:assert/strict";
import { between, type Instant, type Nanoseconds, nanoseconds, seconds } from "../../src/time.ts";
import { latestEnd, Leases } from "./leases.ts";
import { Random } from "./random.ts";

/** Of each lifetime: as many moments between two full seconds and steps of the timer. */
const ENDS = 5000;

/** The latest is met but for so much, so that the bound is not just any. */
const SLACK = nanoseconds(100e6);

Deno.test("a lifetime without renewal ends at the latest end or before, and almost so late", () => {
  const random = new Random(1);
  for (const lifetime of [1, 2, 3, 4, 5, 6, 9, 15, 30, 120].map(seconds)) {
    const bound = latestEnd(lifetime);
    let worst = 0;
    for (let i = 0; i < ENDS; i++) worst = Math.max(worst, lateness(lifetime, random));
    const words = `${lifetime / 1e9} s: ${worst / 1e6} ms late, and ${bound / 1e6} at the latest`;
    assert.ok(worst >= 0 && worst <= bound, words);
    assert.ok(bound - worst <= SLACK, words);
  }
});

/** How late one ends that is given at some moment and never again. */
function lateness(lifetime: Nanoseconds, random: Random): Nanoseconds {
  let now = random.between(0, 1e11) as Instant;
  const given = now;
  let gone: Instant | undefined;
  const due: { readonly at: Instant; readonly act: () => void }[] = [];
  const leases = new Leases({ now: () => now, at: (at, act) => due.push({ at, act }) }, random);
  leases.set("ipv4", "a", lifetime, () => gone = now);
  for (let next = due.shift(); next !== undefined && gone === undefined; next = due.shift()) {
    now = next.at;
    next.act();
  }
  assert.ok(gone !== undefined, "it ends");
  return nanoseconds(between(given, gone) - lifetime);
}
