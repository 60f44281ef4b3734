/**
 * Cuts a cluster on the real kernel at random, and counts questions that two machines answer.
 *
 *     deno task cuts -- --cuts 1000                    exclusive, two nodes and a witness
 *     deno task cuts -- --layout three                 three nodes
 *     deno task cuts -- --layout etcd                  two nodes, and three members of etcd
 *     deno task cuts -- --program plain                VRRP alone, cluster (nodes talk), keepalived
 *     deno task cuts -- --labs 4 --interval 100 --seed 7
 *     deno task cuts -- --still 1800                   nothing is cut: is each question answered?
 *     deno task cuts -- --still 1800 --interval 100 --ask 10       the same, fast renewals
 *     deno task cuts -- --move kill --runs 100         and freeze, handover, stop, maintenance,
 *                                                      restart, witness-dies, witness-reloads
 *     deno task cuts -- --move kill --program plain,exclusive      beside each other
 *     deno task cuts -- --move kill,freeze --interval 1000,100,10 --runs 100     one after another
 *     deno task cuts -- --move past --layout three --program cluster --ipv6 --runs 100
 *                                                      handover past a better node, pings by IPv6
 *
 * Each lab is a cluster of its own, in network namespaces, with its own seed (the first one's, and
 * those that follow). A course cuts ways between machines, both ways or one, delays what goes
 * there, kills, stops or freezes a machine's program, alone or two at once; then all is mended, and
 * the next begins when one machine has answered alone for two seconds. Exit code 1: two machines
 * answered (where that is not to be), or none did long after all was mended. Needs root.
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Random } from "../sim/random.ts";
import { ensure, missing } from "../support/lab/prerequisites.ts";
import { wallNow } from "../support/lab/wall_clock.ts";
import { median, range } from "../bench/table.ts";
import { begin, drawFaults, end, type Fault } from "./faults.ts";
import { CutLab, type CutSettings, type Layout, type Program } from "./lab.ts";
import { type Moved, playMoves } from "./moves.ts";

/** After so long all has to be well again: a start, master-down, hold-downs. */
const WELL_WITHIN_MS = 60_000;

/** What was seen of one course. */
interface Seen {
  readonly seed: number;
  readonly number: number;
  readonly words: string;
  readonly doubles: number;
  /** From the first question that two machines answered to the last one, in ms. */
  readonly doubleMs: number;
  readonly silentMs: number;
  /** Was all well again? */
  readonly mended: boolean;
}

async function play(lab: CutLab, random: Random, seed: number, number: number): Promise<Seen> {
  const faults = drawFaults(random, lab);
  const start = wallNow();
  const since = {
    doubles: lab.answers.doubles.length,
    silences: lab.answers.silences.length,
  };
  await carryOut(lab, faults);
  lab.answers.forgetBeats();
  const mended = await getsWell(lab);
  const doubles = lab.answers.doubles.slice(since.doubles);
  const silences = lab.answers.silences.slice(since.silences);
  const words = faults.map((fault) => fault.words).join("; ");
  for (const { at, machines } of doubles.slice(0, 3)) {
    console.log(
      `  seed ${seed}, course ${number}: ${machines.join(" and ")} answered ` +
        `${(at - start).toFixed(0)} ms after its start (${words})`,
    );
  }
  return {
    ...{ seed, number, words, doubles: doubles.length, mended },
    doubleMs: doubles.length === 0 ? 0 : (doubles.at(-1)?.at ?? 0) - (doubles[0]?.at ?? 0),
    silentMs: Math.max(0, ...silences.map(({ from, to }) => to - from)),
  };
}

/** Resolves when one machine has answered alone for two seconds; false: it has not in time. */
async function getsWell({ answers }: CutLab): Promise<boolean> {
  const end = wallNow() + WELL_WITHIN_MS;
  while (!answers.isCalm && wallNow() < end) await pause(100);
  return answers.isCalm;
}

/** Beginnings and ends in their order; ways are cut as long as one fault wants it. */
async function carryOut(lab: CutLab, faults: readonly Fault[]): Promise<void> {
  const steps = faults.flatMap((fault) => [
    { at: fault.afterMs, fault, isEnd: false },
    { at: fault.afterMs + fault.lengthMs, fault, isEnd: true },
  ]).toSorted((x, y) => x.at - y.at);
  const start = wallNow();
  const present = new Set<Fault>();
  for (const { at, fault, isEnd } of steps) {
    await pause(Math.max(0, start + at - wallNow()));
    if (isEnd) present.delete(fault);
    else present.add(fault);
    await lab.cut([...present].flatMap(({ ways }) => ways));
    await (isEnd ? end(lab, fault) : begin(lab, fault));
  }
}

async function playAll(settings: CutSettings, seed: number, count: number): Promise<Seen[]> {
  await using lab = await CutLab.open(settings);
  const random = new Random(seed);
  const seen: Seen[] = [];
  await getsWell(lab);
  for (let number = 1; number <= count; number++) {
    const one = await play(lab, random, seed, number);
    seen.push(one);
    if (one.mended) continue;
    console.log(
      `  seed ${seed}, course ${number}: not well ${WELL_WITHIN_MS / 1000} s after its ` +
        `end (${one.words}); the rest of this lab is left out`,
    );
    break;
  }
  const stalls = lab.answers.late.length;
  if (stalls > 0) console.log(`  seed ${seed}: the asker was more than 20 ms late ${stalls} times`);
  return seen;
}

/** Nothing happens for so long: what was lost, and who moved. */
async function watch(settings: CutSettings, seconds: number): Promise<number> {
  await using lab = await CutLab.open(settings);
  const { answers } = lab;
  if (!await getsWell(lab)) {
    console.log(`not well ${WELL_WITHIN_MS / 1000} s after its start: nothing was measured`);
    return 1;
  }
  const [asked, answered, moves] = [answers.asked, answers.answered, answers.moves.length];
  await pause(seconds * 1000);
  const [more, lost] = [answers.asked - asked, answers.asked - asked - answers.answered + answered];
  const moved = answers.moves.length - moves;
  console.log(
    `${settings.program}, ${settings.layout}, adverts of ${settings.intervalMs} ms: ` +
      `${more} questions in ${seconds} s, ${lost} not answered, ${moved} moves, ` +
      `${answers.doubles.length} answered by two; the asker was late ${answers.late.length} times`,
  );
  return lost + moved === 0 ? 0 : 1;
}

/** Each move at each interval, and for each a line. */
async function measureAll(
  all: readonly CutSettings[],
  names: readonly string[],
  intervals: readonly number[],
  runs: number,
): Promise<number> {
  let code = 0;
  for (const intervalMs of intervals) {
    const settings = all.map((one) => ({ ...one, intervalMs }));
    for (const name of names) code = Math.max(code, await measure(settings, name, runs));
  }
  return code;
}

async function measure(all: readonly CutSettings[], name: string, runs: number): Promise<number> {
  const measured = await Promise.all(all.map((settings) => playMoves(settings, name, runs)));
  for (const [index, settings] of all.entries()) tellMoves(name, settings, measured[index] ?? []);
  const isBad = ({ doubles, doublesBack }: Moved) => doubles + doublesBack > 0;
  return all.some(({ program }, index) => {
      const moved = measured[index] ?? [];
      return moved.length < runs || (program === "exclusive" && moved.some(isBad));
    })
    ? 1
    : 0;
}

function tellMoves(
  name: string,
  { program, layout, intervalMs, ipv6 }: CutSettings,
  moved: readonly Moved[],
): void {
  const line = (pick: (one: Moved) => number) => {
    const values = moved.map(pick).filter((value) => !Number.isNaN(value));
    if (values.length === 0) return "-";
    const [least, most] = range(values);
    return `${median(values).toFixed(1)} (${least.toFixed(1)} to ${most.toFixed(1)})`;
  };
  const count = (is: (one: Moved) => boolean) => moved.filter(is).length;
  const [doubles, back] = [
    count((one) => one.doubles > 0),
    count((one) => one.doublesBack > 0),
  ];
  const others = count(({ isStraight }) => !isStraight);
  const total = (pick: (one: Moved) => number) =>
    moved.reduce((before, one) => before + pick(one), 0);
  const pings = ipv6 === true
    ? `, ${total((one) => one.lost6)} of ${total((one) => one.sent6)} pings by IPv6`
    : "";
  console.log(
    `${name}, ${program}, ${layout}, adverts of ${intervalMs} ms, ${moved.length} runs, in ms: ` +
      `silent ${line((one) => one.silentMs)}, on the way back ${line((one) => one.backMs)}, ` +
      `takeover ${line((one) => one.takeoverMs)}, last answer after the lease ` +
      `${line((one) => one.lateMs)}` +
      `${others === 0 ? "" : ` (but ${others} in which it moved otherwise)`}; moves ${
        line((one) => one.moves)
      }; ` +
      `lost ${total((one) => one.lost)} questions${pings}; ` +
      `two answered in ${doubles} of ${moved.length}, on the way back in ${back}`,
  );
}

function report(settings: CutSettings, seen: readonly Seen[]): void {
  const two = seen.filter(({ doubles }) => doubles > 0);
  const silent = seen.map(({ silentMs }) => silentMs).toSorted((a, b) => a - b);
  const at = (share: number) => (silent[Math.floor(share * (silent.length - 1))] ?? 0).toFixed(0);
  const total = two.reduce((sum, { doubles }) => sum + doubles, 0);
  const longest = Math.max(0, ...two.map(({ doubleMs }) => doubleMs)).toFixed(0);
  const { program, layout, intervalMs } = settings;
  console.log(
    `${program}, ${layout}, adverts of ${intervalMs} ms: ${seen.length} courses; two machines ` +
      `answered in ${two.length} of them (${total} questions, up to ${longest} ms); longest ` +
      `silence of a course: median ${at(0.5)} ms, 9 of 10 within ${at(0.9)} ms, ` +
      `${at(1)} ms at most; not mended: ${seen.filter(({ mended }) => !mended).length}`,
  );
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      program: { type: "string", default: "exclusive" },
      layout: { type: "string", default: "witness" },
      cuts: { type: "string", default: "100" },
      labs: { type: "string", default: "2" },
      interval: { type: "string", default: "1000" },
      ask: { type: "string", default: "2" },
      move: { type: "string" },
      runs: { type: "string", default: "10" },
      ipv6: { type: "boolean", default: false },
      still: { type: "string" },
      seed: { type: "string" },
    },
  });
  const etcd = values.layout === "etcd" ? ["etcd-server", "curl"] : [];
  await ensure(["iproute2", "nftables", "keepalived", ...etcd]);
  const lacking = missing("nft", "keepalived", ...(etcd.length === 0 ? [] : ["etcd", "curl"]));
  if (lacking !== undefined) {
    console.error(`cuts: ${lacking}`);
    return 2;
  }
  const all = values.program.split(",").map((program): CutSettings => ({
    program: program as Program,
    layout: values.layout as Layout,
    intervalMs: Number(values.interval.split(",")[0]),
    askEveryMs: Number(values.ask),
    ipv6: values.ipv6,
  }));
  const [settings] = all;
  if (settings === undefined) return 2;
  if (values.move !== undefined) {
    const intervals = values.interval.split(",").map(Number);
    return await measureAll(all, values.move.split(","), intervals, Number(values.runs));
  }
  if (values.still !== undefined) return await watch(settings, Number(values.still));
  const seed = Number(values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  const [cuts, labs] = [Number(values.cuts), Number(values.labs)];
  console.log(`seed ${seed}: ${cuts} courses in ${labs} labs`);
  const each = Array.from(
    { length: labs },
    (_, i) => playAll(settings, seed + i, Math.ceil((cuts - i) / labs)),
  );
  const seen = (await Promise.all(each)).flat();
  report(settings, seen);
  const isBad = (one: Seen) => !one.mended || (settings.program === "exclusive" && one.doubles > 0);
  return seen.some(isBad) ? 1 : 0;
}

Deno.exit(await main(Deno.args.filter((arg) => arg !== "--")));
