/** Types of what is used of u8-mqtt 0.6 (esm/basic-v4.js, MQTT 3.1.1); the package brings none. */

/** A packet to be sent, by its fields. */
interface Publish {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: 0 | 1;
}

/** The greeting. */
interface Connect {
  readonly client_id: string;
  /** In seconds; 0: never. */
  readonly keep_alive: number;
  /** Bit 1 (2): a clean session. The other bits follow from what is given. */
  readonly flags: number;
  readonly username?: string;
  readonly password?: string;
  readonly will?: Publish;
}

/** A message of a topic that was subscribed to. */
interface Published {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker kept it: it is an old one. */
  readonly retain: boolean;
}

/** A client without a transport of its own. */
interface Client {
  /** Reads packets from `chunks` until they end, and writes packets by `write`. */
  with_async_iter(
    chunks: AsyncIterable<Uint8Array>,
    write: (packet: Uint8Array) => Promise<void>,
  ): Client;
  /**
   * Resolves at an acceptance; rejects with an error whose `reason` is a return code (3.2.2.3).
   * Never settles at an end.
   */
  connect(packet: Connect): Promise<unknown>;
  /**
   * With qos 1: resolves at the acknowledgement, or without one after some further packets. Never
   * settles at an end.
   */
  pub(packet: Publish): Promise<readonly [answer: unknown, error?: unknown]>;
  /** With qos 0. Resolves at the acknowledgement. Never settles at an end. */
  sub(topic: string): Promise<readonly [answer: { readonly answers?: readonly unknown[] }]>;
  /** Resolves at the answer. Never settles at an end. */
  ping(): Promise<unknown>;
  /** Resolves when it is written. */
  disconnect(): Promise<unknown>;
}

/** Every one of these would print where it is not given. */
interface Options {
  readonly keep_alive: 0;
  readonly sess_stg: undefined;
  readonly log_conn: () => void;
  readonly on_error: () => void;
  readonly on_live: () => void;
  readonly on_disconnect: () => void;
  readonly on_mqtt_type: { readonly mqtt_publish: (packet: Published) => void };
}

/** Makes a client. `keep_alive` 0: it sends no pings by itself. */
export default function mqtt_v4(options: Options): Client;
