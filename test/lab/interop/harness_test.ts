/** The harness itself: a pair of keepalived fails over with the figures that are known of it. */
import assert from "node:assert/strict";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { Capture } from "../../support/interop/capture.ts";
import { Keepalived } from "../../support/interop/keepalived.ts";

const reason = missing("keepalived", "tcpdump");

Deno.test(
  {
    ...nameWith("harness: a keepalived pair fails over at the protocol's time", reason),
  },
  async () => {
    await using lan = await Lan.open({ hosts: ["a", "b", "client"] });
    await using capture = await Capture.open(lan);
    const [a, b] = [lan.host("a"), lan.host("b")];
    const common = {
      vrid: 51,
      version: 3,
      intervalMs: 100,
      addresses: ["10.77.0.100/24"],
    } as const;
    await using first = await Keepalived.start(a, { ...common, priority: 150 });
    await using second = await Keepalived.start(b, { ...common, priority: 100 });
    await first.untilState("MASTER");
    await second.untilState("BACKUP");
    await capture.untilMaster(a.address, 2000);
    await a.isolate();
    const claim = await capture.untilMaster(b.address, 2000);
    const last = capture.advertsOf(a.address).at(-1);
    assert.ok(last !== undefined);
    console.log(
      `  keepalived pair: ${(claim.at - last.at).toFixed(2)} ms, the protocol says 360.94`,
    );
    assert.ok(Math.abs(claim.at - last.at - 360.94) < 200);
    await a.join();
    await second.untilState("BACKUP");
    await first.stop();
    assert.ok(!(await a.holds("10.77.0.100")));
  },
);
