/** A sink: it gets notifications of transitions, one at a time. */
import type { HealthRecord, TransitionRecord } from "../daemon/journal/record.ts";

/** A transition, and the health for sinks that show it. */
export type Notification = TransitionRecord & Partial<Pick<HealthRecord, "health" | "evidence">>;

/** The result of one attempt. */
export interface DeliveryResult {
  readonly ok: boolean;
  /** For status: never a URL, password or token. "204", "exit 1: disk full". */
  readonly text: string;
  /** After a failure: a later attempt may succeed. */
  readonly retry: boolean;
}

/** A receiver of notifications. A reload may replace it. */
export interface Sink {
  /** Its key of [notify]: "webhook"; several as "on_master/on_backup". */
  readonly name: string;
  /** The timeout of each attempt, in milliseconds; 1 or more. */
  readonly timeoutMs: number;
  /** What happens to an attempt at its deadline; if given, each timeout is logged. */
  readonly timeoutText?: string;
  /** Further attempts after the first, 0 or more. */
  readonly retries: number;
  /** The longest pause between two attempts, in milliseconds; undefined: a minute. */
  readonly longestPauseMs?: number;
  /** It shows the health: it is notified again when that changes. */
  readonly followsHealth?: boolean;
  /** Whether it handles `record`. */
  wants(record: TransitionRecord): boolean;
  /**
   * One attempt. Ends soon after `deadline`; may reject, without secrets in the name of the error.
   */
  deliver(record: Notification, deadline: AbortSignal): Promise<DeliveryResult>;
  /** The file has it no more, or the process ends: what comes by it is no order from now on. */
  endOrders?(): void;
  /** Closes what it keeps open between deliveries. Ends soon after `deadline`, never rejects. */
  close?(deadline: AbortSignal): Promise<void>;
}

/** An attempt that succeeded. */
export function success(text: string): DeliveryResult {
  return { ok: true, text, retry: false };
}

/** A failed attempt. `retry`: a later one may succeed. */
export function failure(text: string, retry: boolean): DeliveryResult {
  return { ok: false, text, retry };
}
