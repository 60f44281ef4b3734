/** Endpoints: exactly the needed sockets are open, and re-opened on another link. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Endpoints } from "../../../../src/daemon/machine/endpoints.ts";
import type { Endpoint } from "../../../../src/host.ts";
import { ip } from "../../../../src/net/ip.ts";
import { RecordingHost } from "../../../support/daemon/recording_host.ts";

const on = (name: string): Endpoint => ({ kind: "multicast", family: "ipv4", interface: name });

function lab() {
  const host = new RecordingHost({ links: [], addresses: [] });
  return { host, endpoints: new Endpoints<string>(host) };
}

Deno.test("endpoints: shared ones open once, unwanted ones close, a replaced link re-opens", () => {
  const { host, endpoints } = lab();
  strictEqual(endpoints.need("a", on("eth0"), 2), "opened");
  strictEqual(endpoints.need("b", on("eth0"), 2), "open");
  strictEqual(endpoints.need("c", on("eth1"), 3), "opened");
  endpoints.release("a");
  endpoints.release("c");
  strictEqual(endpoints.need("b", on("eth0"), 7), "opened");
  strictEqual(endpoints.need("d", on("eth0"), 8), "opened");
  strictEqual(endpoints.need("b", on("eth0"), 8), "open");
  deepStrictEqual(host.calls, [
    "open multicast eth0",
    "open multicast eth1",
    "close multicast eth1",
    "close multicast eth0",
    "open multicast eth0",
    "close multicast eth0",
    "open multicast eth0",
  ]);
});

Deno.test("endpoints: a refusal is answered, and the next one that needs it tries again", () => {
  const { host, endpoints } = lab();
  host.refuse = "open";
  ok(endpoints.need("a", on("eth0"), 2) instanceof Error);
  host.refuse = undefined;
  strictEqual(endpoints.need("a", on("eth0"), 2), "opened");
  strictEqual(host.calls.length, 2);
});

Deno.test("endpoints: a UDP port that moves is closed on the old link before it opens", () => {
  const { host, endpoints } = lab();
  const source = ip("10.77.0.1");
  const udp = (name: string): Endpoint => ({ ...on(name), kind: "udp", source, port: 336 });
  endpoints.need("a", udp("eth0"), 2);
  endpoints.need("b", udp("eth0"), 2);
  endpoints.need("a", udp("eth1"), 3);
  endpoints.need("b", udp("eth1"), 3);
  deepStrictEqual(host.calls.map((call) => call.split(" ")[0]), ["open", "close", "open"]);
});
