/** One connection to an MQTT broker: MQTT 3.1.1 over TCP or TLS. */
// @ts-types="./u8_mqtt.d.ts"
import mqtt from "u8-mqtt/esm/basic-v4.js";
import { AnswerReader } from "./mqtt_answers.ts";

/** A broker, and the client that floatip is. */
export interface Broker {
  readonly hostname: string;
  readonly port: number;
  readonly tls: boolean;
  /** Further trusted certificates, PEM; only with `tls`. */
  readonly authorities: readonly string[];
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Of two connections with one ID the broker ends the older. */
  readonly clientId: string;
  /**
   * Whole seconds, 1 or more. A ping follows after each half of it, and must be answered within the
   * other half. The broker drops a client that is silent for 1.5 times this.
   */
  readonly keepAliveS: number;
}

/** One message. The broker keeps a retained one for later subscribers. */
export interface MqttMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retained: boolean;
}

/** Most bytes between two pings: a broker sends acknowledgements, and short orders. */
const MOST_BYTES = 16 * 1024;

/** Largest packet of a topic that is subscribed to, in bytes: its name and a word. */
const LARGEST_MESSAGE = 1024;

/** What is done with messages, and their topic. */
export interface Subscription {
  readonly topic: string;
  /** Of a message that the broker has just got; what it kept is older than this connection. */
  readonly take: (payload: string) => void;
}

/** Return codes of CONNACK (3.2.2.3). */
const REFUSALS: Readonly<Record<number, string>> = {
  1: "the broker does not support MQTT 3.1.1",
  2: "the broker refuses the client ID",
  3: "the broker is not ready",
  4: "wrong user name or password",
  5: "not authorized",
};

/** Why a session failed or ended; the message has no secrets. */
export class SessionError extends Error {
  override readonly name: string = "SessionError";
}

/**
 * An accepted connection, with pings. Disposing of it cuts it: the broker then publishes the last
 * will.
 */
export class MqttSession implements Disposable {
  readonly #connection: Deno.Conn;
  readonly #client: ReturnType<typeof mqtt>;
  /** Called at its end. */
  readonly #waiting = new Set<(error: Error) => void>();
  readonly #ended = Promise.withResolvers<void>();
  #over = false;
  #heard = 0;
  #written: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly #subscription: Subscription | undefined;

  private constructor(connection: Deno.Conn, subscription: Subscription | undefined) {
    this.#connection = connection;
    this.#subscription = subscription;
    const ignore = (): void => {};
    this.#client = mqtt({
      keep_alive: 0,
      sess_stg: undefined,
      log_conn: ignore,
      on_error: ignore,
      on_live: ignore,
      on_disconnect: ignore,
      on_mqtt_type: {
        mqtt_publish: ({ topic, payload, retain }) => {
          if (retain || topic !== subscription?.topic) return;
          subscription.take(new TextDecoder().decode(payload));
        },
      },
    }).with_async_iter(this.#chunks(), (packet) => this.#write(packet));
  }

  /**
   * Connects. `will`: the last will. Rejects with an error of Deno, with SessionError, or at
   * `deadline`. `subscription`: a topic that it listens to.
   */
  static async open(
    broker: Broker,
    will: MqttMessage,
    deadline: AbortSignal,
    subscription?: Subscription,
  ): Promise<MqttSession> {
    const session = new MqttSession(await connect(broker, deadline), subscription);
    try {
      await session.#greet(broker, will, deadline);
      if (subscription !== undefined) await session.#subscribe(subscription.topic, deadline);
      session.#beat(broker.keepAliveS * 500);
      return session;
    } catch (error) {
      session[Symbol.dispose]();
      throw error;
    }
  }

  /** Resolves at its end. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** It has ended. */
  get over(): boolean {
    return this.#over;
  }

  /**
   * Resolves when the broker has acknowledged `message` (QoS 1). Rejects as {@link
   * MqttSession.open}.
   */
  async publish(message: MqttMessage, deadline: AbortSignal): Promise<void> {
    const published = this.#client.pub(packetOf(message));
    const [acknowledgement] = await this.#unlessOver(published, deadline);
    if (acknowledgement === undefined) throw new SessionError("not acknowledged");
  }

  /** Disconnects without the last will. Never rejects. */
  async leave(deadline: AbortSignal): Promise<void> {
    await this.#unlessOver(this.#client.disconnect(), deadline).catch(() => {});
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#connection.close();
    for (const reject of this.#waiting) reject(new SessionError("closed by the broker"));
    this.#ended.resolve();
  }

  async #greet(broker: Broker, will: MqttMessage, deadline: AbortSignal): Promise<void> {
    const { user, password, clientId, keepAliveS } = broker;
    const accepted = this.#client.connect({
      client_id: clientId,
      keep_alive: keepAliveS,
      flags: 2,
      ...(user === undefined ? {} : { username: user }),
      ...(password === undefined ? {} : { password }),
      will: packetOf(will),
    });
    try {
      await this.#unlessOver(accepted, deadline);
    } catch (error) {
      const code = error instanceof Error && "reason" in error ? Number(error.reason) : undefined;
      throw code === undefined ? error : new SessionError(REFUSALS[code] ?? `refused (${code})`);
    }
  }

  async #subscribe(topic: string, deadline: AbortSignal): Promise<void> {
    const [{ answers = [] }] = await this.#unlessOver(this.#client.sub(topic), deadline);
    // A return code of 128 or more (3.9.3).
    if (answers.some((code) => Number(code) >= 0x80)) {
      throw new SessionError(`the broker refuses the subscription to ${topic}`);
    }
  }

  /** `work`, which does not settle after the end of the connection. */
  async #unlessOver<T>(work: Promise<T>, deadline: AbortSignal): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const late = (): void => reject(new SessionError("no answer in time"));
    this.#waiting.add(reject);
    deadline.addEventListener("abort", late);
    if (deadline.aborted) late();
    if (this.#over) reject(new SessionError("closed by the broker"));
    try {
      return await Promise.race([work, promise]);
    } finally {
      this.#waiting.delete(reject);
      deadline.removeEventListener("abort", late);
    }
  }

  #beat(pingMs: number): void {
    this.#timer = setTimeout(async () => {
      this.#heard = 0;
      try {
        await this.#unlessOver(this.#client.ping(), AbortSignal.timeout(pingMs));
        this.#beat(pingMs);
      } catch {
        this[Symbol.dispose]();
      }
    }, pingMs);
  }

  /** Writes whole packets, one after the other. */
  #write(packet: Uint8Array): Promise<void> {
    this.#written = this.#written.then(async () => {
      for (let rest = packet; rest.length > 0;) {
        rest = rest.subarray(await this.#connection.write(rest));
      }
    });
    this.#written.catch(() => this[Symbol.dispose]());
    return this.#written;
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(1024);
    const reader = new AnswerReader(this.#subscription === undefined ? 0 : LARGEST_MESSAGE);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        this.#heard += count ?? 0;
        if (count === null || this.#heard > MOST_BYTES) return;
        const answers = reader.read(buffer.subarray(0, count));
        if (answers === undefined) return;
        yield* answers;
      }
    } catch {
      // Broken or closed: the same as an end.
    } finally {
      this[Symbol.dispose]();
    }
  }
}

async function connect(broker: Broker, deadline: AbortSignal): Promise<Deno.Conn> {
  const { hostname, port, tls, authorities } = broker;
  const plain = await Deno.connect({ hostname, port, signal: deadline });
  if (!tls) return plain;
  const secure = await Deno.startTls(plain, { hostname, caCerts: [...authorities] });
  const cut = (): void => secure.close();
  deadline.addEventListener("abort", cut);
  if (deadline.aborted) cut();
  try {
    await secure.handshake();
    return secure;
  } catch (error) {
    if (!deadline.aborted) secure.close();
    throw error;
  } finally {
    deadline.removeEventListener("abort", cut);
  }
}

function packetOf({ topic, payload, retained }: MqttMessage) {
  return { topic, payload, qos: 1, retain: retained ? 1 : 0 } as const;
}
