/** The summary of a run. */
import type { Outcome } from "./course.ts";
import type { Kind } from "./kinds.ts";

/** More complaints of one run say nothing new. */
const MOST = 5;

/** One line per complaint, and how to see more. */
export function summary(
  { seed, complaints, elapsed, hash }: Pick<Outcome, "seed" | "complaints" | "elapsed" | "hash">,
  kind: Kind = "random",
): string {
  if (complaints.length === 0) {
    return `seed ${seed}: well, ${(elapsed / 1e9).toFixed(1)} s, ${hash}`;
  }
  const lines = complaints.slice(0, MOST).map(({ checker, words, at }) =>
    `  ${((at - 1e9) / 1e9).toFixed(3)} ${checker}: ${words}`
  );
  const again = kind === "random" ? seed : `${kind} ${seed}`;
  return [`seed ${seed} failed (deno task sim -- ${again}):`, ...lines].join("\n");
}
