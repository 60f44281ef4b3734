import assert from "node:assert/strict";
import { encodeHeader, ntfySink, sign, webhookSink } from "../../../src/notify/http_sinks.ts";
import { DeliveryQueue } from "../../../src/notify/queue.ts";
import { descriptors, eventually } from "../../support/health/checks.ts";
import { record, transitions } from "../../support/notify/records.ts";
import { Receiver } from "../../support/notify/servers.ts";
import { createHmac } from "node:crypto";

const never = new AbortController().signal;

function webhook(url: string, secret?: string) {
  return webhookSink({ url, secret, retries: 0 }, 5000);
}

Deno.test("a webhook gets the record as JSON, unsigned without a secret", async () => {
  await using receiver = new Receiver();
  const answer = await webhook(`${receiver.url}/hook`).deliver(record(), never);
  assert.deepEqual(answer, { ok: true, text: "204", retry: false });
  const [arrival] = receiver.arrivals;
  assert.equal(arrival?.method, "POST");
  assert.equal(arrival?.path, "/hook");
  assert.equal(arrival?.headers.get("content-type"), "application/json");
  assert.equal(arrival?.headers.get("x-floatip-signature"), null);
  assert.deepEqual(JSON.parse(arrival?.body ?? ""), record());
});

Deno.test("a signature is the HMAC-SHA-256 of the body as it arrived", async () => {
  await using receiver = new Receiver();
  const secret = "schlüssel";
  await webhook(receiver.url, secret).deliver(record({ cause: "größer" }), never);
  const [arrival] = receiver.arrivals;
  const expected = createHmac("sha256", secret).update(arrival?.body ?? "", "utf8").digest("hex");
  assert.equal(arrival?.headers.get("x-floatip-signature"), `sha256=${expected}`);
});

Deno.test("a signature is that of RFC 4231, test case 2", async () => {
  const body = new TextEncoder().encode("what do ya want for nothing?");
  assert.equal(
    await sign("Jefe", body),
    "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
});

const verdicts: readonly (readonly [status: number, ok: boolean, again: boolean])[] = [
  [200, true, false],
  [202, true, false],
  [302, false, false],
  [400, false, false],
  [401, false, false],
  [404, false, false],
  [408, false, true],
  [429, false, true],
  [500, false, true],
  [503, false, true],
];

for (const [status, good, again] of verdicts) {
  Deno.test(`${status} is ${good ? "success" : again ? "tried again" : "final"}`, async () => {
    await using receiver = new Receiver(() =>
      new Response("x", { status, headers: { location: "/elsewhere" } })
    );
    const answer = await webhook(receiver.url).deliver(record(), never);
    assert.deepEqual([answer.ok, answer.retry], [good, again]);
    assert.match(answer.text, new RegExp(`^${status}`));
    assert.equal(receiver.arrivals.length, 1);
  });
}

Deno.test("an endless body is cut off, and the status counts", async () => {
  let sent = 0;
  await using receiver = new Receiver(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          sent += 65_536;
          controller.enqueue(new Uint8Array(65_536));
        },
      }),
    )
  );
  const answer = await webhook(receiver.url).deliver(record(), never);
  assert.ok(answer.ok);
  assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were sent`);
});

Deno.test("a body that never ends does not take the whole timeout", async () => {
  await using receiver = new Receiver(() =>
    new Response(new ReadableStream({ start: (it) => it.enqueue(new Uint8Array(1)) }))
  );
  assert.ok((await webhook(receiver.url).deliver(record(), AbortSignal.timeout(60_000))).ok);
});

Deno.test("webhook: credentials of a URL are sent, and never shown, nor is the URL", async () => {
  await using receiver = new Receiver(() => new Response(null, { status: 500 }));
  const withLogin = (url: string) => url.replace("//", "//user:hunter2@") + "/T0PSECRET";
  const there = await webhook(withLogin(receiver.url)).deliver(record(), never);
  const [arrival] = receiver.arrivals;
  assert.equal(arrival?.headers.get("authorization"), `Basic ${btoa("user:hunter2")}`);
  const refused = await webhook(withLogin(closedUrl())).deliver(record(), never);
  assert.equal(refused.text, "connection refused");
  assert.ok(refused.retry);
  const unknown = await webhook(withLogin("http://nowhere.invalid")).deliver(record(), never);
  const unfit = await webhook("http://user:hunter2@[T0PSECRET/").deliver(record(), never);
  for (const { text: words } of [there, refused, unknown, unfit]) {
    assert.doesNotMatch(words, /hunter2|user|T0PSECRET|127\.0\.0\.1|invalid/);
  }
});

Deno.test("ntfy gets title, priority, tags, token and the cause", async () => {
  await using receiver = new Receiver();
  const sink = ntfySink({ url: `${receiver.url}/topic`, token: "tk_1", retries: 0 }, 5000);
  assert.ok((await sink.deliver(record(), never)).ok);
  await sink.deliver(record({ to: "fault", instance: "wäb" }), never);
  await sink.deliver(record({ to: "init", planned: true }), never);
  const seen = receiver.arrivals.map(({ headers }) =>
    ["title", "priority", "tags", "authorization"].map((name) => headers.get(name))
  );
  assert.deepEqual(seen, [
    ["web (ipv4) on pi-a: master", "4", "white_check_mark", "Bearer tk_1"],
    [encodeHeader("wäb (ipv4) on pi-a: fault"), "5", "rotating_light", "Bearer tk_1"],
    ["web (ipv4) on pi-a: init", "2", "stop_button", "Bearer tk_1"],
  ]);
  assert.equal(
    receiver.arrivals[0]?.body,
    "was backup; no advert from pi-a (192.168.1.11) for 3.61 s\n192.168.1.50/24, 192.168.1.51/24",
  );
  assert.equal(encodeHeader("ä"), "=?UTF-8?B?w6Q=?=");
});

Deno.test("200 deliveries leave no descriptor behind", async () => {
  await using receiver = new Receiver(({ path }) =>
    new Response("a".repeat(path === "/big" ? 100_000 : 10))
  );
  const deliver = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const path = index % 2 === 0 ? "/big" : "/small";
      const { ok, text: words } = await webhook(receiver.url + path).deliver(record(), never);
      assert.ok(ok, words);
    }
  };
  await deliver(4);
  const before = descriptors();
  await deliver(200);
  await eventually("descriptors are closed", () => descriptors() <= before);
});

Deno.test("webhook: a server that comes back gets the newest state, none older after", async () => {
  let down = true;
  await using receiver = new Receiver(() => new Response(null, { status: down ? 503 : 204 }));
  const pausing = Promise.withResolvers<void>();
  const resume = Promise.withResolvers<void>();
  const sink = webhookSink({ url: receiver.url, secret: undefined, retries: 3 }, 5000);
  await using queue = new DeliveryQueue(null, sink, () => {
    pausing.resolve();
    return resume.promise;
  });
  const all = transitions(500);
  for (const one of all) queue.add(one);
  await pausing.promise;
  down = false;
  resume.resolve();
  await eventually("the queue is empty", () => queue.status().pending === 0);
  const numbers = receiver.arrivals.map(({ body }) => JSON.parse(body).silence_ms);
  assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
  assert.equal(numbers.at(-1), 499);
});

/** Nobody listens there. */
function closedUrl(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `http://127.0.0.1:${listener.addr.port}`;
}
