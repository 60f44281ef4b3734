/** The exposition as one text. */
import { metricParts } from "../../../src/control/metrics.ts";

/** What a scrape gets. */
export function printMetrics(...of: Parameters<typeof metricParts>): string {
  return [...metricParts(...of)].join("");
}
