/** Instants and durations: integer nanoseconds of a monotonic clock. */

declare const brand: unique symbol;

/** A duration in integer nanoseconds, 0 to 2^53 - 1 (104 days). */
export type Nanoseconds = number & { readonly [brand]: "Nanoseconds" };

/** A point on the host's monotonic clock, in integer nanoseconds since an arbitrary start. */
export type Instant = number & { readonly [brand]: "Instant" };

/**
 * A point of the calendar, in milliseconds since 1970-01-01T00:00:00Z; only ever shown, never
 * computed with.
 */
export type WallTime = number & { readonly [brand]: "WallTime" };

/** A duration of `count` nanoseconds; a fraction is cut off. */
export function nanoseconds(count: number): Nanoseconds {
  return Math.trunc(count) as Nanoseconds;
}

/** A duration of `count` microseconds. */
export function microseconds(count: number): Nanoseconds {
  return Math.round(count * 1e3) as Nanoseconds;
}

/** A duration of `count` milliseconds. */
export function milliseconds(count: number): Nanoseconds {
  return Math.round(count * 1e6) as Nanoseconds;
}

/** A duration of `count` seconds. */
export function seconds(count: number): Nanoseconds {
  return Math.round(count * 1e9) as Nanoseconds;
}

/** `duration` in milliseconds, with its fraction. */
export function toMilliseconds(duration: Nanoseconds): number {
  return duration / 1e6;
}

/** The instant `duration` after `start`. */
export function after(start: Instant, duration: Nanoseconds): Instant {
  return (start + duration) as Instant;
}

/** How long it is from `start` to `end`; negative when `end` is the earlier one. */
export function between(start: Instant, end: Instant): Nanoseconds {
  return (end - start) as Nanoseconds;
}

/** How long ago `then` is `now`, in whole milliseconds; 0 where it is still to come. */
export function ageMs(then: Instant, now: Instant): number {
  return Math.max(0, Math.round(toMilliseconds(between(then, now))));
}

/** The earliest of the given instants; undefined where there is none. */
export function earliest(...instants: readonly (Instant | undefined)[]): Instant | undefined {
  let found: Instant | undefined;
  for (const instant of instants) {
    if (instant !== undefined && (found === undefined || instant < found)) found = instant;
  }
  return found;
}

/** The latest of the given instants; undefined where there is none. */
export function latest(...instants: readonly (Instant | undefined)[]): Instant | undefined {
  let found: Instant | undefined;
  for (const instant of instants) {
    if (instant !== undefined && (found === undefined || instant > found)) found = instant;
  }
  return found;
}

/** `duration` for people: "36 ms", "3.61 s", "2 min 5 s", "3 h 2 min", "12 d 4 h". */
export function formatDuration(duration: Nanoseconds): string {
  const ms = duration / 1e6;
  if (ms < 10) return `${Number(ms.toFixed(2))} ms`;
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  // Rounded before the unit is chosen, so that 59.996 s is a minute and never "60 s".
  const hundredths = Math.round(duration / 1e7);
  if (hundredths < 6000) return `${hundredths / 100} s`;
  const wholeSeconds = Math.floor(hundredths / 100);
  const minutes = Math.floor(wholeSeconds / 60);
  if (minutes < 60) return pair(minutes, "min", wholeSeconds % 60, "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair(hours, "h", minutes % 60, "min");
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

/**
 * A duration as users write it, a number and one unit: "10ms", "1s", "1.5s", "2m", "1h".
 * Undefined where the text is not of that form.
 */
export function parseDuration(text: string): Nanoseconds | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/.exec(text.trim());
  if (match === null) return undefined;
  const [, count, unit] = match;
  const scale = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }[unit as "ms" | "s" | "m" | "h"];
  const value = Math.round(Number(count) * scale);
  return Number.isSafeInteger(value) ? (value as Nanoseconds) : undefined;
}

/** `duration` as users write it, in the largest unit that keeps it whole: "1s", "100ms", "2m". */
export function writeDuration(duration: Nanoseconds): string {
  const units: readonly (readonly [string, number])[] = [["h", 3600e9], ["m", 60e9], ["s", 1e9]];
  for (const [unit, scale] of units) {
    if (duration > 0 && duration % scale === 0) return `${duration / scale}${unit}`;
  }
  return `${duration / 1e6}ms`;
}

/**
 * `time` for programs and logs, as RFC 3339 in UTC with milliseconds: "2026-11-21T03:04:05.678Z".
 */
export function formatWallTime(time: WallTime): string {
  const known = FORMATTED.get(time);
  if (known !== undefined) return known;
  const text = new Date(time).toISOString();
  if (FORMATTED.size >= MOST_FORMATTED) FORMATTED.clear();
  FORMATTED.set(time, text);
  return text;
}

/** Times as text: a status names the same ones, such as when a state began, again and again. */
const FORMATTED = new Map<WallTime, string>();
const MOST_FORMATTED = 256;

/** `time` for people, in the time zone of this process: "2026-11-21 04:04:05.678". */
export function formatLocalTime(time: WallTime): string {
  const date = new Date(time);
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${day} ${clock}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

function pair(major: number, majorUnit: string, minor: number, minorUnit: string): string {
  return minor === 0 ? `${major} ${majorUnit}` : `${major} ${majorUnit} ${minor} ${minorUnit}`;
}
