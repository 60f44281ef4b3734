/**
 * What do metrics say of packets that were not accepted? Every reason, and the error counters of
 * RFC 6527.
 */
import type { RejectReason } from "../wire/reject.ts";
import type { StatusDocument } from "./api.ts";
import { formatLabels, joinLabels, type Metric, printMetric, type Sample } from "./exposition.ts";
import { counter, type Figure, type Labelled, printFigures } from "./figure.ts";
import { routerLabels } from "./metrics_instance.ts";

type Rejects = Readonly<Record<string, number>>;

/** Every reason that occurred, by instance, and the sums that VRRPV3-MIB has. */
export function printRejects({ instances, rejects }: StatusDocument): string {
  const labelled = instances.map((one) => [routerLabels(one), one.rejects] as const);
  const all: Labelled<Rejects> = [...labelled, ["", rejects]];
  return [
    printMetric(REJECTS, all.flatMap(([labels, counts]) => samplesOf(labels, counts))),
    printFigures(PER_INSTANCE, labelled),
    printFigures(PER_NODE, [["", total(all.map(([, counts]) => counts))]]),
  ].join("");
}

const REJECTS: Metric = {
  name: "floatip_rejects_total",
  type: "counter",
  help: "Packets refused, by reason, of those that occurred; without vrrp_instance: they fit none.",
};

function samplesOf(labels: string, counts: Rejects): readonly Sample<number>[] {
  return Object.entries(counts).map(([reason, count]) => [
    joinLabels(labels, formatLabels({ reason })),
    count,
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
