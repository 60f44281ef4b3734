/** Recorded HELLOs, a thousand a second, keep no node that has just started from a session. */
import { ok } from "node:assert/strict";
import { Channel, type Sent } from "../../support/cluster/channel.ts";
import { sameBytes } from "../../../src/net/bytes.ts";
import { formatIp } from "../../../src/net/ip.ts";
import { milliseconds } from "../../../src/time.ts";

const TWO: Readonly<Record<string, string>> = { a: "10.0.0.1", b: "10.0.0.2" };
const LONG_MS = 20_000;

/** What was recorded while both ran for long, and started again a few times. */
function recorded(): { readonly channel: Channel; readonly hellos: readonly Sent[] } {
  const channel = new Channel(TWO);
  for (const name of ["a", "b", "a", "b", "a", "b"]) {
    channel.start(name);
    channel.seconds(10);
  }
  channel.seconds(600);
  return { channel, hellos: channel.sent.filter(({ bytes }) => bytes[3] === 1) };
}

/** A recording each ms to each node of `flooded`, until `isOver`. Gives how long, in ms. */
function flood(
  channel: Channel,
  hellos: readonly Sent[],
  flooded: readonly string[],
  isOver: (ms: number) => boolean,
): number {
  const floods = flooded.map((name) => hellos.filter(({ to }) => formatIp(to) === TWO[name]));
  for (let ms = 1; ms < LONG_MS; ms++) {
    for (const some of floods) {
      const one = some[ms % some.length];
      if (one !== undefined) channel.inject(one);
    }
    channel.greet(milliseconds(1));
    if (isOver(ms)) return ms;
  }
  return Infinity;
}

/** Have both proved sessions with the process that the other one is now? */
function know(channel: Channel): boolean {
  const proved = (name: string) =>
    channel.sessions(name).ends.find(([, { isProved }]) => isProved)?.[1];
  const [a, b] = [proved("a"), proved("b")];
  return a !== undefined && b !== undefined && sameBytes(a.own, b.other) &&
    sameBytes(a.other, b.own);
}

for (const flooded of [["a"], ["b"], ["a", "b"]]) {
  Deno.test(`sessions: a node starts, recorded HELLOs come to ${flooded.join(" and ")}`, () => {
    const { channel, hellos } = recorded();
    flood(channel, hellos, flooded, (ms) => ms === 2000);
    channel.start("a");
    const ms = flood(channel, hellos, flooded, () => know(channel));
    ok(ms <= 1000, `${ms} ms`);
  });
}
