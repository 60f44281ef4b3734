/** What is a sink? Somebody who is told of transitions, one at a time, and answers in words. */
import type { HealthRecord, TransitionRecord } from "../daemon/record.ts";

/** A transition, and for those that follow it the health since then. */
export type Told = TransitionRecord & Partial<Pick<HealthRecord, "health" | "evidence">>;

/** What became of one attempt. */
export interface Answer {
  readonly ok: boolean;
  /** For status: never a URL, password or token. "204", "exit 1: disk full". */
  readonly words: string;
  /** Where it failed: may the same message get through later? */
  readonly again: boolean;
}

/** One who is told. A reload may put another in its place. */
export interface Sink {
  /** The key of [notify] that made it: "webhook"; several as "on_master/on_backup". */
  readonly name: string;
  /** For each attempt, in milliseconds; 1 or more. */
  readonly timeoutMs: number;
  /** What an attempt that has not ended at its deadline comes to, where that is worth a line each time. */
  readonly lateWords?: string;
  /** Further attempts after the first, 0 or more. */
  readonly retries: number;
  /** The longest pause between two attempts, in milliseconds; undefined: a minute. */
  readonly longestPauseMs?: number;
  /** It shows the health as well: it is told again when that changes. */
  readonly followsHealth?: boolean;
  /** Is there anything to be done for it? */
  wants(record: TransitionRecord): boolean;
  /** One attempt. Ends soon after `deadline` is aborted; may reject, but not with a secret in the error's name. */
  deliver(record: Told, deadline: AbortSignal): Promise<Answer>;
  /**
   * Lets go of what it holds between deliveries, where it holds anything; for good. Ends soon after `deadline` is aborted, and
   * never rejects. A second time: nothing.
   */
  close?(deadline: AbortSignal): Promise<void>;
}

/** It was told. */
export function told(words: string): Answer {
  return { ok: true, words, again: false };
}

/** It was not told; `again`: a later attempt may fare better. */
export function untold(words: string, again: boolean): Answer {
  return { ok: false, words, again };
}
