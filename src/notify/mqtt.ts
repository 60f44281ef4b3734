/** What does an MQTT broker know of a node? The latest record of each virtual router, retained, and whether anybody speaks for it. */
import type { MqttSettings } from "../config/tables/notify.ts";
import { errorText } from "../health/probes/outcome.ts";
import { availabilityTopic, discoveryOf, healthDiscoveryOf, stateTopic } from "./home_assistant.ts";
import type { Broker, MqttMessage, MqttSession } from "./mqtt_session.ts";
import { pauseAfter } from "./queue.ts";
import { type DeliveryResult, failure, type Notification, type Sink, success } from "./sink.ts";

/** A node that is gone is offline at the broker after one and a half times this. */
const KEEP_ALIVE_S = 20;

/** A broker that is back knows the states after this at the latest, in milliseconds. */
const LONGEST_PAUSE_MS = 15_000;

/** A connection that lasted so long was none that breaks at once, in milliseconds. */
const LASTING_MS = 60_000;

interface Session {
  readonly connection: MqttSession;
  readonly node: string;
  /** Topics of the sensors that it was told of. */
  readonly announced: Set<string>;
}

/**
 * Publishes each record over a connection that stays open, so that the broker can say when the node is gone (its last will).
 * Where the connection breaks, the states that the broker may have forgotten are told again, as soon as it is there.
 */
export class MqttSink implements Sink {
  readonly name = "mqtt";
  readonly timeoutMs: number;
  /** For ever: whoever looks at the broker takes what stands there for the present. */
  readonly retries = Infinity;
  readonly longestPauseMs = LONGEST_PAUSE_MS;
  readonly followsHealth = true;
  readonly #settings: MqttSettings;
  readonly #owner: string | null;
  readonly #again: () => void;
  #session: Session | undefined;
  #closed = false;
  /** Connections in a row that broke soon. */
  #broken = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `owner`: whose [notify] it is; null: everybody's. `again`: asks for the present states. */
  constructor(settings: MqttSettings, owner: string | null, timeoutMs: number, again: () => void) {
    this.#settings = settings;
    this.#owner = owner;
    this.timeoutMs = timeoutMs;
    this.#again = again;
  }

  wants(): boolean {
    return true;
  }

  async deliver(record: Notification, deadline: AbortSignal): Promise<DeliveryResult> {
    let session: Session | undefined;
    try {
      session = await this.#connected(record.node, deadline);
      for (const message of this.#messagesOf(record, session)) {
        await session.connection.publish(message, deadline);
      }
      return success("acknowledged");
    } catch (error) {
      // Whatever it was: the next attempt begins anew.
      session?.connection[Symbol.dispose]();
      return failure(errorText(error), true);
    }
  }

  async close(deadline: AbortSignal): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    const offline = this.#availability(session.node, "offline");
    await session.connection.publish(offline, deadline).catch(() => {});
    await session.connection.leave(deadline);
  }

  async #connected(node: string, deadline: AbortSignal): Promise<Session> {
    const before = this.#session;
    if (before !== undefined && !before.connection.over) {
      if (before.node === node) return before;
      // The node has found its name: under the old one there is nobody any more.
      this.#session = undefined;
      const offline = this.#availability(before.node, "offline");
      await before.connection.publish(offline, deadline);
      await before.connection.leave(deadline);
    }
    // Loaded when it is needed: a daemon without a broker carries none of it.
    const { MqttSession } = await import("./mqtt_session.ts");
    const broker = await brokerOf(this.#settings, this.#clientId(node));
    const will = this.#availability(node, "offline");
    const connection = await MqttSession.open(broker, will, deadline);
    if (this.#closed) {
      connection[Symbol.dispose]();
      throw new Error("closed");
    }
    const session: Session = { connection, node, announced: new Set() };
    this.#session = session;
    const since = performance.now();
    connection.ended.then(() => this.#lost(session, performance.now() - since));
    await connection.publish(this.#availability(node, "online"), deadline);
    return session;
  }

  /** The broker may have forgotten what it was told, or have gone for good: the next deliveries show it. */
  #lost(session: Session, lastedMs: number): void {
    if (this.#closed || this.#session !== session) return;
    this.#session = undefined;
    this.#broken = lastedMs >= LASTING_MS ? 1 : this.#broken + 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#again, pauseAfter(this.#broken, LONGEST_PAUSE_MS));
  }

  #messagesOf(record: Notification, session: Session): readonly MqttMessage[] {
    const { topic: prefix, discovery } = this.#settings;
    const state = stateTopic(prefix, record);
    const availability = availabilityTopic(prefix, record.node, this.#owner);
    // A test is for those who listen now; what was before stays the latest.
    const retained = record.reason !== "test";
    const message = { topic: state, payload: JSON.stringify(record), retained };
    if (!discovery || session.announced.has(state)) return [message];
    session.announced.add(state);
    const topics = { state, availability };
    return [discoveryOf(record, topics), healthDiscoveryOf(record, topics), message];
  }

  #availability(node: string, payload: "online" | "offline"): MqttMessage {
    const topic = availabilityTopic(this.#settings.topic, node, this.#owner);
    return { topic, payload, retained: true };
  }

  /** The same after a restart, so that the broker ends the connection that a dead daemon left, and its will with it. */
  #clientId(node: string): string {
    return ["floatip", node, ...(this.#owner === null ? [] : [this.#owner])].join("-");
  }
}

/** All usual authorities together have 0.2 MiB, in bytes. */
const MOST_CERTIFICATES = 4 * 1024 * 1024;

async function readCertificates(path: string): Promise<string> {
  const { isFile, size } = await Deno.stat(path);
  if (!isFile || size > MOST_CERTIFICATES) throw new Error(`${path} is no file of certificates`);
  return await Deno.readTextFile(path);
}

/** Rejects where the file of certificates cannot be read. */
async function brokerOf(settings: MqttSettings, clientId: string): Promise<Broker> {
  const url = new URL(settings.url);
  const tls = url.protocol === "mqtts:";
  const part = (text: string) => text === "" ? undefined : decodeURIComponent(text);
  return {
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (tls ? 8883 : 1883) : Number(url.port),
    tls,
    authorities: settings.ca === undefined ? [] : [await readCertificates(settings.ca)],
    user: settings.user ?? part(url.username),
    password: settings.password ?? part(url.password),
    clientId,
    keepAliveS: KEEP_ALIVE_S,
  };
}
