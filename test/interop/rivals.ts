/** What do two programs do as rivals for one address? The play that every pair of floatip and keepalived goes through. */
import assert from "node:assert/strict";
import { masterDown, skew } from "../../src/vrrp/intervals.ts";
import { milliseconds } from "../../src/time.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { Lan } from "../lab/lan.ts";
import { Capture } from "./capture.ts";
import { AddressWatch, askWhoHas, macOf } from "./holders.ts";
import { wallNow } from "./program_log.ts";
import {
  ASKED,
  type Program,
  type Settings,
  sourceOf,
  type Speaker,
  startSpeaker,
} from "./speaker.ts";

/** What a pair is told, priorities aside. */
export type PairSettings = Omit<Settings, "priority" | "preempt">;

/** One time that was measured, in milliseconds. */
export interface Figure {
  readonly pair: string;
  /** The program whose time it is. */
  readonly program: Program;
  readonly what: "takeover after silence" | "takeover after priority 0" | "letting go";
  readonly measured: number;
  /** The protocol's own figure. */
  readonly expected: number;
}

/** How far from the protocol's figure a time may be: tests share the machine. Precise figures are the benchmark's. */
export const TOLERANCE_MS = 150;
/** How long a loser may keep the address after the winner's advert was on the LAN. */
export const LETTING_GO_MS = 50;

const BETTER = 150;
const WORSE = 100;

/** A LAN with one floatip and one keepalived that may come and go. */
export class Arena implements AsyncDisposable {
  private constructor(
    readonly pair: string,
    readonly settings: PairSettings,
    readonly lan: Lan,
    readonly capture: Capture,
    readonly stack: AsyncDisposableStack,
    readonly figures: Figure[],
  ) {}

  /** `higher` has the higher address. */
  static async open(
    pair: string,
    settings: PairSettings,
    higher: Program = "keepalived",
  ): Promise<Arena> {
    await using stack = new AsyncDisposableStack();
    const programs = higher === "keepalived"
      ? ["floatip", "keepalived"]
      : ["keepalived", "floatip"];
    const lan = stack.use(await Lan.open({ hosts: [...programs, "client"], ipv6: true }));
    const capture = stack.use(await Capture.open(lan));
    return new Arena(pair, settings, lan, capture, stack.move(), []);
  }

  host(program: Program): LabHost {
    return this.lan.host(program);
  }

  source(program: Program): Promise<string> {
    return sourceOf(this.host(program), { ...this.settings, priority: WORSE });
  }

  async start(program: Program, priority: number, preempt?: boolean): Promise<Speaker> {
    const settings = { ...this.settings, priority, preempt };
    const speaker = await startSpeaker(
      program,
      this.host(program),
      this.host(opponentOf(program)),
      settings,
    );
    return this.stack.use(speaker);
  }

  /** Exactly one host answers for the address: that of `program`. */
  async assertOnlyHolder(program: Program): Promise<void> {
    const macs = await askWhoHas(
      this.lan.host("client"),
      this.capture,
      ASKED[this.settings.family],
    );
    assert.deepEqual(macs, [await macOf(this.host(program))], `${program} alone answers`);
    assert.ok(!await this.holds(opponentOf(program)), `${opponentOf(program)} holds nothing`);
  }

  holds(program: Program): Promise<boolean> {
    return this.host(program).holds(ASKED[this.settings.family]);
  }

  /** The protocol's time from the last advert to the takeover by a backup of `priority`. */
  masterDownMs(priority: number): number {
    const { version, intervalMs } = this.settings;
    return masterDown(version, priority, milliseconds(intervalMs)) / 1e6;
  }

  /** The protocol's time from priority 0 to the takeover. */
  skewMs(priority: number): number {
    const { version, intervalMs } = this.settings;
    return skew(version, priority, milliseconds(intervalMs)) / 1e6;
  }

  record(program: Program, what: Figure["what"], measured: number, expected: number): void {
    this.figures.push({ pair: this.pair, program, what, measured, expected });
    const limit = what === "letting go" ? LETTING_GO_MS : TOLERANCE_MS;
    assert.ok(
      measured - expected < limit && (what === "letting go" || expected - measured < limit),
      `${program}, ${what}: ${measured.toFixed(1)} ms, expected ${expected.toFixed(1)} ms`,
    );
  }

  /** How long after `claimedAt` the loser's kernel let the address go; negative: before. Earlier changes than `since` do not count. */
  async recordLettingGo(
    loser: Program,
    watch: AddressWatch,
    claimedAt: number,
    since: number,
  ): Promise<void> {
    const address = ASKED[this.settings.family];
    const change = await watch.untilRemoved(address, 2000, since);
    this.record(loser, "letting go", change.at - claimedAt, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

/** The other one. */
export function opponentOf(program: Program): Program {
  return program === "floatip" ? "keepalived" : "floatip";
}

/**
 * The whole play: `better` leads, is cut off and comes back, leaves and comes back. Times of the takeovers and of
 * letting go are recorded in the arena; after each act exactly one of the two answers for the address.
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

/** Equal priorities: who came first stays; between two masters the higher address stays. `higher` has it. */
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
  const second = await arena.start(better, BETTER, false);
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
