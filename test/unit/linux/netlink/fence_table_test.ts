/** The fence's table and its frames. */
import assert from "node:assert/strict";
import {
  buildFence,
  forgetFrames,
  openFrames,
  rebuildFence,
  removeFence,
} from "../../../../src/linux/netlink/fence_table.ts";
import { decodeMessages } from "../../../../src/linux/netlink/message.ts";
import { encodeBatch, type Step } from "../../../../src/linux/netlink/nftables.ts";
import { type Ip, ip } from "../../../../src/net/ip.ts";

const TIMES = { open: 3000, guarded: 5000 };
const LINKS = [{ index: 2, name: "eth0" }];

const NAMES: Readonly<Record<number, string>> = {
  0: "new table",
  2: "delete table",
  3: "new chain",
  6: "new rule",
  8: "delete rules",
  9: "new set",
};

function countsOf(steps: readonly Step[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { type } of decodeMessages(encodeBatch(steps, 1)).slice(1, -1)) {
    const name = NAMES[type & 0xff] ?? String(type);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

Deno.test("a fence has four sets, two chains for each link, one for each pair of times", () => {
  assert.deepEqual(countsOf(buildFence({ links: LINKS, times: [TIMES] })), {
    "new table": 1,
    "new set": 4,
    "new chain": 4,
    "delete rules": 4,
    "new rule": 2 + 2 + 3 + 3,
  });
  const more = { links: [...LINKS, { index: 3, name: "eth1" }], times: [TIMES, TIMES] };
  assert.equal(countsOf(buildFence(more))["new chain"], 6);
});

Deno.test("what is open stays open, unless the table cannot be built upon", () => {
  const spec = { links: LINKS, times: [TIMES] };
  assert.equal(countsOf(buildFence(spec))["delete table"], undefined);
  assert.equal(countsOf(rebuildFence(spec))["delete table"], 1);
  assert.deepEqual(countsOf(removeFence()), { "delete table": 1 });
});

Deno.test("a frame holds eight addresses of one family, and repeats the first", () => {
  const addresses: readonly Ip[] = [
    ...Array.from({ length: 9 }, (_, index) => ip(`192.0.2.${index + 1}`)),
    ip("2001:db8::1"),
  ];
  const frames = openFrames(addresses, TIMES);
  assert.deepEqual(frames.map(({ length }) => length), [14 + 16 + 32, 14 + 16 + 32, 14 + 16 + 128]);
  assert.equal(
    frames[1]?.toHex(),
    "000000000000" + "000000000000" + "88b5" + // Ethernet, for local experiments (IEEE 802)
      "00666c6f61746934" + "00000bb8" + "00001388" + // what it is, 3 s, 5 s
      "c0000209".repeat(8),
  );
});

Deno.test("no frame begins like a packet of IP", () => {
  for (const frame of openFrames([ip("192.0.2.1"), ip("2001:db8::1")], TIMES)) {
    assert.equal((frame[14] ?? 0xff) >> 4, 0);
  }
});

Deno.test("to forget is to keep open for no time", () => {
  const [frame] = forgetFrames([ip("192.0.2.1")]);
  assert.equal(frame?.subarray(22, 30).toHex(), "00".repeat(8));
  assert.deepEqual(openFrames([], TIMES), []);
});
