/** The channel as a machine on the LAN sees it: recorded from the bridge, and sent again. */
import type { ChildProcess } from "node:child_process";
import { formatIp, ip } from "../../../src/net/ip.ts";
import { parseMac } from "../../../src/net/mac.ts";
import { encodeEthernet, ETHERTYPE } from "../../../src/wire/ethernet.ts";
import { encodeIpv4 } from "../../../src/wire/ipv4.ts";
import { encodeUdp } from "../../../src/wire/udp.ts";
import { inject } from "../interop/hostile.ts";
import { macOf } from "../interop/holders.ts";
import { PcapReader } from "../interop/pcap.ts";
import { endTcpdump, openTcpdump } from "../interop/tcpdump.ts";
import type { LabHost } from "../lab/lab_host.ts";
import type { Lan } from "../lab/lan.ts";

const PORT = 337;

/** Where the UDP payload lies in an Ethernet frame with an IPv4 header without options. */
const PAYLOAD_AT = 14 + 20 + 8;

/** A datagram of the channel, and when the kernel saw it, in milliseconds since 1970. */
export interface Recorded {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** What kind of datagram it is. */
export function typeOf({ bytes }: Pick<Recorded, "bytes">): Type | undefined {
  return TYPES[bytes[3] ?? 0];
}

type Type = NonNullable<typeof TYPES[number]>;

const TYPES = [undefined, "hello", "ack", "data", undefined, "beat"] as const;

/** Records the channel from {@link Recorder.open} until it is disposed. */
export class Recorder implements AsyncDisposable {
  readonly all: Recorded[] = [];

  private constructor(readonly child: ChildProcess) {
    const reader = new PcapReader();
    child.stdout?.on("data", (chunk: Uint8Array) => {
      for (const { at, bytes } of reader.push(chunk)) this.#take(at, bytes);
    });
  }

  /** Resolves when tcpdump listens on the bridge; what goes to `port` is recorded. */
  static async open(lan: Lan, port = PORT): Promise<Recorder> {
    const filter = `udp port ${port} and ip`;
    return await openTcpdump(lan, "br0", filter, (child) => new Recorder(child));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endTcpdump(this.child);
  }

  #take(at: number, frame: Uint8Array): void {
    const address = (offset: number) =>
      formatIp({ family: "ipv4", bytes: frame.slice(14 + offset, 14 + offset + 4) });
    // A short frame is padded: how long the datagram is, UDP says.
    const length = ((frame[38] ?? 0) << 8 | (frame[39] ?? 0)) - 8;
    const bytes = frame.slice(PAYLOAD_AT, PAYLOAD_AT + length);
    this.all.push({ at, from: address(12), to: address(16), bytes });
  }
}

/**
 * Sends datagrams from `attacker` as if their senders did, but by its own MAC, so that the bridge
 * goes on delivering to theirs; one every `everyMs`, all of them `rounds` times.
 */
export async function sendAgain(
  attacker: LabHost,
  hosts: readonly LabHost[],
  datagrams: readonly Omit<Recorded, "at">[],
  everyMs: number,
  rounds: number,
): Promise<void> {
  const mac = async (host: LabHost) => parseMac(await macOf(host)) ?? new Uint8Array(6);
  const own = await mac(attacker);
  const macs = new Map<string, Uint8Array>();
  for (const host of hosts) macs.set(host.address, await mac(host));
  const frames = datagrams.map(({ from, to, bytes }, id) => {
    const [source, destination] = [ip(from), ip(to)];
    const udp = { sourcePort: PORT, destinationPort: PORT, payload: bytes };
    const payload = encodeUdp(udp, source, destination);
    return encodeEthernet({
      source: own,
      destination: macs.get(to) ?? new Uint8Array(6),
      etherType: ETHERTYPE.ipv4,
      payload: encodeIpv4({ source, destination, id: id & 0xffff, ttl: 64, protocol: 17, payload }),
    });
  });
  await inject(attacker, frames, everyMs, { rounds });
}
