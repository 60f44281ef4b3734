/**
 * The forecast as it is printed: a short table for each instance; what is probably not wanted is
 * marked.
 */
import type { Forecast, ForecastRow } from "../../config/plan/forecast.ts";
import type { CutForecast } from "../../config/plan/forecast_cuts.ts";
import { alignColumns } from "../table.ts";
import { few } from "../../printable.ts";

/** So many rows are printed where not all are asked for. */
const MOST_ROWS = 60;

/** So many instances are. */
const MOST_INSTANCES = 20;

/** So many tables of cuts are. */
const MOST_CUT_TABLES = 5;

/** So many rows each of them has at least. */
const LEAST_ROWS = 3;

/**
 * The tables of all instances. Of large ones the rows that matter most, in their order, and how
 * many were left out; `all`: every row.
 */
export function forecastLines(
  forecasts: readonly Forecast[],
  all: boolean = false,
): readonly string[] {
  const total = countRows(forecasts);
  if (all || total <= MOST_ROWS) return forecasts.flatMap((one) => tableOf(one, one.rows));
  const chosen = new Set(
    forecasts.toSorted((a, b) => worst(a) - worst(b)).slice(0, MOST_INSTANCES),
  );
  const room = Math.max(LEAST_ROWS, Math.floor(MOST_ROWS / chosen.size));
  const printed = forecasts.filter((one) => chosen.has(one))
    .map((one) => ({ one, rows: foremost(one.rows, room) }));
  const left = total - printed.reduce((sum, { rows }) => sum + rows.length, 0);
  const instances = forecasts.length - chosen.size;
  return [
    ...printed.flatMap(({ one, rows }) => tableOf(one, rows)),
    `left out: ${left} lines${instances > 0 ? `, ${instances} instances among them` : ""}, ` +
    `${marked(forecasts, printed)}; \`floatip check --all\` prints them`,
  ];
}

/**
 * What comes of machines that are gone and of cuts, a table for all instances of which the same is
 * forecast.
 */
export function cutLines(
  forecasts: readonly CutForecast[],
  all: boolean = false,
): readonly string[] {
  const printed = all ? forecasts : forecasts.slice(0, MOST_CUT_TABLES);
  const left = forecasts.length - printed.length;
  return [
    ...printed.flatMap(({ instances, start, rows }) => [
      `${few(instances)}, exclusive: ${start}`,
      ...rows.map(({ alarming, words }) => `${alarming ? "  !" : "   "} ${words}`),
    ]),
    ...left > 0 ? [`left out: ${left} tables of cuts; \`floatip check --all\` prints them`] : [],
  ];
}

function countRows(forecasts: readonly Forecast[]): number {
  return forecasts.reduce((sum, { rows }) => sum + rows.length, 0);
}

function tableOf({ instance, start }: Forecast, rows: readonly ForecastRow[]): readonly string[] {
  return [`${instance}: ${start}`, ...alignColumns(rows.flatMap(rowsOf))];
}

/**
 * `!` in front: probably not what was wanted. What happens afterwards stands on a line of its own.
 */
function rowsOf(row: ForecastRow): readonly (readonly string[])[] {
  const sum = row.arithmetic === "" ? "" : `(${row.arithmetic})`;
  const first = [row.alarming ? "  !" : "   ", row.words, sum];
  return row.recovery === undefined ? [first] : [first, ["   ", `  then: ${row.recovery}`, ""]];
}

/** What matters most is 0: a mark, then a move, then what leaves everything as it is. */
function weightOf({ alarming, outcome }: ForecastRow): number {
  return alarming ? 0 : outcome.kind === "keeps" ? 2 : 1;
}

function worst({ rows }: Forecast): number {
  return Math.min(3, ...rows.map(weightOf));
}

/** The `room` rows that matter most, in their order. */
function foremost(rows: readonly ForecastRow[], room: number): readonly ForecastRow[] {
  const kept = new Set(rows.toSorted((a, b) => weightOf(a) - weightOf(b)).slice(0, room));
  return rows.filter((row) => kept.has(row));
}

/** "none of them marked", "12 of them marked". */
function marked(
  all: readonly Forecast[],
  printed: readonly { readonly rows: readonly ForecastRow[] }[],
): string {
  const count = (tables: readonly { readonly rows: readonly ForecastRow[] }[]): number =>
    tables.reduce((sum, { rows }) => sum + rows.filter(({ alarming }) => alarming).length, 0);
  const left = count(all) - count(printed);
  return left === 0 ? "none of them marked" : `${left} of them marked`;
}
