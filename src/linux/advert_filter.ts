/**
 * Filter of a socket for adverts: messages for our VRIDs, and under a flood those of known sources
 * alone.
 */
import type { Endpoint, Interest } from "../host.ts";
import type { Ip } from "../net/ip.ts";
import { IP_HEADER_AT, MOST_INSTRUCTIONS, type Program } from "./packet_filter.ts";

type Step = Program[number];

/**
 * An IP header with options, a UDP header, 255 IPv6 addresses and what auth_hmac adds: nothing
 * longer is an advert.
 */
const LONGEST = 60 + 8 + 8 + 255 * 16 + 28;

/** Where the source stands in an IP header (RFC 791 3.1, RFC 8200 3). */
const SOURCE_AT = { ipv4: 12, ipv6: 8 } as const;

/**
 * The program for the socket of `endpoint`. A raw socket of IPv4 is handed the IP header too, one
 * of IPv6 the message alone, a UDP socket what begins with the UDP header. Without `others`, of
 * `interest.known` only. Too many of them: everybody.
 */
export function advertFilter(
  endpoint: Pick<Endpoint, "kind" | "family">,
  { vrids, known }: Interest,
  others: boolean,
): Program {
  const ours: readonly Step[] = [
    ["size", { op: "length" }],
    ["long?", { op: "above", to: LONGEST, then: "next", else: "message" }],
    ["long", { op: "drop" }],
    ...loadVrid(endpoint),
    ...vrids.flatMap(vridSteps),
    [vridLabel(vrids.length), { op: "drop" }],
  ];
  const everybody: Program = [...ours, ["ours", { op: "accept" }]];
  if (others) return everybody;
  const program: Program = [
    ...ours,
    ["ours", { op: "jump", then: sourceLabel(0) }],
    ...known.flatMap(sourceSteps),
    [sourceLabel(known.length), { op: "drop" }],
  ];
  return program.length <= MOST_INSTRUCTIONS ? program : everybody;
}

/** Loads the second byte of the message. */
function loadVrid({ kind, family }: Pick<Endpoint, "kind" | "family">): readonly Step[] {
  if (kind === "udp") return [["message", { op: "load8", at: 8 + 1 }]];
  if (family === "ipv6") return [["message", { op: "load8", at: 1 }]];
  return [["message", { op: "skip-ipv4" }], ["second byte", { op: "load8-behind", at: 1 }]];
}

/** A comparison reaches 255 instructions, a jump all. */
function vridSteps(vrid: number, number: number): readonly Step[] {
  return [
    [vridLabel(number), { op: "equal", to: vrid, then: "next", else: vridLabel(number + 1) }],
    [`VRID number ${number}`, { op: "jump", then: "ours" }],
  ];
}

/** As many words as it has, all equal; one that is not leads to the next. */
function sourceSteps({ family, bytes }: Ip, number: number): readonly Step[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = Array.from({ length: bytes.length / 4 }, (_, i) => i * 4);
  const compared = words.flatMap((offset): readonly Step[] => {
    const label = offset === 0 ? sourceLabel(number) : `${number} word ${offset}`;
    const to = view.getUint32(offset);
    return [
      [label, { op: "load32", at: IP_HEADER_AT + SOURCE_AT[family] + offset }],
      [`${label}?`, { op: "equal", to, then: "next", else: sourceLabel(number + 1) }],
    ];
  });
  return [...compared, [`${number} known`, { op: "accept" }]];
}

function vridLabel(number: number): string {
  return `VRID ${number}?`;
}

function sourceLabel(number: number): string {
  return `source ${number}`;
}
