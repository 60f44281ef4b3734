/** How is the forecast printed? A short table for each instance; what is probably not wanted is marked. */
import type { Forecast, ForecastRow } from "../config/forecast.ts";
import { alignColumns } from "./table.ts";

/** The tables of all instances. */
export function forecastLines(forecasts: readonly Forecast[]): readonly string[] {
  return forecasts.flatMap(({ instance, start, rows }) => [
    `${instance}: ${start}`,
    ...alignColumns(rows.flatMap(rowsOf)),
  ]);
}

/** `!` in front: probably not what was wanted. What happens afterwards stands on a line of its own. */
function rowsOf(row: ForecastRow): readonly (readonly string[])[] {
  const sum = row.arithmetic === "" ? "" : `(${row.arithmetic})`;
  const first = [row.alarming ? "  !" : "   ", row.words, sum];
  return row.recovery === undefined ? [first] : [first, ["   ", `  then: ${row.recovery}`, ""]];
}
