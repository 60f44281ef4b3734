/**
 * Adverts by UDP of nodes with [cluster], the built program: sealed on the wire, what an attacker
 * sends in the name of the master is refused, and so is what it recorded; a restart in place of
 * each node is no takeover.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { ip } from "../../../src/net/ip.ts";
import { parseMac } from "../../../src/net/mac.ts";
import { milliseconds } from "../../../src/time.ts";
import { encodeEthernet, ETHERTYPE } from "../../../src/wire/ethernet.ts";
import { encodeIpv4 } from "../../../src/wire/ipv4.ts";
import { messageIn } from "../../../src/wire/sealed.ts";
import { encodeUdp } from "../../../src/wire/udp.ts";
import { encodeAdvert } from "../../../src/wire/vrrp.ts";
import { type Recorded, Recorder } from "../../support/cluster/wire.ts";
import { type Field, fieldCases, FLOATING } from "../../support/field/field.ts";
import type { Floatip } from "../../support/interop/floatip.ts";
import { UNIT_ENVIRONMENT } from "../../support/moves/supervisor.ts";
import { inject } from "../../support/interop/hostile.ts";
import { macOf } from "../../support/interop/holders.ts";

const PORT = 336;
const CLUSTER = '[cluster]\nsecret = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8"\n';
const COUNT = 100;

function file(field: Field): string {
  return field.file({ interval: "100ms", lines: ['transport = "udp"'], sections: CLUSTER });
}

function isSealed({ bytes }: Recorded): boolean {
  return messageIn(bytes) !== bytes;
}

/** Payloads as if `from` had sent them to b. */
async function framesOf(field: Field, from: string, payloads: readonly Uint8Array[]) {
  const [attacker, b] = [field.host("client"), field.host("b")];
  const macs = await Promise.all([attacker, b].map(macOf));
  const [ours, theirs] = macs.map((mac) => parseMac(mac) ?? new Uint8Array(6));
  const [source, destination] = [ip(from), ip(b.address)];
  return payloads.map((payload) => {
    const udp = { sourcePort: PORT, destinationPort: PORT, payload };
    const inside = encodeUdp(udp, source, destination);
    const packet = { source, destination, id: 1, ttl: 255, protocol: 17, payload: inside };
    return encodeEthernet({
      source: ours ?? new Uint8Array(6),
      destination: theirs ?? new Uint8Array(6),
      etherType: ETHERTYPE.ipv4,
      payload: encodeIpv4(packet),
    });
  });
}

async function untilRefused(field: Field, by: Floatip, reason: string): Promise<void> {
  await field.until(`${COUNT} refused: ${reason}`, async () => {
    const { rejects } = await by.instance();
    return (rejects[reason] ?? 0) >= COUNT;
  });
}

fieldCases("sealed adverts by UDP", [
  {
    name: "recorded and forged ones are refused, and nothing moves",
    play: async (field) => {
      await using recorder = await Recorder.open(field.lan, PORT);
      const [a, b] = await field.pair(file(field));
      await field.untilCode(0, [a, b]);
      const sealed = () => recorder.all.filter(isSealed);
      await field.until("some are sealed", () => sealed().length >= 5);
      await field.until("and the last ten", () => recorder.all.slice(-10).every(isSealed));
      const recorded = sealed().slice(0, 5).map(({ bytes }) => bytes);
      const from = field.host("a").address;
      const claim = { version: 3, vrid: 51, interval: milliseconds(100) } as const;
      const forged = [0, 255].map((priority) =>
        encodeAdvert(
          { ...claim, priority, addresses: [ip(FLOATING)] },
          ip(from),
          ip(field.host("b").address),
        )
      );
      for (const [reason, payloads] of [["replayed", recorded], ["not-sealed", forged]] as const) {
        const frames = await framesOf(field, from, payloads);
        const rounds = COUNT / frames.length;
        await inject(field.host("client"), frames, 5, { rounds });
        await untilRefused(field, b, reason);
      }
      assert.deepEqual([(await a.instance()).state, (await b.instance()).state], [
        "master",
        "backup",
      ]);
      assert.equal((await b.instance()).counters.master_transitions, 0, b.log.text);
    },
  },
  {
    name: "a restart in place of each node is no takeover",
    play: async (field) => {
      const text = file(field).replace('"100ms"', '"1s"');
      const options = { env: UNIT_ENVIRONMENT };
      const a = await field.run("a", text, options);
      await a.untilState("master");
      const b = await field.run("b", text, options);
      await field.untilCode(0, [a, b]);
      const again = await restarted(field, a);
      assert.equal((await again.instance()).state, "master", again.log.text);
      assert.match(again.log.text, /master still/);
      await restarted(field, b);
      for (const node of [again, b]) assert.doesNotMatch(node.log.text, /backup -> master: no adv/);
      await field.untilCode(0, [again]);
    },
  },
]);

/** `floatip restart` there; this test does what systemd would. */
async function restarted(field: Field, node: Floatip): Promise<Floatip> {
  const ended = once(node.child, "exit");
  const ordered = node.command("restart");
  await ended;
  const next = field.stack.use(await node.again());
  const { code, stderr } = await ordered;
  assert.equal(code, 0, `${stderr}\n${next.log.text}`);
  assert.deepEqual((await next.instance()).rejects, {}, next.log.text);
  return next;
}
