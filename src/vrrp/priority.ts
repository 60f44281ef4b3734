/**
 * Effective priority by health checks. keepalived's arithmetic: the base, the weights that count,
 * and bounds.
 */
import type { Priority } from "./rules.ts";

/** What the arithmetic needs to know of a check; a `CheckSettings` of health/check.ts is one. */
export interface Weighted {
  readonly name: string;
  /** -253 to 253, not 0; undefined: it does not touch the priority, down means fault. */
  readonly weight: number | undefined;
  /** A file whose number counts has `want` "value". */
  readonly probe: { readonly kind: string; readonly want?: string };
}

/** What is known of a check; a `Judgement` of health/judge.ts is one. */
export interface Verdict {
  /** Undefined: no result yet. */
  readonly up: boolean | undefined;
  /** The integer that a file probe with want "value" read. */
  readonly value?: number | undefined;
}

/** What one check adds to the priority now. */
export interface Contribution {
  /** The check's name. */
  readonly name: string;
  /** Positive, negative or 0; of a file's number any integer. */
  readonly points: number;
}

/**
 * The effective priority: `base` and all contributions, within 1 to 254 (keepalived's
 * vrrp_set_effective_priority). A base of 255 is the owner's and never changes; no contribution
 * makes an owner of another node.
 */
export function effectivePriority(
  base: Priority,
  contributions: readonly Contribution[],
): Priority {
  if (base === 255) return base;
  const total = contributions.reduce((sum, { points }) => sum + points, Number(base));
  return Math.min(254, Math.max(1, total)) as Priority;
}

/**
 * What each weighted check adds now, in the order of `checks`; those without a weight have no place
 * in it. `verdictOf` answers for a check's name; undefined, or `up` undefined, is a check without a
 * result yet.
 */
export function contributionsOf(
  checks: readonly Weighted[],
  verdictOf: (name: string) => Verdict | undefined,
): readonly Contribution[] {
  return checks.flatMap((check) => {
    const { name, weight } = check;
    return weight === undefined
      ? []
      : [{ name, points: pointsOf(weight, countsValue(check), verdictOf(name)) }];
  });
}

/** Does the number in a file count, multiplied with the weight, rather than up and down? */
export function countsValue({ probe }: Weighted): boolean {
  return probe.kind === "file" && probe.want === "value";
}

/**
 * A negative weight counts while down, a positive one while up, nothing before the first result.
 */
function pointsOf(weight: number, byValue: boolean, verdict: Verdict | undefined): number {
  if (verdict?.up === undefined) return 0;
  // A file that is gone or holds no number counts as 0, as with keepalived's track_file.
  if (byValue) return weight * (verdict.value ?? 0) || 0;
  return verdict.up === weight > 0 ? weight : 0;
}
