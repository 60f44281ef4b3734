/**
 * Ticker: what waits for time beside the virtual routers; all of them are in one list of the loop.
 */
import type { Instant } from "../time.ts";

/** Waits for time. */
export interface Ticker {
  /**
   * When it wants to be called at the latest; undefined: not by the clock. Costs next to nothing.
   */
  nextDeadline(): Instant | undefined;
  /** Called after each batch of events; where nothing is due, it costs next to nothing. */
  tick(now: Instant): void;
}
