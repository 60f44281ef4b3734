/** The examples with health checks load without a problem, and do what they promise. */
import assert from "node:assert/strict";
import type { Config } from "../../../src/config/config.ts";
import { decode } from "../../../src/config/decode.ts";
import { forecast } from "../../../src/config/plan/forecast.ts";
import { milliseconds, seconds } from "../../../src/time.ts";

const FOLDER = new URL("../../../packaging/examples/", import.meta.url);

function read(name: string, change: (text: string) => string = (text) => text): Config {
  const text = change(Deno.readTextFileSync(new URL(name, FOLDER)));
  const decoded = decode(text);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems, null, 2));
  assert.deepEqual(decoded.warnings, []);
  return decoded.config;
}

/** Every row, and what follows it, of every instance. */
function rows(config: Config): readonly string[] {
  return forecast(config).flatMap(({ instance, rows }) =>
    rows.map(({ words, recovery }) =>
      `${instance}: ${words}${recovery === undefined ? "" : `; ${recovery}`}`
    )
  );
}

Deno.test("web-pair.toml: a weight that bridges the gap between the two files", () => {
  const first = read("web-pair.toml");
  const second = read(
    "web-pair.toml",
    (text) => text.replace('"web-1"', '"web-2"').replace("priority = 150 ", "priority = 110 "),
  );
  assert.deepEqual(first.instances.map(({ checks }) => checks), [["nginx"]]);
  assert.equal(first.checks[0]?.weight, -50);
  assert.deepEqual(rows(first), [
    "web: nginx fails on web-1: its priority falls from 150 to 100; the other nodes' files say " +
    "whether a node between them takes over",
    "web: web-1 dies: the best of the others takes over; their files say which that is",
  ]);
  assert.match(
    rows(second)[0] ?? "",
    /^web: nginx fails on web-2: its priority falls from 110 to 60;/,
  );
});

Deno.test("load-balancer-pair.toml: given up when HAProxy fails, taken back after recovery", () => {
  assert.deepEqual(rows(read("load-balancer-pair.toml")), [
    "public: haproxy fails on lb-1: lb-2 takes over; lb-1 takes it back when it works again",
    "public: haproxy fails on lb-2: lb-1 keeps it",
    "public: lb-1 dies: lb-2 takes over; lb-1 takes it back when lb-1 is back",
    "public: lb-2 dies: lb-1 keeps it",
  ]);
});

Deno.test("mutual-pair.toml: a flag file moves both addresses to the other server", () => {
  const config = read("mutual-pair.toml");
  assert.equal(config.checks[0]?.interval, milliseconds(500));
  assert.deepEqual(rows(config).filter((row) => row.includes("in-service")), [
    "home: in-service fails on files-1: files-2 takes over; files-1 takes it back when it works" +
    " again",
    "home: in-service fails on files-2: files-1 keeps it",
    "media: in-service fails on files-2: files-1 takes over; files-2 takes it back when it " +
    "works again",
    "media: in-service fails on files-1: files-2 keeps it",
  ]);
});

Deno.test("database-trio.toml: timeout, rise, fall and user", () => {
  const config = read("database-trio.toml");
  assert.deepEqual(config.checks, [{
    name: "postgres",
    probe: {
      kind: "command",
      argv: ["/usr/lib/postgresql/17/bin/pg_isready", "--quiet"],
      user: "postgres",
    },
    interval: seconds(2),
    timeout: seconds(1),
    fall: 2,
    rise: 5,
    weight: undefined,
  }]);
  assert.deepEqual(rows(config).slice(0, 1), [
    "primary: postgres fails on db-1: db-2 takes over; db-1 takes it back when it works again",
  ]);
});
