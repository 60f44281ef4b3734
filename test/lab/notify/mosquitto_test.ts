/** A real broker and a real daemon: alive, killed, stopped, and the broker itself away. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { SinkStatus } from "../../../src/control/api.ts";
import { Floatip } from "../../support/interop/floatip.ts";
import { until } from "../../support/until.ts";
import { demand } from "../../support/lab/command.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Lan } from "../../support/lab/lan.ts";
import { FLOATIP } from "../../support/lab/program.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { Mosquitto, OPEN, retained } from "../../support/notify/mosquitto.ts";

const PATIENCE_MS = 30_000;
const STATE = "floatip/a/web/ipv4";
const AVAILABILITY = "floatip/a/availability";
const SENSOR = "homeassistant/sensor/floatip_a/web_ipv4/config";
const SWITCH = "homeassistant/switch/floatip_a/maintenance/config";
const HEALTH_SENSOR = "homeassistant/sensor/floatip_a/web_ipv4_health/config";

function file(mqtt: string): string {
  return [
    "[node]",
    'name = "a"',
    "[instance.web]",
    "vrid = 51",
    'addresses = ["10.77.0.100/24"]',
    'advert_interval = "100ms"',
    "[notify]",
    'timeout = "5s"',
    `mqtt = ${mqtt}`,
    "",
  ].join("\n");
}

async function sink(floatip: Floatip): Promise<SinkStatus> {
  const [first] = (await floatip.status()).sinks;
  return first ?? assert.fail("no sink");
}

/** Waits until the sink's last answer is `words`, and (where that is a success) nothing waits. */
async function untilSaid(floatip: Floatip, words: string): Promise<SinkStatus> {
  return await until(`mqtt says "${words}"`, async () => {
    const seen = await sink(floatip);
    const said = seen.last?.words === words && (!seen.last.ok || seen.pending === 0);
    return said ? seen : undefined;
  }, PATIENCE_MS);
}

async function reload(floatip: Floatip, toml: string): Promise<void> {
  writeFileSync(floatip.configFile, toml, { mode: 0o600 });
  const { code, stderr } = await floatip.command("reload");
  assert.equal(code, 0, stderr);
}

function stateIn(kept: ReadonlyMap<string, string>): string {
  return JSON.parse(kept.get(STATE) ?? "{}").to;
}

/** Waits until the broker says `payload` of the node. */
async function untilAvailable(host: LabHost, payload: string): Promise<void> {
  await until(
    payload,
    async () => (await retained(host)).get(AVAILABILITY) === payload,
    PATIENCE_MS,
  );
}

async function alive(host: LabHost, folder: string): Promise<void> {
  const broker = await Mosquitto.start(host, folder);
  await using floatip = await Floatip.start(host, file('"mqtt://127.0.0.1"'));
  await floatip.untilState("master");
  await untilSaid(floatip, "acknowledged");
  const kept = await retained(host);
  assert.deepEqual(
    [...kept.keys()].toSorted(),
    [AVAILABILITY, STATE, SENSOR, HEALTH_SENSOR].toSorted(),
  );
  assert.equal(kept.get(AVAILABILITY), "online");
  assert.equal(stateIn(kept), "master");
  const sensor = JSON.parse(kept.get(SENSOR) ?? "");
  assert.deepEqual([sensor.state_topic, sensor.availability_topic], [STATE, AVAILABILITY]);
  const tested = await floatip.command("notify-test");
  assert.deepEqual([tested.code, tested.stdout], [0, "delivered  mqtt  acknowledged\n"]);
  assert.doesNotMatch((await retained(host)).get(STATE) ?? "", /notify-test/);

  await broker.kill();
  const away = await untilSaid(floatip, "connection refused");
  assert.equal(away.pending, 1);
  const failed = await floatip.command("notify-test");
  assert.deepEqual([failed.code, failed.stdout], [1, "FAILED  mqtt  connection refused\n"]);
  const again = await Mosquitto.start(host, folder);
  await untilSaid(floatip, "acknowledged");
  assert.deepEqual(new Set((await retained(host)).keys()), new Set(kept.keys()));

  // The broker that hangs is noticed too: by the delivery that it does not acknowledge.
  again.child.kill("SIGSTOP");
  await host.ip("link", "set", "eth0", "down");
  await floatip.untilState("fault");
  await untilSaid(floatip, "no end within 5 s");
  again.child.kill("SIGCONT");
  await untilSaid(floatip, "acknowledged");
  assert.equal(stateIn(await retained(host)), "fault");
  await host.ip("link", "set", "eth0", "up");
  await floatip.untilState("master");

  await floatip.crash();
  await untilAvailable(host, "offline");
  await using next = await Floatip.start(host, file('"mqtt://127.0.0.1"'));
  await untilAvailable(host, "online");
  await next.untilState("master");
  assert.equal(await next.stop(), 0);
  const last = await retained(host);
  assert.deepEqual([last.get(AVAILABILITY), stateIn(last)], ["offline", "init"]);
}

async function withPassword(host: LabHost, folder: string): Promise<void> {
  await demand(["mosquitto_passwd", "-b", "-c", `${folder}/users`, "floatip", "hunter 2"]);
  const lines = [
    "listener 1883 127.0.0.1",
    "allow_anonymous false",
    `password_file ${folder}/users`,
  ];
  await Mosquitto.start(host, folder, lines);
  const wrong = file('{ url = "mqtt://127.0.0.1", user = "floatip", password = "guess" }');
  await using floatip = await Floatip.start(host, wrong);
  await untilSaid(floatip, "not authorized");
  await reload(floatip, wrong.replace("guess", "hunter 2"));
  await floatip.command("notify-test");
  await untilSaid(floatip, "acknowledged");
  const login = ["-u", "floatip", "-P", "hunter 2"];
  assert.equal((await retained(host, ...login)).get(AVAILABILITY), "online");
  assert.doesNotMatch(floatip.log.text + JSON.stringify(await floatip.status()), /hunter|guess/);
}

/** The switch of Home Assistant: orders, refusals, what is old or too much. */
async function withOrders(host: LabHost, folder: string): Promise<void> {
  await Mosquitto.start(host, folder);
  const [state, order] = ["floatip/a/maintenance", "floatip/a/maintenance/set"];
  const tell = (payload: string, ...flags: string[]) =>
    demand(host.argv(["mosquitto_pub", "-h", "127.0.0.1", "-t", order, "-m", payload, ...flags]));
  // One that the broker keeps is old: nothing is switched at each connection.
  await tell("ON", "-r");
  const toml = file('{ url = "mqtt://127.0.0.1", orders = true }');
  const isOn = async (floatip: Floatip) => (await floatip.status()).maintenance !== null;
  const told = async (payload: string) =>
    await until(
      `the state ${payload}`,
      async () => (await retained(host)).get(state) === payload,
      PATIENCE_MS,
    );
  await using floatip = await Floatip.start(host, toml);
  await floatip.untilState("master");
  await told("OFF");
  const config = JSON.parse((await retained(host)).get(SWITCH) ?? "{}");
  assert.deepEqual([config.command_topic, config.state_topic], [order, state]);
  assert.equal(await isOn(floatip), false);
  await tell("on, please");
  // No other node: refused, and the switch goes back.
  await tell("ON");
  await floatip.log.until(
    /maintenance on: ordered by MQTT, broker 127\.0\.0\.1: .*no node/,
    PATIENCE_MS,
  );
  assert.equal(await isOn(floatip), false);
  await host.ip("link", "set", "eth0", "down");
  await floatip.untilState("fault");
  await tell("ON");
  await told("ON");
  assert.equal(await isOn(floatip), true);
  await tell("OFF");
  await told("OFF");
  assert.equal(await isOn(floatip), false);
  const history = async () =>
    (await host.exec([...FLOATIP, "events", "--state-dir", `${floatip.folder}/state`])).stdout;
  assert.match(await history(), /maintenance on \(ordered by MQTT, broker 127\.0\.0\.1\)/);
  for (let times = 0; times < 12; times++) await tell(times % 2 === 0 ? "ON" : "OFF");
  assert.equal((await floatip.command("maintenance", "off")).code, 0);
  await told("OFF");
  const orders = (await history()).match(/ordered by MQTT/g) ?? [];
  assert.ok(orders.length <= 8, `${orders.length} orders`);
  await reload(floatip, file('"mqtt://127.0.0.1"'));
  await tell("ON");
  await floatip.command("notify-test");
  await untilSaid(floatip, "acknowledged");
  assert.equal(await isOn(floatip), false, "the file does not allow it any more");
}

/** A broker whose certificate an authority of one's own has signed, as at home. */
async function overTls(host: LabHost, folder: string): Promise<void> {
  await certify(folder);
  const lines = [
    "listener 8883 127.0.0.1",
    "allow_anonymous true",
    `certfile ${folder}/broker.pem`,
    `keyfile ${folder}/broker.key`,
  ];
  const broker = await Mosquitto.start(host, folder, lines);
  await using floatip = await Floatip.start(host, file('"mqtts://127.0.0.1"'));
  await untilSaid(floatip, "certificate not trusted: unknown issuer");
  await reload(floatip, file(`{ url = "mqtts://127.0.0.1", ca = "${folder}/ca.pem" }`));
  await floatip.command("notify-test");
  await untilSaid(floatip, "acknowledged");
  await broker.kill();
  await untilSaid(floatip, "connection refused");
  await Mosquitto.start(host, folder, OPEN.map((line) => line.replace("1883", "8883")));
  await until("a broker without TLS", async () => {
    const { last } = await sink(floatip);
    return last?.ok === false && last.words !== "connection refused";
  }, PATIENCE_MS);
}

async function certify(folder: string): Promise<void> {
  const ssl = (...words: readonly string[]) => demand(["openssl", ...words]);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const of = (
    name: string,
  ) => ["-keyout", `${folder}/${name}.key`, "-out", `${folder}/${name}.pem`];
  await ssl("req", "-x509", ...key, "-days", "2", "-subj", "/CN=home", ...of("ca"));
  await ssl(
    ...["req", "-x509", ...key, "-days", "2", "-subj", "/CN=broker", ...of("broker")],
    ...["-CA", `${folder}/ca.pem`, "-CAkey", `${folder}/ca.key`],
    ...["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"],
  );
}

const PLAYS: Readonly<Record<string, (host: LabHost, folder: string) => Promise<void>>> = {
  "states, sensors, last will; killed, hung and restarted brokers and daemons": alive,
  "a password": withPassword,
  "orders by MQTT": withOrders,
  "TLS with an authority of one's own": overTls,
};

for (const [name, play] of Object.entries(PLAYS)) {
  const reason = missing("mosquitto", "mosquitto_sub", "openssl");
  Deno.test({
    ...nameWith(`mosquitto: ${name}`, reason),
    fn: async () => {
      const folder = mkdtempSync("/tmp/fl-mosquitto-");
      Deno.chmodSync(folder, 0o755);
      try {
        await using lan = await Lan.open({ hosts: ["a"] });
        await play(lan.host("a"), folder);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  });
}
