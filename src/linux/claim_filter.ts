/**
 * Packet filters for address assertions of a few addresses, so that a noisy LAN wakes no process.
 */
import { assert } from "../assert.ts";
import type { Ip } from "../net/ip.ts";
import type { Mac } from "../net/mac.ts";
import { PACKET_BROADCAST, PACKET_OTHERHOST, PACKET_OUTGOING } from "./constants.ts";
import {
  type Instruction,
  MOST_INSTRUCTIONS,
  PACKET_TYPE_AT,
  type Program,
} from "./packet_filter.ts";

/** So many IPv6 addresses are compared whole; of more, the last word alone. */
const FEW = 64;

/** So many instructions come before the addresses, at most. */
const ROOM = 64;

type Step = readonly [label: string, instruction: Instruction];

/** What a frame must have before its address matters: width, offset, value. */
type Demand = readonly [op: "load8" | "load16" | "load32", at: number, value: number];

/** What frames of one family are told by. */
interface Kind {
  /** Of questions and claims. */
  readonly demands: readonly Demand[];
  /** A question is told from a claim by it. */
  readonly question: Demand;
  /** Of claims, further on. */
  readonly rest: readonly Demand[];
  /** Where the address is that is claimed. */
  readonly address: number;
  /** Where a question that all hear has the address that it is for; undefined: not looked at. */
  readonly asked?: number;
}

/**
 * ARP for Ethernet and IPv4, seen from the Ethernet header; which operation it is makes no
 * difference.
 */
const ARP = {
  demands: [["load16", 14, 1], ["load16", 16, 0x0800]],
  /** A probe: the sender's address is 0.0.0.0. */
  question: ["load32", 28, 0],
  rest: [],
  /** The sender's IPv4 address. */
  address: 28,
  asked: 38,
} as const satisfies Kind;

/** A Neighbor Solicitation or Advertisement that follows the IPv6 header at once, hop limit 255. */
const ADVERTISEMENT = {
  demands: [["load8", 20, 58], ["load8", 21, 255]],
  question: ["load8", 54, 135],
  rest: [["load8", 54, 136]],
  /** The target. */
  address: 62,
} as const satisfies Kind;

/**
 * Accepts what claims one of `addresses`, all of one family, from frames of that family's ethertype
 * (ARP, IPv6). Of more than 64 IPv6 addresses whatever ends as one of them; too many (over 2,000):
 * every claim. Frames for a VLAN that this machine is not in are dropped. ARP probes and Neighbor
 * Solicitations that come from `own`, the link's MAC, are accepted too: this machine's, sent back
 * to it; and ARP probes of others for one of the addresses, where all hear them.
 */
export function claimFilter(addresses: readonly Ip[], own?: Mac): Program {
  const [first] = addresses;
  assert(first !== undefined, "there is something to listen for");
  const kind: Kind = first.family === "ipv4" ? ARP : ADVERTISEMENT;
  const { demands, rest, address } = kind;
  const start = demands.length + (own === undefined ? 0 : 1) + rest.length;
  const before: readonly Step[] = [
    ["whose", { op: "load8", at: PACKET_TYPE_AT }],
    ["others'?", { op: "equal", to: PACKET_OTHERHOST, then: "next", else: stage(0) }],
    ["others'", { op: "drop" }],
    ...demands.flatMap((demand, i) => demandSteps(demand, i)),
    ...(own === undefined ? [] : questionSteps(demands.length, kind, own)),
    ...rest.flatMap((demand, i) => demandSteps(demand, demands.length + (own ? 1 : 0) + i)),
  ];
  if (first.family === "ipv6" && addresses.length <= FEW) {
    const compared = addresses.flatMap((one, i) => addressSteps(one, start + i, address));
    return [...before, ...compared, [stage(start + addresses.length), { op: "drop" }]];
  }
  const last = first.bytes.length - 4;
  return [...before, ...claimedSteps(stage(start), addresses, address, last)];
}

/**
 * Accepts what leaves and claims one of the IPv4 `addresses` by ARP with another MAC than `own`,
 * the link's; from all frames that pass there. Too many (over 2,000): every claim.
 */
export function leavingFilter(addresses: readonly Ip[], own: Mac): Program {
  const { demands, address } = ARP;
  const all: readonly Demand[] = [["load16", 12, 0x0806], ...demands];
  return [
    ["whose", { op: "load8", at: PACKET_TYPE_AT }],
    ["leaving?", { op: "equal", to: PACKET_OUTGOING, then: stage(0), else: "next" }],
    ["arriving", { op: "drop" }],
    ...all.flatMap((demand, i) => demandSteps(demand, i)),
    ...ownSteps(stage(all.length), own, 22),
    ["own", { op: "drop" }],
    ...claimedSteps("not own", addresses, address, 0),
  ];
}

/** The word in network order at `offset`. */
function wordAt(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}

/** Each decides for itself, so that no jump is far: they reach 255 instructions only. */
function demandSteps([op, at, to]: Demand, number: number): readonly Step[] {
  return [
    [stage(number), { op, at }],
    [`${number} met?`, { op: "equal", to, then: stage(number + 1), else: "next" }],
    [`${number} missed`, { op: "drop" }],
  ];
}

/**
 * A question from `own` is accepted; of another one that all hear, the address that it is for goes
 * on at "claimed?". What is no question goes on to the next stage.
 */
function questionSteps(number: number, { question, asked }: Kind, own: Mac): readonly Step[] {
  const [op, at, to] = question;
  return [
    [stage(number), { op, at }],
    ["a question?", { op: "equal", to, then: "next", else: stage(number + 1) }],
    ...ownSteps("from", own, 6),
    ["own", { op: "accept" }],
    ...(asked === undefined ? [["not own", { op: "drop" }] as const] : askedSteps(asked)),
  ];
}

/** Goes on where the MAC at `at` is `own`; another one leads to "not own". */
function ownSteps(label: string, own: Mac, at: number): readonly Step[] {
  const view = new DataView(own.buffer, own.byteOffset, own.byteLength);
  return [
    [label, { op: "load32", at }],
    ["begin?", { op: "equal", to: view.getUint32(0), then: "next", else: "not own" }],
    ["end", { op: "load16", at: at + 4 }],
    ["end?", { op: "equal", to: view.getUint16(4), then: "next", else: "not own" }],
  ];
}

/** A question of another machine that all hear goes on with the address that it is for. */
function askedSteps(at: number): readonly Step[] {
  return [
    ["not own", { op: "load8", at: PACKET_TYPE_AT }],
    ["to all?", { op: "equal", to: PACKET_BROADCAST, then: "next", else: "to one" }],
    ["asked for", { op: "load32", at }],
    ["go on", { op: "jump", then: "claimed?" }],
    ["to one", { op: "drop" }],
  ];
}

/**
 * Accepts what has, at `at`, the word at `word` of one of `addresses`, and drops the rest. Too many
 * of them: accepts everything.
 */
function claimedSteps(
  label: string,
  addresses: readonly Ip[],
  at: number,
  word: number,
): readonly Step[] {
  const isWhole = 2 * addresses.length > MOST_INSTRUCTIONS - ROOM;
  return [
    [label, { op: "load32", at: at + word }],
    isWhole
      ? ["claimed?", { op: "accept" }]
      : ["claimed?", { op: "accept-any", of: addresses.map(({ bytes }) => wordAt(bytes, word)) }],
    ["not claimed", { op: "drop" }],
  ];
}

/** As many words as it has, all equal; one that is not leads to the next address. */
function addressSteps({ bytes }: Ip, number: number, at: number): readonly Step[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const steps: Step[] = [];
  for (let offset = 0; offset < bytes.length; offset += 4) {
    const label = offset === 0 ? stage(number) : `${number} word ${offset}`;
    const to = view.getUint32(offset);
    steps.push([label, { op: "load32", at: at + offset }]);
    steps.push([`${label}?`, { op: "equal", to, then: "next", else: stage(number + 1) }]);
  }
  return [...steps, [`${number} claimed`, { op: "accept" }]];
}

function stage(number: number): string {
  return `stage ${number}`;
}
