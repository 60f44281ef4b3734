/** Many runs in pieces, one worker for each processor, with progress. */
import { formatDuration, seconds } from "../../src/time.ts";
import type { CountedKind } from "./counted.ts";
import type { Piece, PieceResult } from "./worker.ts";

/** Which seeds: to the last one, or until so many node-hours are simulated. */
export type Range =
  | { readonly first: number; readonly last: number }
  | { readonly first: number; readonly nodeHours: number };

/** So few that the end is not waited for long, so many that nobody notices the way of a message. */
const PIECE = 10;

/** From one word to the next. */
const PROGRESS_MS = 30_000;

/** What there is so far. */
interface Sum {
  runs: number;
  failed: number;
  transitions: number;
  faults: number;
  nodeHours: number;
  last: number;
}

/** Runs them all, prints what went wrong and a line at the end; 0: nothing did. */
export async function many(kind: CountedKind, range: Range): Promise<number> {
  const started = performance.now();
  const nothing = { runs: 0, failed: 0, transitions: 0, faults: 0, nodeHours: 0 };
  const sum: Sum = { ...nothing, last: range.first };
  const pieces = piecesOf(kind, range, sum);
  const timer = setInterval(() => console.log(progress(range, sum, started)), PROGRESS_MS);
  const workers = Array.from({ length: navigator.hardwareConcurrency }, () => new Hand());
  await Promise.all(workers.map(async (worker) => {
    for (const piece of pieces) take(await worker.simulate(piece), sum);
    worker.end();
  }));
  clearInterval(timer);
  console.log(ending(range, sum, started));
  return sum.failed === 0 ? 0 : 1;
}

/** All take from the same one, so that the seeds follow each other without a hole. */
function* piecesOf(
  kind: CountedKind,
  range: Range,
  sum: Sum,
): Generator<Piece, void, undefined> {
  for (let first = range.first;; first += PIECE) {
    if ("nodeHours" in range && sum.nodeHours >= range.nodeHours) return;
    if ("last" in range && first > range.last) return;
    const last = Math.min(first + PIECE - 1, "last" in range ? range.last : Infinity);
    sum.last = last;
    yield { kind, first, last };
  }
}

function take(result: PieceResult, sum: Sum): void {
  const { first, last, transitions, faults, nodeHours, failures } = result;
  sum.runs += last - first + 1;
  sum.failed += failures.length;
  sum.transitions += transitions;
  sum.faults += faults;
  sum.nodeHours += nodeHours;
  for (const failure of failures) console.log(failure);
}

function progress(range: Range, sum: Sum, started: number): string {
  const share = "nodeHours" in range
    ? sum.nodeHours / range.nodeHours
    : sum.runs / (range.last - range.first + 1);
  const left = (performance.now() - started) * (1 / share - 1) / 1000;
  const time = Number.isFinite(left) ? `, ${formatDuration(seconds(left))} left` : "";
  return `${counts(sum)}; ${(100 * share).toFixed(1)} %${time}`;
}

function ending(range: Range, sum: Sum, started: number): string {
  const elapsed = (performance.now() - started) / 1000;
  const rate = (sum.nodeHours / elapsed).toFixed(1);
  return `seeds ${range.first}..${sum.last}: ${counts(sum)}; ` +
    `${formatDuration(seconds(elapsed))}, ${rate} node-hours per second`;
}

function counts({ runs, failed, transitions, faults, nodeHours }: Sum): string {
  const all = [runs, transitions, faults, Math.round(nodeHours)].map((n) => n.toLocaleString("en"));
  const [r, t, f, h] = all;
  const density = nodeHours === 0 ? "" : ` (${(faults / nodeHours).toFixed(1)} an hour)`;
  return `${r} runs, ${failed} failed; ${f} faults, ${t} transitions in ${h} node-hours${density}`;
}

/** A worker that does one piece at a time. */
class Hand {
  readonly #worker = new Worker(new URL("worker.ts", import.meta.url), { type: "module" });

  simulate(piece: Piece): Promise<PieceResult> {
    const { promise, resolve, reject } = Promise.withResolvers<PieceResult>();
    this.#worker.onmessage = ({ data }: MessageEvent<PieceResult>) => resolve(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`seeds ${piece.first}..${piece.last}: ${event.message}`));
    };
    this.#worker.postMessage(piece);
    return promise;
  }

  end(): void {
    this.#worker.terminate();
  }
}
