import { formatIp } from "../../src/net/ip.ts";
import { formatMac } from "../../src/net/mac.ts";
import { formatDuration } from "../../src/time.ts";
import { decodeFrame } from "../../src/wire/frame.ts";
import { oddities } from "../../src/tools/listen/warnings.ts";
import { isReject } from "../../src/wire/reject.ts";
import { decodeAdvert, type VrrpDatagram } from "../../src/wire/vrrp.ts";
import { CAPTURED, CAPTURED_GRATUITOUS_ARP } from "../support/wire/captured.ts";
import { golden } from "../support/golden.ts";

Deno.test("what keepalived's frames say, in words", async () => {
  const adverts = CAPTURED.map(({ name, datagram }) => [
    name,
    `  bytes      ${datagram.payload.toHex()}`,
    ...inWords(datagram),
  ]);
  const broken = MUTILATIONS.map(([name, mutilate]) => [name, ...inWords(mutilate(sample()))]);
  const sections = [...adverts, ["gratuitous ARP", ...arpInWords()], ...broken];
  await golden("adverts", sections.map((lines) => lines.join("\n")).join("\n\n"));
});

/** What may be done to a good v3 multicast advert, and what the decoder then says. */
const MUTILATIONS: readonly (readonly [string, (datagram: VrrpDatagram) => VrrpDatagram])[] = [
  ["v3, through a router", (datagram) => ({ ...datagram, ttl: 254 })],
  ["v3, cut short", cut(7)],
  ["v3, addresses cut off", cut(11)],
  ["v3, called version 4", set(0, 0x41)],
  ["v3, called type 2", set(0, 0x32)],
  ["v3, VRID 0", set(1, 0)],
  ["v3, count 0", set(3, 0)],
  ["v3, count 255", set(3, 255)],
  ["v3, another priority", set(2, 101)],
];

function sample(): VrrpDatagram {
  const found = CAPTURED.find(({ name }) => name === "v3, multicast");
  if (found === undefined) throw new Error("no such capture");
  return found.datagram;
}

function cut(length: number): (datagram: VrrpDatagram) => VrrpDatagram {
  return (datagram) => ({ ...datagram, payload: datagram.payload.slice(0, length) });
}

function set(at: number, value: number): (datagram: VrrpDatagram) => VrrpDatagram {
  return (datagram) => ({ ...datagram, payload: datagram.payload.with(at, value) });
}

function inWords(datagram: VrrpDatagram): readonly string[] {
  const { source, destination, ttl } = datagram;
  const from = `  from       ${formatIp(source)} to ${formatIp(destination)}, TTL ${ttl}`;
  const decoded = decodeAdvert(datagram);
  if (isReject(decoded)) return [from, `  rejected   ${decoded.reason}: ${decoded.detail}`];
  const { version, vrid, priority, interval, addresses, auth, checksumForm } = decoded;
  const lines = [
    from,
    `  version    ${version}`,
    `  VRID       ${vrid}`,
    `  priority   ${priority}`,
    `  interval   ${formatDuration(interval)}`,
    `  addresses  ${addresses.map(formatIp).join(" ")}`,
  ];
  if (auth !== undefined) lines.push(`  auth       type ${auth.type}, data ${auth.data.toHex()}`);
  if (checksumForm !== undefined) lines.push(`  checksum   ${checksumForm}`);
  return [...lines, ...oddities(decoded, datagram).map((words) => `  odd        ${words}`)];
}

function arpInWords(): readonly string[] {
  const frame = decodeFrame(CAPTURED_GRATUITOUS_ARP);
  if (frame.kind !== "arp") return [`  ${frame.kind}`];
  const { operation, senderMac, senderIp, targetMac, targetIp } = frame.arp;
  return [
    `  bytes      ${CAPTURED_GRATUITOUS_ARP.toHex()}`,
    `  frame      ${formatMac(frame.ethernet.source)} to ${formatMac(frame.ethernet.destination)}`,
    `  operation  ${operation}`,
    `  sender     ${formatIp(senderIp)} at ${formatMac(senderMac)}`,
    `  target     ${formatIp(targetIp)} at ${formatMac(targetMac)}`,
  ];
}
