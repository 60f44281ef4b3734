/** Is the forecast a table that a person reads at a glance, with the trap marked? */
import { decode } from "../../../src/config/decode.ts";
import { forecast } from "../../../src/config/forecast.ts";
import { forecastLines } from "../../../src/cli/forecast_text.ts";
import { golden } from "../../golden/golden.ts";

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
