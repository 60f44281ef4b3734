/** The history as text: one line for each entry, in local time. */
import type { HistoryEntry, OrderEntry, TransitionEntry } from "../../history/line.ts";
import { instanceLabel, printableLine } from "../../printable.ts";
import { formatDuration, formatLocalTime, milliseconds, type WallTime } from "../../time.ts";
import type { Paint, Style } from "../terminal.ts";

/** Who a line is about when it is about no instance. */
const DAEMON = "floatip";
/** As wide as the widest change that is usual: "backup -> master". */
const CHANGE_WIDTH = 16;

/** By what the new state is painted. */
const STYLES: Readonly<Record<TransitionEntry["to"], Style>> = {
  init: "dim",
  backup: "bold",
  master: "good",
  fault: "bad",
};

/**
 * How wide the column of instances must be for `entries`; `least` where there are only short ones.
 */
export function nameWidth(entries: readonly HistoryEntry[], least: number = DAEMON.length): number {
  return entries.reduce((width, entry) => Math.max(width, subjectOf(entry).length), least);
}

/**
 * `entry` as one line without its newline: "2026-11-21 04:04:05.678 web backup -> master no advert
 * from 192.168.1.11 for 3.61 s". `width`: of the column of instances, from {@link nameWidth}.
 */
export function entryLine(entry: HistoryEntry, width: number, paint: Paint): string {
  const clock = paint("dim", formatLocalTime(Date.parse(entry.time) as WallTime));
  const subject = paint("bold", subjectOf(entry).padEnd(width));
  return `${clock}  ${subject}  ${story(entry, paint)}`.trimEnd();
}

function story(entry: HistoryEntry, paint: Paint): string {
  switch (entry.kind) {
    case "transition":
      return transitionStory(entry, paint);
    case "near-miss": {
      const late = formatDuration(milliseconds(entry.late_ms));
      const limit = formatDuration(milliseconds(entry.limit_ms));
      const what = paint("warn", "near miss".padEnd(CHANGE_WIDTH));
      const master = printableLine(entry.master);
      return entry.adverts_lost === true
        ? `${what}  ${master} was silent for ${late}, and reports that it is master: its adverts ` +
          "are lost"
        : `${what}  ${master} was silent for ${late}, after ${limit} this node takes over`;
    }
    case "conflict":
      return `${paint("bad", "conflict".padEnd(CHANGE_WIDTH))}  ${printableLine(entry.words)}`;
    case "daemon":
      return entry.what;
    case "order":
      return printableLine(`${entry.what} (${ordered(entry)})`);
  }
}

function ordered({ by, from }: OrderEntry): string {
  return by === "mqtt" ? `ordered by MQTT, broker ${from}` : `ordered on the page from ${from}`;
}

function transitionStory(entry: TransitionEntry, paint: Paint): string {
  const { from, to, cause, planned } = entry;
  const change = `${from} -> ${paint(STYLES[to], to)}`;
  const padding = " ".repeat(Math.max(0, CHANGE_WIDTH - `${from} -> ${to}`.length));
  const mark = planned ? paint("dim", " (planned)") : "";
  return `${change}${padding}  ${printableLine(cause)}${mark}`;
}

/** "web", "web (IPv6)", "floatip". */
function subjectOf(entry: HistoryEntry): string {
  if (!("instance" in entry)) return DAEMON;
  const name = printableLine(entry.instance);
  return instanceLabel(name, entry.family);
}
