/** What one attempt of a health check finds. Its settings are those of config/tables/check.ts. */
import type { Nanoseconds } from "../time.ts";

/** What one attempt found. */
export interface ProbeResult {
  readonly ok: boolean;
  /** For people, a few words: "200 in 3 ms", "connection refused", "no answer within 1 s". One line, no secrets. */
  readonly text: string;
  /** How long the attempt took. */
  readonly latency: Nanoseconds;
  /** The integer of a file probe with want "value". */
  readonly value?: number;
  /** The process that a process probe found: its end is worth another attempt at once. */
  readonly pid?: number;
}
