/**
 * Filter of a socket for adverts: messages for our VRIDs, and under a flood those of known sources
 * alone.
 */
import type { Endpoint, Interest } from "../host.ts";
import { MOST_INSTRUCTIONS, type Program } from "./packet_filter.ts";
import { CHANNEL_MAGIC, CHANNEL_VERSION, SEALED_HEAD, SEALED_TYPE } from "../wire/sealed.ts";
import { FIRST_SOURCE, fromSources } from "./source_filter.ts";

type Step = Program[number];

/**
 * An IP header with options, a UDP header, 255 IPv6 addresses and what auth_hmac adds: nothing
 * longer is an advert.
 */
const LONGEST = 60 + 8 + 8 + 255 * 16 + 28;

const UDP_HEADER = 8;
/** How a seal's head begins. */
const SEALED = CHANNEL_MAGIC * 2 ** 16 + CHANNEL_VERSION * 2 ** 8 + SEALED_TYPE;

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
    ["ours", { op: "jump", then: FIRST_SOURCE }],
    ...fromSources(known),
  ];
  return program.length <= MOST_INSTRUCTIONS ? program : everybody;
}

/** Loads the second byte of the message, which by UDP may be behind the head of a seal. */
function loadVrid({ kind, family }: Pick<Endpoint, "kind" | "family">): readonly Step[] {
  if (kind === "udp") {
    return [
      ["message", { op: "load32", at: UDP_HEADER }],
      ["sealed?", { op: "equal", to: SEALED, then: "behind the head", else: "plain" }],
      ["behind the head", { op: "load8", at: UDP_HEADER + SEALED_HEAD.size + 1 }],
      ["to the VRIDs", { op: "jump", then: vridLabel(0) }],
      ["plain", { op: "load8", at: UDP_HEADER + 1 }],
    ];
  }
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

function vridLabel(number: number): string {
  return `VRID ${number}?`;
}
