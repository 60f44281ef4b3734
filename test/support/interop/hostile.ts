/** Adverts that are each wrong in one way, and a way to put them on the LAN. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { ip } from "../../../src/net/ip.ts";
import { parseMac } from "../../../src/net/mac.ts";
import { milliseconds } from "../../../src/time.ts";
import { checksum } from "../../../src/wire/checksum.ts";
import { encodeEthernet, ETHERTYPE, multicastMac } from "../../../src/wire/ethernet.ts";
import { encodeIpv4 } from "../../../src/wire/ipv4.ts";
import type { RejectReason } from "../../../src/wire/reject.ts";
import { type Advert, encodeAdvert, groupOf, passwordBytes } from "../../../src/wire/vrrp.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { macOf } from "./holders.ts";

/** Who sends, and whom it means. */
export interface Attack {
  readonly version: 2 | 3;
  readonly vrid: number;
  /** The floating address of the attacked. */
  readonly address: string;
  readonly password?: string | undefined;
}

/**
 * One frame's making: it changes the IPv4 payload or header of an advert of priority 250 that would
 * be obeyed.
 */
interface Spoiler {
  readonly reason: RejectReason;
  readonly versions: readonly (2 | 3)[];
  readonly spoil: (message: Uint8Array) => Uint8Array;
  readonly ttl?: number;
}

const BOTH = [2, 3] as const;

/** Each kind of wrong advert with the reason it is to be counted under. */
export const SPOILERS: Readonly<Record<string, Spoiler>> = {
  "bad checksum": {
    reason: "checksum",
    versions: BOTH,
    spoil: (message) => withByte(message, 6, (byte) => byte ^ 0x5a),
  },
  "wrong password": {
    reason: "auth-password",
    versions: [2],
    spoil: (message) => summed(withByte(message, message.length - 8, (byte) => byte ^ 1)),
  },
  "no authentication": {
    reason: "auth-type",
    versions: [2],
    spoil: (message) => summed(withByte(message, 4, () => 0)),
  },
  "unknown version": {
    reason: "version",
    versions: BOTH,
    spoil: (message) => summed(withByte(message, 0, () => 0x41)),
  },
  "unknown type": {
    reason: "type",
    versions: BOTH,
    spoil: (message) => summed(withByte(message, 0, (byte) => (byte & 0xf0) | 2)),
  },
  "TTL 254": { reason: "ttl", versions: BOTH, spoil: (message) => message, ttl: 254 },
  "interval 0": {
    reason: "interval-zero",
    versions: BOTH,
    // 1 s is 1 in v2 and 0x0064 in v3: byte 5 is all there is of it in both.
    spoil: (message) => summed(withByte(message, 5, () => 0)),
  },
  "count 0": {
    reason: "count-zero",
    versions: BOTH,
    spoil: (message) => summed(withByte(message, 3, () => 0)),
  },
  "one address more than there is": {
    reason: "length",
    versions: BOTH,
    spoil: (message) => summed(withByte(message, 3, (byte) => byte + 1)),
  },
  "truncated": { reason: "too-short", versions: BOTH, spoil: (message) => message.slice(0, 6) },
  "other interval": {
    reason: "interval-mismatch",
    versions: [2],
    spoil: (message) => summed(withByte(message, 5, () => 7)),
  },
};

/** The kinds that make sense against `version`. */
export function kindsFor(version: 2 | 3): readonly (readonly [string, Spoiler])[] {
  return Object.entries(SPOILERS).filter(([, { versions }]) => versions.includes(version));
}

/** The multicast frame of `kind` from `attacker`. */
export async function hostileFrame(
  attacker: LabHost,
  attack: Attack,
  { spoil, ttl = 255 }: Spoiler,
): Promise<Uint8Array> {
  const good = goodMessage(attacker, attack, [attack.address]);
  return frameOf(await macOf(attacker), attacker.address, spoil(good), ttl);
}

/** A faultless multicast advert of priority 250 for these addresses. */
export async function strangersFrame(
  attacker: LabHost,
  attack: Attack,
  addresses: readonly string[],
): Promise<Uint8Array> {
  const message = goodMessage(attacker, attack, addresses);
  return frameOf(await macOf(attacker), attacker.address, message, 255);
}

/**
 * Sends `frames` in order out of `host`, one every `everyMs`; resolves when the last one has left.
 * `seconds`: again and again for so long; `rounds`: so many times.
 */
export async function inject(
  host: LabHost,
  frames: readonly Uint8Array[],
  everyMs: number,
  { seconds, rounds = 1 }: { readonly seconds?: number; readonly rounds?: number } = {},
): Promise<void> {
  const folder = mkdtempSync("/tmp/fl-inject-");
  try {
    writeFileSync(`${folder}/frames`, frames.map((frame) => frame.toHex()).join("\n"));
    const program = fileURLToPath(new URL("./inject.ts", import.meta.url));
    const { code, stderr } = await host.exec(
      [
        ...[Deno.execPath(), "run", "-A", program],
        ...[host.interface, String(everyMs), `${folder}/frames`],
        ...[String(seconds ?? ""), String(rounds)],
      ],
      // A busy machine sends more slowly.
      { timeoutMs: 3 * rounds * frames.length * everyMs + (seconds ?? 0) * 1000 + 30_000 },
    );
    assert.equal(code, 0, stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function goodMessage(
  attacker: LabHost,
  { version, vrid, password }: Attack,
  addresses: readonly string[],
): Uint8Array {
  const advert: Advert = {
    version,
    vrid,
    priority: 250,
    interval: milliseconds(1000),
    addresses: addresses.map(ip),
    ...(password === undefined ? {} : { auth: { type: 1, data: passwordBytes(password) } }),
  };
  // Without a pseudo-header a spoiled message is easily summed again; receivers accept that form.
  return encodeAdvert(advert, ip(attacker.address), groupOf("ipv4"), "rfc9568");
}

function frameOf(mac: string, source: string, payload: Uint8Array, ttl: number): Uint8Array {
  const destination = groupOf("ipv4");
  const packet = encodeIpv4({ source: ip(source), destination, id: 1, payload, ttl });
  return encodeEthernet({
    destination: multicastMac(destination),
    source: parseMac(mac) ?? new Uint8Array(6),
    etherType: ETHERTYPE.ipv4,
    payload: packet,
  });
}

function withByte(
  message: Uint8Array,
  offset: number,
  change: (byte: number) => number,
): Uint8Array {
  return message.map((byte, index) => index === offset ? change(byte) : byte);
}

/** The message with its checksum right again. */
function summed(message: Uint8Array): Uint8Array {
  const cleared = message.map((byte, index) => index === 6 || index === 7 ? 0 : byte);
  const sum = checksum(cleared);
  cleared[6] = sum >> 8;
  cleared[7] = sum & 0xff;
  return cleared;
}
