/** What do metrics say of packets that were not accepted? Every reason, and the error counters of RFC 6527. */
import { REJECT_REASONS, type RejectReason } from "../wire/reject.ts";
import type { StatusDocument } from "./api.ts";
import { formatLabels, joinLabels, type Metric, printMetric, type Sample } from "./exposition.ts";
import { counter, type Figure, printFigures } from "./figure.ts";
import { routerLabels } from "./metrics_instance.ts";

type Rejects = Readonly<Record<string, number>>;

/** Every reason of every instance, and the sums that VRRPV3-MIB has. */
export function printRejects(status: StatusDocument): string {
  const { instances, rejects } = status;
  const labelled = instances.map((one) => [routerLabels(one), one.rejects] as const);
  return [
    printMetric(REJECTS, [
      ...labelled.flatMap(([labels, counts]) => samplesOf(labels, counts, REASONS)),
      // What fits no instance has reasons of its own.
      ...samplesOf("", rejects, UNKNOWN_REASONS),
    ]),
    printFigures(PER_INSTANCE, labelled),
    printFigures(PER_NODE, [["", total([rejects, ...instances.map((one) => one.rejects)])]]),
  ].join("");
}

const REJECTS: Metric = {
  name: "floatip_rejects_total",
  type: "counter",
  help: "Packets that were refused, by reason; without vrrp_instance those that fit no instance.",
};

const UNKNOWN_REASONS: readonly RejectReason[] = ["unknown-vrid", "too-short"];
const REASONS = (Object.keys(REJECT_REASONS) as RejectReason[])
  .filter((reason) => reason !== "unknown-vrid");

/** Zeros too: a rate over a counter that appears with its first packet would miss that packet. */
function samplesOf(
  labels: string,
  counts: Rejects,
  reasons: readonly RejectReason[],
): readonly Sample<number>[] {
  return reasons.map((reason) => [
    joinLabels(labels, formatLabels({ reason })),
    counts[reason] ?? 0,
  ]);
}

const PER_INSTANCE: readonly Figure<Rejects>[] = [
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

const PER_NODE: readonly Figure<Rejects>[] = [
  mib("router_checksum_errors_total", "vrrpv3RouterChecksumErrors", ["checksum"]),
  mib("router_version_errors_total", "vrrpv3RouterVersionErrors", ["version"]),
  mib("router_vr_id_errors_total", "vrrpv3RouterVrIdErrors", ["unknown-vrid"]),
];

function mib(name: string, object: string, reasons: readonly RejectReason[]): Figure<Rejects> {
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
