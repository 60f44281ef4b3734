/** `floatip check`: problems of a file, and of the file on this machine. */
import { plan } from "../../config/plan/plan_node.ts";
import type { Loaded } from "../../config/load.ts";
import { type Forecast, forecast } from "../../config/plan/forecast.ts";
import { type CutForecast, forecastCuts } from "../../config/plan/forecast_cuts.ts";
import { lineFinder, locate } from "../../config/locate.ts";
import type { Config } from "../../config/config.ts";
import { type NodePlan, usesLowPort } from "../../config/plan/plan.ts";
import type { LocatedProblem } from "../../config/problem.ts";
import { capabilityHint, missingCapabilities, NEEDED } from "../../capabilities.ts";
import { strangerProblems } from "./lan.ts";
import { clusterPortProblems } from "./cluster_port.ts";
import { commandProblems, fileProblem } from "./command_problems.ts";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { readConfiguration } from "../read_configuration.ts";
import { cutLines, forecastLines } from "./forecast_text.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import { look } from "../machine.ts";
import { lonelyLines, planLines } from "./plan_text.ts";
import { countProblems, problemsText } from "../../config/problem.ts";
import { formatDuration, toMilliseconds } from "../../time.ts";
import { alignColumns } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { type Tried, tryChecks } from "./try_checks.ts";
import { few } from "../../printable.ts";

/** Flags of `floatip check`. */
export interface CheckFlags {
  readonly json?: boolean | undefined;
  /** Runs each check once. */
  readonly try?: boolean | undefined;
  /** Every line of the forecast. */
  readonly all?: boolean | undefined;
  readonly config?: string | undefined;
  readonly node?: string | undefined;
}

/** What was found, before it is printed. */
interface Finding {
  readonly problems: readonly LocatedProblem[];
  /** What this node would do; undefined: the file is wrong, so nobody knows. */
  readonly node: NodePlan | undefined;
  /** Who holds the addresses when something fails, by the file alone. */
  readonly forecasts: readonly Forecast[];
  /** The same of exclusive instances when machines are gone, or cannot see each other. */
  readonly cuts: readonly CutForecast[];
  /** What one attempt of each check found; undefined: that was not asked for. */
  readonly tried: readonly Tried[] | undefined;
}

/** `floatip check [FILE]`. */
export async function check(
  terminal: Terminal,
  flags: CheckFlags,
  file: string = flags.config ?? DEFAULT_CONFIG_FILE,
): Promise<ExitCode> {
  const found = await hold(await readConfiguration(file), file, flags);
  const isJson = flags.json === true;
  terminal.out(isJson ? formatJson(found, file) : formatText(found, flags.all === true));
  const errors = count(found, "error");
  if (errors > 0) {
    const sentence = `${file} is wrong: ${countProblems(found.problems)}`;
    throw new Failure(EXIT.invalid, sentence, "Each problem above says how its line should read.");
  }
  if (count(found, "machine") > 0) {
    const sentence = `${file} is right, but does not fit this machine: ` +
      countProblems(found.problems);
    throw new Failure(
      EXIT.failed,
      sentence,
      "floatip would start: each line above says what it would wait for, or what would fail.",
    );
  }
  const { tried = [] } = found;
  const failed = tried.filter(({ result }) => !result.ok).map(({ name }) => name);
  if (failed.length > 0) {
    const sentence = `${failed.length} of ${tried.length} checks failed: ${few(failed)}`;
    throw new Failure(EXIT.failed, sentence, "The daemon would find the same now.");
  }
  if (!isJson) terminal.out(`${file} is right and fits this machine\n`);
  return EXIT.ok;
}

function count(found: Finding, severity: LocatedProblem["severity"]): number {
  return found.problems.filter((problem) => problem.severity === severity).length;
}

/** Holds what was read against this machine. */
async function hold(loaded: Loaded, file: string, flags: CheckFlags): Promise<Finding> {
  if (loaded.kind === "problems") {
    return {
      problems: loaded.problems,
      node: undefined,
      forecasts: [],
      cuts: [],
      tried: undefined,
    };
  }
  const { config, warnings, text } = loaded;
  const here = await look();
  const { node, problems } = plan(config, here, flags.node, undefined);
  const [commands, ports, strangers] = await Promise.all([
    commandProblems(config, node),
    clusterPortProblems(config),
    strangerProblems(config, node, here.interfaces),
  ]);
  const machine = await locate([...problems, ...commands, ...ports, ...strangers], text, file);
  const changeable = await fileProblem(file);
  const forecasts = forecast(config, await lineFinder(text));
  return {
    problems: [
      ...[...warnings, ...machine, ...capabilityProblems(file, node, config)],
      ...(changeable === undefined ? [] : [{ ...changeable, ...NO_LINE, file }]),
    ],
    node,
    forecasts,
    cuts: forecastCuts(config),
    tried: flags.try === true ? await tryChecks(node.checks) : undefined,
  };
}

/** Of what concerns no line of the file. */
const NO_LINE = { line: 0, column: 0, source: "", caret: 0 } as const;

function capabilityProblems(
  file: string,
  node: NodePlan,
  config: Config,
): readonly LocatedProblem[] {
  const always = ["CAP_NET_ADMIN", "CAP_NET_RAW"] as const;
  const wanted = usesLowPort(node, config) ? [...always, "CAP_NET_BIND_SERVICE"] as const : always;
  return missingCapabilities(wanted).map((name) => ({
    severity: "machine",
    path: [],
    at: "value",
    what: `this user may not ${NEEDED[name].purpose} (${name})`,
    why: NEEDED[name].without,
    fix: capabilityHint([name], "run"),
    ...NO_LINE,
    file,
  }));
}

function formatText({ problems, node, forecasts, cuts, tried }: Finding, all: boolean): string {
  const lines = node === undefined ? [] : [
    ...planLines(node),
    ...lonelyLines(node),
    "",
    ...forecastLines(forecasts, all),
    ...cutLines(cuts, all),
    ...triedLines(tried),
  ];
  const plans = lines.map((line) => `${line}\n`).join("");
  const between = problems.length > 0 && plans !== "" ? "\n" : "";
  return `${problemsText(problems)}${between}${plans}`;
}

/** "checks, each tried once", and a line for each with what was found and how long it took. */
function triedLines(tried: Finding["tried"]): readonly string[] {
  if (tried === undefined) return [];
  if (tried.length === 0) return ["", "no check runs on this node: there is none to try"];
  const rows = tried.map(({ name, result: { ok, text: words, latency } }) => [
    ok ? "   " : "  !",
    `check ${name}`,
    ok ? "ok" : "FAILED",
    words,
    // Some say it themselves.
    words.endsWith(` in ${formatDuration(latency)}`) ? "" : `(${formatDuration(latency)})`,
  ]);
  return ["", "each check, tried once:", ...alignColumns(rows)];
}

/** Problems by their names in the file; `plan` says in words what this node would do. */
function formatJson({ problems, node, forecasts, cuts, tried }: Finding, file: string): string {
  const valid = !problems.some(({ severity }) => severity === "error");
  const document = {
    schema: 1,
    file,
    valid,
    fits: valid && !problems.some(({ severity }) => severity === "machine"),
    node: node?.node ?? null,
    problems,
    plan: node === undefined ? [] : planLines(node),
    forecast: forecasts.map(({ instance, start, rows }) => ({
      instance,
      start,
      rows: rows.map(({ event, words, arithmetic, alarming, recovery }) => ({
        event,
        words,
        arithmetic,
        alarming,
        recovery: recovery ?? null,
      })),
    })),
    cuts: cuts.map(({ instances, start, rows }) => ({
      instances,
      start,
      rows: rows.map(({ event, words, alarming }) => ({ event, words, alarming })),
    })),
    tried: tried?.map(({ name, result: { ok, text: words, latency } }) => ({
      check: name,
      ok,
      words,
      latency_ms: Math.round(toMilliseconds(latency) * 100) / 100,
    })) ?? null,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
