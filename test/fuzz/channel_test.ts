/** The channel: no datagram makes it throw, and none is believed that no node has made. */
import assert from "node:assert/strict";
import { ip } from "../../src/net/ip.ts";
import { Channel, type Sent } from "../support/cluster/channel.ts";
import { Random } from "../sim/random.ts";

/** How many datagrams; `FUZZ_RUNS=1000000` for a long run. */
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 20_000);

Deno.test("fuzz: no changed, cut, spliced or made-up datagram is believed by a session", () => {
  const seed = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 1e9);
  if (RUNS > 20_000) console.log(`seed ${seed}`);
  const random = new Random(seed);
  const channel = new Channel({ a: "10.0.0.1", b: "10.0.0.2", c: "10.0.0.3" }, seed);
  for (const name of ["a", "b", "c"]) channel.start(name);
  channel.seconds(3);
  for (let count = 0; count < RUNS; count++) {
    if (count % 2000 === 0) refresh(channel);
    const accepted = channel.told.length + channel.held.length;
    const sessions = sessionsOf(channel);
    const outcomes = channel.inject(spoilt(random, channel.sent));
    const after = channel.told.length + channel.held.length;
    assert.equal(after, accepted, `seed ${seed}, datagram ${count}`);
    assert.ok(
      outcomes.every(({ kind }) => kind !== "message" && kind !== "beat"),
      `seed ${seed}, ${count}`,
    );
    assert.equal(sessionsOf(channel), sessions, `seed ${seed}, datagram ${count}`);
    // Budgets are for floods; here each is to be looked at.
    channel.now = channel.now + 2e6 as typeof channel.now;
  }
});

/** Sessions go on, and what is recorded is of now. */
function refresh(channel: Channel): void {
  const before = channel.told.length;
  channel.seconds(1.2);
  assert.ok(channel.told.length >= before + 6, "each hears each other");
  assert.ok(channel.held.length >= 6, "and that reports hold");
  channel.held.length = 0;
  channel.sent.splice(0, Math.max(0, channel.sent.length - 200));
  channel.sealed.length = 0;
}

function sessionsOf(channel: Channel): string {
  return ["a", "b", "c"].map((name) =>
    channel.sessions(name).peers(channel.now).map(({ hasSession, isTwice, heard }) =>
      `${hasSession} ${isTwice} ${heard}`
    )
  ).join();
}

/** One that was sent, changed; all of it is covered by the tag, or by where it comes from. */
function spoilt(random: Random, sent: readonly Sent[]): Sent {
  const one = random.pick(sent);
  const bytes = one.bytes.slice();
  switch (random.between(0, 5)) {
    case 0:
      return { ...one, bytes: bytes.slice(0, random.between(0, bytes.length - 1)) };
    case 1:
      return { ...one, bytes: Uint8Array.from([...bytes, random.between(0, 255)]) };
    case 2: {
      const other = random.pick(sent).bytes;
      const at = random.between(1, Math.min(bytes.length, other.length) - 1);
      bytes.set(other.subarray(at, bytes.length), at);
      return { ...one, bytes };
    }
    case 3:
      return { ...one, from: ip(`10.0.0.${random.between(0, 255)}`) };
    case 4: {
      const length = random.between(0, 1300);
      return { ...one, bytes: Uint8Array.from({ length }, () => random.between(0, 255)) };
    }
    default:
      for (let count = random.between(1, 3); count > 0; count--) {
        const at = random.between(0, bytes.length - 1);
        bytes[at] = (bytes[at] ?? 0) ^ random.between(1, 255);
      }
      return { ...one, bytes };
  }
}
