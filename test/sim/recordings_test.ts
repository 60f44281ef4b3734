/**
 * A LAN on which somebody plays back what the nodes said to each other, while the nodes' calendars
 * stand at 1970 and jump: nothing is taken for news, and no session is disturbed. REPLAYS=1000000
 * plays as many to each of two nodes, in three parts: before one of them has started again, after
 * it, and after the other one has too.
 */
import assert from "node:assert/strict";
import { milliseconds, seconds } from "../../src/time.ts";
import { TellingNodes } from "../support/cluster/telling.ts";
import { typeOf } from "../support/cluster/wire.ts";
import type { ChannelDatagram } from "./channel.ts";
import { Random } from "./random.ts";

/** In each test run. */
const FEW = 16_000;
const REPLAYS = Number(Deno.env.get("REPLAYS") ?? FEW);

const NODES = ["n1", "n2"] as const;
/** Two thousand a second: of a quarter as many tags that fail, sessions take note (0079). */
const TOGETHER = 2, PAUSE = milliseconds(1);
/** Batches between two looks at the nodes, each with another calendar. */
const LOOK_EVERY = 500;
/** One for each part. */
const PARTS = 3;

Deno.test("recordings: none is news, whatever the calendar says, after a restart too", async () => {
  const nodes = new TellingNodes(NODES);
  const { cluster } = nodes;
  for (const name of NODES) cluster.lan.machine(name).wallOffset = -wallTime(nodes, name);
  const recorder = recordingOf(nodes);
  await nodes.run(seconds(60));
  recorder.stop();
  // HELLOs earn an answer.
  const recorded = recorder.all.filter((one) => typeOf(one) !== "hello");
  const count = (type: string) => recorded.filter((one) => typeOf(one) === type).length;
  const counts = ["beat", "data", "ack"].map(count);
  assert.ok(counts.every((one) => one > 0) && recorded.length > 200, `${counts}`);
  await nodes.run(seconds(5));

  const random = new Random(12);
  await playBack(nodes, recorded, random);
  for (const name of NODES) {
    cluster.lan.kill(name);
    cluster.start(name);
    await nodes.run(seconds(5));
    await playBack(nodes, recorded, random);
  }
  if (REPLAYS > FEW) console.log(`${recorded.length} recorded: beat, data, ack ${counts}`);
});

/** Plays them to each node, in order, in disorder, and sent back to where they came from. */
async function playBack(
  nodes: TellingNodes,
  recorded: readonly ChannelDatagram[],
  random: Random,
): Promise<void> {
  const { lan } = nodes.cluster;
  const before = NODES.map((name) => refusedBy(nodes, name));
  const batches = Math.ceil(REPLAYS / PARTS / TOGETHER);
  const meant = NODES.map((name) => recorded.filter((one) => isOf(name, one.destination.bytes)));
  for (let batch = 0; batch < batches; batch++) {
    for (const [at, name] of NODES.entries()) {
      const [to = [], back = []] = [meant[at], meant[1 - at]];
      for (let n = 0; n < TOGETHER; n++) {
        const next = to[(batch * TOGETHER + n) % to.length] ?? random.pick(to);
        const one = random.pick([next, random.pick(to), reflected(random.pick(back))]);
        lan.program(name)?.receiveChannel(one);
      }
    }
    await nodes.run(PAUSE);
    if (batch % LOOK_EVERY !== 0) continue;
    assert.deepEqual(NODES.map((name) => nodes.states(name)), [
      "n2 up, n3 not-running",
      "n1 up, n3 not-running",
    ]);
    assert.equal(nodes.status("n1").instances[0]?.state, "master");
    const calendar = lan.machine(random.pick(NODES));
    calendar.wallOffset += random.pick([-1, 1]) * random.between(1, 1e9);
  }
  await nodes.run(seconds(1));
  const refused = NODES.map((name, at) => refusedBy(nodes, name) - (before[at] ?? 0));
  // One that was believed would be missing here.
  assert.deepEqual(refused, NODES.map(() => batches * TOGETHER));
  if (REPLAYS <= FEW) return;
  console.log(`${batches * TOGETHER} to each`);
  for (const name of NODES) console.log(name, JSON.stringify(nodes.status(name).channel_refused));
}

function recordingOf({ cluster: { lan } }: TellingNodes) {
  const all: ChannelDatagram[] = [];
  const carry = lan.carryChannel.bind(lan);
  lan.carryChannel = (sender, port, datagram) => {
    all.push(datagram);
    carry(sender, port, datagram);
  };
  return { all, stop: () => lan.carryChannel = carry };
}

/** Is it an address of `name`? Their last numbers are the same. */
function isOf(name: string, bytes: Uint8Array): boolean {
  return `n${bytes.at(-1)}` === name;
}

function reflected({ source, destination, ...rest }: ChannelDatagram): ChannelDatagram {
  return { ...rest, source: destination, destination: source };
}

function refusedBy(nodes: TellingNodes, name: string): number {
  return Object.values(nodes.status(name).channel_refused).reduce((sum, count) => sum + count, 0);
}

function wallTime({ cluster }: TellingNodes, name: string): number {
  return cluster.host(name)?.wallTime() ?? 0;
}
