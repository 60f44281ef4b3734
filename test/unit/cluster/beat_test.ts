/** BEATs: told once, in a session, and dead as a recording, a reflection or a forgery. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Channel, type Sent } from "../../support/cluster/channel.ts";
import { GREETING } from "../../../src/cluster/datagram.ts";
import { ip } from "../../../src/net/ip.ts";

const THREE = { a: "10.0.0.1", b: "10.0.0.2", c: "10.0.0.3" };

function started(names: readonly string[] = ["a", "b", "c"]): Channel {
  const channel = new Channel(THREE);
  for (const name of names) channel.start(name);
  return channel;
}

function isBeat({ bytes }: Sent): boolean {
  return bytes[3] === 5;
}

Deno.test("beats: a report still holds, told once to each peer by a tag of its own", () => {
  const channel = started();
  channel.seconds(2);
  channel.held.length = 0;
  ok(channel.beat("a", 7));
  deepStrictEqual(channel.held, [
    { node: "b", peer: "a", number: 7 },
    { node: "c", peer: "a", number: 7 },
  ]);
  const beats = channel.sent.filter(isBeat);
  for (const { from, to, bytes } of [...beats, ...beats.toReversed()]) {
    channel.inject({ from, to, bytes });
    channel.inject({ from: to, to: from, bytes });
    channel.inject({ from: ip("10.0.0.3"), to, bytes });
    channel.inject({ from, to: ip("10.0.0.3"), bytes });
  }
  strictEqual(channel.held.length, 2, "none again, none reflected, none of another");
});

Deno.test("beats: recorded ones are dead after a restart, at each end", () => {
  for (const restarted of ["a", "b"]) {
    const channel = started();
    channel.seconds(20);
    const recorded = channel.sent.filter(isBeat);
    channel.start(restarted);
    channel.seconds(2);
    const before = channel.held.length;
    for (const sent of [...recorded, ...recorded.toReversed()]) channel.inject(sent);
    strictEqual(channel.held.length, before);
    channel.seconds(1);
    strictEqual(channel.held.length, before + 6);
  }
});

Deno.test("beats: they share the window of DATA: late ones count for 2 s, once", () => {
  const channel = started(["a", "b"]);
  channel.seconds(3);
  const kept: Sent[] = [];
  channel.passes = (sent) => !isBeat(sent) || !kept.push(sent);
  channel.beat("a", 3);
  channel.beat("a", 4);
  channel.passes = () => true;
  channel.say("a", "later");
  channel.held.length = 0;
  const [first, second] = kept;
  ok(first !== undefined && second !== undefined);
  for (const sent of [second, first, second, first]) channel.inject(sent);
  deepStrictEqual(channel.held.map(({ number }) => number), [4, 3]);
  kept.length = 0;
  channel.passes = (sent) => !isBeat(sent) || !kept.push(sent);
  channel.beat("a", 5);
  channel.passes = () => true;
  channel.say("a", "later");
  channel.now = channel.now + 2.1e9 as typeof channel.now;
  channel.held.length = 0;
  for (const sent of kept) channel.inject(sent);
  deepStrictEqual(channel.held, []);
});

Deno.test("beats: where a peer does not read them, or is not known yet, there are none", () => {
  const channel = started();
  // The lowest byte of the abilities of an older version.
  channel.changes = ({ bytes }, head) =>
    bytes[3] === 3 && head.length === GREETING.size ? head.with(119, 1) : head;
  channel.seconds(3);
  deepStrictEqual(["a", "b", "c"].map((name) => channel.beat(name, 1)), [false, false, true]);
  ok(channel.held.every(({ peer }) => peer === "c"));
  channel.changes = (_from, head) => head;
  channel.start("c");
  channel.seconds(2);
  ok(channel.beat("a", 1));
});
