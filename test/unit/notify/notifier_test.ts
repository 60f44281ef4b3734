import assert from "node:assert/strict";
import { milliseconds } from "../../../src/time.ts";
import { Notifier } from "../../../src/notify/notifier.ts";
import { FakeBroker } from "../../support/notify/broker.ts";
import { eventually } from "../../support/health/checks.ts";
import { plan, record, settings, transitions } from "../../support/notify/records.ts";
import { Receiver } from "../../support/notify/servers.ts";

const TIME = "2026-11-21T04:00:00.000Z";

function hook(url: string, retries = 0) {
  return { url, secret: undefined, retries };
}

function idle(notifier: Notifier): boolean {
  return notifier.status().every(({ pending }) => pending === 0);
}

Deno.test("general sinks hear of all, an instance's of itself", async () => {
  await using receiver = new Receiver();
  await using notifier = new Notifier(plan(
    settings({ webhook: hook(`${receiver.url}/all`) }),
    { web: settings({ webhook: hook(`${receiver.url}/web`) }) },
  ));
  notifier.observe(record());
  notifier.observe(record({ instance: "db" }));
  await eventually("all are told", () => idle(notifier));
  const seen = receiver.arrivals.map(({ path, body }) => `${path} ${JSON.parse(body).instance}`);
  assert.deepEqual(seen.toSorted(), ["/all db", "/all web", "/web web"]);
  assert.deepEqual(
    notifier.status().map(({ name, instance, delivered }) => [name, instance, delivered]),
    [["webhook", null, 2], ["webhook", "web", 1]],
  );
});

Deno.test("notifier: a broker gets the state when the health changes, a webhook not", async () => {
  await using receiver = new Receiver();
  await using broker = new FakeBroker();
  const none = { user: undefined, password: undefined, ca: undefined };
  await using notifier = new Notifier(plan(settings({
    webhook: hook(receiver.url),
    mqtt: { url: broker.url, ...none, topic: "floatip", discovery: false, orders: false },
  })));
  assert.ok(notifier.followsHealth());
  const change = { time: TIME, instance: "web", family: "ipv4" } as const;
  notifier.observe(record());
  notifier.observeHealth({ ...change, health: "held", evidence: [] });
  notifier.observeHealth({ ...change, health: "two", evidence: ["pi-b answers too"] });
  await eventually("all are told", () => idle(notifier));
  assert.equal(receiver.arrivals.length, 1);
  assert.equal(JSON.parse(receiver.arrivals[0]?.body ?? "").health, undefined);
  const last = broker.messages.at(-1) ?? "";
  const { to, health, evidence } = JSON.parse(last.slice(last.indexOf(" ") + 1));
  assert.deepEqual([to, health, evidence], ["master", "two", ["pi-b answers too"]]);
  notifier.reconfigure(plan(settings({ webhook: hook(receiver.url) })));
  assert.equal(notifier.followsHealth(), false);
});

Deno.test("a sink that never answers holds up no other, and no caller", async () => {
  await using receiver = new Receiver();
  // It takes connections and says nothing.
  using deaf = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const started = performance.now();
  {
    await using notifier = new Notifier(plan(
      settings({
        command: ["/bin/sh", "-c", "sleep 60"],
        onMaster: ["/nowhere/hook"],
        onBackup: ["/bin/false"],
        webhook: hook(receiver.url),
        ntfy: { url: `http://127.0.0.1:${deaf.addr.port}/topic`, token: undefined, retries: 5 },
      }),
    ));
    const all = transitions(500);
    for (const one of all) notifier.observe(one);
    // The hook sleeps for a minute: a caller that waited for it would be here later.
    assert.ok(performance.now() - started < 30_000);
    const by = (wanted: string) => notifier.status().find(({ name }) => name === wanted);
    await eventually("the webhook has heard", () => by("webhook")?.pending === 0);
    await eventually("the others have failed", () => by("on_master/on_backup")?.pending === 0);
    const numbers = receiver.arrivals.map(({ body }) => JSON.parse(body).silence_ms);
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
    assert.equal(numbers.at(-1), 499);
    assert.match(by("on_master/on_backup")?.last?.words ?? "", /^exit 1$|no such file/);
    assert.ok((by("command")?.pending ?? 0) > 0);
    assert.ok((by("ntfy")?.pending ?? 0) > 0);
  }
  const taken = performance.now() - started;
  assert.ok(taken < 40_000, `${taken} ms with two seconds of patience at the end`);
});

Deno.test("notifier: a reload keeps a sink's queue and counters, removed ones finish", async () => {
  await using receiver = new Receiver();
  await using notifier = new Notifier(plan(settings({
    webhook: hook(`${receiver.url}/old`),
    ntfy: { url: `${receiver.url}/topic`, token: undefined, retries: 0 },
  })));
  notifier.observe(record());
  notifier.reconfigure(plan(settings({ webhook: hook(`${receiver.url}/new`) })));
  notifier.observe(record({ to: "backup" }));
  await eventually("all have come", () => receiver.arrivals.length === 3);
  await eventually("all are told", () => idle(notifier));
  const paths = receiver.arrivals.map(({ path }) => path);
  assert.deepEqual(paths.toSorted(), ["/new", "/new", "/topic"]);
  assert.deepEqual(notifier.status().map(({ name, delivered }) => [name, delivered]), [
    ["webhook", 2],
  ]);
  notifier.reconfigure(plan(undefined));
  assert.deepEqual(notifier.status(), []);
});

Deno.test("a test tells each sink the present state once, and says what came back", async () => {
  await using receiver = new Receiver(({ path }) =>
    new Response(null, { status: path === "/bad" ? 500 : 200 })
  );
  await using notifier = new Notifier(plan(
    settings({ onMaster: ["/bin/true"], webhook: hook(`${receiver.url}/good`) }),
    {
      web: settings({ webhook: hook(`${receiver.url}/bad`, 20) }),
      idle: settings({ webhook: hook(`${receiver.url}/idle`) }),
    },
  ));
  notifier.observe(record({ to: "backup" }));
  notifier.observe(record({ instance: "gone" }));
  notifier.observe(record({ instance: "gone", to: "init" }));
  notifier.reconfigure(plan(
    settings({ onMaster: ["/bin/true"], webhook: hook(`${receiver.url}/good`) }),
    {
      web: settings({ webhook: hook(`${receiver.url}/bad`, 0) }),
      idle: settings({ webhook: hook(`${receiver.url}/idle`) }),
    },
  ));
  assert.deepEqual(await notifier.test(TIME), [
    { name: "on_master", instance: null, ok: true, words: "nothing to do for backup" },
    { name: "webhook", instance: null, ok: true, words: "200" },
    { name: "webhook", instance: "web", ok: false, words: "500, not 200 to 299" },
    {
      name: "webhook",
      instance: "idle",
      ok: false,
      words: "no instance is running: nothing to tell",
    },
  ]);
  const last = receiver.arrivals.filter(({ path }) => path === "/good").at(-1);
  assert.deepEqual(
    JSON.parse(last?.body ?? ""),
    record({
      time: TIME,
      from: "backup",
      to: "backup",
      reason: "test",
      cause: "a test, asked for by floatip notify-test",
      planned: true,
      silence_ms: null,
    }),
  );
});

Deno.test("notifier: the end delivers what waits, aborts what hangs after two s", async () => {
  await using receiver = new Receiver();
  const hanging = new Notifier(plan(
    settings({
      command: ["/bin/sh", "-c", "sleep 60"],
      webhook: hook(receiver.url),
      timeout: milliseconds(3_600_000),
    }),
  ));
  for (const one of transitions(10)) hanging.observe(one);
  hanging.observe(record({ to: "init", reason: "stop" }));
  const started = performance.now();
  await hanging[Symbol.asyncDispose]();
  const taken = performance.now() - started;
  assert.ok(taken > 1500 && taken < 40_000, `${taken} ms`);
  assert.equal(JSON.parse(receiver.arrivals.at(-1)?.body ?? "").to, "init");
  hanging.observe(record());
  assert.ok(idle(hanging));
});
