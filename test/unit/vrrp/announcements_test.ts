import assert from "node:assert/strict";
import {
  announceAgain,
  announceDue,
  announceProvoked,
  burst,
} from "../../../src/vrrp/announcements.ts";
import { at, brief } from "../../support/vrrp/scene.ts";

Deno.test("announcements: five at once, five after 5 s, then one a minute", () => {
  const seen: string[] = [];
  let { announcements, effects } = burst(at(0));
  seen.push(...effects.map((effect) => `0 ${brief(effect)}`));
  while (announcements.announceAt <= at(130_000)) {
    const now = announcements.announceAt;
    ({ announcements, effects } = announceDue(announcements, now, 1));
    seen.push(...effects.map((effect) => `${now / 1e6} ${brief(effect)}`));
  }
  assert.deepEqual(seen, [
    "0 announce 5",
    "5000 announce 5",
    "65000 announce 1",
    "125000 announce 1",
  ]);
});

Deno.test("announcements: too early a call changes nothing", () => {
  const { announcements } = burst(at(0));
  const early = announceDue(announcements, at(4999), 1);
  assert.equal(early.announcements, announcements);
  assert.deepEqual(early.effects, []);
});

Deno.test("announcements: a late call makes up for nothing", () => {
  const { announcements } = burst(at(0));
  const late = announceDue(announcements, at(7_200_000), 1);
  assert.deepEqual(late.effects.map(brief), ["announce 5"]);
  assert.equal(late.announcements.announceAt, at(7_260_000));
});

Deno.test("announcements: twenty rivals in a second make two bursts, one after the last", () => {
  let { announcements } = burst(at(-10_000));
  const bursts: number[] = [];
  for (let ms = 0; ms < 1000; ms += 50) {
    const answer = announceProvoked(announcements, at(ms), 1);
    announcements = answer.announcements;
    const [sent] = answer.effects.map(brief);
    if (sent === "announce 5") bursts.push(ms);
    else assert.equal(sent, "announce 1", "a word at once all the same");
  }
  assert.deepEqual(bursts, [0]);
  const silent = announceProvoked(announcements, at(990), 1, 0);
  assert.deepEqual(silent.effects, [], "unless it was just said");
  assert.equal(announcements.announceAt, at(1000));
  const trailing = announceDue(announcements, at(1000), 1);
  assert.deepEqual(trailing.effects.map(brief), ["announce 5"]);
  assert.equal(trailing.announcements.announceAt, at(6000), "and five more after 5 s");
});

for (const [addresses, most] of [[1, 6100], [20, 6200], [200, 10_000]] as const) {
  Deno.test(`announcements: endless rivals provoke a bounded count of frames: ${addresses}`, () => {
    let { announcements } = burst(at(-100_000));
    let frames = 0;
    const take = (answer: ReturnType<typeof burst>): void => {
      announcements = answer.announcements;
      for (const effect of answer.effects) {
        if (effect.kind === "announce") frames += effect.count * addresses;
      }
    };
    take(announceProvoked(announcements, at(0), addresses));
    assert.equal(frames, 5 * addresses, "the first is answered at once");
    for (let ms = 1; ms < 60_000; ms++) {
      take(announceProvoked(announcements, at(ms), addresses));
      take(announceDue(announcements, at(ms), addresses));
    }
    assert(frames <= most, `${frames} frames in a minute`);
    const { announceNext, announceAt } = announcements;
    assert(announceNext !== "refresh" && announceAt <= at(70_000), "a burst answers the last");
  });
}

Deno.test("announcements: news of our own is told whatever rivals have provoked", () => {
  let { announcements } = burst(at(-100_000));
  for (let ms = 0; ms < 60_000; ms += 5) {
    ({ announcements } = announceProvoked(announcements, at(ms), 1));
  }
  const [news] = announceAgain(announcements, at(60_000)).effects.map(brief);
  assert.match(news ?? "", /^announce/);
});

Deno.test("announcements: the second burst counts as one, the refresh does not", () => {
  const second = announceDue(burst(at(0)).announcements, at(5000), 1).announcements;
  assert.deepEqual(announceAgain(second, at(5500)).effects.map(brief), ["announce 1"]);
  const refreshed = announceDue(second, at(65_000), 1).announcements;
  assert.deepEqual(announceAgain(refreshed, at(65_001)).effects.map(brief), ["announce 5"]);
});
