/** Maintenance by MQTT: orders of a topic, few at a time, and the state on another one. */
import { affords, type Limits, spend } from "../budget.ts";
import { type Instant, milliseconds, seconds } from "../time.ts";
import { type SwitchTopics, switchTopics } from "./home_assistant.ts";
import type { MqttMessage, Subscription } from "./mqtt_session.ts";

/** What the daemon does for orders by MQTT. */
export interface MqttOrders {
  /** Is maintenance on? */
  isOn(): boolean;
  /** Carries an order out, and writes it down with the broker that it came by. Never rejects. */
  order(on: boolean, broker: string): Promise<void>;
}

/** A person at a switch; an automation that goes round in circles is slowed down. */
const ORDERS: Limits = { most: 4, every: seconds(10) };

/** How often the state is looked at, in milliseconds: it changes by commands and by time, too. */
const LOOK_MS = 1000;

const PAYLOADS: ReadonlyMap<string, boolean> = new Map([["ON", true], ["OFF", false]]);

/** The switch of one node, while a connection lasts. */
export class MaintenanceSwitch implements Disposable {
  readonly topics: SwitchTopics;
  readonly #orders: MqttOrders;
  readonly #broker: string;
  readonly #publish: (message: MqttMessage) => void;
  #paid = 0 as Instant;
  #told: boolean | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isOver = false;

  /** `broker`: its host, for the history. `publish` sends without waiting. */
  constructor(
    { orders, prefix, node, broker, publish }: {
      readonly orders: MqttOrders;
      readonly prefix: string;
      readonly node: string;
      readonly broker: string;
      readonly publish: (message: MqttMessage) => void;
    },
  ) {
    this.topics = switchTopics(prefix, node);
    this.#orders = orders;
    this.#broker = broker;
    this.#publish = publish;
  }

  /** What is listened to. */
  get subscription(): Subscription {
    return { topic: this.topics.order, take: (payload) => void this.#take(payload) };
  }

  /** From now on the state is told when it changes; of one that is disposed of: nothing. */
  start(): void {
    if (this.#isOver) return;
    clearInterval(this.#timer);
    this.#told = undefined;
    this.#tell();
    this.#timer = setInterval(() => this.#tell(), LOOK_MS);
  }

  /** The connection may last a little longer: nothing that comes by it is an order. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    clearInterval(this.#timer);
  }

  /** Other payloads, and more orders than a person gives, change nothing. */
  async #take(payload: string): Promise<void> {
    if (this.#isOver) return;
    const on = PAYLOADS.get(payload);
    const now = milliseconds(performance.now()) as number as Instant;
    const isTaken = on !== undefined && affords(this.#paid, ORDERS, now);
    if (isTaken && on !== this.#orders.isOn()) {
      this.#paid = spend(this.#paid, ORDERS, now);
      await this.#orders.order(on, this.#broker);
    }
    // Home Assistant shows what it ordered until it is told otherwise.
    this.#told = undefined;
    this.#tell();
  }

  #tell(): void {
    const isOn = this.#orders.isOn();
    if (isOn === this.#told) return;
    this.#told = isOn;
    this.#publish({ topic: this.topics.state, payload: isOn ? "ON" : "OFF", retained: true });
  }
}
