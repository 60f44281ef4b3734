/** Which of the machines that answer for a floating address is none of the nodes. */
import assert from "node:assert/strict";
import { strangersIn } from "../../../../src/cli/check/lan.ts";
import { plan } from "../../../../src/config/plan/plan_node.ts";
import { decode } from "../../../../src/config/decode.ts";
import type {
  HeardAdvert,
  LanAnswer,
  UnreadPacket,
} from "../../../../src/tools/doctor/environment.ts";
import { ip } from "../../../../src/net/ip.ts";
import { seconds } from "../../../../src/time.ts";
import { machine } from "../../../support/config/machines.ts";

const HERE = machine({ eth0: ["10.77.0.11/24"] });
const STRANGER = "02:00:00:00:00:99";
const LONELY = `[instance.web]\nvrid = 51\naddresses = ["10.77.0.50/24"]\n`;
const NODES = `[nodes]\na = "10.77.0.11"\nb = "10.77.0.12"\n${LONELY}`;

function answer(address: string, mac: string, name = "eth0"): LanAnswer {
  return { interface: name, address: ip(address), mac };
}

function strangers(
  text: string,
  answers: readonly LanAnswer[],
  adverts: readonly HeardAdvert[] = [],
  unread: readonly UnreadPacket[] = [],
): readonly string[] {
  const decoded = decode(text);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems));
  const { node } = plan(decoded.config, HERE, undefined, undefined);
  const targets = node.plans.flatMap((one) =>
    one.virtualAddresses.map((held) => ({ plan: one, held }))
  );
  return strangersIn(decoded.config, targets, { answers, adverts, unread }, HERE.interfaces)
    .map(({ mac }) => mac);
}

Deno.test("a machine that answers and is no node is a stranger, on that wire only", () => {
  for (const text of [LONELY, NODES]) {
    assert.deepEqual(strangers(text, []), []);
    assert.deepEqual(strangers(text, [answer("10.77.0.50", STRANGER)]), [STRANGER]);
    assert.deepEqual(strangers(text, [answer("10.77.0.50", STRANGER, "eth1")]), []);
    assert.deepEqual(strangers(text, [answer("10.77.0.51", STRANGER)]), []);
  }
});

Deno.test("a node is no stranger: known by its own address, its adverts, or a virtual MAC", () => {
  const held = answer("10.77.0.50", STRANGER);
  assert.deepEqual(strangers(NODES, [held, answer("10.77.0.12", STRANGER)]), []);
  assert.deepEqual(strangers(LONELY, [answer("10.77.0.50", "00:00:5e:00:01:33")]), []);
  assert.deepEqual(strangers(LONELY, [answer("10.77.0.50", "00:00:5e:00:01:34")]).length, 1);
  const packet = { interface: "eth0", source: ip("10.77.0.12"), mac: STRANGER, outgoing: false };
  const advert = (vrid: number): HeardAdvert => ({
    ...packet,
    destination: ip("224.0.0.18"),
    advert: { version: 3, vrid, priority: 100, interval: seconds(1), addresses: [] } as never,
  });
  assert.deepEqual(strangers(LONELY, [held], [advert(51)]), []);
  assert.deepEqual(strangers(LONELY, [held], [advert(52)]), [STRANGER]);
  const signed: UnreadPacket = { ...packet, vrid: 51, reason: "checksum" };
  assert.deepEqual(strangers(LONELY, [held], [], [signed]), []);
});
