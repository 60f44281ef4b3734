/** Orders by the page: which are carried out. */
import assert from "node:assert/strict";
import type { HttpRequest } from "../../../src/control/http_message.ts";
import { after, type Instant, seconds } from "../../../src/time.ts";
import { Access } from "../../../src/web/access.ts";

const NOW = 1e12 as Instant;
const PASSWORD = "correct horse";

function request(headers: Readonly<Record<string, string>>): HttpRequest {
  const all = new Map(Object.entries({ host: "pi-a:9113", ...headers }));
  return { method: "POST", path: "/maintenance", query: "on=1", headers: all };
}

function basic(password: string, user = "floatip"): Readonly<Record<string, string>> {
  return { authorization: `Basic ${btoa(`${user}:${password}`)}` };
}

Deno.test("access: the password, from the page or from a program", () => {
  const access = new Access();
  const sound = [
    basic(PASSWORD),
    basic(PASSWORD, ""),
    { ...basic(PASSWORD), origin: "http://pi-a:9113", "sec-fetch-site": "same-origin" },
    { ...basic(PASSWORD), origin: "https://pi-a:9113" },
  ];
  for (const headers of sound) {
    assert.equal(access.judge(request(headers), PASSWORD, NOW), undefined, JSON.stringify(headers));
  }
});

Deno.test("access: another site's request is refused, with the password too", () => {
  const access = new Access();
  const foreign = [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://pi-a:80" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];
  for (const headers of foreign) {
    const judged = access.judge(request({ ...basic(PASSWORD), ...headers }), PASSWORD, NOW);
    assert.equal(judged?.status, 403, JSON.stringify(headers));
  }
});

Deno.test("access: without a password in the file nothing is ordered", () => {
  const judged = new Access().judge(request(basic("")), undefined, NOW);
  assert.equal(judged?.status, 403);
  assert.match(judged?.text ?? "", /read-only/);
});

Deno.test("access: guessing is slow, and a right guess tells nothing then", () => {
  const access = new Access();
  const wrong = ["", "x", PASSWORD.slice(1), `${PASSWORD} `, "corrept horse"];
  for (const password of wrong) {
    assert.equal(access.judge(request(basic(password)), PASSWORD, NOW)?.status, 401, password);
  }
  assert.equal(access.judge(request(basic(PASSWORD)), PASSWORD, NOW)?.status, 429);
  const later = after(NOW, seconds(10));
  assert.equal(access.judge(request(basic(PASSWORD)), PASSWORD, later), undefined);
});

Deno.test("access: what is no Basic authorization is no password", () => {
  for (
    const authorization of ["", "Basic", "Basic !!", "Bearer abc", `Basic ${"A".repeat(2000)}`]
  ) {
    const judged = new Access().judge(request({ authorization }), PASSWORD, NOW);
    assert.equal(judged?.status, 401, authorization.slice(0, 20));
  }
});

Deno.test("access: so many orders, and no more", () => {
  const access = new Access();
  const judged = Array.from(
    { length: 11 },
    () => access.judge(request(basic(PASSWORD)), PASSWORD, NOW)?.status,
  );
  assert.deepEqual(judged, [...Array(10).fill(undefined), 429]);
});
