/** What a machine is told of its part in [cluster]. */
import assert from "node:assert/strict";
import { plan } from "../../../../src/config/plan/plan_node.ts";
import { decode } from "../../../../src/config/decode.ts";
import { machine } from "../../../support/config/machines.ts";

Deno.test("a node whose LAN is not there is known by a link", () => {
  const text = `[nodes]
a = { address = "192.168.7.1", links = ["10.9.0.1"] }
b = { address = "192.168.7.2", links = ["10.9.0.2"] }
[instance.web]
vrid = 51
addresses = ["192.168.7.50/24"]
`;
  const decoded = decode(text);
  assert.ok(decoded.kind === "config");
  const here = machine({ wg0: ["10.9.0.2/24"] });
  const { node, problems } = plan(decoded.config, here, undefined, undefined);
  assert.deepEqual([node.node, node.known], ["b", true]);
  assert.match(problems[0]?.what ?? "", /this is node b, and it does not have .*192\.168\.7\.2/);
});
