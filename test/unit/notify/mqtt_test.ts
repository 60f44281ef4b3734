/** Tests of the MQTT sink, with a scripted broker. */
import assert from "node:assert/strict";
import type { MqttSettings } from "../../../src/config/tables/notify.ts";
import { discoveryOf, healthDiscoveryOf } from "../../../src/notify/home_assistant.ts";
import { MqttSink } from "../../../src/notify/mqtt.ts";
import { MqttSession } from "../../../src/notify/mqtt_session.ts";
import { Notifier } from "../../../src/notify/notifier.ts";
import { DeliveryQueue } from "../../../src/notify/queue.ts";
import { descriptors, eventually } from "../../support/health/checks.ts";
import { connack, FakeBroker, type Reply, soundly } from "../../support/notify/broker.ts";
import { plan, record, settings, transitions } from "../../support/notify/records.ts";

const never = new AbortController().signal;
const STATE = "floatip/pi-a/web/ipv4";
const ONLINE = "floatip/pi-a/availability online";
const OFFLINE = "floatip/pi-a/availability offline";

function mqtt(url: string, change: Partial<MqttSettings> = {}): MqttSettings {
  const none = { user: undefined, password: undefined, ca: undefined };
  return { url, ...none, topic: "floatip", discovery: false, orders: false, ...change };
}

function sink(url: string, change: Partial<MqttSettings> = {}, timeoutMs = 5000): MqttSink {
  return new MqttSink(mqtt(url, change), null, timeoutMs, () => {});
}

function idle(notifier: Notifier): boolean {
  return notifier.status().every(({ pending }) => pending === 0);
}

Deno.test("mqtt: connects with a last will; messages are retained and acknowledged", async () => {
  await using broker = new FakeBroker();
  const it = sink(broker.url, { user: "u", password: "hunter2" });
  assert.deepEqual(await it.deliver(record(), never), {
    ok: true,
    text: "acknowledged",
    retry: false,
  });
  await it.deliver(record({ to: "backup" }), never);
  assert.deepEqual(broker.packets[0], {
    kind: "connect",
    connection: 1,
    clientId: "floatip-pi-a",
    keepAliveS: 20,
    clean: true,
    will: `${OFFLINE} retained`,
    user: "u",
    password: "hunter2",
  });
  assert.deepEqual(broker.messages, [
    ONLINE,
    `${STATE} ${JSON.stringify(record())}`,
    `${STATE} ${JSON.stringify(record({ to: "backup" }))}`,
  ]);
  assert.ok(broker.packets.every((packet) => packet.kind !== "publish" || packet.qos === 1));
  await it.close(never);
  await eventually("the farewell", () => broker.count("end") === 1);
  assert.equal(broker.messages.at(-1), OFFLINE);
  assert.deepEqual(broker.packets.slice(-2).map(({ kind }) => kind), ["disconnect", "end"]);
});

Deno.test("user and password may stand in the URL, escaped", async () => {
  await using broker = new FakeBroker();
  const it = sink(broker.url.replace("//", "//pi%20a:hunter%402@"));
  await it.deliver(record(), never);
  const [first] = broker.packets;
  assert.ok(first?.kind === "connect");
  assert.deepEqual([first.user, first.password], ["pi a", "hunter@2"]);
  await it.close(never);
});

Deno.test("mqtt: each router is announced once in a connection, before its state", async () => {
  await using broker = new FakeBroker();
  const it = sink(broker.url, { discovery: true, topic: "home/float" });
  await it.deliver(record(), never);
  await it.deliver(record({ to: "backup" }), never);
  await it.deliver(record({ family: "ipv6" }), never);
  assert.deepEqual(broker.messages.map((message) => message.slice(0, message.indexOf(" "))), [
    "home/float/pi-a/availability",
    "homeassistant/sensor/floatip_pi-a/web_ipv4/config",
    "homeassistant/sensor/floatip_pi-a/web_ipv4_health/config",
    "home/float/pi-a/web/ipv4",
    "home/float/pi-a/web/ipv4",
    "homeassistant/sensor/floatip_pi-a/web_ipv6/config",
    "homeassistant/sensor/floatip_pi-a/web_ipv6_health/config",
    "home/float/pi-a/web/ipv6",
  ]);
  await it.close(never);
});

Deno.test("a sensor of Home Assistant's: every field", () => {
  const strange = record({ node: "pi/ä +1", instance: "wäb", family: "ipv6" });
  const { topic, payload, retained } = discoveryOf(strange, { state: "s", availability: "a" });
  assert.equal(topic, "homeassistant/sensor/floatip_pi____1/w_b_ipv6/config");
  assert.ok(retained);
  const { device, origin, ...sensor } = JSON.parse(payload);
  assert.deepEqual(sensor, {
    name: "wäb (IPv6)",
    unique_id: "floatip_pi____1_w_b_ipv6",
    state_topic: "s",
    value_template: "{{ value_json.to }}",
    json_attributes_topic: "s",
    availability_topic: "a",
    device_class: "enum",
    options: ["init", "backup", "master", "fault"],
    icon: "mdi:ip-network",
  });
  assert.deepEqual([device.identifiers, device.name], [["floatip_pi____1"], "floatip pi/ä +1"]);
  assert.equal(origin.name, "floatip");
});

Deno.test("a sensor of the health: what is other than in that of the state", () => {
  const topics = { state: "s", availability: "a" };
  const [state, health] = [discoveryOf, healthDiscoveryOf].map((of) => of(record(), topics));
  assert.equal(health?.topic, "homeassistant/sensor/floatip_pi-a/web_ipv4_health/config");
  const { name, unique_id, value_template, options, ...rest } = JSON.parse(health?.payload ?? "");
  assert.deepEqual(
    [name, unique_id, value_template, options],
    [
      "web health",
      "floatip_pi-a_web_ipv4_health",
      "{{ value_json.health | default('None') }}",
      ["held", "listening", "fault", "nobody", "two"],
    ],
  );
  const same = JSON.parse(state?.payload ?? "");
  for (const [key, value] of Object.entries(rest)) assert.deepEqual(same[key], value);
});

Deno.test("mqtt: topics of strange names have the usual levels, and no wildcards", async () => {
  await using broker = new FakeBroker();
  const it = sink(broker.url);
  await it.deliver(record({ node: "a/b", instance: "c+#d" }), never);
  assert.deepEqual(broker.messages.map((message) => message.split(" ")[0]), [
    "floatip/a_b/availability",
    "floatip/a_b/c__d/ipv4",
  ]);
  await it.close(never);
});

Deno.test("a test is told to present listeners, and leaves what is kept", async () => {
  await using broker = new FakeBroker();
  const it = sink(broker.url);
  await it.deliver(record({ reason: "test" }), never);
  assert.match(broker.messages.at(-1) ?? "", /"reason":"test".*\(not retained\)$/);
  await it.close(never);
});

Deno.test("an instance's own broker has an availability and a name of its own", async () => {
  await using broker = new FakeBroker();
  const it = new MqttSink(mqtt(broker.url), "web", 5000, () => {});
  await it.deliver(record(), never);
  const [first] = broker.packets;
  assert.ok(first?.kind === "connect");
  assert.equal(first.clientId, "floatip-pi-a-web");
  assert.equal(first.will, "floatip/pi-a/web/availability offline retained");
  await it.close(never);
});

Deno.test("a node that finds its name leaves the old one offline", async () => {
  await using broker = new FakeBroker();
  const it = sink(broker.url);
  await it.deliver(record({ node: "unknown" }), never);
  await it.deliver(record(), never);
  const said = broker.messages.filter((message) => message.includes("availability"));
  assert.deepEqual(said, [
    "floatip/unknown/availability online",
    "floatip/unknown/availability offline",
    ONLINE,
  ]);
  await it.close(never);
});

const REFUSED: Readonly<Record<number, string>> = {
  1: "the broker does not support MQTT 3.1.1",
  2: "the broker refuses the client ID",
  3: "the broker is not ready",
  4: "wrong user name or password",
  5: "not authorized",
  77: "refused (77)",
};

for (const [code, words] of Object.entries(REFUSED)) {
  Deno.test(`mqtt: refused with ${code}: ${words}; it is tried again`, async () => {
    await using broker = new FakeBroker(() => connack(Number(code)));
    const it = sink(broker.url, { user: "u", password: "hunter2" });
    assert.deepEqual(await it.deliver(record(), never), { ok: false, text: words, retry: true });
    await eventually("closed", () => broker.count("end") === 1);
  });
}

Deno.test("mqtt: no broker, no such host, no certificates: reasons without the URL", async () => {
  const free = new FakeBroker();
  const { url } = free;
  await free[Symbol.asyncDispose]();
  const secret = { user: "u", password: "hunter2" };
  const say = async (where: string, change = {}) =>
    (await sink(where, { ...secret, ...change }).deliver(record(), never)).text;
  assert.equal(await say(url), "connection refused");
  assert.match(await say("mqtt://nowhere.invalid"), /host name not found|no answer/);
  assert.equal(await say(url.replace("mqtt:", "mqtts:"), { ca: "/nowhere.pem" }), "no such file");
  const folder = await Deno.makeTempDir({ prefix: "floatip-ca-" });
  await new Deno.Command("mkfifo", { args: [`${folder}/ca.pem`] }).output();
  const pipe = await say(url.replace("mqtt:", "mqtts:"), { ca: `${folder}/ca.pem` });
  assert.match(pipe, /is a pipe, not a file/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("mqtt: no TLS, garbage, an end, silence: each is a result in time", async () => {
  const replies: Readonly<Record<string, () => Reply>> = {
    "garbage": () => new Uint8Array(4000).fill(0x7f),
    "an end": () => "close",
    "an acceptance without its body": () => Uint8Array.of(0x20, 0),
    "a flood": () => new Uint8Array(100_000).fill(0xd0),
    "silence": () => "ignore",
  };
  for (const [what, reply] of Object.entries(replies)) {
    await using broker = new FakeBroker(reply);
    await using queue = new DeliveryQueue(null, sink(broker.url, {}, 300), stopped);
    queue.add(record());
    await eventually(`${what}: an attempt ends`, () => queue.status().last !== null);
    assert.equal(queue.status().last?.ok, false, what);
    await eventually(`${what}: the connection is closed`, () => broker.count("end") >= 1);
  }
  await using broker = new FakeBroker(() => "close");
  const tls = await sink(broker.url.replace("mqtt:", "mqtts:")).deliver(record(), never);
  assert.equal(tls.ok, false);
});

Deno.test("mqtt: a message without an acknowledgement goes over another connection", async () => {
  let deaf = true;
  await using broker = new FakeBroker((packet) =>
    deaf && packet.kind === "publish" && packet.topic === STATE ? "ignore" : soundly(packet)
  );
  await using queue = new DeliveryQueue(null, sink(broker.url, {}, 200), () => {
    deaf = false;
    return Promise.resolve();
  });
  queue.add(record());
  await eventually("told", () => queue.status().delivered === 1);
  assert.equal(broker.count("connect"), 2);
  assert.equal(broker.count("end"), 1);
});

for (const cuts of [0, 5]) {
  Deno.test(`mqtt: 500 transitions arrive in order through ${cuts} cuts`, async () => {
    await using broker = new FakeBroker();
    await using notifier = new Notifier(plan(settings({ mqtt: mqtt(broker.url) })), {
      pause: soon,
    });
    for (const [number, one] of transitions(500).entries()) {
      notifier.observe(one);
      if (number % 50 !== 49) continue;
      await eventually("all are told", () => idle(notifier));
      if (number < cuts * 100 && number % 100 === 49) broker.cut();
    }
    await eventually("all are told", () => idle(notifier));
    const numbers = numbersOf(broker);
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
    assert.equal(numbers.at(-1), 499);
    // At a cut it falls behind, and then only the newest counts.
    if (cuts === 0) assert.equal(numbers.length, 500);
    assert.equal(broker.count("connect"), cuts + 1);
  });
}

Deno.test("a broker that comes back hears all present states, though nothing happens", async () => {
  let broker = new FakeBroker();
  const { port } = broker;
  await using notifier = new Notifier(plan(settings({ mqtt: mqtt(broker.url) })), { pause: soon });
  for (const family of ["ipv4", "ipv6"] as const) notifier.observe(record({ family }));
  notifier.observe(record({ instance: "gone" }));
  notifier.observe(record({ instance: "gone", to: "init" }));
  await eventually("all are told", () => idle(notifier));
  await broker[Symbol.asyncDispose]();
  const failing = () => notifier.status()[0]?.last?.ok === false;
  await eventually("status says that it is gone", failing);
  assert.equal(notifier.status()[0]?.last?.words, "connection refused");
  assert.equal(notifier.status()[0]?.pending, 2);
  broker = new FakeBroker(soundly, port);
  await using _ = broker;
  await eventually("all are told again", () => broker.messages.length === 3 && idle(notifier));
  assert.deepEqual(broker.messages, [
    ONLINE,
    `${STATE} ${JSON.stringify(record())}`,
    `floatip/pi-a/web/ipv6 ${JSON.stringify(record({ family: "ipv6" }))}`,
  ]);
});

Deno.test("mqtt: a reload keeps the connection, unless [notify] changed", async () => {
  await using broker = new FakeBroker();
  const before = settings({ mqtt: mqtt(broker.url) });
  await using notifier = new Notifier(plan(before));
  notifier.observe(record());
  await eventually("told", () => idle(notifier));
  notifier.reconfigure(plan(structuredClone(before)));
  notifier.observe(record({ to: "backup" }));
  await eventually("told", () => idle(notifier));
  assert.equal(broker.count("connect"), 1);
  notifier.reconfigure(plan(settings({ mqtt: mqtt(broker.url, { topic: "other" }) })));
  await eventually("the old one has left", () => broker.count("disconnect") === 1);
  assert.equal(broker.messages.at(-1), OFFLINE);
  notifier.observe(record());
  await eventually("told", () => broker.messages.at(-1)?.startsWith("other/") === true);
  notifier.reconfigure(plan(undefined));
  await eventually("nobody is told any more", () => broker.count("disconnect") === 2);
  assert.equal(broker.messages.at(-1), "other/pi-a/availability offline");
});

Deno.test("the end tells the last state, then offline, then farewell", async () => {
  await using broker = new FakeBroker();
  const notifier = new Notifier(plan(settings({ mqtt: mqtt(broker.url) })));
  notifier.observe(record());
  notifier.observe(record({ to: "init", reason: "stop" }));
  await notifier[Symbol.asyncDispose]();
  await eventually("over", () => broker.count("end") === 1);
  assert.match(broker.messages.at(-2) ?? "", /"to":"init"/);
  assert.equal(broker.messages.at(-1), OFFLINE);
  assert.equal(broker.count("disconnect"), 1);
});

Deno.test("mqtt: the end waits two seconds for a broker that hangs, leaves nothing", async () => {
  const before = descriptors();
  await using broker = new FakeBroker((packet) =>
    packet.kind === "publish" && packet.payload === "offline" ? "ignore" : soundly(packet)
  );
  const notifier = new Notifier(plan(settings({ mqtt: mqtt(broker.url) })));
  notifier.observe(record());
  await eventually("told", () => idle(notifier));
  const started = performance.now();
  await notifier[Symbol.asyncDispose]();
  const taken = performance.now() - started;
  assert.ok(taken > 1500 && taken < 40_000, `${taken} ms`);
  await broker[Symbol.asyncDispose]();
  await eventually("closed", () => descriptors() <= before);
});

Deno.test("it pings, and a broker that does not answer is gone", async () => {
  let answers = 2;
  await using broker = new FakeBroker((packet) =>
    packet.kind === "ping" && answers-- <= 0 ? "ignore" : soundly(packet)
  );
  const { port } = broker;
  const where = { hostname: "127.0.0.1", port, tls: false, authorities: [], keepAliveS: 2 };
  const who = { user: undefined, password: undefined, clientId: "x" };
  const will = { topic: "t", payload: "gone", retained: true };
  const started = performance.now();
  const session = await MqttSession.open({ ...where, ...who }, will, never);
  await session.ended;
  const taken = performance.now() - started;
  assert.equal(broker.count("ping"), 3);
  assert.ok(taken > 3900, `${taken} ms`);
});

Deno.test("mqtt: 50 broken connections leave no descriptor, no retry comes at once", async () => {
  await using broker = new FakeBroker();
  const deliver = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const it = sink(broker.url);
      assert.ok((await it.deliver(record(), never)).ok);
      broker.cut();
      await it.close(never);
    }
  };
  await deliver(2);
  const before = descriptors();
  await deliver(50);
  await eventually("descriptors are closed", () => descriptors() <= before);
  let asked = 0;
  const it = new MqttSink(mqtt(broker.url), null, 5000, () => asked++);
  await it.deliver(record(), never);
  const cut = performance.now();
  broker.cut();
  await eventually("it asks for the states", () => asked === 1);
  assert.ok(performance.now() - cut > 900);
});

/** Numbers of the transitions that a broker has heard, in order. */
function numbersOf(broker: FakeBroker): readonly number[] {
  return broker.packets.flatMap((packet) =>
    packet.kind === "publish" && packet.topic === STATE
      ? [Number(JSON.parse(packet.payload).silence_ms)]
      : []
  );
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
/** A pause without end, so that there is one attempt only. */
const stopped = (_ms: number, stop: AbortSignal): Promise<void> =>
  new Promise((resolve) => stop.addEventListener("abort", () => resolve()));
