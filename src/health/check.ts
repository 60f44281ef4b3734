/** The result of an attempt of a health check. Its settings are in config/tables/check.ts. */
import type { Nanoseconds } from "../time.ts";

/** The result of one attempt. */
export interface ProbeResult {
  readonly ok: boolean;
  /**
   * For people: "200 in 3 ms", "connection refused", "no answer within 1 s". One line, no secrets.
   */
  readonly text: string;
  /** How long the attempt took. */
  readonly latency: Nanoseconds;
  /** The integer of a file probe with want "value". */
  readonly value?: number;
  /** The process that a process probe found: at its end the next attempt follows at once. */
  readonly pid?: number;
}
