/** The moment that `--since` names: some time ago, or a time of the calendar. */
import { parseDuration, toMilliseconds, type WallTime } from "../time.ts";

/** RFC 3339; or as events are told, with a blank between day and time and in the local zone. */
const TIME =
  /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)| \d\d:\d\d:\d\d(?:\.\d+)?)$/i;
const DAY_MS = 24 * 3600 * 1000;

/**
 * The moment that `text` names, seen from `now`: "90s", "10m", "2h", "1d" ago, RFC 3339
 * ("2026-11-21T03:04:05Z"), or as events are told: "2026-11-21 04:04:05.678" in the local zone.
 * Undefined where it is neither, or no day of the calendar.
 */
export function parseSince(text: string, now: WallTime): WallTime | undefined {
  const ago = parseAgo(text.trim());
  if (ago !== undefined) return (now - ago) as WallTime;
  const [, day] = TIME.exec(text.trim()) ?? [];
  if (day === undefined || !isDay(day)) return undefined;
  const time = Date.parse(text.trim().replace(" ", "T"));
  return Number.isNaN(time) ? undefined : time as WallTime;
}

/** In milliseconds. */
function parseAgo(text: string): number | undefined {
  const [, days] = /^(\d{1,6}(?:\.\d+)?)\s*d$/.exec(text) ?? [];
  if (days !== undefined) return Number(days) * DAY_MS;
  const duration = parseDuration(text);
  return duration === undefined ? undefined : toMilliseconds(duration);
}

/** V8 takes 30 February for 2 March. */
function isDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}
