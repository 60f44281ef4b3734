/**
 * Asks by ARP who has an address, each N ms, and tells which machines answer. A program of its own,
 * run inside a namespace and without an event loop. Each question names another sender, so that
 * an answer tells which question it is for.
 *
 * It writes lines, times in milliseconds since 1970: "two TIME MAC MAC" for a question that two
 * machines answered, "held TIME MAC LAST" when another machine answers than before (LAST: the last
 * question that the one before answered), "gap FROM TO COUNT" for questions in a row without an
 * answer, "late TIME MS" when it could not ask in time, and "beat TIME ASKED ANSWERED" each second.
 *
 * Arguments: ADDRESS INTERVAL_MS INTERFACE_INDEX OWN_MAC.
 */
import { type Ip, ip } from "../../src/net/ip.ts";
import { type Mac, parseMac } from "../../src/net/mac.ts";
import { arpRequest } from "../../src/wire/arp.ts";
import { libc, openPacketSocket } from "../support/lab/packet_socket.ts";
import { wallNow } from "../support/lab/wall_clock.ts";

const ETH_P_ARP = 0x0806;
const REPLY = 2;

/** Senders that questions name, 10.77.0.200 to 10.77.0.231 of a LAN of the lab. */
const SENDERS = 32, FIRST_SENDER = 200;

/** Of an ARP packet behind the Ethernet header (RFC 826). */
const AT_OPERATION = 20, AT_SENDER = 28, AT_TARGET = 38;

interface Question {
  readonly at: number;
  readonly macs: Set<string>;
}

const [address = "", every = "2", index = "", mac = ""] = Deno.args;
const own = parseMac(mac);
if (own === undefined) throw new Error("usage");
ask(ip(address), Number(every), own);

function ask(target: Ip, everyMs: number, own: Mac): never {
  const socket = openPacketSocket(Number(index), ETH_P_ARP);
  // The last byte of its sender is filled in for each question.
  const packet = Uint8Array.from(arpRequest(own, target, target));
  const questions: (Question | undefined)[] = Array.from({ length: SENDERS });
  const tell = teller();
  let due = performance.now();
  for (let number = 0;; number = (number + 1) % SENDERS) {
    const late = performance.now() - due;
    if (late > 10 * everyMs) tell(`late ${wallNow().toFixed(1)} ${late.toFixed(1)}`);
    const before = questions[number];
    if (before !== undefined) tell.about(before);
    questions[number] = { at: wallNow(), macs: new Set() };
    packet[AT_SENDER + 3] = FIRST_SENDER + number;
    libc.send(socket, packet, BigInt(packet.length), 0);
    due += everyMs * (1 + Math.max(0, Math.floor(late / everyMs)));
    const rest = due - performance.now();
    if (rest > 0) libc.usleep(Math.floor(rest * 1000));
    listen(socket, target.bytes, questions);
  }
}

function listen(
  socket: number,
  target: Uint8Array,
  questions: readonly (Question | undefined)[],
): void {
  const packet = new Uint8Array(128);
  while (libc.recv(socket, packet, BigInt(packet.length), 0) > 0n) {
    const isAnswer = packet[AT_OPERATION + 1] === REPLY &&
      target.every((part, i) => packet[AT_SENDER + i] === part);
    if (!isAnswer) continue;
    const number = (packet[AT_TARGET + 3] ?? 0) - FIRST_SENDER;
    questions[number]?.macs.add(packet.slice(22, 28).toHex());
  }
}

/** Tells lines, and what became of questions. */
function teller() {
  const encoder = new TextEncoder();
  let holder = "";
  const lastOf = new Map<string, number>();
  let gap: { readonly from: number; lost: number } | undefined;
  let [asked, answered, beatAt] = [0, 0, 0];
  const tell = (line: string) => void Deno.stdout.writeSync(encoder.encode(`${line}\n`));
  return Object.assign(tell, {
    about({ at, macs }: Question): void {
      asked++;
      const [first, second] = macs;
      if (first === undefined) gap = { from: gap?.from ?? at, lost: (gap?.lost ?? 0) + 1 };
      else {
        answered++;
        if (gap !== undefined) tell(`gap ${gap.from.toFixed(1)} ${at.toFixed(1)} ${gap.lost}`);
        gap = undefined;
        for (const mac of macs) lastOf.set(mac, at);
        if (second !== undefined) tell(`two ${at.toFixed(1)} ${first} ${second}`);
        else if (first !== holder) {
          tell(`held ${at.toFixed(1)} ${first} ${(lastOf.get(holder) ?? NaN).toFixed(1)}`);
          holder = first;
        }
      }
      if (at < beatAt + 1000) return;
      tell(`beat ${at.toFixed(1)} ${asked} ${answered}`);
      beatAt = at;
    },
  });
}
