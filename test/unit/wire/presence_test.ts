/**
 * The question whether VRRP is spoken at an address: its packets, and what ICMP answers to them.
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ip } from "../../../src/net/ip.ts";
import { checksum } from "../../../src/wire/checksum.ts";
import { decodeFrame } from "../../../src/wire/frame.ts";
import { encodeIpv4 } from "../../../src/wire/ipv4.ts";
import {
  answerOf,
  encodeControl,
  encodeQuestion,
  isQuestion,
  QUESTION,
  type Sign,
  signIn,
  type Target,
} from "../../../src/wire/presence.ts";
import { decodeAdvert } from "../../../src/wire/vrrp.ts";

const V4: Target = { source: ip("10.0.0.1"), address: ip("10.0.0.2") };
const V6: Target = { source: ip("fd00::1"), address: ip("fd00::2") };
const UDP4: Target = { ...V4, port: 336 };
const UDP6: Target = { ...V6, port: 336 };
const ECHO = { id: 7, sequence: 1, data: new Uint8Array([1, 2, 3, 4]) };
const ROUTER = ip("10.0.0.254");

/** An ICMP error of `from` about `packet`; for IPv6 its sender stands beside it. */
function error(target: Target, packet: Uint8Array, type: number, code: number, from?: string) {
  const sender = from === undefined ? target.address : ip(from);
  const message = new Uint8Array(8 + packet.length);
  message.set([type, code]);
  message.set(packet, 8);
  if (target.address.family === "ipv6") return { data: message, sender };
  const sum = checksum(message);
  message.set([sum >> 8, sum & 0xff], 2);
  const { source: destination } = target;
  const data = encodeIpv4({ source: sender, destination, id: 0, payload: message, protocol: 1 });
  return { data, sender: undefined };
}

const CASES: readonly (readonly [
  what: string,
  target: Target,
  packet: Uint8Array,
  type: number,
  code: number,
  from: string | undefined,
  sign: Sign | undefined,
])[] = [
  ["no protocol 112", V4, encodeQuestion(V4), 3, 2, undefined, "closed"],
  ["no protocol 253", V4, encodeControl(V4), 3, 2, undefined, "control"],
  ["REJECT of iptables", V4, encodeQuestion(V4), 3, 3, undefined, "filtered"],
  ["REJECT of firewalld", V4, encodeQuestion(V4), 3, 10, undefined, "filtered"],
  ["a router's filter", V4, encodeQuestion(V4), 3, 13, "10.0.0.254", "filtered"],
  ["a stranger says: no protocol", V4, encodeQuestion(V4), 3, 2, "10.0.0.254", undefined],
  ["nobody answers ARP", V4, encodeQuestion(V4), 3, 1, "10.0.0.1", "unreachable"],
  ["no UDP port", UDP4, encodeQuestion(UDP4), 3, 3, undefined, "closed"],
  ["no control port", UDP4, encodeControl(UDP4), 3, 3, undefined, "control"],
  ["another port", { ...UDP4, port: 337 }, encodeQuestion(UDP4), 3, 3, undefined, undefined],
  ["UDP is forbidden", UDP4, encodeQuestion(UDP4), 3, 13, undefined, "filtered"],
  ["no next header 112", V6, encodeQuestion(V6), 4, 1, undefined, "closed"],
  ["no next header 253", V6, encodeControl(V6), 4, 1, undefined, "control"],
  ["nobody answers ND", V6, encodeQuestion(V6), 1, 3, "fd00::1", "unreachable"],
  ["a filter of IPv6", V6, encodeQuestion(V6), 1, 1, undefined, "filtered"],
  ["no UDP port of IPv6", UDP6, encodeQuestion(UDP6), 1, 4, undefined, "closed"],
  [
    "about another node",
    { ...V4, address: ROUTER },
    encodeQuestion(V4),
    3,
    2,
    undefined,
    undefined,
  ],
];

for (const [what, target, packet, type, code, from, sign] of CASES) {
  Deno.test(`a sign of presence: ${what}`, () => {
    const { data, sender } = error(target, packet, type, code, from);
    strictEqual(signIn(data, sender, target, ECHO), sign);
  });
}

Deno.test("a sign of presence: bytes that are cut off say nothing", () => {
  for (const target of [V4, V6, UDP4, UDP6]) {
    const { data, sender } = error(target, encodeQuestion(target), 3, 2);
    for (let length = 0; length < data.length; length++) {
      signIn(data.subarray(0, length), sender, target, ECHO);
    }
  }
});

Deno.test("the question is an advert to no node", () => {
  strictEqual(isQuestion(QUESTION), true);
  strictEqual(isQuestion(QUESTION.subarray(1)), false);
  const { source, address: destination } = V4;
  const read = decodeAdvert({ source, destination, ttl: 255, payload: QUESTION });
  deepStrictEqual("reason" in read, true);
  for (const target of [V4, V6, UDP4, UDP6]) {
    const [etherType, packet] = [
      target.address.family === "ipv4" ? 0x0800 : 0x86dd,
      encodeQuestion(target),
    ];
    const frame = new Uint8Array(14 + packet.length);
    frame.set([etherType >> 8, etherType & 0xff], 12);
    frame.set(packet, 14);
    strictEqual(decodeFrame(frame, [336]).kind, "other");
  }
});

Deno.test("signs: silence is a program only where the control was refused", () => {
  const said = (...signs: readonly Sign[]) => {
    const { vrrp, machine } = answerOf(new Set(signs));
    return `${vrrp} ${machine}`;
  };
  strictEqual(said(), "unknown silent");
  strictEqual(said("echo"), "unknown answers");
  strictEqual(said("control"), "open answers");
  strictEqual(said("member"), "open answers");
  strictEqual(said("control", "closed", "echo"), "closed answers");
  strictEqual(said("filtered"), "filtered silent");
  strictEqual(said("unreachable"), "unknown unreachable");
  strictEqual(said("unreachable", "echo"), "unknown answers");
});
