/** What all texts of a status share: the time, the styles, the width, and how ages are told. */
import type { MaintenanceStatus } from "../../control/api.ts";
import { formatDuration, milliseconds } from "../../time.ts";
import type { Paint } from "../terminal.ts";

/** How a document becomes text. */
export interface Page {
  /** When it is read, in milliseconds since 1970. */
  readonly now: number;
  readonly paint: Paint;
  /** Lines are broken at this width. */
  readonly columns: number;
}

/** "4 min 3 s", from `since` on. */
export function age(since: string, { now }: Page): string {
  return duration(now - Date.parse(since));
}

/** "3.6 s"; never less than nothing, whatever two clocks say. */
export function duration(ms: number): string {
  return formatDuration(milliseconds(Math.max(0, ms)));
}

/** "MAINTENANCE for 4 min, for another 2 h: new disk"; `where` it can be ended. */
export function maintenanceLine(
  { since, until, reason }: MaintenanceStatus,
  where: string,
  page: Page,
): string {
  const end = until === null
    ? `until \`floatip maintenance off\`${where}`
    : `for another ${duration(Date.parse(until) - page.now)}`;
  const why = reason === null ? "" : `: ${reason}`;
  return page.paint("warn", `MAINTENANCE for ${age(since, page)}, ${end}${why}`);
}
