/** The page's server: what it answers, follows, refuses, and where it listens. */
import assert from "node:assert/strict";
import { Web } from "../../../src/web/web.ts";
import type { WebSource } from "../../../src/web/source.ts";

interface Scene {
  readonly base: string;
  readonly port: number;
  readonly web: Web;
  readonly orders: readonly string[];
  readonly lines: readonly string[];
}

const INSTANCES = [
  { name: "web", family: "ipv4", state: "master" },
  { name: "dns", family: "ipv4", state: "master" },
  { name: "dns", family: "ipv6", state: "backup" },
] as const;

async function scene(body: (scene: Scene) => Promise<void>, password?: string): Promise<void> {
  const orders: string[] = [];
  const lines: string[] = [];
  const source: WebSource = {
    status: (more) => JSON.stringify({ node: "pi-a", instances: INSTANCES, ...more }),
    states: () => INSTANCES,
    metrics: () => "floatip_attention 0\n",
    history: () => Promise.resolve(new TextEncoder().encode('{"kind":"daemon"}\n')),
    handOver: ({ instance }) =>
      Promise.resolve({ instance, outcome: "handed-over", words: "done", routers: [] }),
    maintain: () =>
      Promise.resolve({
        outcome: "on",
        words: "done",
        maintenance: null,
        saved: true,
        routers: [],
      } as unknown as Awaited<ReturnType<WebSource["maintain"]>>),
    ordered: (what, from) => void orders.push(`${what} from ${from}`),
  };
  const write = (level: string, line: string) => void lines.push(`${level} ${line}`);
  await using web = new Web(source, { write });
  const port = freePort();
  web.settle({ listen: [{ hostname: "127.0.0.1", port }], password });
  await body({ base: `http://127.0.0.1:${port}`, port, web, orders, lines });
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("web: the page and its parts, with nothing from elsewhere allowed", () =>
  scene(async ({ base }) => {
    const types = { "/": "text/html", "/script.js": "text/javascript", "/style.css": "text/css" };
    for (const [path, type] of Object.entries(types)) {
      const answer = await fetch(`${base}${path}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-type"), `${type}; charset=utf-8`);
      const policy = answer.headers.get("content-security-policy") ?? "";
      assert.match(policy, /^default-src 'none'; /);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe|\*/);
      assert.equal(answer.headers.get("x-frame-options"), "DENY");
      assert.ok((await answer.text()).length > 500);
    }
  }));

Deno.test("web: status, metrics and history are those of the daemon", () =>
  scene(async ({ base }) => {
    const status = await (await fetch(`${base}/status.json`)).json();
    assert.deepEqual(status, { node: "pi-a", instances: INSTANCES, orders: false });
    assert.match(await (await fetch(`${base}/metrics`)).text(), /^floatip_attention 0$/m);
    assert.equal(await (await fetch(`${base}/history`)).text(), '{"kind":"daemon"}\n');
  }));

Deno.test("web: healthz is 200 where this node holds, 503 elsewhere, also for HEAD", () =>
  scene(async ({ base }) => {
    const asked = [["", 200], ["?instance=web", 200], ["?instance=dns", 503]] as const;
    for (const [query, status] of asked) {
      for (const method of ["GET", "HEAD"]) {
        const answer = await fetch(`${base}/healthz${query}`, { method });
        await answer.text();
        assert.equal(answer.status, status, `${method} ${query}`);
      }
    }
    const unknown = await fetch(`${base}/healthz?instance=constructor`);
    assert.equal(unknown.status, 404);
    await unknown.text();
  }));

Deno.test("web: what is not there, or not asked so", () =>
  scene(async ({ base }) => {
    const wrong = [
      ["GET", "/v1/status", 404],
      ["GET", "/constructor", 404],
      ["GET", "/maintenance", 405],
      ["POST", "/status.json", 405],
      ["POST", "/maintenance?on=1", 403],
    ] as const;
    for (const [method, path, status] of wrong) {
      const answer = await fetch(`${base}${path}`, { method });
      await answer.text();
      assert.equal(answer.status, status, path);
    }
  }));

Deno.test("web: an order with the password is carried out, and written down with its sender", () =>
  scene(async ({ base, orders }) => {
    const headers = { authorization: `Basic ${btoa("x:hunter2hunter2")}` };
    const send = (path: string) => fetch(`${base}${path}`, { method: "POST", headers });
    assert.equal((await (await send("/handover?instance=web")).json()).words, "done");
    assert.equal((await (await send("/maintenance?on=1&reason=x")).json()).words, "done");
    assert.equal((await send("/maintenance?on=2")).status, 400);
    assert.deepEqual(orders, ["handover web from 127.0.0.1", "maintenance on from 127.0.0.1"]);
  }, "hunter2hunter2"));

Deno.test("web: those that follow get each status, so many at once", () =>
  scene(async ({ base }) => {
    const stop = new AbortController();
    const follow = () => fetch(`${base}/events`, { signal: stop.signal });
    const first = await follow();
    assert.equal(first.headers.get("content-type"), "text/event-stream");
    const reader = first.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let event = 0; event < 2; event++) {
      const { value = "" } = await reader?.read() ?? {};
      assert.match(value, /^data: \{"node":"pi-a",.*\}\n\n$/);
    }
    const all = await Promise.all(Array.from({ length: 23 }, follow));
    assert.deepEqual([...new Set(all.map(({ status }) => status))], [200]);
    const more = await follow();
    assert.equal(more.status, 503);
    await more.text();
    // The others are asked for all the same.
    assert.equal((await (await fetch(`${base}/status.json`)).json()).node, "pi-a");
    stop.abort();
    await reader?.read().catch(() => {});
  }));

Deno.test("web: an address that cannot be had is told; another takes its place", () =>
  scene(async ({ web, port, lines, base }) => {
    const taken = [{ hostname: "127.0.0.1", port }, { hostname: "192.0.2.1", port }];
    const said = web.settle({ listen: taken, password: undefined });
    assert.deepEqual(said, [
      `the page is not served at 192.0.2.1:${port}: this machine has no such address`,
    ]);
    assert.deepEqual(web.attention(), said);
    web.settle({ listen: [], password: undefined });
    assert.deepEqual(web.attention(), []);
    await assert.rejects(fetch(`${base}/status.json`));
    assert.equal(lines[0], `info the page is at http://127.0.0.1:${port}/`);
  }));
