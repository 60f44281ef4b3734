/**
 * What does `/metrics` say? The status document and what the loop has measured, as Prometheus reads
 * it.
 */
import type { CheckStatus, SinkStatus, StatusDocument } from "./api.ts";
import {
  formatLabels,
  joinLabels,
  type Metric,
  printHistogram,
  printMetric,
  type Sample,
} from "./exposition.ts";
import { counter, type Figure, gauge, printFigures } from "./figure.ts";
import { printInstances } from "./metrics_instance.ts";
import { printRejects } from "./metrics_rejects.ts";
import type { CheckReading, MetricsSnapshot } from "./reading.ts";

/** The whole exposition. Its names and labels are what dashboards and alert rules rest on. */
export function printMetrics(status: StatusDocument, reading: MetricsSnapshot): string {
  return [
    printDaemon(status, reading),
    printInstances(status.instances, reading.routers),
    printRejects(status),
    printChecks(status, reading.checks),
    printFigures(SINKS, status.sinks.map((sink) => [sinkLabels(sink), sink])),
  ].join("");
}

interface Both {
  readonly status: StatusDocument;
  readonly reading: MetricsSnapshot;
}

const DAEMON: readonly Figure<Both>[] = [
  gauge(
    "uptime_seconds",
    "How long the daemon runs, by a clock that knows no calendar.",
    ({ reading }) => reading.uptimeMs / 1000,
  ),
  gauge(
    "attention",
    "How many lines floatip status has under attention.",
    ({ status }) => status.attention.length,
  ),
  gauge(
    "maintenance",
    "1 while this node is in maintenance.",
    ({ status }) => Number(status.maintenance !== null),
  ),
  gauge(
    "config_last_reload_successful",
    "0 where the file was refused at the last reload, so that an older one is in force.",
    ({ status }) => Number(status.last_reload?.applied ?? true),
  ),
  gauge(
    "config_last_reload_success_timestamp_seconds",
    "When the configuration in force was put in force, as a Unix time.",
    ({ status }) => Date.parse(status.config_since) / 1000,
  ),
];

const INFO: Metric = {
  name: "floatip_info",
  type: "gauge",
  help: "Always 1: which node this is, and which version of floatip it runs.",
};

const LATENESS: Metric = {
  name: "floatip_timer_lateness_seconds",
  type: "histogram",
  help: "How much later than its deadline the daemon woke up: what a busy or frozen machine costs.",
};

function printDaemon(status: StatusDocument, reading: MetricsSnapshot): string {
  const { node, version } = status;
  return [
    printMetric(INFO, [[formatLabels({ node, version }), 1]]),
    printFigures(DAEMON, [["", { status, reading }]]),
    printHistogram(LATENESS, [["", reading.timerLateness]]),
  ].join("");
}

const CHECKS: readonly Figure<CheckStatus>[] = [
  gauge(
    "check_up",
    "What the check says after fall and rise: 1 up, 0 down; not there before its first result.",
    ({ up }) => up === null ? null : Number(up),
  ),
];

const ATTEMPTS: Metric = {
  name: "floatip_check_attempts_total",
  type: "counter",
  help: "Single attempts of the check, by result.",
};

const LATENCY: Metric = {
  name: "floatip_check_duration_seconds",
  type: "histogram",
  help: "How long single attempts of the check took, failed ones too.",
};

function printChecks(status: StatusDocument, readings: readonly CheckReading[]): string {
  const label = (check: string): string => formatLabels({ check });
  // Several instances may rest on one check.
  const judged = new Map(
    status.instances.flatMap(({ checks }) => checks).map((check) => [label(check.name), check]),
  );
  const attempts = readings.flatMap(({ name, succeeded, failed }): readonly Sample<number>[] => [
    [joinLabels(label(name), formatLabels({ result: "success" })), succeeded],
    [joinLabels(label(name), formatLabels({ result: "failure" })), failed],
  ]);
  return [
    printFigures(CHECKS, [...judged]),
    printMetric(ATTEMPTS, attempts),
    printHistogram(LATENCY, readings.map(({ name, latency }) => [label(name), latency])),
  ].join("");
}

const SINKS: readonly Figure<SinkStatus>[] = [
  gauge(
    "sink_queue_length",
    "Changes that wait to be told to the sink, the one under way included.",
    ({ pending }) => pending,
  ),
  counter("sink_delivered_total", "Changes that the sink was told.", ({ delivered }) => delivered),
  counter(
    "sink_collapsed_total",
    "Changes that the sink was not told because a newer one was to be told.",
    ({ collapsed }) => collapsed,
  ),
  counter(
    "sink_failed_total",
    "Changes that were given up after the last attempt.",
    ({ failed }) => failed,
  ),
];

function sinkLabels({ name, instance }: SinkStatus): string {
  return formatLabels({ sink: name, vrrp_instance: instance ?? "" });
}
