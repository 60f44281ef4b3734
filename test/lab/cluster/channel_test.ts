/**
 * The channel of the built program in network namespaces: a session within a second, and an
 * attacker on the LAN that records, replays, reflects and changes datagrams. Each node is sent four
 * times REPLAYS recordings: two thirds of an hour go by with REPLAYS=500000.
 */
import assert from "node:assert/strict";
import { Floatip } from "../../support/interop/floatip.ts";
import { until } from "../../support/until.ts";
import { type Recorded, Recorder, sendAgain, typeOf } from "../../support/cluster/wire.ts";
import { Lan } from "../../support/lab/lan.ts";
import { Random } from "../../sim/random.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";

const reason = missing("tcpdump");

const REPLAYS = Number(Deno.env.get("REPLAYS") ?? 1000);

const [A, B] = ["10.77.0.1", "10.77.0.2"] as const;

const SECRET = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8";
const OTHER_SECRET = "Zx9cV8bN7mA6sD5fG4hJ3kL2qW1eR0tY9uI8oP7aS6c";

const FILE = `[nodes]
a = "10.77.0.1"
b = "10.77.0.2"
c = "10.77.0.3"

[cluster]
secret = "${SECRET}"

[instance.web]
vrid = 51
addresses = ["10.77.0.100/24"]
prefer = ["a", "b"]
`;

/** A socket is read a thousand times a second: what is looked at, not what a queue drops. */
const EVERY_MS = 1.05;
/** A tag costs more than a look; more of them a second silence a node. */
const CHANGED_EVERY_MS = 4, MOST_CHANGED = 5000;
/** Different ones in one group. Making more keeps this program so long that it hangs up. */
const DIFFERENT = Math.min(1000, REPLAYS);
const ROUNDS = Math.round(REPLAYS / DIFFERENT);

type Datagram = Omit<Recorded, "at">;
/** What is sent again: each so many times, in this order. */
interface Group {
  readonly datagrams: readonly Datagram[];
  readonly rounds: number;
}
type Send = (group: Group, everyMs?: number) => Promise<void>;

Deno.test({
  ...nameWith("channel: nodes speak within a second, and no recording is believed", reason),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "b", "c", "attacker"] });
    const [hostA, hostB, attacker] = [lan.host("a"), lan.host("b"), lan.host("attacker")];
    const send: Send = ({ datagrams, rounds }, everyMs = EVERY_MS) =>
      sendAgain(attacker, [hostA, hostB], datagrams, everyMs, rounds);
    const first = await Recorder.open(lan);
    await using _first = first;
    await using b = await Floatip.start(hostB, FILE);
    await using a = await Floatip.start(hostA, FILE);
    await using c = await Floatip.start(lan.host("c"), FILE.replace(SECRET, OTHER_SECRET));
    await untilUp(a, "b");
    await untilUp(b, "a");
    withinSecond(first.all, A, B);
    // Another secret: it is seen, and nothing that it says is believed.
    await untilOtherSecret(a, "c");
    await untilOtherSecret(c, "a");
    const isEnough = () => [A, B].every((to) => wordsTo(first.all, to).length >= 8);
    await until("enough was recorded", isEnough, 20_000);
    // What is sent again is not recorded again.
    await first[Symbol.asyncDispose]();
    const recorded = first.all;
    const [fromA, fromB] = [wordsTo(recorded, B), wordsTo(recorded, A)];
    for (const type of ["data", "beat"]) {
      assert.ok([fromA, fromB].every((all) => all.some((one) => typeOf(one) === type)), type);
    }
    // Sent back to where it came from, as if the other one had said it.
    const reflected = fromA.map(({ bytes }) => ({ from: B, to: A, bytes }));
    // All kinds: greetings may be answered, and change nothing.
    await staysUp(b, "a", () => send(once(recorded.filter(({ to }) => to === B))));
    await refusesAll(b, ["tag", "too-many"], once(changed(recorded)), send, CHANGED_EVERY_MS);
    await Promise.all([
      refusesAll(b, ["replayed"], inOrder(fromA), send)
        .then(() => refusesAll(b, ["replayed"], inOrder(fromA.toReversed()), send)),
      refusesAll(a, ["replayed"], inDisorder(fromB), send)
        .then(() => refusesAll(a, ["no-session"], inOrder(reflected), send)),
    ]);

    await using second = await Recorder.open(lan);
    await a.crash();
    await using again = await a.again();
    await untilUp(b, "a");
    await untilUp(again, "b");
    withinSecond(second.all, A, B);
    await second[Symbol.asyncDispose]();
    await Promise.all([
      refusesAll(b, ["replayed"], inDisorder(fromA), send),
      // b goes on, with the same sid: what it sealed was for the process before.
      refusesAll(again, ["no-session"], inDisorder(fromB), send),
    ]);
    await b.crash();
    await using secondB = await b.again();
    await untilUp(secondB, "a");
    await untilUp(again, "b");
    await Promise.all([
      refusesAll(secondB, ["no-session"], inDisorder(fromA), send),
      refusesAll(again, ["no-session"], inDisorder(fromB), send),
    ]);
    assert.deepEqual([await stateOf(secondB, "a"), await stateOf(again, "b")], ["up", "up"]);
  },
});

/** Between `first`'s first datagram and DATA of both is a second at most. */
function withinSecond(all: readonly Recorded[], one: string, other: string): void {
  const between = all.filter(({ from, to }) =>
    [one, other].includes(from) && [one, other].includes(to)
  );
  const start = between.find(({ from }) => from === one)?.at ?? NaN;
  for (const name of [one, other]) {
    const data = between.find((seen) => seen.at >= start && seen.from === name && isData(seen));
    assert.ok(data !== undefined && data.at - start <= 1000, `DATA after ${data?.at} - ${start}`);
  }
}

function isData(recorded: Recorded): boolean {
  return typeOf(recorded) === "data";
}

/** What nodes that know the secret told `to`: DATA, and BEATs. */
function wordsTo(all: readonly Recorded[], to: string): readonly Recorded[] {
  const isWord = (seen: Recorded) => isData(seen) || typeOf(seen) === "beat";
  return all.filter((seen) => isWord(seen) && seen.to === to && seen.from !== "10.77.0.3");
}

/** Each of them one time. */
function once(datagrams: readonly Datagram[]): Group {
  return { datagrams, rounds: 1 };
}

/** REPLAYS of them, again and again. */
function inOrder(datagrams: readonly Datagram[]): Group {
  const [first] = datagrams;
  assert.ok(first !== undefined, "there is something to send");
  const many = Array.from(
    { length: DIFFERENT },
    (_, n) => datagrams[n % datagrams.length] ?? first,
  );
  return { datagrams: many, rounds: ROUNDS };
}

/** The same, each drawn at random. */
function inDisorder(datagrams: readonly Datagram[]): Group {
  const random = new Random(datagrams.length);
  const many = Array.from({ length: DIFFERENT }, () => random.pick(datagrams));
  return { datagrams: many, rounds: ROUNDS };
}

/** The newest DATA and the newest BEAT of a with later counters, and a bit changed in each. */
function changed(all: readonly Recorded[]): readonly Datagram[] {
  const newest = ["data", "beat"].flatMap((type) =>
    all.findLast((seen) => typeOf(seen) === type && seen.from === A) ?? []
  );
  assert.equal(newest.length, 2);
  return Array.from({ length: Math.min(REPLAYS, MOST_CHANGED) }, (_, n) => {
    const one = newest[n % 2] ?? assert.fail();
    const bytes = one.bytes.slice();
    const view = new DataView(bytes.buffer);
    view.setBigUint64(16, view.getBigUint64(16) + 1000n + BigInt(n));
    const bit = (n >> 1) % ((bytes.length - 24) * 8);
    bytes[24 + (bit >> 3)] = (bytes[24 + (bit >> 3)] ?? 0) ^ 1 << (bit & 7);
    return { from: one.from, to: B, bytes };
  });
}

/**
 * Each of `group` is counted as refused for one of `reasons`, or was lost for want of room, and
 * the session goes on.
 */
async function refusesAll(
  by: Floatip,
  reasons: readonly string[],
  group: Group,
  send: Send,
  everyMs = EVERY_MS,
): Promise<void> {
  const counts = async () => {
    const { channel_refused } = await by.status();
    const refused = reasons.map((one) => channel_refused[one] ?? 0).reduce((a, b) => a + b, 0);
    const tooMany = channel_refused["too-many"] ?? 0;
    return { refused, tooMany, lost: await lostAt(by), all: JSON.stringify(channel_refused) };
  };
  const before = await counts();
  const peer = by.host.name === "a" ? "b" : "a";
  await staysUp(by, peer, () => send(group, everyMs));
  const sent = group.datagrams.length * group.rounds;
  const last = { words: "" };
  // Refused for another reason, it would be missing here; and so would one that was believed.
  await until(() => `all are counted: ${last.words}`, async () => {
    const now = await counts();
    const [refused, lost] = [now.refused - before.refused, now.lost - before.lost];
    last.words = `${refused} and ${lost} lost of ${sent}: ${now.all}`;
    // What the peer itself says is refused, too, as long as too many in its name were.
    const own = now.tooMany - before.tooMany;
    return refused <= sent + own && refused + lost >= sent;
  });
  if (REPLAYS > 1000) console.log(by.host.name, reasons.join(), last.words);
}

/** How many datagrams found no room in a socket, as the kernel of its machine counts. */
async function lostAt({ host }: Floatip): Promise<number> {
  const { stdout } = await host.exec(["cat", "/proc/net/snmp"]);
  const [names, values] = stdout.split("\n").filter((line) => line.startsWith("Udp:"))
    .map((line) => line.split(" "));
  return Number(values?.[names?.indexOf("RcvbufErrors") ?? -1]);
}

/** While `act` goes on, `peer` is up as `by` sees it, and is heard. */
async function staysUp(by: Floatip, peer: string, act: () => Promise<void>): Promise<void> {
  const state = { isOver: false };
  const acting = act().finally(() => state.isOver = true);
  while (!state.isOver) {
    const node = (await by.status()).nodes.find(({ name }) => name === peer);
    assert.equal(node?.state, "up", `${node?.words}\n${by.log.text}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await acting;
}

async function stateOf(by: Floatip, name: string): Promise<string | undefined> {
  return (await by.status()).nodes.find((node) => node.name === name)?.state;
}

/** It speaks, and `by` does not know its secret. */
async function untilOtherSecret(by: Floatip, name: string): Promise<void> {
  const isOther = async () => await stateOf(by, name) === "other-secret";
  await until(`the secret of ${name} is another one`, isOther);
}

/** It has told what it is. */
async function untilUp(by: Floatip, name: string): Promise<void> {
  await until(
    () => `${name} is up as ${by.host.name} sees it\n${by.log.text}`,
    async () => {
      const node = (await by.status()).nodes.find((one) => one.name === name);
      return node?.state === "up" && node.version !== null;
    },
  );
}
