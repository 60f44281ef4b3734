/** What is a sink? Somebody who is told of transitions, one at a time, and answers in words. */
import type { HealthRecord, TransitionRecord } from "../daemon/record.ts";

/** A transition, and for those that follow it the health since then. */
export type Notification = TransitionRecord & Partial<Pick<HealthRecord, "health" | "evidence">>;

/** What became of one attempt. */
export interface DeliveryResult {
  readonly ok: boolean;
  /** For status: never a URL, password or token. "204", "exit 1: disk full". */
  readonly text: string;
  /** Where it failed: may the same message get through later? */
  readonly retry: boolean;
}

/** One who is told. A reload may put another in its place. */
export interface Sink {
  /** The key of [notify] that made it: "webhook"; several as "on_master/on_backup". */
  readonly name: string;
  /** For each attempt, in milliseconds; 1 or more. */
  readonly timeoutMs: number;
  /** What an attempt that has not ended at its deadline comes to, where that is worth a line each time. */
  readonly timeoutText?: string;
  /** Further attempts after the first, 0 or more. */
  readonly retries: number;
  /** The longest pause between two attempts, in milliseconds; undefined: a minute. */
  readonly longestPauseMs?: number;
  /** It shows the health as well: it is told again when that changes. */
  readonly followsHealth?: boolean;
  /** Is there anything to be done for it? */
  wants(record: TransitionRecord): boolean;
  /** One attempt. Ends soon after `deadline` is aborted; may reject, but not with a secret in the error's name. */
  deliver(record: Notification, deadline: AbortSignal): Promise<DeliveryResult>;
  /**
   * Lets go of what it holds between deliveries, where it holds anything; for good. Ends soon after `deadline` is aborted, and
   * never rejects. A second time: nothing.
   */
  close?(deadline: AbortSignal): Promise<void>;
}

/** It was told. */
export function success(text: string): DeliveryResult {
  return { ok: true, text, retry: false };
}

/** It was not told; `again`: a later attempt may fare better. */
export function failure(text: string, retry: boolean): DeliveryResult {
  return { ok: false, text, retry };
}
