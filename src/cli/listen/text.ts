/** Texts of heard VRRP packets: a line for people, an object for programs; never a password. */
import { formatIp } from "../../net/ip.ts";
import { formatMac } from "../../net/mac.ts";
import { formatDuration, formatLocalTime, toMilliseconds, type WallTime } from "../../time.ts";
import { formatPriority } from "../../vrrp/cause_text.ts";
import { isReject, type Reject, REJECT_REASONS } from "../../wire/reject.ts";
import type { Advert } from "../../wire/vrrp.ts";
import {
  addressList,
  FOREIGN,
  isForeign,
  type Sender,
  type Sighting,
  type Summary,
} from "../../tools/listen/seen.ts";
import { alignColumns } from "../table.ts";
import type { Paint } from "../terminal.ts";

/** Of what {@link formatLocalTime} writes. */
const CLOCK_WIDTH = 23;

/** The names of VRRPv2's authentication types (RFC 2338 5.3.6). */
const AUTH_TYPES: Readonly<Record<number, string>> = { 0: "none", 1: "password", 2: "AH" };

/** The lines for one packet heard at `time`; the first of a sender has a headline. */
export function sightingLines(sighting: Sighting, time: Date, paint: Paint): readonly string[] {
  const { captured, message, first, odd } = sighting;
  const source = formatIp(captured.datagram.source);
  const mac = formatMac(captured.ethernet.source);
  const own = captured.outgoing ? ", this machine" : "";
  const { port } = captured.datagram;
  const by = port === undefined ? "" : `, by UDP port ${port}`;
  const headline = `new sender ${source} (${mac}${own}) on ${captured.interface}, ${
    vridOf(sighting)
  }${by}`;
  const words = isReject(message) ? rejectText(message, paint) : advertWords(message);
  const clock = paint("dim", formatLocalTime(time.getTime() as WallTime));
  return [
    ...(first ? [paint("bold", headline)] : []),
    `${clock}  ${captured.interface}  ${source}  ${vridOf(sighting)}  ${words}`,
    ...odd.map((remark) => `${" ".repeat(CLOCK_WIDTH)}  ${paint("warn", "!")} ${remark}`),
  ];
}

/** One packet as a JSON object; numbers carry their unit in their names. */
export function sightingJson(sighting: Sighting, time: Date): string {
  const { captured, message, vrid, odd } = sighting;
  const { source, destination, ttl, port } = captured.datagram;
  return JSON.stringify({
    time: time.toISOString(),
    interface: captured.interface,
    source: formatIp(source),
    mac: formatMac(captured.ethernet.source),
    outgoing: captured.outgoing,
    destination: formatIp(destination),
    ttl,
    udp_port: port ?? null,
    family: source.family,
    vrid: vrid ?? null,
    ...(isReject(message)
      ? { reject: { reason: message.reason, detail: message.detail } }
      : advertFields(message)),
    odd,
  });
}

/** What was heard in all, VRID by VRID. */
export function summaryLines(summaries: readonly Summary[], paint: Paint): readonly string[] {
  if (summaries.length === 0) return ["no VRRP was heard"];
  return summaries.flatMap((summary) => {
    const { vrid, family, senders, unlisted, odd } = summary;
    const name = vrid === undefined ? "no VRID" : `VRID ${vrid}`;
    const title = `${summary.interface}  ${name}  ${family === "ipv4" ? "IPv4" : "IPv6"}`;
    return [
      "",
      paint("bold", title),
      ...alignColumns(senders.map(senderRow)),
      ...(unlisted === 0 ? [] : [`  ${grouped(unlisted)} packets of further senders`]),
      ...odd.map((remark) => `  ${paint("warn", "!")} ${remark}`),
    ];
  });
}

/** What floatip cannot read is not broken. */
function rejectText({ reason, detail }: Reject, paint: Paint): string {
  const label = isForeign(reason) ? paint("warn", "not read") : paint("bad", "broken");
  return `${label}: ${REJECT_REASONS[reason]}: ${detail}`;
}

function vridOf({ vrid }: Sighting): string {
  return vrid === undefined ? "no VRID" : `VRID ${vrid}`;
}

/** "priority 200  v3 every 1 s  192.168.1.50  checksum pseudo-header". */
function advertWords(advert: Advert): string {
  const { version, priority, interval, checksumForm, auth } = advert;
  return [
    formatPriority(priority),
    `v${version} every ${formatDuration(interval)}`,
    addressList(advert),
    ...(checksumForm === undefined ? [] : [`checksum ${checksumForm}`]),
    ...(auth === undefined ? [] : [`auth ${authName(auth.type)}`]),
  ].join("  ");
}

function authName(type: number): string {
  return AUTH_TYPES[type] ?? `type ${type}`;
}

function advertFields(advert: Advert): Readonly<Record<string, unknown>> {
  const { version, priority, interval, addresses, checksumForm, auth } = advert;
  return {
    version,
    priority,
    advert_interval_ms: toMilliseconds(interval),
    addresses: addresses.map(formatIp),
    checksum: checksumForm ?? null,
    auth_type: auth === undefined ? null : authName(auth.type),
  };
}

/** "5,412". */
function grouped(count: number): string {
  return count.toLocaleString("en");
}

/** The same as JSON, at `time`. */
export function hiddenJson(count: number, time: Date): string {
  return JSON.stringify({ time: time.toISOString(), not_shown: count });
}

/** "... 5,412 more packets in this second not shown". */
export function hiddenLine(count: number, paint: Paint): string {
  const noun = count === 1 ? "packet" : "packets";
  return paint("dim", `... ${grouped(count)} more ${noun} in this second not shown`);
}

function senderRow({ source, mac, packets, broken, foreign, last }: Sender): readonly string[] {
  const counted = [
    `${packets} packet${packets === 1 ? "" : "s"}`,
    ...(broken === 0 ? [] : [`${broken} broken`]),
    ...(foreign === undefined ? [] : [FOREIGN[foreign]]),
  ].join(", ");
  const known = last === undefined ? [] : [advertWords(last)];
  return [`  ${source}`, mac, counted, ...known];
}
