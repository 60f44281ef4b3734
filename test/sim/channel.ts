/** The channel between nodes in virtual time: a socket of a simulated machine, and a toy cipher. */
import type { ToOpen, ToSend } from "../../src/cluster/outcome.ts";
import type { ChannelSettings, HostEvent } from "../../src/host.ts";
import { containsIp } from "../../src/net/prefix.ts";
import { includesIp, type Ip } from "../../src/net/ip.ts";
import { after, microseconds } from "../../src/time.ts";
import type { Lan } from "./lan.ts";
import type { Machine, Port } from "./machine.ts";
import { toyOpen, toySeal } from "./toy_cipher.ts";

/** How long a tag takes. */
const OPENING_TIME = microseconds(100);

/** As many datagrams as the socket's receive buffer holds; more are lost. */
const QUEUE_LIMIT = 128;

/** What a machine's packet filter drops. */
export interface PacketFilter {
  incoming: boolean;
  outgoing: boolean;
  /** Does it drop this datagram of the channel, in or out? Default: none. */
  talk?: (datagram: Uint8Array) => boolean;
}

/** A datagram of the channel on a simulated LAN. */
export interface ChannelDatagram {
  readonly source: Ip;
  readonly destination: Ip;
  readonly port: number;
  readonly bytes: Uint8Array;
}

/** The channel of one process. */
export class SimChannel {
  readonly #lan: Lan;
  readonly #machine: Machine;
  /** There is something to be told. */
  readonly #wake: () => void;
  #settings: ChannelSettings | undefined;
  readonly #arrived: { readonly from: Ip; readonly datagram: Uint8Array }[] = [];
  readonly #opened: Extract<HostEvent, { kind: "opened" }>[] = [];

  constructor(lan: Lan, machine: Machine, wake: () => void) {
    this.#lan = lan;
    this.#machine = machine;
    this.#wake = wake;
  }

  open(settings: ChannelSettings): void {
    this.#settings = settings;
  }

  close(): void {
    this.#settings = undefined;
    this.#arrived.length = 0;
  }

  send(jobs: readonly ToSend[]): void {
    const { port: udp, addresses = [] } = this.#settings ?? {};
    if (udp === undefined) return;
    for (const job of jobs) {
      const way = wayTo(job.to, addresses, this.#machine);
      if (way === undefined) continue;
      const sealed = "tag" in job ? job.tag : toySeal(job, this.#secret(job.key.keyId));
      const bytes = new Uint8Array(job.head.length + sealed.length);
      bytes.set(job.head);
      bytes.set(sealed, job.head.length);
      if (this.#machine.filter.talk?.(bytes) === true) continue;
      const datagram = { source: way.source, destination: job.to, port: udp, bytes };
      this.#lan.carryChannel(this.#machine, way.port, datagram);
    }
  }

  openSealed(job: ToOpen): void {
    const text = toyOpen(job, this.#secret(job.key.keyId));
    this.#lan.at(after(this.#lan.now, OPENING_TIME), () => {
      this.#opened.push({ kind: "opened", id: job.id, text });
      this.#wake();
    });
  }

  /** A datagram came in. */
  receive({ source, destination, port, bytes }: ChannelDatagram): void {
    const settings = this.#settings;
    if (settings?.port !== port || !includesIp(settings.peers, source)) return;
    if (!includesIp(settings.addresses, destination)) return;
    if (this.#machine.filter.talk?.(bytes) === true) return;
    if (this.#arrived.length >= QUEUE_LIMIT) return;
    this.#arrived.push({ from: source, datagram: bytes });
    this.#wake();
  }

  get isReady(): boolean {
    return this.#arrived.length > 0 || this.#opened.length > 0;
  }

  /** What is to be told. */
  take(at: Extract<HostEvent, { kind: "channel" }>["at"]): readonly HostEvent[] {
    if (!this.isReady) return [];
    const arrived = this.#arrived.splice(0).map((one) => ({
      kind: "channel" as const,
      ...one,
      at,
    }));
    return [...arrived, ...this.#opened.splice(0)];
  }

  #secret(keyId: number): string | undefined {
    return this.#settings?.keys.find(({ id }) => id === keyId)?.secret;
  }
}

/** The own address whose subnet has the destination, and its card: nothing is routed here. */
function wayTo(
  destination: Ip,
  own: readonly Ip[],
  machine: Machine,
): { readonly source: Ip; readonly port: Port } | undefined {
  const entry = machine.interfaces().addresses.find(({ prefix, tentative }) =>
    !tentative && includesIp(own, prefix.address) && containsIp(prefix, destination)
  );
  const port = machine.ports().find(({ index }) => index === entry?.index);
  return entry === undefined || port === undefined
    ? undefined
    : { source: entry.prefix.address, port };
}
