/**
 * The sink for an MQTT broker: the latest record of each virtual router, retained, and
 * availability.
 */
import type { MqttSettings } from "../config/tables/notify.ts";
import { errorText } from "../health/probes/outcome.ts";
import { readCertificates } from "../linux/certificates.ts";
import {
  availabilityTopic,
  discoveryOf,
  healthDiscoveryOf,
  stateTopic,
  switchDiscoveryOf,
} from "./home_assistant.ts";
import { MaintenanceSwitch, type MqttOrders } from "./maintenance_switch.ts";
import type { Broker, MqttMessage, MqttSession } from "./mqtt_session.ts";
import { pauseAfter } from "./queue.ts";
import { type DeliveryResult, failure, type Notification, type Sink, success } from "./sink.ts";

/** A broker reports a lost node as offline after 1.5 times this. */
const KEEP_ALIVE_S = 20;

/** Longest pause before a lost broker is tried again, in milliseconds. */
const LONGEST_PAUSE_MS = 15_000;

/** A connection of this length resets the pause, in milliseconds. */
const LASTING_MS = 60_000;

interface Session {
  readonly connection: MqttSession;
  readonly node: string;
  /** Topics of sensors that are announced. */
  readonly announced: Set<string>;
  /** Where orders are taken. */
  readonly switch: MaintenanceSwitch | undefined;
}

/**
 * Publishes each record over a permanent connection, so that the broker can publish the last will.
 * After a disconnect the present states are published again, since the broker may have lost them.
 */
export class MqttSink implements Sink {
  readonly name = "mqtt";
  readonly timeoutMs: number;
  /** Without end: retained messages count as the present state. */
  readonly retries = Infinity;
  readonly longestPauseMs = LONGEST_PAUSE_MS;
  readonly followsHealth = true;
  readonly #settings: MqttSettings;
  readonly #owner: string | null;
  readonly #resend: () => void;
  #orders: MqttOrders | undefined;
  #session: Session | undefined;
  #closed = false;
  /** Short connections in a row. */
  #broken = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * `owner`: the instance of the [notify]; null: the file. `resend`: requests the present states.
   * `orders`: what the daemon does, where the file allows it.
   */
  constructor(
    settings: MqttSettings,
    owner: string | null,
    timeoutMs: number,
    resend: () => void,
    orders?: MqttOrders,
  ) {
    this.#settings = settings;
    this.#owner = owner;
    this.timeoutMs = timeoutMs;
    this.#resend = resend;
    this.#orders = settings.orders && owner === null ? orders : undefined;
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
      // The next attempt connects again.
      session?.connection[Symbol.dispose]();
      return failure(errorText(error), true);
    }
  }

  endOrders(): void {
    this.#orders = undefined;
    this.#session?.switch?.[Symbol.dispose]();
  }

  async close(deadline: AbortSignal): Promise<void> {
    this.#closed = true;
    this.endOrders();
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
      // The name of the node has changed: the old one is offline.
      this.#session = undefined;
      before.switch?.[Symbol.dispose]();
      const offline = this.#availability(before.node, "offline");
      await before.connection.publish(offline, deadline);
      await before.connection.leave(deadline);
    }
    // Loaded only where there is a broker.
    const { MqttSession } = await import("./mqtt_session.ts");
    const broker = await brokerOf(this.#settings, this.#clientId(node));
    const will = this.#availability(node, "offline");
    const knob = this.#switchOf(node, broker.hostname, (message) => {
      // What is lost is told again: the connection ends.
      connection.publish(message, AbortSignal.timeout(this.timeoutMs)).catch(() => {
        connection[Symbol.dispose]();
      });
    });
    const connection = await MqttSession.open(broker, will, deadline, knob?.subscription);
    if (this.#orders === undefined) knob?.[Symbol.dispose]();
    if (this.#closed) {
      connection[Symbol.dispose]();
      throw new Error("closed");
    }
    const session: Session = { connection, node, announced: new Set(), switch: knob };
    this.#session = session;
    const since = performance.now();
    connection.ended.then(() => this.#lost(session, performance.now() - since));
    await connection.publish(this.#availability(node, "online"), deadline);
    if (knob !== undefined && this.#settings.discovery) {
      const { topic } = this.#availability(node, "online");
      await connection.publish(switchDiscoveryOf(node, knob.topics, topic), deadline);
    }
    knob?.start();
    return session;
  }

  #switchOf(
    node: string,
    broker: string,
    publish: (message: MqttMessage) => void,
  ): MaintenanceSwitch | undefined {
    const orders = this.#orders;
    if (orders === undefined) return undefined;
    return new MaintenanceSwitch({ orders, prefix: this.#settings.topic, node, broker, publish });
  }

  /** The broker may have lost the messages: they are sent again. */
  #lost(session: Session, lastedMs: number): void {
    session.switch?.[Symbol.dispose]();
    if (this.#closed || this.#session !== session) return;
    this.#session = undefined;
    this.#broken = lastedMs >= LASTING_MS ? 1 : this.#broken + 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#resend, pauseAfter(this.#broken, LONGEST_PAUSE_MS));
  }

  #messagesOf(record: Notification, session: Session): readonly MqttMessage[] {
    const { topic: prefix, discovery } = this.#settings;
    const state = stateTopic(prefix, record);
    const availability = availabilityTopic(prefix, record.node, this.#owner);
    // A test is not retained: the record before it stays the latest.
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

  /** The same after a restart, so that the broker ends the old connection of a crashed daemon. */
  #clientId(node: string): string {
    return ["floatip", node, ...(this.#owner === null ? [] : [this.#owner])].join("-");
  }
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
