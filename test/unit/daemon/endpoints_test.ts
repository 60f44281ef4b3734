/** Are exactly the needed sockets open, and re-opened on another link? */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Endpoints, type Wanted } from "../../../src/daemon/endpoints.ts";
import { RecordingHost } from "../../support/daemon/recording_host.ts";

const on = (name: string, linkIndex: number): Wanted => ({
  endpoint: { kind: "multicast", family: "ipv4", interface: name },
  linkIndex,
});

Deno.test("endpoints: shared ones open once, unwanted ones close, a replaced link re-opens", () => {
  const host = new RecordingHost({ links: [], addresses: [] });
  const endpoints = new Endpoints(host);
  endpoints.settle([on("eth0", 2), on("eth0", 2), on("eth1", 3)]);
  endpoints.settle([on("eth0", 7)]);
  deepStrictEqual(host.calls, [
    "open multicast eth0",
    "open multicast eth1",
    "close multicast eth0",
    "close multicast eth1",
    "open multicast eth0",
  ]);
});

Deno.test("endpoints: a refusal is returned, and the next settle tries again", () => {
  const host = new RecordingHost({ links: [], addresses: [] });
  const endpoints = new Endpoints(host);
  host.refuse = "open";
  strictEqual(endpoints.settle([on("eth0", 2)]).size, 1);
  host.refuse = undefined;
  strictEqual(endpoints.settle([on("eth0", 2)]).size, 0);
  strictEqual(host.calls.length, 2);
});
