/**
 * The exposition of /metrics: the status document and what the loop measures. A metric is a row
 * here, or in metrics_instance.ts where it is about a virtual router; one that status does not have
 * is measured in daemon/metrics.ts. docs/reference/metrics.md is printed from the rows.
 */
import type { RejectReason } from "../wire/reject.ts";
import type { CheckStatus, NodeStatus, SinkStatus, StatusDocument } from "./api.ts";
import {
  counter,
  formatLabels,
  gauge,
  type HistogramReading,
  joinLabels,
  type Labelled,
  metric,
  printHistogram,
  printMetric,
  printValues,
  type Sample,
  type ValueMetric,
} from "./exposition.ts";
import { instanceParts, routerLabels, type RouterReading } from "./metrics_instance.ts";

/** What was measured of one health check. */
export interface CheckReading {
  readonly name: string;
  readonly succeeded: number;
  readonly failed: number;
  /** Of single attempts, failed ones too. */
  readonly latency: HistogramReading;
}

/** All that was measured, at one moment. */
export interface MetricsSnapshot {
  /** By the monotonic clock, in milliseconds: no calendar jump shows in it. */
  readonly uptimeMs: number;
  /** From a deadline of the loop until it acted on it. */
  readonly timerLateness: HistogramReading;
  readonly routers: readonly RouterReading[];
  readonly checks: readonly CheckReading[];
}

/**
 * The exposition of one moment, in parts. Its names and labels are what dashboards and alert rules
 * rest on.
 */
export function* metricParts(
  status: StatusDocument,
  reading: MetricsSnapshot,
): Generator<string> {
  yield printDaemon(status, reading);
  yield* instanceParts(status.instances, reading.routers);
  yield printRejects(status);
  yield printMetric(CHANNEL_REFUSED, samplesOf("", status.channel_refused));
  yield printChecks(status, reading.checks);
  yield printValues(SINKS, status.sinks.map((sink) => [sinkLabels(sink), sink]));
}

interface Both {
  readonly status: StatusDocument;
  readonly reading: MetricsSnapshot;
}

const DAEMON: readonly ValueMetric<Both>[] = [
  gauge(
    "uptime_seconds",
    "How long the daemon runs, by the monotonic clock.",
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
    "0 if the last reload refused the file, so that an older one is in force.",
    ({ status }) => Number(status.last_reload?.applied ?? true),
  ),
  gauge(
    "config_last_reload_success_timestamp_seconds",
    "When the configuration in force was put in force, as a Unix time.",
    ({ status }) => Date.parse(status.config_since) / 1000,
  ),
  gauge(
    "nodes",
    "Nodes of the file; not there without [cluster].",
    ({ status }) => status.ready === null ? null : nodesOf(status).length,
  ),
  gauge(
    "nodes_up",
    "Nodes of the file that are there, those in maintenance too; not there without [cluster].",
    ({ status }) => status.ready === null ? null : nodesOf(status).filter(isThere).length,
  ),
  gauge(
    "witnesses",
    "Witnesses of the file; not there without [cluster].",
    ({ status }) => witnessesOf(status)?.length ?? null,
  ),
  gauge(
    "witnesses_up",
    "Witnesses of the file that are there; not there without [cluster].",
    ({ status }) => witnessesOf(status)?.filter(isThere).length ?? null,
  ),
];

/** One node as this one sees it. */
const NODES: readonly ValueMetric<NodeStatus>[] = [
  gauge(
    "node_up",
    "1 if the node, or the witness, is there, in maintenance too; not there without [cluster].",
    (node) => Number(isThere(node)),
  ),
  gauge(
    "node_config_differs",
    "1 if the node's file differs from this node's; not there while that is not known.",
    ({ config }) => config === null ? null : Number(config === "differs"),
  ),
];

/** Those of the file, witnesses too: a written peer is called by its address. */
function machinesOf({ nodes }: StatusDocument): readonly NodeStatus[] {
  return nodes.filter(({ name, addresses }) => !addresses.includes(name));
}

function nodesOf(status: StatusDocument): readonly NodeStatus[] {
  return machinesOf(status).filter(({ witness }) => witness !== true);
}

/** Undefined: the file has no [cluster]. */
function witnessesOf(status: StatusDocument): readonly NodeStatus[] | undefined {
  return status.ready === null
    ? undefined
    : machinesOf(status).filter(({ witness }) => witness === true);
}

function isThere({ state }: NodeStatus): boolean {
  return state === "up" || state === "maintenance";
}

const INFO = metric(
  "gauge",
  "info",
  "Always 1: which node this is, and which version of floatip it runs.",
);

const LATENESS = metric(
  "histogram",
  "timer_lateness_seconds",
  "How much later than its deadline the daemon woke up, as on a busy or frozen machine.",
);

function printDaemon(status: StatusDocument, reading: MetricsSnapshot): string {
  const { node, version } = status;
  return [
    printMetric(INFO, [[formatLabels({ node, version }), 1]]),
    printValues(DAEMON, [["", { status, reading }]]),
    printValues(
      NODES,
      status.ready === null
        ? []
        : machinesOf(status).map((node) => [formatLabels({ node: node.name }), node]),
    ),
    printHistogram(LATENESS, [["", reading.timerLateness]]),
  ].join("");
}

const CHECKS: readonly ValueMetric<CheckStatus>[] = [
  gauge(
    "check_up",
    "1 if the check is up after fall and rise, 0 if it is down; absent before its first result.",
    ({ up }) => up === null ? null : Number(up),
  ),
];

const ATTEMPTS = metric(
  "counter",
  "check_attempts_total",
  "Single attempts of the check, by result.",
);

const LATENCY = metric(
  "histogram",
  "check_duration_seconds",
  "How long single attempts of the check took, failed ones too.",
);

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
    printValues(CHECKS, [...judged]),
    printMetric(ATTEMPTS, attempts),
    printHistogram(LATENCY, readings.map(({ name, latency }) => [label(name), latency])),
  ].join("");
}

const SINKS: readonly ValueMetric<SinkStatus>[] = [
  gauge(
    "sink_queue_length",
    "Messages that wait for the sink, the one under way included.",
    ({ pending }) => pending,
  ),
  counter("sink_delivered_total", "Messages that were delivered.", ({ delivered }) => delivered),
  counter(
    "sink_collapsed_total",
    "Messages that a newer one of the same instance replaced.",
    ({ collapsed }) => collapsed,
  ),
  counter(
    "sink_failed_total",
    "Messages that were given up after the last attempt.",
    ({ failed }) => failed,
  ),
];

function sinkLabels({ name, instance }: SinkStatus): string {
  return formatLabels({ sink: name, vrrp_instance: instance ?? "" });
}

type Rejects = Readonly<Record<string, number>>;

/** Every reason that occurred, by instance, and the sums that VRRPV3-MIB has. */
function printRejects({ instances, rejects }: StatusDocument): string {
  const labelled = instances.map((one) => [routerLabels(one), one.rejects] as const);
  const all: Labelled<Rejects> = [...labelled, ["", rejects]];
  return [
    printMetric(REJECTS, all.flatMap(([labels, counts]) => samplesOf(labels, counts))),
    printValues(PER_INSTANCE, labelled),
    printValues(PER_NODE, [["", total(all.map(([, counts]) => counts))]]),
  ].join("");
}

const REJECTS = metric(
  "counter",
  "rejects_total",
  "Packets refused, by reason, of those that occurred; without vrrp_instance: they fit none.",
);

const CHANNEL_REFUSED = metric(
  "counter",
  "channel_refused_total",
  "Datagrams of the channel of [cluster] refused, by reason, of those that occurred.",
);

function samplesOf(labels: string, counts: Rejects): readonly Sample<number>[] {
  return Object.entries(counts).map(([reason, count]) => [
    joinLabels(labels, formatLabels({ reason })),
    count,
  ]);
}

const PER_INSTANCE: readonly ValueMetric<Rejects>[] = [
  mib("adv_interval_errors_total", "vrrpv3StatisticsAdvIntervalErrors", [
    "interval-zero",
    "interval-mismatch",
  ]),
  mib("ip_ttl_errors_total", "vrrpv3StatisticsIpTtlErrors", ["ttl"]),
  mib("rcvd_invalid_type_packets_total", "vrrpv3StatisticsRcvdInvalidTypePackets", ["type"]),
  mib("address_list_errors_total", "vrrpv3StatisticsAddressListErrors", ["addresses"]),
  mib("packet_length_errors_total", "vrrpv3StatisticsPacketLengthErrors", [
    "too-short",
    "count-zero",
    "length",
  ]),
];

const PER_NODE: readonly ValueMetric<Rejects>[] = [
  mib("router_checksum_errors_total", "vrrpv3RouterChecksumErrors", ["checksum"]),
  mib("router_version_errors_total", "vrrpv3RouterVersionErrors", ["version"]),
  mib("router_vr_id_errors_total", "vrrpv3RouterVrIdErrors", ["unknown-vrid"]),
];

function mib(name: string, object: string, reasons: readonly RejectReason[]): ValueMetric<Rejects> {
  const help = `Packets refused as ${reasons.join(", ")} (RFC 6527 ${object}).`;
  return counter(
    name,
    help,
    (counts) => reasons.reduce((sum, reason) => sum + (counts[reason] ?? 0), 0),
  );
}

function total(all: readonly Rejects[]): Rejects {
  const sum: Record<string, number> = {};
  for (const counts of all) {
    for (const [reason, count] of Object.entries(counts)) sum[reason] = (sum[reason] ?? 0) + count;
  }
  return sum;
}
