/**
 * What has the daemon's loop measured, that is in no status? Histograms and counts, for metrics.
 */

/** How often a duration fell between which bounds. */
export interface HistogramReading {
  /** Upper bounds in seconds, each within its bucket, ascending. */
  readonly bounds: readonly number[];
  /** One for each bound, and a last one for what lies beyond; not cumulative. */
  readonly counts: readonly number[];
  /** Of all durations, in seconds. */
  readonly sum: number;
}

/** What was measured of one virtual router since it was first configured. */
export interface RouterReading {
  readonly instance: string;
  readonly family: "ipv4" | "ipv6";
  /** Only transitions that occurred. */
  readonly transitions: readonly TransitionCount[];
  /** Between two adverts of one master, as this backup accepted them. */
  readonly receivedGap: HistogramReading;
  /** Between two adverts of its own, as master. */
  readonly sentGap: HistogramReading;
}

/** How often one state followed another for one reason. */
export interface TransitionCount {
  readonly from: string;
  readonly to: string;
  /** The kind of the cause, as in the history: "master-silent". */
  readonly reason: string;
  readonly count: number;
}

/** What was measured of one health check. */
export interface CheckReading {
  readonly name: string;
  readonly succeeded: number;
  readonly failed: number;
  /** Of single attempts, failed ones too. */
  readonly latency: HistogramReading;
}

/** All that was measured, at one moment. */
export interface MetricsSnapshot {
  /** By the monotonic clock, in milliseconds: no calendar jump shows in it. */
  readonly uptimeMs: number;
  /** From a deadline of the loop until it acted on it. */
  readonly timerLateness: HistogramReading;
  readonly routers: readonly RouterReading[];
  readonly checks: readonly CheckReading[];
}
