/** Where adverts travel by a plan, which routers share a socket, and how that is told. */
import assert from "node:assert/strict";
import { planLines } from "../../../../src/cli/check/plan_text.ts";
import { type Machine, plan } from "../../../../src/config/plan/plan_node.ts";
import { decode } from "../../../../src/config/decode.ts";
import {
  advertLink,
  type NodePlan,
  type Plan,
  transportText,
  usesLowPort,
} from "../../../../src/config/plan/plan.ts";
import { formatIp } from "../../../../src/net/ip.ts";
import { machine } from "../../../support/config/machines.ts";

const NODES = '[nodes]\npi-a = "192.168.1.11"\npi-b = "192.168.1.12"\n';
const WEB = '[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n';
const PI_B = machine({ lo: ["127.0.0.1/8"], eth0: ["192.168.1.12/24"], eth1: ["10.0.0.12/24"] });

function planned(text: string, where: Machine = PI_B): NodePlan {
  const decoded = decode(text);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems, null, 2));
  const { node, problems } = plan(decoded.config, where, undefined, undefined);
  assert.ok(problems.every(({ severity }) => severity !== "error"));
  return node;
}

function only(text: string, where?: Machine): Plan {
  const { plans } = planned(text, where);
  assert.equal(plans.length, 1);
  return plans[0] ?? assert.fail();
}

Deno.test("UDP goes to the same peers from the same source as unicast, and has a port", () => {
  const [udp, unicast] = [only(`${NODES}${WEB}transport = "udp"\n`), only(NODES + WEB)];
  assert.deepEqual({ ...udp.rules, transport: "unicast" }, unicast.rules);
  assert.deepEqual([udp.source, udp.interface], [unicast.source, unicast.interface]);
  assert.deepEqual([udp.port, unicast.port], [336, undefined]);
  assert.deepEqual([udp, unicast].map(transportText), ["udp port 336", "unicast"]);
});

Deno.test("one number on two wires is one too many where one address carries both", () => {
  const waiting = (first: string, second: string) => {
    const text = `${NODES}[instance.a]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n${first}\n` +
      `[instance.b]\nvrid = 51\ninterface = "eth1"\naddresses = ["10.0.0.50/24"]\n${second}\n`;
    return planned(text).plans.flatMap((one) =>
      one.waiting.map(({ message: words }) => `${one.name}: ${words}`)
    );
  };
  const clash = ["b: 192.168.1.12 has VRID 51 of instance a already"];
  assert.deepEqual(waiting("", ""), clash);
  assert.deepEqual(waiting('transport = "udp"', 'transport = "udp"'), clash);
  assert.deepEqual(waiting('transport = "udp"', 'transport = "udp"\nport = 337'), []);
  assert.deepEqual(waiting('transport = "udp"', ""), []);
  assert.deepEqual(waiting("", 'transport = "multicast"'), []);
});

Deno.test("adverts to peers use the link of the source, those to the group the instance's", () => {
  const elsewhere = `${NODES}${WEB}interface = "eth1"\n`;
  const link = (text: string) => advertLink(only(text), PI_B.interfaces);
  assert.equal(link(`${elsewhere}transport = "udp"`), "eth0");
  assert.equal(link(elsewhere), "eth0");
  assert.equal(link(`${elsewhere}transport = "multicast"`), "eth1");
  const away = machine({ eth1: ["10.0.0.12/24"] });
  const late = `${WEB}interface = "eth1"\nsource = "192.168.1.12"\npeers = ["192.168.1.11"]\n`;
  assert.equal(advertLink(only(late, away), away.interfaces), "eth1");
});

Deno.test("which ports need a right", () => {
  const low = (text: string, least?: number) => {
    const decoded = decode(text);
    assert.ok(decoded.kind === "config");
    return usesLowPort(planned(text), decoded.config, least);
  };
  const udp = (port: number) => `${NODES}${WEB}transport = "udp"\nport = ${port}\n`;
  const cluster = (port: number) =>
    `${NODES}[cluster]\nsecret = { credential = "c" }\nport = ${port}\n${WEB}`;
  for (const text of [udp, cluster]) {
    const ports = [335, 1023, 1024, 65535];
    assert.deepEqual(ports.map((port) => low(text(port))), [true, true, false, false]);
    assert.equal(low(text(335), 300), false);
  }
  assert.equal(low(NODES + WEB), false);
});

Deno.test("check says where adverts go, and which nodes alone hear those by UDP", () => {
  const [line = ""] = planLines(planned(`${NODES}${WEB}transport = "udp"\nport = 5336\n`));
  assert.match(
    line,
    /, UDP port 5336 \(floatip only\) from 192\.168\.1\.12 to 192\.168\.1\.11 \(pi-a\), /,
  );
  const [unicast = ""] = planLines(planned(NODES + WEB));
  assert.match(unicast, /, unicast from 192\.168\.1\.12 to 192\.168\.1\.11 \(pi-a\), /);
});

Deno.test("IPv6 by UDP comes from the address that [nodes] says", () => {
  const text = '[nodes]\na = "fd00::1"\nb = "fd00::2"\n' +
    '[instance.six]\nvrid = 51\naddresses = ["fe80::50/64"]\ntransport = "udp"\n';
  const { source, rules } = only(text, machine({ eth0: ["fe80::2/64", "fd00::2/64"] }));
  assert.equal(source && formatIp(source), "fd00::2");
  assert.deepEqual(rules.peers.map(formatIp), ["fd00::1"]);
});
