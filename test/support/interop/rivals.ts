/** Plays of two programs as rivals for one address: floatip and keepalived. */
import assert from "node:assert/strict";
import { masterDown } from "../../../src/vrrp/intervals.ts";
import { milliseconds } from "../../../src/time.ts";
import { type Arena, BETTER, opponentOf, TOLERANCE_MS, WORSE } from "./arena.ts";
import { AddressWatch } from "./holders.ts";
import { wallNow } from "../lab/wall_clock.ts";
import type { Program } from "./speaker.ts";

/**
 * The whole play: `better` leads, is cut off and comes back, leaves and comes back. Times of the
 * takeovers and of letting go are recorded in the arena; after each act exactly one of the two
 * answers for the address.
 */
export async function playRivals(arena: Arena, better: Program): Promise<void> {
  const worse = opponentOf(better);
  const { capture } = arena;
  const patience = 2 * arena.masterDownMs(1) + 5000;
  await using watch = await AddressWatch.open(arena.host(worse));
  const [betterSource, worseSource] = [await arena.source(better), await arena.source(worse)];

  const [first, second] = await Promise.all([
    arena.start(better, BETTER),
    arena.start(worse, WORSE),
  ]);
  await first.untilState("master", patience);
  await second.untilState("backup", patience);
  await arena.assertOnlyHolder(better);

  // The cable is cut: the worse one hears nothing more.
  await arena.host(better).isolate();
  const takeover = await capture.untilMaster(worseSource, patience, wallNow());
  const last = capture.advertsOf(betterSource).findLast(({ at }) => at < takeover.at);
  const silence = takeover.at - (last?.at ?? 0);
  arena.record(worse, "takeover after silence", silence, arena.masterDownMs(WORSE));
  await second.untilState("master", patience);

  // Both are masters now; the better one stays.
  const joined = wallNow();
  await arena.host(better).join();
  const heard = await capture.untilMaster(betterSource, patience, joined);
  await arena.recordLettingGo(worse, watch, heard.at, joined);
  await second.untilState("backup", patience);
  await arena.assertOnlyHolder(better);

  // It leaves in order: priority 0, then nothing of its own is left.
  const leaving = wallNow();
  const stopped = first.stop();
  const zero = await capture.untilAdvert(
    "priority 0",
    ({ source, advert }) => source === betterSource && advert.priority === 0,
    patience,
    leaving,
  );
  const succession = await capture.untilMaster(worseSource, patience, zero.at);
  arena.record(
    worse,
    "takeover after priority 0",
    succession.at - zero.at,
    arena.skewMs(WORSE),
  );
  await stopped;
  await arena.assertOnlyHolder(worse);

  // It comes back and preempts.
  const back = await arena.start(better, BETTER);
  const claim = await capture.untilMaster(betterSource, patience, succession.at);
  await arena.recordLettingGo(worse, watch, claim.at, succession.at);
  await second.untilState("backup", patience);
  await back.untilState("master", patience);
  await arena.assertOnlyHolder(better);
  await Promise.all([back.stop(), second.stop()]);
  assert.ok(!await arena.holds(better) && !await arena.holds(worse), "nothing is left behind");
}

/**
 * Equal priorities: who came first stays; between two masters the higher address stays. `higher`
 * has it.
 */
export async function playTie(arena: Arena, higher: Program): Promise<void> {
  const lower = opponentOf(higher);
  const { capture } = arena;
  const patience = 2 * arena.masterDownMs(1) + 5000;
  const [higherSource, lowerSource] = [await arena.source(higher), await arena.source(lower)];
  const first = await arena.start(lower, WORSE);
  await first.untilState("master", patience);
  const second = await arena.start(higher, WORSE);
  await second.untilState("backup", patience);
  const settled = wallNow();
  // Three master-down intervals later it is still a backup.
  await capture.untilMaster(lowerSource, patience, settled + 3 * arena.masterDownMs(WORSE));
  assert.equal(capture.advertsOf(higherSource, settled).length, 0, "a tie is no reason to preempt");
  await arena.assertOnlyHolder(lower);

  await arena.host(lower).isolate();
  await second.untilState("master", patience);
  await using watch = await AddressWatch.open(arena.host(lower));
  const joined = wallNow();
  await arena.host(lower).join();
  const heard = await capture.untilMaster(higherSource, patience, joined);
  await arena.recordLettingGo(lower, watch, heard.at, joined);
  await first.untilState("backup", patience);
  await second.untilState("master", patience);
  await arena.assertOnlyHolder(higher);
}

/** `better` has the higher priority but does not preempt: it waits until the other one leaves. */
export async function playNoPreempt(arena: Arena, better: Program): Promise<void> {
  const worse = opponentOf(better);
  const { capture } = arena;
  const patience = 2 * arena.masterDownMs(1) + 5000;
  const [betterSource, worseSource] = [await arena.source(better), await arena.source(worse)];
  const first = await arena.start(worse, WORSE);
  await first.untilState("master", patience);
  const second = await arena.start(better, BETTER, { preempt: false });
  await second.untilState("backup", patience);
  const settled = wallNow();
  await capture.untilMaster(worseSource, patience, settled + 3 * arena.masterDownMs(WORSE));
  assert.equal(capture.advertsOf(betterSource, settled).length, 0, "nopreempt: it stays a backup");
  await arena.assertOnlyHolder(worse);
  const stopped = first.stop();
  const zero = await capture.untilAdvert(
    "priority 0",
    ({ source, advert }) => source === worseSource && advert.priority === 0,
    patience,
    settled,
  );
  const succession = await capture.untilMaster(betterSource, patience, zero.at);
  arena.record(better, "takeover after priority 0", succession.at - zero.at, arena.skewMs(BETTER));
  await stopped;
  await arena.assertOnlyHolder(better);
}

/** keepalived's interval is twice floatip's: the master's counts, as long as it is heard. */
export async function playLearntInterval(arena: Arena): Promise<void> {
  const { capture } = arena;
  const intervalMs = 2 * arena.settings.intervalMs;
  const patience = 5000;
  const first = await arena.start("keepalived", BETTER, { intervalMs });
  await first.untilState("master", patience);
  const second = await arena.start("floatip", WORSE);
  await second.untilState("backup", patience);
  const source = await arena.source("keepalived");
  // Long enough for a takeover by one's own interval.
  await capture.untilMaster(source, patience, wallNow() + 2 * arena.masterDownMs(WORSE));
  await arena.assertOnlyHolder("keepalived");
  await arena.host("keepalived").isolate();
  const takeover = await capture.untilMaster(await arena.source("floatip"), patience);
  const last = capture.advertsOf(source).findLast(({ at }) => at < takeover.at);
  const expected = masterDown(3, WORSE, milliseconds(intervalMs)) / 1e6;
  arena.record("floatip", "takeover after silence", takeover.at - (last?.at ?? 0), expected);
  await second.untilState("master", patience);
  const claims = capture.advertsOf(takeover.source).map(({ advert }) => advert.interval / 1e6);
  assert.deepEqual([...new Set(claims)], [arena.settings.intervalMs], "as master: its own");
}

/**
 * floatip is better and leaves a living keepalived alone for a while; a dead one it replaces at
 * once.
 */
export async function playPreemptDelay(arena: Arena): Promise<void> {
  const { capture } = arena;
  const patience = 5000;
  const delayMs = 1000;
  const more = [`preempt_delay = "${delayMs}ms"`];
  const first = await arena.start("keepalived", WORSE);
  await first.untilState("master", patience);
  const second = await arena.start("floatip", BETTER, { more });
  const started = wallNow();
  const source = await arena.source("floatip");
  const claim = await capture.untilMaster(source, patience, started);
  // It counts from its start, some time before it answers.
  const earliest = delayMs - 300;
  const latest = delayMs + arena.masterDownMs(BETTER) + TOLERANCE_MS;
  assert.ok(
    claim.at - started > earliest && claim.at - started < latest,
    `it preempted after ${claim.at - started} ms`,
  );
  await first.untilState("backup", patience);
  await arena.assertOnlyHolder("floatip");

  await second.stop();
  await first.untilState("master", patience);
  const again = await arena.start("floatip", BETTER, { more: ['preempt_delay = "1h"'] });
  await again.untilState("backup", patience);
  const settled = wallNow();
  await capture.untilMaster(await arena.source("keepalived"), patience, settled + 1000);
  assert.equal(capture.advertsOf(source, settled).length, 0, "an hour has not passed");
  await arena.host("keepalived").isolate();
  const takeover = await capture.untilMaster(source, patience, settled);
  const silence = takeover.at -
    (capture.advertsOf(await arena.source("keepalived")).at(-1)?.at ?? 0);
  arena.record("floatip", "takeover after silence", silence, arena.masterDownMs(BETTER));
}
