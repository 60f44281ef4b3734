/** What is said names both processes: a recording of the one before costs no look at its tag. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { Channel } from "../../support/cluster/channel.ts";
import { GREETING } from "../../../src/cluster/datagram.ts";

const BOTH_SAID = new Set(["a: I am b", "b: I am a"]);

function started(): Channel {
  const channel = new Channel({ a: "10.0.0.1", b: "10.0.0.2" });
  for (const name of ["a", "b"]) channel.start(name);
  return channel;
}

function hasSession(channel: Channel, name: string): boolean {
  return channel.sessions(name).peers(channel.now).every((peer) => peer.hasSession);
}

Deno.test("pairs: what was said to the process before costs no tag, in either direction", () => {
  const channel = started();
  channel.seconds(20);
  const recorded = channel.sent.filter(({ bytes }) => bytes[3] === 3 || bytes[3] === 5);
  channel.start("a");
  channel.greet();
  channel.greet();
  ok(hasSession(channel, "a"));
  const reasons = (to: number) =>
    recorded.filter((sent) => sent.to.bytes[3] === to).flatMap((sent) =>
      channel.inject(sent).map((outcome) => "reason" in outcome ? outcome.reason : outcome.kind)
    );
  // b goes on with its sid, and its counters begin anew: by those they would be news.
  deepStrictEqual(new Set(reasons(1)), new Set(["no-session"]));
  deepStrictEqual(new Set(reasons(2)), new Set(["replayed"]));
});

Deno.test("pairs: one with an older version names the sender alone", () => {
  const channel = started();
  // The lowest byte of the abilities of b.
  channel.changes = ({ bytes }, head) =>
    bytes[3] === 2 && head.length === GREETING.size ? head.with(119, 3) : head;
  channel.seconds(3);
  ok(hasSession(channel, "a") && hasSession(channel, "b"));
  const hints = channel.sent.filter(({ bytes, from }) => bytes[3] === 3 && from.bytes[3] === 1)
    .map(({ bytes }) => bytes.subarray(8, 16).toHex());
  const own = channel.sessions("a").ends[0]?.[1].own.subarray(0, 8).toHex();
  deepStrictEqual(new Set(hints), new Set([own]));
  deepStrictEqual(new Set(channel.told.map(({ node, text }) => `${node}: ${text}`)), BOTH_SAID);
});
