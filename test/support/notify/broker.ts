/** A scripted MQTT broker that keeps every packet. */
import { assert } from "../../../src/assert.ts";

/** One packet as it came (MQTT 3.1.1). */
export type Packet =
  | {
    readonly kind: "connect";
    readonly connection: number;
    readonly clientId: string;
    readonly keepAliveS: number;
    readonly clean: boolean;
    /** "floatip/pi-a/availability offline retained". */
    readonly will: string | undefined;
    readonly user: string | undefined;
    readonly password: string | undefined;
  }
  | {
    readonly kind: "publish";
    readonly connection: number;
    readonly topic: string;
    readonly payload: string;
    readonly retained: boolean;
    readonly qos: number;
    readonly id: number;
  }
  | { readonly kind: "subscribe"; readonly connection: number; readonly id: number }
  | { readonly kind: "ping" | "disconnect" | "end"; readonly connection: number };

/** What a broker does with a packet: bytes to answer with, "close", or "ignore". */
export type Reply = Uint8Array | "close" | "ignore";

/** CONNACK with a return code; 0: accepted. */
export function connack(code: number): Uint8Array {
  return Uint8Array.of(0x20, 2, 0, code);
}

/** What a sound broker answers. */
export function soundly(packet: Packet): Reply {
  switch (packet.kind) {
    case "connect":
      return connack(0);
    case "publish":
      return Uint8Array.of(0x40, 2, packet.id >> 8, packet.id & 0xff);
    case "subscribe":
      return Uint8Array.of(0x90, 3, packet.id >> 8, packet.id & 0xff, 0);
    case "ping":
      return Uint8Array.of(0xd0, 0);
    case "disconnect":
      return "close";
    case "end":
      return "ignore";
  }
}

/** A broker on a port of this machine's until it is disposed of. */
export class FakeBroker implements AsyncDisposable {
  /** Everything that came, in order; "end" where a connection is over. */
  readonly packets: Packet[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.Conn>();
  readonly #served: Promise<void>;
  #closed = false;
  readonly #reply: (packet: Packet) => Reply;

  constructor(reply: (packet: Packet) => Reply = soundly, port = 0) {
    this.#reply = reply;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#served = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** All messages as "TOPIC PAYLOAD", with "(not retained)" where they are not. */
  get messages(): readonly string[] {
    return this.packets.flatMap((packet) => packet.kind === "publish" ? [textOf(packet)] : []);
  }

  /** How many packets of a kind came. */
  count(kind: Packet["kind"]): number {
    return this.packets.filter((packet) => packet.kind === kind).length;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const connection of this.#open) connection.close();
    this.#open.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) this.#listener.close();
    this.#closed = true;
    this.cut();
    await this.#served;
  }

  async #accept(): Promise<void> {
    const all: Promise<void>[] = [];
    try {
      for await (const connection of this.#listener) {
        this.#open.add(connection);
        all.push(this.#serve(connection, all.length + 1));
      }
    } catch {
      // Closed.
    }
    await Promise.all(all);
  }

  async #serve(connection: Deno.Conn, number: number): Promise<void> {
    try {
      for await (const packet of packets(connection, number)) {
        this.packets.push(packet);
        const reply = this.#reply(packet);
        if (reply === "close") break;
        if (reply !== "ignore") await writeAll(connection, reply);
      }
    } catch {
      // Cut by one side or the other.
    }
    this.packets.push({ kind: "end", connection: number });
    if (this.#open.delete(connection)) connection.close();
  }
}

function textOf(packet: Extract<Packet, { kind: "publish" }>): string {
  return `${packet.topic} ${packet.payload}${packet.retained ? "" : " (not retained)"}`;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
}

async function* packets(connection: Deno.Conn, number: number): AsyncGenerator<Packet> {
  const read = async (size: number): Promise<Uint8Array | undefined> => {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size;) {
      const count = await connection.read(bytes.subarray(at));
      if (count === null) return undefined;
      at += count;
    }
    return bytes;
  };
  for (;;) {
    const first = (await read(1))?.[0];
    if (first === undefined) return;
    let length = 0;
    for (let shift = 0;; shift += 7) {
      const byte = (await read(1))?.[0];
      if (byte === undefined) return;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const body = await read(length);
    if (body === undefined) return;
    yield decode(first, body, number);
  }
}

function decode(first: number, body: Uint8Array, connection: number): Packet {
  const take = fieldsOf(body);
  switch (first >> 4) {
    case 1:
      return decodeConnect(take, connection);
    case 3: {
      const qos = (first >> 1) & 3;
      const topic = take.text();
      const id = qos === 0 ? 0 : take.number(2);
      const payload = take.rest();
      return { kind: "publish", connection, topic, id, payload, qos, retained: (first & 1) === 1 };
    }
    case 8:
      return { kind: "subscribe", connection, id: take.number(2) };
    case 12:
      return { kind: "ping", connection };
  }
  assert(first >> 4 === 14, `a packet of type ${first >> 4}`);
  return { kind: "disconnect", connection };
}

function decodeConnect(take: ReturnType<typeof fieldsOf>, connection: number): Packet {
  assert(take.text() === "MQTT" && take.number(1) === 4, "MQTT 3.1.1");
  const flags = take.number(1);
  const keepAliveS = take.number(2);
  const clientId = take.text();
  const retained = (flags & 0x20) === 0 ? "" : " retained";
  const will = (flags & 4) === 0 ? undefined : `${take.text()} ${take.text()}${retained}`;
  const user = (flags & 0x80) === 0 ? undefined : take.text();
  const password = (flags & 0x40) === 0 ? undefined : take.text();
  const clean = (flags & 2) !== 0;
  return { kind: "connect", connection, clientId, keepAliveS, clean, will, user, password };
}

function fieldsOf(body: Uint8Array) {
  let at = 0;
  const bytes = (size: number): Uint8Array => body.subarray(at, at += size);
  const number = (size: number): number => bytes(size).reduce((sum, byte) => sum * 256 + byte, 0);
  const text = (): string => new TextDecoder().decode(bytes(number(2)));
  const rest = (): string => new TextDecoder().decode(body.subarray(at));
  return { number, text, rest };
}
