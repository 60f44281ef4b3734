/** What is a sink? Somebody who is told of transitions, one at a time, and answers in words. */
import type { TransitionRecord } from "../daemon/record.ts";

/** What became of one attempt. */
export interface Answer {
  readonly ok: boolean;
  /** For status: never a URL, password or token. "204", "exit 1: disk full". */
  readonly words: string;
  /** Where it failed: may the same message get through later? */
  readonly again: boolean;
}

/** One who is told. Holds nothing between deliveries, so that a reload may put another in its place. */
export interface Sink {
  /** The key of [notify] that made it: "webhook"; several as "on_master/on_backup". */
  readonly name: string;
  /** For each attempt, in milliseconds; 1 or more. */
  readonly timeoutMs: number;
  /** Further attempts after the first, 0 or more. */
  readonly retries: number;
  /** Is there anything to be done for it? */
  wants(record: TransitionRecord): boolean;
  /** One attempt. Ends soon after `deadline` is aborted; may reject, but not with a secret in the error's name. */
  deliver(record: TransitionRecord, deadline: AbortSignal): Promise<Answer>;
}

/** It was told. */
export function told(words: string): Answer {
  return { ok: true, words, again: false };
}

/** It was not told; `again`: a later attempt may fare better. */
export function untold(words: string, again: boolean): Answer {
  return { ok: false, words, again };
}
