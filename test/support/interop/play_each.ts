/** Declares slow tests whose steps run beside each other, skipped where a program is missing. */
import { missing, nameWith } from "../lab/prerequisites.ts";
import { atMost } from "./at_most.ts";

/** One step, on a LAN of its own. */
export interface PlayCase {
  readonly name: string;
  /** What this step needs besides. */
  readonly programs?: readonly string[];
}

/** What may be said of a test. */
export interface PlayOptions {
  /** LANs at the same time. */
  readonly atOnce?: number;
  /** When all have been played without a failure: shows what was measured. */
  readonly afterwards?: () => void;
}

/**
 * Declares one test with a step for each of `cases`; steps whose programs are missing are skipped,
 * with the reason.
 */
export function playEach<One extends PlayCase>(
  title: string,
  programs: readonly string[],
  cases: readonly One[],
  play: (one: One) => Promise<void>,
  { atOnce = 4, afterwards }: PlayOptions = {},
): void {
  const reason = missing(...programs);
  Deno.test({
    ...nameWith(title, reason),
    fn: async (t) => {
      await atMost(atOnce, cases, async (one) => {
        const lacks = missing(...(one.programs ?? []));
        await t.step({
          ...nameWith(one.name, lacks),
          // Steps run beside each other, so that each sees the others' processes.
          sanitizeOps: false,
          sanitizeResources: false,
          sanitizeExit: false,
          fn: () => play(one),
        });
      });
      afterwards?.();
    },
  });
}
