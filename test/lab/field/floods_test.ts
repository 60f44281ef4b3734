/** Field situations of a hostile LAN: floods, forged adverts, and what they can provoke. */
import assert from "node:assert/strict";
import { ip } from "../../../src/net/ip.ts";
import { type Mac, parseMac } from "../../../src/net/mac.ts";
import { milliseconds } from "../../../src/time.ts";
import { gratuitousArp } from "../../../src/wire/arp.ts";
import { encodeEthernet, ETHERTYPE, multicastMac } from "../../../src/wire/ethernet.ts";
import { encodeIpv4 } from "../../../src/wire/ipv4.ts";
import { type Advert, encodeAdvert, groupOf } from "../../../src/wire/vrrp.ts";
import type { Floatip } from "../../support/interop/floatip.ts";
import { inject } from "../../support/interop/hostile.ts";
import { FLOATIP } from "../../support/lab/program.ts";
import { type Field, fieldCases, FLOATING } from "../../support/field/field.ts";

const GROUP = groupOf("ipv4");
const MULTICAST = 'transport = "multicast"';

function mac(number: number): Mac {
  const parsed = parseMac(`02:aa:00:00:${hex2(number >> 8)}:${hex2(number & 255)}`);
  assert(parsed !== undefined);
  return parsed;
}

function hex2(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** A frame that carries `payload` as protocol 112 from `source` to VRRP's group. */
function frame(source: string, payload: Uint8Array): Uint8Array {
  const packet = encodeIpv4({ source: ip(source), destination: GROUP, id: 1, payload });
  const [from, to] = [mac(1), multicastMac(GROUP)];
  return encodeEthernet({
    destination: to,
    source: from,
    etherType: ETHERTYPE.ipv4,
    payload: packet,
  });
}

/** An advert of priority 255 for the floating address, save what `changes` says. */
function advert(source: string, changes: Partial<Advert> = {}): Uint8Array {
  const fields: Advert = {
    version: 3,
    vrid: 51,
    priority: 255,
    interval: milliseconds(300),
    addresses: [ip(FLOATING)],
    ...changes,
  };
  return frame(source, encodeAdvert(fields, ip(source), GROUP));
}

/** 400 invented sources. */
const SOURCES = Array.from({ length: 400 }, (_, i) => `10.77.${1 + (i >> 8)}.${1 + i % 250}`);

function spoilt(source: string): Uint8Array {
  const whole = advert(source);
  return whole.with(14 + 20 + 6, (whole[14 + 20 + 6] ?? 0) ^ 1);
}

const FLOODS: Readonly<Record<string, readonly Uint8Array[]>> = {
  "other VRIDs": SOURCES.map((source) => advert(source, { vrid: 52 })),
  "broken packets": SOURCES.map(spoilt),
  "broken packets of one source": [spoilt("10.77.0.66")],
  "strangers": SOURCES.map((source) => advert(source, { addresses: [ip("172.16.0.1")] })),
  "losing masters": SOURCES.map((source) => advert(source, { priority: 1 })),
  "claims": SOURCES.map((_, i) => gratuitousArp(mac(i), ip(FLOATING))),
};

const FLOOD_SECONDS = 2;

async function transitionsOf(floatip: Floatip): Promise<number> {
  return (await floatip.instance()).counters.master_transitions;
}

/** Runs a command of floatip's on the client, which has no daemon. */
async function runOnClient(field: Field, ...words: readonly string[]) {
  return await field.host("client").exec([...FLOATIP, ...words], { timeoutMs: 60_000 });
}

fieldCases("floods", [
  {
    name: "adverts leave and arrive whatever floods the LAN",
    play: async (field) => {
      const [a, b] = await field.pair(field.file({ interval: "300ms", lines: [MULTICAST] }));
      for (const [name, frames] of Object.entries(FLOODS)) {
        const before = (await a.instance()).counters.sent_advertisements;
        await inject(field.host("client"), frames, 0, { seconds: FLOOD_SECONDS });
        const { counters, state } = await a.instance();
        const sent = counters.sent_advertisements - before;
        assert.ok(sent >= FLOOD_SECONDS * 2, `${name}: ${sent} adverts`);
        const lines = `${name}\n${a.log.text}\n${b.log.text}`;
        assert.deepEqual([state, await transitionsOf(a), await transitionsOf(b)], [
          "master",
          1,
          0,
        ], lines);
      }
      assert.equal((await a.status()).rejects["unknown-vrid"], undefined, "the kernel kept them");
    },
  },
  {
    name: "listen shows what can be read and counts the rest; doctor ends",
    play: async (field) => {
      const a = await field.run("a", field.file({ lines: [MULTICAST] }));
      await a.untilState("master");
      const frames = SOURCES.map((source, i) =>
        advert(source, { addresses: [ip(`172.16.${i >> 8}.${i & 255}`)] })
      );
      const flood = inject(field.host("b"), frames, 0, { seconds: 12 });
      const [heard, seen] = await Promise.all([
        runOnClient(field, "listen", "--for", "4s"),
        field.host("a").exec(
          [...FLOATIP, "doctor", "-c", a.configFile, "--run-dir", `${a.folder}/run`, "--for", "3s"],
          { timeoutMs: 60_000 },
        ),
      ]);
      await flood;
      assert.equal(heard.code, 0, heard.stderr);
      assert.match(heard.stdout, /\.\.\. [\d,]+ more packets in this second not shown/);
      assert.match(heard.stdout, /packets of further senders/);
      assert.ok(heard.stdout.split("\n").length < 3000);
      assert.equal(seen.code, 1, seen.stderr);
      assert.match(seen.stdout, /VRID 51 is used by/);
      assert.ok(seen.stdout.split("\n").length < 200, seen.stdout);
    },
  },
  {
    name: "one advert of 255 and 40.95 s: a node holds the address after seconds, not minutes",
    play: async (field) => {
      const [a, b] = await field.pair(field.file({ lines: [MULTICAST] }));
      const interval = milliseconds(40_950);
      await inject(field.host("client"), [advert("10.77.0.66", { interval })], 0);
      await a.log.until(/master -> backup: 10\.77\.0\.66 has priority 255/, 5000);
      await field.until(
        `a takes over\n${a.log.text}\n${b.log.text}`,
        () => field.host("a").holds(FLOATING),
        10_000,
      );
    },
  },
  {
    name: "255 and 0 in turn: a few changes, and status says that the node is held down",
    play: async (field) => {
      const [a, b] = await field.pair(field.file({ lines: [MULTICAST] }));
      const turns = [advert("10.77.0.66"), advert("10.77.0.66", { priority: 0 })];
      const flood = inject(field.host("client"), turns, 20, { seconds: 6 });
      await field.until("a is held down", async () => (await a.instance()).held_down_ms !== null);
      const { attention } = await a.status();
      assert.match(attention.join("\n"), /web: better masters came and went/);
      await flood;
      // Which of the two follows the stranger, and how often, is a matter of moments.
      const changes = [await transitionsOf(a), await transitionsOf(b)];
      const text = `${changes} changes\n${a.log.text}\n${b.log.text}`;
      assert.ok(changes.some((one) => one >= 1) && changes.every((one) => one <= 8), text);
      await field.until("a node holds it", async () => {
        const held = await Promise.all(["a", "b"].map((name) => field.host(name).holds(FLOATING)));
        return held.some((one) => one);
      }, 40_000);
    },
  },
  {
    name: "an advert from an address that no node can have moves nothing",
    play: async (field) => {
      const a = await field.run("a", field.file({ nodes: {}, lines: [MULTICAST] }));
      await a.untilState("master");
      // The kernel itself drops a group and 255.255.255.255.
      const sources = ["0.0.0.0", "10.77.0.0", "10.77.0.255", "240.0.0.1"];
      await inject(field.host("client"), sources.map((source) => advert(source)), 10);
      await field.until("0.0.0.0 is refused", async () => {
        const { rejects } = await a.instance();
        return (rejects["source"] ?? 0) >= 1;
      });
      assert.equal((await a.instance()).state, "master");
      assert.doesNotMatch(a.log.text, /master -> backup/);
    },
  },
  {
    name: "200 addresses: losing masters provoke a bounded number of frames, and no advert is late",
    play: async (field) => {
      const addresses = Array.from({ length: 200 }, (_, i) => `10.77.9.${i + 1}/32`);
      const a = await field.run(
        "a",
        field.file({ nodes: {}, addresses, lines: [MULTICAST, 'interface = "eth0"'] }),
      );
      await a.untilState("master", 20_000);
      const sentBy = async () => {
        const words = ["-s", "-j", "link", "show", "dev", "eth0"];
        const [link] = JSON.parse(await field.host("a").ip(...words));
        return link.stats64.tx.packets as number;
      };
      const quiet = async () => {
        const before = await sentBy();
        await new Promise((resolve) => setTimeout(resolve, 500));
        return await sentBy() - before < 10;
      };
      await field.until("the first announcements are over", quiet);
      const before = { sent: await sentBy(), counters: (await a.instance()).counters };
      const losing = advert("10.77.0.66", {
        priority: 1,
        addresses: addresses.map((text) => ip(text.replace("/32", ""))),
      });
      await inject(field.host("client"), [losing], 3, { seconds: 4 });
      const after = { sent: await sentBy(), counters: (await a.instance()).counters };
      const adverts = after.counters.sent_advertisements - before.counters.sent_advertisements;
      assert.ok(adverts >= 10, `${adverts} adverts in 4 s`);
      const frames = after.sent - before.sent - adverts;
      assert.ok(frames >= 200, "the neighbours are told");
      assert.ok(frames <= 3500, `${frames} announcements`);
      assert.equal((await a.instance()).state, "master");
    },
  },
  {
    name: "init leaves a VRID alone that CARP or a signed keepalived uses",
    play: async (field) => {
      const carp = new Uint8Array(36).fill(0x5c);
      carp.set([0x21, 51, 0, 7, 0, 1]);
      const signed = new Uint8Array(40).fill(0x5c);
      signed.set([0x31, 52, 100, 1, 0, 100, 0, 0, 10, 77, 0, 99, 1, 1, 0, 0]);
      const frames = [frame("10.77.0.66", carp), frame("10.77.0.67", signed)];
      const traffic = inject(field.host("b"), frames, 100, { seconds: 8 });
      const words = ["init", "--dry-run", "--yes", "--listen", "3s", "--address", "10.77.0.150"];
      const { stdout, stderr } = await runOnClient(field, ...words);
      await traffic;
      assert.match(stderr, /VRID 51 is used by 10\.77\.0\.66 \(CARP\)/);
      assert.match(stderr, /VRID 52 is used by 10\.77\.0\.67/);
      assert.match(stdout, /vrid = (?!51$|52$)\d+/m);
    },
  },
]);
