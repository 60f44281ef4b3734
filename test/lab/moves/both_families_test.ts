/** An instance with both families moves without a lost packet of either. */
import assert from "node:assert/strict";
import type { HandoverAnswer } from "../../../src/control/api.ts";
import { Floatip } from "../../support/interop/floatip.ts";
import { FLOATIP } from "../../support/lab/program.ts";
import { playEach } from "../../support/interop/play_each.ts";
import { until } from "../../support/until.ts";
import { Lan } from "../../support/lab/lan.ts";
import { Probe } from "../../support/lab/probe.ts";
import { realTimeWords } from "../../support/lab/real_time.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { lostSince, order } from "../../support/moves/scene.ts";

const ADDRESSES = ["10.77.0.100", "fd77::100"] as const;
const ROUNDS = 6;

playEach(
  "moves",
  ["nft"],
  [{ name: "both families are handed over, there and back" }],
  async () => {
    await using lan = await Lan.open({ hosts: ["a", "b", "client"], ipv6: true });
    const [a, b] = [lan.host("a"), lan.host("b")];
    const file = [
      "[nodes]",
      ...[a, b].map(({ name, address, address6 }) => `${name} = ["${address}", "${address6}"]`),
      "[instance.web]",
      "vrid = 51",
      `addresses = ["${ADDRESSES[0]}/24", "${ADDRESSES[1]}/64"]`,
      'prefer = ["a", "b"]',
    ].join("\n");
    const program = [...await realTimeWords(10), ...FLOATIP];
    await using first = await Floatip.start(a, file, { program });
    await untilBoth(first, "master");
    await using second = await Floatip.start(b, file, { program });
    await untilBoth(second, "backup", a.name);
    const options = { everyMs: 2, realTime: true };
    await using probe4 = await Probe.start(lan.host("client"), ADDRESSES[0], options);
    await using probe6 = await Probe.start(lan.host("client"), ADDRESSES[1], options);
    const lost: (readonly number[])[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const [from, to] = round % 2 === 0 ? [first, second] : [second, first];
      const left = wallNow();
      await order<HandoverAnswer>(from, 0, "handover", "web");
      await untilBoth(to, "master");
      await untilBoth(from, "backup", round % 2 === 0 ? b.name : a.name);
      const outages = [await lostSince(probe4, left), await lostSince(probe6, left)];
      lost.push(outages.map((outage) => outage?.lost ?? 0));
    }
    console.log(`  lost of a ping every 2 ms, IPv4 and IPv6: ${lost.map(String).join("; ")}`);
    const noticed = lost.filter((one) => one.some((count) => count > 0)).length;
    // A busy machine keeps a packet or two.
    assert.ok(noticed < ROUNDS / 2, `${noticed} of ${ROUNDS} were noticed`);
  },
);

/** Resolves when both families are in `state`; a backup has heard its master of that name. */
async function untilBoth(
  floatip: Floatip,
  state: "master" | "backup",
  master?: string,
): Promise<void> {
  for (const family of ["ipv4", "ipv6"] as const) {
    await until(`${family} is ${state}\n${floatip.log.text}`, async () => {
      const now = await floatip.instance("web", family);
      return now.state === state && (master === undefined || now.master?.node === master);
    });
  }
}
