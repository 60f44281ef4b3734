/** Small readings of a loop for tests, to go with the documents of ../cli/documents.ts. */
import type { HistogramReading } from "../../../src/control/exposition.ts";
import type { MetricsSnapshot } from "../../../src/control/metrics.ts";

const BOUNDS = [0.01, 0.1, 1];

/** Nothing was counted. */
export const EMPTY: HistogramReading = { bounds: BOUNDS, counts: [0, 0, 0, 0], sum: 0 };

/** Seven durations, one of them beyond all bounds. */
export const SOME: HistogramReading = {
  bounds: BOUNDS,
  counts: [3, 2, 1, 1],
  sum: 4.0610000000000004,
};

/** pi-a became master of web over IPv4 once; check nginx was tried. */
export function readingOf(change: Partial<MetricsSnapshot> = {}): MetricsSnapshot {
  return {
    uptimeMs: 90_500,
    timerLateness: SOME,
    routers: [{
      instance: "web",
      family: "ipv4",
      transitions: [
        { from: "init", to: "backup", reason: "start", count: 1 },
        { from: "backup", to: "master", reason: "master-silent", count: 1 },
      ],
      receivedGap: EMPTY,
      sentGap: SOME,
    }],
    checks: [{ name: "nginx", succeeded: 40, failed: 2, latency: SOME }],
    ...change,
  };
}
