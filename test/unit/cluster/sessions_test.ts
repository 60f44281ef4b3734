/**
 * Sessions: they come up, survive restarts, and no recording, reflection or forgery disturbs one.
 */
import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Channel, type Sent } from "../../support/cluster/channel.ts";
import { MAX_MESSAGE } from "../../../src/cluster/datagram.ts";
import { formatIp, ip } from "../../../src/net/ip.ts";
import { toyOpen } from "../../sim/toy_cipher.ts";

const THREE = { a: "10.0.0.1", b: "10.0.0.2", c: "10.0.0.3" };

function started(names: readonly string[] = ["a", "b", "c"]): Channel {
  const channel = new Channel(THREE);
  for (const name of names) channel.start(name);
  return channel;
}

/** Which nodes `name` has a proved session with. */
function peersOf(channel: Channel, name: string): readonly string[] {
  return channel.sessions(name).peers(channel.now)
    .filter(({ hasSession }) => hasSession).map((peer) => peer.name);
}

/** Messages that `node` was given since the first `from`. */
function toldTo(channel: Channel, node: string, from: number): readonly string[] {
  return channel.told.slice(from).filter((told) => told.node === node).map(({ text }) => text);
}

Deno.test("sessions: three nodes know each other within 1.1 s of the last start", () => {
  const channel = started(["a", "b"]);
  channel.seconds(30);
  channel.start("c");
  channel.seconds(1.1);
  deepStrictEqual(peersOf(channel, "c"), ["a", "b"]);
  deepStrictEqual(peersOf(channel, "a"), ["b", "c"]);
  deepStrictEqual([...channel.refused.keys()].filter((reason) => reason !== "no-session"), []);
});

Deno.test("sessions: a node that restarts is known again, and its old recordings are dead", () => {
  const channel = started();
  channel.seconds(20);
  const recorded = [...channel.sent];
  channel.start("a");
  const before = channel.told.length;
  channel.seconds(2);
  ok(toldTo(channel, "b", before).includes("I am a"));
  ok(toldTo(channel, "a", before).includes("I am b"));
  const accepted = channel.told.length;
  for (const datagram of recorded) channel.inject(datagram);
  strictEqual(channel.told.length, accepted);
  deepStrictEqual(peersOf(channel, "a"), ["b", "c"]);
  ok(channel.sessions("b").peers(channel.now).every(({ isTwice }) => !isTwice));
});

Deno.test("sessions: recordings in any order, also across restarts, change nothing", () => {
  const channel = started();
  channel.seconds(60);
  const recorded = [...channel.sent];
  for (const name of ["a", "b", "c"]) channel.start(name);
  channel.seconds(3);
  const accepted = channel.told.length;
  const backwards = recorded.toReversed();
  for (const datagram of [...recorded, ...backwards]) channel.inject(datagram);
  // Those of the present sessions, too.
  for (const datagram of [...channel.sent]) channel.inject(datagram);
  strictEqual(channel.told.length, accepted);
  const before = channel.told.length;
  channel.seconds(1);
  for (const name of ["a", "b", "c"]) strictEqual(toldTo(channel, name, before).length, 2, name);
});

Deno.test("sessions: an ACK and DATA recorded a moment before a restart are dead after it", () => {
  const channel = started(["a", "b"]);
  const isAck = ({ bytes, from }: Sent) => bytes[3] === 2 && from.bytes[3] === 1;
  channel.seconds(5);
  const before = channel.sent.filter(isAck).length;
  while (channel.sent.filter(isAck).length === before) channel.seconds(0.1);
  const recorded = channel.sent.filter(({ from }) => from.bytes[3] === 1);
  channel.start("a");
  channel.seconds(1.2);
  const accepted = channel.told.length;
  for (const sent of [...recorded, ...recorded]) channel.inject(sent);
  strictEqual(channel.told.length, accepted);
  // The newest ACK was asked for within two seconds, the oldest was not.
  const [oldest] = recorded.filter(isAck);
  ok(oldest !== undefined);
  deepStrictEqual(channel.inject(oldest), [{ kind: "refused", reason: "unasked", peer: "a" }]);
});

Deno.test("sessions: a replayed HELLO does not displace a session, however often it comes", () => {
  const channel = started(["a", "b"]);
  const isHello = ({ bytes, from }: Sent) => bytes[3] === 1 && from.bytes[3] === 1;
  channel.seconds(2);
  const old = channel.sent.filter(isHello);
  channel.start("a");
  channel.seconds(5);
  const before = channel.told.length;
  for (let second = 0; second < 5; second++) {
    for (let n = 0; n < 50; n++) for (const hello of old) channel.inject(hello);
    channel.seconds(1);
  }
  strictEqual(toldTo(channel, "b", before).length, 5);
  // Each flood is answered within its budget: 8 at once and 10 a second.
  const answers = channel.sent.filter(({ bytes, from }) => bytes[3] === 2 && from.bytes[3] === 2);
  ok(answers.length < 100, `${answers.length} answers`);
});

Deno.test("sessions: reflected to its sender, and sent from another node's address", () => {
  const channel = started();
  channel.seconds(10);
  const accepted = channel.told.length;
  for (const { from, to, bytes } of [...channel.sent]) {
    channel.inject({ from: to, to: from, bytes });
    channel.inject({ from: ip("10.0.0.3"), to, bytes });
    channel.inject({ from: ip("10.0.0.99"), to, bytes });
  }
  strictEqual(channel.told.length, accepted);
  for (const reason of ["own-name", "other-name", "stranger", "replayed"]) {
    ok((channel.refused.get(reason) ?? 0) > 0, reason);
  }
});

Deno.test("sessions: a changed bit anywhere is not accepted", () => {
  const channel = started(["a", "b"]);
  channel.seconds(2);
  const accepted = channel.told.length + channel.held.length;
  const newest = new Map(channel.sent.map((sent) => [sent.bytes[3], sent]));
  for (const { from, to, bytes } of newest.values()) {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = bytes.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ 1 << (bit & 7);
      channel.now = channel.now + 1e8 as typeof channel.now;
      channel.inject({ from, to, bytes: changed });
    }
  }
  strictEqual(channel.told.length + channel.held.length, accepted);
  deepStrictEqual([...newest.keys()].toSorted(), [1, 2, 3, 5]);
});

Deno.test("sessions: DATA out of order is taken once each, within the window of 64", () => {
  const channel = started(["a", "b"]);
  channel.seconds(3);
  const held: Sent[] = [];
  channel.passes = (sent) => !(sent.bytes[3] === 3 && sent.from.bytes[3] === 1) || !held.push(sent);
  for (let n = 0; n < 80; n++) channel.say("a", `${n}`);
  channel.passes = () => true;
  const before = channel.told.length;
  const data = held.filter(({ to }) => to.bytes[3] === 2).toReversed();
  for (const sent of [...data, ...data]) channel.inject(sent);
  const texts = toldTo(channel, "b", before);
  strictEqual(texts.length, 64);
  deepStrictEqual([texts[0], texts.at(-1)], ["79", "16"]);
});

Deno.test("sessions: another secret is named, a rotated one is taken while both are known", () => {
  const channel = new Channel(THREE);
  channel.start("a", [7]);
  channel.start("b", [8]);
  channel.seconds(3);
  deepStrictEqual(peersOf(channel, "a"), []);
  ok(channel.sessions("a").peers(channel.now)[0]?.otherSecret !== undefined);
  channel.start("a", [7, 8]);
  channel.start("b", [8, 7]);
  channel.seconds(3);
  deepStrictEqual([peersOf(channel, "a"), peersOf(channel, "b")], [["b"], ["a"]]);
  strictEqual(channel.sessions("a").peers(channel.now)[0]?.otherSecret, undefined);
});

Deno.test("sessions: what a secret opened that has left the file is not believed", () => {
  const channel = new Channel(THREE);
  for (const name of ["a", "b"]) channel.start(name, [8, 7]);
  channel.seconds(3);
  channel.passes = () => false;
  channel.say("a", "by the old secret");
  const last = channel.sent.findLast(({ to }) => formatIp(to) === THREE.b);
  ok(last !== undefined);
  const sessions = channel.sessions("b");
  const outcome = sessions.receive(channel.now, last.from, last.bytes);
  ok(outcome.kind === "open");
  channel.settle("b", ["a", "c"], [7]);
  deepStrictEqual(sessions.opened(channel.now, outcome.job.id, toyOpen(outcome.job)), {
    kind: "nothing",
  });
  deepStrictEqual(sessions.receive(channel.now, last.from, last.bytes), {
    kind: "refused",
    reason: "other-secret",
    peer: "a",
  });
});

Deno.test("sessions: the list of ends is another one only where a session is", () => {
  const channel = started(["a", "b"]);
  channel.seconds(40);
  const { ends } = channel.sessions("a");
  channel.seconds(40);
  strictEqual(channel.sessions("a").ends, ends);
  strictEqual(ends.length, 1);
  channel.start("b");
  channel.seconds(2);
  notStrictEqual(channel.sessions("a").ends, ends);
  strictEqual(channel.sessions("a").ends[0]?.[1].isProved, true);
  channel.start("c");
  channel.seconds(2);
  strictEqual(channel.sessions("a").ends.length, 2);
  channel.settle("a", ["b"]);
  strictEqual(channel.sessions("a").ends.length, 1);
});

Deno.test("sessions: a node under another name than the file's has none", () => {
  const channel = new Channel(THREE);
  channel.start("a");
  channel.start("b", [7], "x");
  channel.seconds(3);
  deepStrictEqual(peersOf(channel, "a"), []);
  ok((channel.refused.get("other-name") ?? 0) > 0);
  const name = () => channel.sessions("a").peer("b", channel.now)?.otherName?.name;
  strictEqual(name(), "x");
});

Deno.test("sessions: a recording from another node's address gives that one no name", () => {
  const channel = started();
  channel.seconds(3);
  const recorded = channel.sent.filter(({ from, to }) =>
    formatIp(from) === THREE.c && formatIp(to) === THREE.a
  );
  for (const one of recorded) channel.inject({ ...one, from: ip("10.0.0.2") });
  ok((channel.refused.get("other-name") ?? 0) > 0);
  strictEqual(channel.sessions("a").peer("b", channel.now)?.otherName, undefined);
});

Deno.test("sessions: two processes under one name show, until one is gone", () => {
  const channel = new Channel({ a: "10.0.0.1 10.0.0.4", b: "10.0.0.2" });
  for (const name of ["a", "b"]) channel.start(name);
  const isTwice = () => channel.sessions("b").peers(channel.now)[0]?.isTwice;
  channel.seconds(5);
  strictEqual(isTwice(), false);
  channel.startClone("a");
  channel.seconds(4);
  strictEqual(isTwice(), true);
  channel.seconds(20);
  strictEqual(isTwice(), true);
  channel.stop("a'");
  channel.seconds(30);
  strictEqual(isTwice(), false);
  const before = channel.told.length;
  channel.seconds(2);
  ok(toldTo(channel, "b", before).length > 0);
});

Deno.test("sessions: a lossy network only delays them", () => {
  const channel = started();
  let count = 0;
  channel.passes = () => ++count % 3 !== 0;
  channel.seconds(30);
  channel.passes = () => true;
  channel.seconds(2);
  for (const name of ["a", "b", "c"]) strictEqual(peersOf(channel, name).length, 2, name);
});

Deno.test("sessions: a message has a bound", () => {
  const channel = started(["a", "b"]);
  channel.seconds(2);
  const before = channel.told.length;
  channel.say("a", "x".repeat(MAX_MESSAGE));
  strictEqual(toldTo(channel, "b", before)[0]?.length, MAX_MESSAGE);
  ok(channel.sent.every(({ bytes }) => bytes.length <= 1200));
});

Deno.test("sessions: one is there when the greetings are through, before anything is said", () => {
  const channel = started(["a", "b"]);
  channel.greet();
  deepStrictEqual([peersOf(channel, "a"), peersOf(channel, "b")], [["b"], ["a"]]);
  deepStrictEqual(channel.told, []);
});

Deno.test("sessions: what was kept back until its process was replaced proves nothing", () => {
  const channel = started(["a", "b"]);
  channel.seconds(3);
  const kept: Sent[] = [];
  channel.passes = (sent) => !(sent.bytes[3] === 3 && sent.from.bytes[3] === 1) || !kept.push(sent);
  channel.say("a", "kept");
  channel.passes = () => true;
  channel.start("a");
  channel.seconds(20);
  const accepted = channel.told.length;
  for (const sent of kept) channel.inject(sent);
  strictEqual(channel.told.length, accepted);
  strictEqual(channel.sessions("b").peers(channel.now)[0]?.isTwice, false);
});

Deno.test("sessions: what the network lost and a machine recorded is dead after seconds", () => {
  for (const silence of [false, true]) {
    const channel = started(["a", "b"]);
    channel.seconds(3);
    const lost: Sent[] = [];
    const isFromA = (sent: Sent) => sent.bytes[3] === 3 && sent.from.bytes[3] === 1;
    channel.passes = (sent) => !isFromA(sent) || !lost.push(sent);
    channel.say("a", "lost");
    channel.say("a", "lost too");
    channel.passes = () => true;
    channel.say("a", "next");
    const [first, second] = lost;
    ok(first !== undefined && second !== undefined);
    const before = channel.told.length;
    channel.inject(first);
    deepStrictEqual(toldTo(channel, "b", before), ["lost"]);
    // Others may come meanwhile, or none.
    if (silence) channel.stop("a");
    channel.seconds(5);
    const refused = channel.inject(second);
    deepStrictEqual(refused, [{ kind: "refused", reason: "replayed", peer: "a" }]);
  }
});

Deno.test("sessions: another file leaves those of peers that stay as they are", () => {
  const channel = started();
  channel.seconds(3);
  channel.settle("a", ["b"]);
  const before = channel.told.length;
  channel.say("b", "to a");
  deepStrictEqual(toldTo(channel, "a", before), ["to a"]);
  deepStrictEqual(peersOf(channel, "a"), ["b"]);
});

Deno.test("sessions: a peer that is named again has new keys, and its recordings are dead", () => {
  const channel = started();
  channel.seconds(3);
  const recorded = [...channel.sent];
  channel.settle("a", ["b"]);
  channel.settle("a", ["b", "c"]);
  channel.seconds(3);
  deepStrictEqual(peersOf(channel, "a"), ["b", "c"]);
  const accepted = channel.told.length;
  for (const sent of recorded) channel.inject(sent);
  strictEqual(channel.told.length, accepted);
  const sealed = channel.sealed.map(({ key, nonce }) => `${key.info} ${nonce}`);
  strictEqual(new Set(sealed).size, sealed.length);
});

Deno.test("sessions: there within 1 s of the first datagram, though that and more are lost", () => {
  const lost = [[0, 1], [0, 2], [0, 3], [1, 0], [1, 1], [2, 2]] as const;
  for (const [ofA, ofB] of lost) {
    for (const names of [["b"], ["a", "b"]]) {
      const channel = started(["a", "b"]);
      channel.seconds(40);
      for (const name of names) channel.start(name);
      const left = new Map<number, number>([[1, ofA], [2, ofB]]);
      channel.passes = ({ from }) => {
        const of = from.bytes[3] ?? 0, rest = left.get(of) ?? 0;
        left.set(of, rest - 1);
        return rest <= 0;
      };
      for (let tenth = 0; tenth < 11; tenth++) channel.greet();
      const what = `${ofA} and ${ofB} lost, ${names} started`;
      const [[b] = [], [a] = []] = ["a", "b"].map((name) => channel.sessions(name).ends);
      ok(a?.[1].isProved && b?.[1].isProved, what);
      deepStrictEqual(a[1].own, b[1].other, what);
      deepStrictEqual(b[1].own, a[1].other, what);
    }
  }
});

Deno.test("sessions: to a node that is not there few HELLOs go, recordings or not", () => {
  const channel = started(["a", "b"]);
  channel.seconds(2);
  const hellos = channel.sent.filter(({ bytes, from }) => bytes[3] === 1 && from.bytes[3] === 2);
  channel.stop("b");
  channel.start("a");
  const toB = () => channel.sent.filter(({ bytes, to }) => bytes[3] === 1 && to.bytes[3] === 2);
  channel.sent.length = 0;
  channel.seconds(10);
  strictEqual(toB().length, 13);
  channel.sent.length = 0;
  for (let tenth = 0; tenth < 100; tenth++) {
    for (const hello of hellos) channel.inject(hello);
    channel.seconds(0.1);
  }
  // Five a second, as HELLOs of unknown processes earn, and three more at first.
  ok(toB().length <= 53, `${toB().length}`);
});
