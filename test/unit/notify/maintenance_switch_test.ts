/** The switch of maintenance by MQTT: which payloads are orders, and how many. */
import assert from "node:assert/strict";
import { MaintenanceSwitch } from "../../../src/notify/maintenance_switch.ts";
import { Notifier } from "../../../src/notify/notifier.ts";
import { eventually } from "../../support/health/checks.ts";
import { FakeBroker, soundly } from "../../support/notify/broker.ts";
import { plan, record, settings } from "../../support/notify/records.ts";

function desk() {
  const ordered: boolean[] = [];
  const told: string[] = [];
  let isOn = false;
  const knob = new MaintenanceSwitch({
    orders: {
      isOn: () => isOn,
      order: (on) => {
        ordered.push(on);
        isOn = on;
        return Promise.resolve();
      },
    },
    prefix: "floatip",
    node: "pi a",
    broker: "192.168.1.5",
    publish: ({ topic, payload, retained }) => void told.push(`${topic} ${payload} ${retained}`),
  });
  return { knob, ordered, told, take: (payload: string) => knob.subscription.take(payload) };
}

const STATE = "floatip/pi_a/maintenance";

Deno.test("maintenance by MQTT: ON and OFF alone are orders, and the state follows", async () => {
  const { knob, ordered, told, take } = desk();
  using _knob = knob;
  knob.start();
  assert.deepEqual(told, [`${STATE} OFF true`]);
  for (const payload of ["", "on", "ON\n", "1", "x".repeat(500), "OFF"]) take(payload);
  assert.deepEqual(ordered, [], "what is so already is no order");
  take("ON");
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(ordered, [true]);
  assert.equal(told.at(-1), `${STATE} ON true`);
  assert.equal(knob.subscription.topic, `${STATE}/set`);
});

Deno.test("maintenance by MQTT: an automation that goes in circles is slowed down", () => {
  const { knob, ordered, take } = desk();
  using _knob = knob;
  for (let times = 0; times < 1000; times++) take(times % 2 === 0 ? "ON" : "OFF");
  assert.deepEqual(ordered, [true, false, true, false]);
});

Deno.test("maintenance by MQTT: a broker no longer in the file orders nothing", async () => {
  const order = Uint8Array.of(
    0x30,
    32,
    0,
    28,
    ...new TextEncoder().encode("floatip/pi-a/maintenance/set"),
    0x4f,
    0x4e,
  );
  let isOut = false;
  await using broker = new FakeBroker((packet) => {
    const answer = soundly(packet);
    const isOrder = isOut && packet.kind === "publish" && typeof answer !== "string";
    return isOrder ? Uint8Array.of(...order, ...answer) : answer;
  });
  const ordered: boolean[] = [];
  const orders = {
    isOn: () => false,
    order: (on: boolean) => Promise.resolve(void ordered.push(on)),
  };
  const none = { user: undefined, password: undefined, ca: undefined, discovery: false };
  const mqtt = { url: broker.url, ...none, topic: "floatip", orders: true };
  const config = plan(settings({ mqtt }));
  await using notifier = new Notifier(config, { orders });
  notifier.observe(record());
  await eventually("told", () => notifier.status().every(({ pending }) => pending === 0));
  // What has to be told yet is told, and answered by orders.
  notifier.observe(record({ to: "backup" }));
  isOut = true;
  notifier.reconfigure(plan(undefined));
  await eventually("it has left", () => broker.count("disconnect") === 1);
  assert.match(broker.messages.at(-2) ?? "", /"to":"backup"/);
  assert.deepEqual(ordered, []);
});
