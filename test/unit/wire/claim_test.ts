/** Frames that assert an address. */
import assert from "node:assert/strict";
import { formatIp, ip } from "../../../src/net/ip.ts";
import { BROADCAST_MAC, formatMac, type Mac } from "../../../src/net/mac.ts";
import { arpProbe, arpProbeToAll, arpRequest, gratuitousArp } from "../../../src/wire/arp.ts";
import { claimIn } from "../../../src/wire/claim.ts";
import {
  encodeNeighborAdvert,
  encodeNeighborSolicit,
  neighborProbe,
  unsolicitedNa,
} from "../../../src/wire/ndp.ts";
import { arpReply } from "../../support/wire/arp_reply.ts";

const MAC: Mac = new Uint8Array([2, 0, 0, 0, 0, 1]);
const OTHER: Mac = new Uint8Array([2, 0, 0, 0, 0, 2]);
const [A4, B4, A6, B6] = [ip("10.0.0.1"), ip("10.0.0.2"), ip("fd00::1"), ip("fd00::2")];

const solicited = {
  kind: "na",
  source: A6,
  destination: B6,
  router: false,
  solicited: true,
  override: false,
  target: A6,
  mac: MAC,
} as const;
const request = {
  operation: "request",
  senderMac: OTHER,
  senderIp: B4,
  targetMac: MAC,
  targetIp: A4,
} as const;

/** What is said, and the words "unasked", "answer" or "answer-to-all". */
const CLAIMS: readonly (readonly [name: string, frame: Uint8Array, claim: string | undefined])[] = [
  ["gratuitous ARP", gratuitousArp(MAC, A4), "10.0.0.1 at 02:00:00:00:00:01, unasked"],
  ["an ARP request's sender", arpRequest(MAC, A4, B4), "10.0.0.1 at 02:00:00:00:00:01, unasked"],
  ["an ARP reply", arpReply(MAC, request), "10.0.0.1 at 02:00:00:00:00:01, answer"],
  [
    "an ARP reply to one who asked for an answer to all",
    arpReply(MAC, { ...request, senderMac: BROADCAST_MAC }),
    "10.0.0.1 at 02:00:00:00:00:01, answer-to-all",
  ],
  [
    "a gratuitous ARP reply",
    arpReply(MAC, { ...request, senderMac: BROADCAST_MAC, senderIp: A4 }),
    "10.0.0.1 at 02:00:00:00:00:01, unasked",
  ],
  ["a probe whose answer goes to all", arpProbeToAll(MAC, A4, MAC), undefined],
  ["an ARP probe", arpProbe(MAC, A4), undefined],
  [
    "an unsolicited advertisement",
    unsolicitedNa(MAC, A6, true),
    "fd00::1 at 02:00:00:00:00:01, unasked",
  ],
  [
    "a solicited advertisement",
    encodeNeighborAdvert(OTHER, solicited, OTHER),
    "fd00::1 at 02:00:00:00:00:01, answer",
  ],
  [
    "one without a MAC of its own has the frame's",
    encodeNeighborAdvert(OTHER, { ...solicited, mac: undefined }, MAC),
    "fd00::1 at 02:00:00:00:00:02, answer",
  ],
  ["a probe of IPv6", neighborProbe(MAC, A6), undefined],
  [
    "a solicitation",
    encodeNeighborSolicit(MAC, { kind: "ns", source: A6, destination: B6, target: B6, mac: MAC }),
    undefined,
  ],
  ["nothing", new Uint8Array(), undefined],
];

for (const [name, frame, expected] of CLAIMS) {
  Deno.test(`claim: ${name}`, () => {
    const claim = claimIn(frame);
    const text = claim && `${formatIp(claim.address)} at ${formatMac(claim.mac)}, ${claim.how}`;
    assert.equal(text, expected);
  });
}

Deno.test("a probe of IPv6 is a solicitation from nowhere to the address's own group", () => {
  const frame = neighborProbe(MAC, ip("fd00::12:3456"));
  assert.equal(frame.length, 78);
  assert.equal(formatMac(frame.subarray(0, 6)), "33:33:ff:12:34:56");
  assert.deepEqual(frame.subarray(22, 38), new Uint8Array(16));
});
