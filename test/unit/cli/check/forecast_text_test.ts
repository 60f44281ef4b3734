/** The forecast as a table: read at a glance, with the trap marked. */
import assert from "node:assert/strict";
import { decode } from "../../../../src/config/decode.ts";
import { type Forecast, forecast } from "../../../../src/config/plan/forecast.ts";
import { forecastLines } from "../../../../src/cli/check/forecast_text.ts";
import { golden } from "../../../support/golden.ts";

const FILE = `[nodes]
pi-a = "192.168.1.11"
pi-b = "192.168.1.12"

[instance.web]
vrid = 51
addresses = ["192.168.1.50/24"]
prefer = ["pi-a", "pi-b"]
checks = ["nginx", "disk"]

[check.nginx]
tcp = "127.0.0.1:80"
weight = -5

[check.disk]
file = "/run/disk-failed"
want = "absent"
`;

Deno.test("forecast: a weight that moves nothing is marked", async () => {
  const decoded = decode(FILE);
  const lines = decoded.kind === "config" ? forecastLines(forecast(decoded.config)) : [];
  await golden("forecast", lines.join("\n"));
});

/** A cluster of `nodes` nodes and `instances` instances; each check fails somewhere. */
function large(nodes: number, instances: number, weight: number): readonly Forecast[] {
  const names = Array.from({ length: nodes }, (_, i) => `n${i}`);
  const text = [
    "[nodes]",
    ...names.map((name, i) => `${name} = "10.0.${i >> 7}.${(i & 127) + 1}"`),
    ...Array.from({ length: instances }, (_, i) =>
      `[instance.i${i}]
vrid = ${i + 1}
addresses = ["10.0.9.${i + 1}/16"]
prefer = ["n${i % nodes}"]
checks = ["x"]`),
    `[check.x]\nprocess = "x"\nweight = ${weight}`,
  ];
  const decoded = decode(text.join("\n"));
  return decoded.kind === "config" ? forecast(decoded.config) : [];
}

Deno.test("forecast: of 240 nodes what matters is printed, and how much is left out", () => {
  const forecasts = large(240, 1, -250);
  const lines = forecastLines(forecasts);
  assert.ok(lines.join("\n").length < 20_000, `${lines.join("\n").length} characters`);
  assert.match(lines[0] ?? "", /^i0: while all is well n0 holds it: n0 200, .* and 234 more$/);
  assert.match(lines[1] ?? "", /x fails on n0: n1 takes over/);
  assert.ok(lines.some((line) => /n0 dies: n1 takes over/.test(line)));
  assert.equal(
    lines.at(-1),
    "left out: 420 lines, none of them marked; `floatip check --all` prints them",
  );
  assert.equal(
    forecastLines(forecasts, true).filter((line) => /fails|dies/.test(line)).length,
    480,
  );
});

Deno.test("forecast: of 200 instances those with a mark come first", () => {
  // One point less makes no difference.
  const lines = forecastLines(large(3, 200, -1));
  assert.ok(lines.length < 200, `${lines.length} lines`);
  assert.ok(lines.some((line) => line.startsWith("  !")));
  assert.match(
    lines.at(-1) ?? "",
    /^left out: 1140 lines, 180 instances among them, 180 of them marked; /,
  );
});
