/**
 * Metrics of each virtual router: what the loop measures, and a row for each metric. Names follow
 * the objects of RFC 6527 (VRRPV3-MIB) where there is one. The label is `vrrp_instance`, because
 * Prometheus writes the address that it scrapes into `instance`.
 */
import type { InstanceStatus } from "./api.ts";
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
  type Sample,
  type ValueMetric,
  valueParts,
} from "./exposition.ts";
import { HEALTHS, STATES } from "./values.ts";

/** What was measured of one virtual router since it was first configured. */
export interface RouterReading {
  readonly instance: string;
  readonly family: "ipv4" | "ipv6";
  /** Only transitions that occurred. */
  readonly transitions: readonly TransitionCount[];
  /** Between two adverts of one master, as this backup accepted them. */
  readonly receivedGap: HistogramReading;
  /** Between two adverts of its own, as master. */
  readonly sentGap: HistogramReading;
}

/** How often one state followed another for one reason. */
export interface TransitionCount {
  readonly from: string;
  readonly to: string;
  /** The kind of the cause, as in the history: "master-silent". */
  readonly reason: string;
  readonly count: number;
}

/** Everything that `instances` have, and what was measured of them, in parts. */
export function* instanceParts(
  instances: readonly InstanceStatus[],
  readings: readonly RouterReading[],
): Generator<string> {
  const labelled = instances.map((one) => [routerLabels(one), one] as const);
  yield printMetric(
    INFO,
    labelled.map(([labels, one]) => [joinLabels(labels, infoLabels(one)), 1]),
  );
  yield printMetric(STATE, labelled.flatMap(([labels, one]) => stateSamples(labels, one)));
  yield printMetric(HEALTH, labelled.flatMap(([labels, one]) => healthSamples(labels, one)));
  yield printMetric(MASTER, labelled.flatMap(([labels, one]) => masterSamples(labels, one)));
  yield* valueParts(VALUES, labelled);
  const measured = pair(labelled, readings);
  yield printMetric(
    TRANSITIONS,
    measured.flatMap(([labels, one]) => transitionSamples(labels, one)),
  );
  yield printHistogram(RCVD_GAP, gapSamples(measured, ({ receivedGap }) => receivedGap));
  yield printHistogram(SENT_GAP, gapSamples(measured, ({ sentGap }) => sentGap));
}

/**
 * The labels of every sample of a virtual router: alike on all nodes, so that rules can sum over
 * nodes.
 */
export function routerLabels(router: Pick<InstanceStatus, "name" | "vrid" | "family">): string {
  const { name, vrid, family } = router;
  return formatLabels({ vrrp_instance: name, vrid: String(vrid), family });
}

const VALUES: readonly ValueMetric<InstanceStatus>[] = [
  gauge(
    "state_since_timestamp_seconds",
    "When the present state was entered, as a Unix time.",
    ({ since }) => Date.parse(since) / 1000,
  ),
  gauge(
    "priority",
    "The effective priority: what health checks make of the base.",
    ({ priority }) => priority,
  ),
  gauge("base_priority", "The configured priority.", ({ base_priority }) => base_priority),
  gauge(
    "master_known",
    "1 where this node is master or hears one.",
    ({ master }) => Number(master !== null),
  ),
  gauge(
    "ready_nodes",
    "How many nodes could hold the addresses, as they tell; not there without [cluster].",
    ({ ready }) => ready,
  ),
  gauge(
    "votes",
    "Of an exclusive instance: how many machines stand by this node.",
    ({ votes }) => votes?.have ?? null,
  ),
  gauge(
    "votes_needed",
    "Of an exclusive instance: how many have to.",
    ({ votes }) => votes?.need ?? null,
  ),
  gauge(
    "votes_possible",
    "Of an exclusive instance: how many machines vote.",
    ({ votes }) => votes?.of.length ?? null,
  ),
  gauge(
    "epoch",
    "Of an exclusive instance that this node holds: the number of the change of holder.",
    ({ votes }) => votes?.epoch ?? null,
  ),
  gauge(
    "handed_over",
    "1 while this node does not preempt because the addresses were handed over by hand.",
    ({ aside }) => Number(aside !== null),
  ),
  gauge(
    "conflict",
    "1 while another machine is seen to be master too, or to use the VRID or the addresses.",
    ({ conflict, conflicts }) => Number(conflict !== null || conflicts.length > 0),
  ),
  counter(
    "conflicts_total",
    "Times that another machine came to use the VRID or to hold the addresses.",
    ({ counters }) => counters.conflicts,
  ),
  counter(
    "near_misses_total",
    "Times that this backup came within one interval of taking over from a living master, or " +
      "would have but for its report.",
    ({ counters }) => counters.near_misses,
  ),
  gauge(
    "adverts_lost",
    "1: the master is known by its reports alone, its adverts do not arrive at this backup.",
    ({ adverts_lost }) => adverts_lost ? 1 : 0,
  ),
  gauge(
    "lease_remaining_seconds",
    "How long the kernel keeps the addresses without a renewal; not there where it has no limit.",
    ({ lease_remaining_ms }) => lease_remaining_ms === null ? null : lease_remaining_ms / 1000,
  ),
  gauge(
    "advert_interval_seconds",
    "The interval between adverts that counts now: the master's as learnt, or the own one.",
    ({ master_interval_ms }) => master_interval_ms / 1000,
  ),
  gauge(
    "master_down_seconds",
    "How long a backup of this priority waits without an advert before it takes over.",
    ({ master_down_ms }) => master_down_ms / 1000,
  ),
  counter(
    "master_transitions_total",
    "Times that this node became master (RFC 6527 vrrpv3StatisticsMasterTransitions).",
    ({ counters }) => counters.master_transitions,
  ),
  counter(
    "rcvd_advertisements_total",
    "Adverts that were accepted (RFC 6527 vrrpv3StatisticsRcvdAdvertisements).",
    ({ counters }) => counters.rcvd_advertisements,
  ),
  counter(
    "sent_advertisements_total",
    "Adverts that were sent; one that goes to several peers counts once.",
    ({ counters }) => counters.sent_advertisements,
  ),
  counter(
    "rcvd_pri_zero_packets_total",
    "Adverts by which a master left (RFC 6527 vrrpv3StatisticsRcvdPriZeroPackets).",
    ({ counters }) => counters.rcvd_pri_zero_packets,
  ),
  counter(
    "sent_pri_zero_packets_total",
    "Adverts by which this node left (RFC 6527 vrrpv3StatisticsSentPriZeroPackets).",
    ({ counters }) => counters.sent_pri_zero_packets,
  ),
];

const INFO = metric("gauge", "instance_info", "Always 1: how the instance is set up on this node.");

function infoLabels(one: InstanceStatus): string {
  return formatLabels({
    interface: one.interface ?? "",
    version: String(one.version),
    transport: one.transport,
    addresses: one.addresses.join(" "),
    group: one.group ?? "",
  });
}

const STATE = metric(
  "gauge",
  "state",
  "1 for the state in which the instance is on this node, 0 for the others.",
);

function stateSamples(labels: string, one: InstanceStatus): readonly Sample<number>[] {
  return STATES.map((state) => [
    joinLabels(labels, formatLabels({ state })),
    Number(one.state === state),
  ]);
}

const HEALTH = metric(
  "gauge",
  "health",
  "1 for the health of the instance as this node sees it, 0 for the other values.",
);

function healthSamples(labels: string, one: InstanceStatus): readonly Sample<number>[] {
  return HEALTHS.map((health) => [
    joinLabels(labels, formatLabels({ health })),
    Number(one.health === health),
  ]);
}

const MASTER = metric(
  "gauge",
  "master_info",
  "Always 1: the holder of the addresses as far as this node knows; absent while it knows none.",
);

function masterSamples(labels: string, { master }: InstanceStatus): readonly Sample<number>[] {
  if (master === null) return [];
  const { node, address } = master;
  return [[joinLabels(labels, formatLabels({ master: node, address })), 1]];
}

const TRANSITIONS = metric(
  "counter",
  "transitions_total",
  "Changes of state by reason, as in floatip events; only those that occurred.",
);

function transitionSamples(labels: string, reading: RouterReading): readonly Sample<number>[] {
  return reading.transitions.map(({ from, to, reason, count }) => [
    joinLabels(labels, formatLabels({ from, to, reason })),
    count,
  ]);
}

const RCVD_GAP = metric(
  "histogram",
  "rcvd_advert_gap_seconds",
  "Time between two adverts of one master, as this node accepted them as backup.",
);

const SENT_GAP = metric(
  "histogram",
  "sent_advert_gap_seconds",
  "Time between two adverts that this node sent as master.",
);

function gapSamples(
  measured: Labelled<RouterReading>,
  gapOf: (reading: RouterReading) => HistogramReading,
): readonly Sample<HistogramReading>[] {
  return measured
    .map(([labels, reading]) => [labels, gapOf(reading)] as const)
    // A node that was never master, or never backup: sixteen zeros for nothing.
    .filter(([, gap]) => gap.counts.some((count) => count > 0));
}

/** The readings with the labels of their routers. */
function pair(
  labelled: Labelled<InstanceStatus>,
  readings: readonly RouterReading[],
): Labelled<RouterReading> {
  const key = (name: string, family: string): string => `${name}/${family}`;
  const labels = new Map(labelled.map(([text, one]) => [key(one.name, one.family), text]));
  return readings.flatMap((reading) => {
    const found = labels.get(key(reading.instance, reading.family));
    return found === undefined ? [] : [[found, reading] as const];
  });
}
