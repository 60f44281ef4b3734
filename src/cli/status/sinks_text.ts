/** Commands and services of [notify] and their deliveries, as text. */
import type { SinkStatus } from "../../control/api.ts";
import { alignColumns } from "../table.ts";
import type { Paint } from "../terminal.ts";

/** The sinks of [notify] and their deliveries. */
export function sinkLines(sinks: readonly SinkStatus[], paint: Paint): readonly string[] {
  if (sinks.length === 0) return [];
  return ["", "notifications", ...alignColumns(sinks.map((sink) => sinkRow(sink, paint)))];
}

function sinkRow(sink: SinkStatus, paint: Paint): readonly string[] {
  const { name, instance, pending, delivered, collapsed, failed, last } = sink;
  const counts = [
    `${delivered} delivered`,
    ...(pending > 0 ? [`${pending} waiting`] : []),
    ...(collapsed > 0 ? [`${collapsed} replaced by newer ones`] : []),
    ...(failed > 0 ? [paint("bad", `${failed} failed`)] : []),
  ];
  const result = last === null
    ? "nothing sent yet"
    : last.ok
    ? last.words
    : paint("bad", last.words);
  return ["", instance === null ? name : `${name} of ${instance}`, counts.join(", "), result];
}
