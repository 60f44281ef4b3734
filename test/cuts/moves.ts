/** What people and accidents do to the holder, again and again: how long is there no answer? */
import { setTimeout as pause } from "node:timers/promises";
import { termsOf } from "../../src/cluster/votes/terms.ts";
import { milliseconds, nanoseconds, toMilliseconds } from "../../src/time.ts";
import { Capture, VRRP } from "../support/interop/capture.ts";
import { until } from "../support/until.ts";
import { Probe } from "../support/lab/probe.ts";
import { wallNow } from "../support/lab/wall_clock.ts";
import type { AnotherAnswers } from "./answers.ts";
import { ADDRESS6, CutLab, type CutSettings } from "./lab.ts";

/** One kind of move: what is done, and how all is as before again. */
interface Move {
  /** Resolves when it is done. */
  act(lab: CutLab): Promise<unknown>;
  mend(lab: CutLab): Promise<unknown>;
  /** Who answers afterwards, before it is mended. */
  readonly then: "a" | "b" | "c";
}

async function order(lab: CutLab, node: string, ...words: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await lab.floatip(node).command(...words);
  if (code !== 0) throw new Error(`${words.join(" ")}: ${stdout}${stderr}`);
}

const NOTHING = () => Promise.resolve();

/** By name. */
export const MOVES: Readonly<Record<string, Move>> = {
  kill: { act: (lab) => lab.crash("a"), mend: (lab) => lab.start("a"), then: "b" },
  freeze: {
    act: (lab) => Promise.resolve(lab.signal("a", "SIGSTOP")),
    mend: (lab) => Promise.resolve(lab.signal("a", "SIGCONT")),
    then: "b",
  },
  handover: {
    act: (lab) => order(lab, "a", "handover", "web", "--to", "b"),
    mend: (lab) => order(lab, "a", "handover", "web", "--back"),
    then: "b",
  },
  past: {
    act: (lab) => order(lab, "a", "handover", "web", "--to", "c"),
    mend: (lab) => order(lab, "c", "handover", "web", "--to", "a"),
    then: "c",
  },
  stop: { act: (lab) => lab.stop("a"), mend: (lab) => lab.start("a"), then: "b" },
  maintenance: {
    act: (lab) => order(lab, "a", "maintenance", "on"),
    mend: (lab) => order(lab, "a", "maintenance", "off"),
    then: "b",
  },
  restart: { act: (lab) => lab.restart("a"), mend: NOTHING, then: "a" },
  "witness-dies": { act: (lab) => lab.crash("w"), mend: (lab) => lab.start("w"), then: "a" },
  "witness-reloads": { act: (lab) => order(lab, "w", "reload"), mend: NOTHING, then: "a" },
};

/** What was seen of one move, in milliseconds. */
export interface Moved {
  /** The longest time without an answer until the other one has answered; 0: none was lost. */
  readonly silentMs: number;
  /** The same when all was mended. */
  readonly backMs: number;
  /** Questions without an answer, there and back. */
  readonly lost: number;
  /** Pings by IPv6 without an answer, and all that were sent; NaN: there is no IPv6. */
  readonly lost6: number;
  readonly sent6: number;
  /** Questions that two machines answered, on the way there. */
  readonly doubles: number;
  readonly doublesBack: number;
  /** Did a hold the address before, and the successor after it, and none between? */
  readonly isStraight: boolean;
  /**
   * From the last advert of the old master to the first of the new one; NaN: it did not change, or
   * not straight.
   */
  readonly takeoverMs: number;
  /** The last answer of a after the latest end of its lease; NaN as above. */
  readonly lateMs: number;
  readonly moves: number;
}

/** Longer than a master that yields again and again is held down. */
const CALM_MS = 2500;

/** How long after a move that changes nothing is watched, in intervals. */
const WATCHED = 5;

const PATIENCE_MS = 60_000;

/**
 * Does the move `runs` times; a is preferred, and holds the address before each. Where all is not
 * well again for long, it says so and leaves the rest out.
 */
export async function playMoves(
  settings: CutSettings,
  name: string,
  runs: number,
): Promise<readonly Moved[]> {
  const move = MOVES[name];
  if (move === undefined) throw new Error(`no such move: ${name}`);
  await using lab = await CutLab.open(settings);
  // Without the questions and answers, a thousand a second: then it loses no advert.
  await using capture = await Capture.open(lab.lan, "br0", VRRP);
  const moved: Moved[] = [];
  try {
    await calm(lab, "a");
  } catch (error) {
    console.log(`  ${name}, adverts of ${settings.intervalMs} ms: ${error}; no run was made`);
    return [];
  }
  await using pings = settings.ipv6 === true
    ? await Probe.start(lab.lan.host("client"), ADDRESS6, {
      everyMs: settings.askEveryMs,
      realTime: true,
    })
    : undefined;
  for (let run = 0; run < runs; run++) {
    await pause(CALM_MS + Math.random() * settings.intervalMs);
    try {
      moved.push(await playOne(lab, capture, move, pings));
    } catch (error) {
      console.log(`  ${name}, run ${run + 1}: ${error}; the rest is left out`);
      break;
    }
  }
  return moved;
}

async function playOne(
  lab: CutLab,
  capture: Capture,
  move: Move,
  pings: Probe | undefined,
): Promise<Moved> {
  const { answers, settings: { intervalMs } } = lab;
  const start = wallNow();
  const moves = answers.moves.length;
  const holder = answers.moves.at(-1)?.machine;
  await move.act(lab);
  const { then } = move;
  if (then !== "a") {
    const isThere = () => answers.moves.some(({ at, machine }) => at > start && machine === then);
    await until(`${then} answers`, isThere, PATIENCE_MS);
    const { address } = lab.lan.host(then);
    await capture.untilMaster(address, PATIENCE_MS, start);
  } else await pause(WATCHED * intervalMs);
  await pause(200);
  const took = wallNow();
  const silentMs = longest(lab, start, took);
  const passed = answers.moves.slice(moves);
  const isStraight = holder === "a" && passed.every(({ machine }) => machine === then) &&
    passed.length === (then === "a" ? 0 : 1);
  const figures = isStraight ? takeover(lab, capture, start, passed[0]) : NO_TAKEOVER;
  await move.mend(lab);
  await calm(lab, "a");
  await pings?.settled();
  const doubles = answers.doubles.filter(({ at }) => at >= start);
  return {
    ...{ silentMs, isStraight, ...figures, backMs: longest(lab, took, wallNow()) },
    lost: sum(answers.silences.filter(({ to }) => to > start)),
    lost6: pings === undefined ? NaN : sum(pings.outages(start)),
    sent6: pings?.sentSince(start) ?? NaN,
    doubles: doubles.filter(({ at }) => at < took).length,
    doublesBack: doubles.filter(({ at }) => at >= took).length,
    moves: answers.moves.length - moves,
  };
}

function sum(all: readonly { readonly lost: number }[]): number {
  return all.reduce((total, { lost }) => total + lost, 0);
}

const NO_TAKEOVER = { takeoverMs: NaN, lateMs: NaN };

function takeover(
  { lan, settings }: CutLab,
  { adverts }: Capture,
  start: number,
  move: AnotherAnswers | undefined,
) {
  if (move === undefined) return NO_TAKEOVER;
  const of = (node: string) => {
    const { address } = lan.host(node);
    return adverts.filter(({ source, advert }) => source === address && advert.priority > 0);
  };
  const first = of(move.machine).find(({ at }) => at > start)?.at ?? NaN;
  const last = of("a").findLast(({ at }) => at < first)?.at ?? NaN;
  return { takeoverMs: first - last, lateMs: move.lastOfFormer - last - leaseOf(settings) };
}

/**
 * How long after its last advert a may answer, in ms: three intervals, or what the last request for
 * votes allows, which is a renewal period younger at most.
 */
function leaseOf({ program, layout, intervalMs }: CutSettings): number {
  const isByVotes = program === "exclusive" && layout !== "etcd";
  const terms = isByVotes ? termsOf(milliseconds(intervalMs), "nftables") : undefined;
  return terms === undefined
    ? 3 * intervalMs
    : toMilliseconds(nanoseconds(terms.hold + terms.renewEvery));
}

function longest({ answers }: CutLab, from: number, to: number): number {
  const found = answers.silences.filter((one) => one.to > from && one.to <= to);
  return Math.max(0, ...found.map((one) => one.to - one.from));
}

/** Resolves when this node alone has answered each question of two seconds. */
async function calm({ answers }: CutLab, node: string): Promise<void> {
  answers.forgetBeats();
  const isCalm = () => answers.isCalm && answers.moves.at(-1)?.machine === node;
  await until(`calm of ${node}`, isCalm, PATIENCE_MS);
}
