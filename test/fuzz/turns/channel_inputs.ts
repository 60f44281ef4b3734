/**
 * What may come by the channel: greetings and DATA that are sound, spoilt or made up, from nodes
 * and others; and texts that a node of the cluster, or one that was taken over, may have sealed.
 */
import {
  DATA_HEAD,
  encodeBeat,
  encodeDataHead,
  encodeGreeting,
  hintOf,
  NONCE_SIZE,
  pairHintOf,
  SID_SIZE,
  TAG_SIZE,
} from "../../../src/cluster/datagram.ts";
import { encodeAsk, encodePages, encodePart } from "../../../src/cluster/message.ts";
import type { HostEvent } from "../../../src/host.ts";
import { ip } from "../../../src/net/ip.ts";
import type { Instant } from "../../../src/time.ts";
import type { Random } from "../../sim/random.ts";
import { nodeReport, routerReport } from "../../support/cluster/reports.ts";
import { bytesOf, spoilt } from "./inputs.ts";

/** Most are left as they are, so that sessions come about and go on. */
const TIMES = 10;

/** A datagram; `greetings` are heads of those that the daemon sent last. */
export function channelDatagram(
  random: Random,
  at: Instant,
  keyIds: readonly number[],
  greetings: readonly Uint8Array[],
): HostEvent {
  const peer = random.pick(["pi-b", "pi-c"]);
  const tail = random.chance(0.9) ? (peer === "pi-b" ? 12 : 13) : random.between(0, 255);
  const from = ip(`10.77.0.${tail}`);
  const keyId = random.chance(0.95) ? random.pick(keyIds) : random.u32();
  const data = { keyId, hint: hint(random, greetings), counter: counter(random) };
  const head = random.pick([
    () => greeting(random, peer, keyId, greetings),
    () => encodeDataHead(data),
    () => encodeBeat({ ...data, number: random.between(0, 100) }),
  ])();
  const length = head.length === DATA_HEAD.size ? random.between(0, 1200) : 0;
  const datagram = Uint8Array.from([...head, ...bytesOf(random, length + TAG_SIZE)]);
  return { kind: "channel", from, datagram: spoilt(random, datagram, TIMES), at };
}

/** What a tag turns out to be: wrong, or of a text that may be anything. */
export function openedText(random: Random): Uint8Array | undefined {
  if (random.chance(0.3)) return undefined;
  const text = random.pick([
    () => new Uint8Array(0),
    () => encodeAsk({ kind: "report" }),
    () => encodeAsk({ kind: "parts" }),
    () => report(random),
    () => pages(random),
    () => new TextEncoder().encode("[".repeat(random.between(0, 1100))),
    () => bytesOf(random, random.between(0, 1160)),
  ])();
  return spoilt(random, text, TIMES);
}

function report(random: Random): Uint8Array {
  const number = random.pick([0, 1, 2, random.between(0, 100), 2 ** 53]);
  const age = () => random.pick([0, random.between(0, 1e9), Number.MAX_SAFE_INTEGER]);
  const routers = Array.from(
    { length: random.between(0, 8) },
    () =>
      routerReport({
        name: random.pick(["web", "dns", `i${random.between(0, 1e6)}`]),
        age: age(),
        interval: age(),
      }),
  );
  const maintenance = random.chance(0.8) ? null : { age: age(), left: age(), reason: null };
  const node = nodeReport({ up: age(), fileAge: age(), maintenance });
  const head = { number, index: random.between(0, 3), node };
  return encodePart(head, routers, random.chance(0.7)).text;
}

function pages(random: Random): Uint8Array {
  const file = `${random.u32()}`;
  const hashes = Array.from(
    { length: 5 },
    (_, n) => [`part ${n}`, `${random.u32()}`] as [string, string],
  );
  return encodePages({ file, of: null, hashes })[0] ?? new Uint8Array(0);
}

const CAN = { opens: true, readsBeats: true, knowsPairs: true };

/** Of a pair with a process that the daemon is known by, or of an older version. */
function hint(random: Random, greetings: readonly Uint8Array[]): bigint {
  const sid = sidOf(random);
  if (greetings.length === 0 || random.chance(0.3)) return hintOf(sid);
  return pairHintOf(sid, random.pick(greetings).slice(8, 8 + SID_SIZE));
}

/** One of its own, or an ACK to one that the daemon has asked. */
function greeting(
  random: Random,
  name: string,
  keyId: number,
  greetings: readonly Uint8Array[],
): Uint8Array {
  const [sid, nonce] = [sidOf(random), bytesOf(random, NONCE_SIZE)];
  const asked = greetings.length > 0 ? random.pick(greetings) : undefined;
  if (asked === undefined || random.chance(0.3)) {
    const to = new Uint8Array(SID_SIZE);
    return encodeGreeting({ kind: "hello", keyId, sid, to, asked: 1n, name, ...CAN, nonce });
  }
  const view = new DataView(asked.buffer, asked.byteOffset);
  const [to, question] = [asked.slice(8, 8 + SID_SIZE), view.getBigUint64(40)];
  return encodeGreeting({ kind: "ack", keyId, sid, to, asked: question, name, ...CAN, nonce });
}

/** One of few, so that sessions come about. */
function sidOf(random: Random): Uint8Array {
  return new Uint8Array(SID_SIZE).fill(random.chance(0.95) ? random.between(1, 3) : 0xff);
}

function counter(random: Random): bigint {
  return random.pick([0n, 1n, BigInt(random.between(1, 1e6)), 2n ** 64n - 1n]);
}
