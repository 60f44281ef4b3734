/** The switch of maintenance by MQTT: which payloads are orders, and how many. */
import assert from "node:assert/strict";
import { MaintenanceSwitch } from "../../../src/notify/maintenance_switch.ts";

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
