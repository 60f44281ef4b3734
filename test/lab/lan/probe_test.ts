/** The probe measures exactly the outages that were made. */
import assert from "node:assert/strict";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { gapsBetween, outagesOf, Probe } from "../../support/lab/probe.ts";
import { until } from "../../support/until.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";

const reason = missing();

Deno.test("probe: leading, inner and trailing gaps", () => {
  assert.deepEqual(gapsBetween(100, [], 150), [{ startMs: 0, lengthMs: 50, kind: "leading" }]);
  assert.deepEqual(gapsBetween(100, [120, 130, 180], 200), [
    { startMs: 0, lengthMs: 20, kind: "leading" },
    { startMs: 20, lengthMs: 10, kind: "inner" },
    { startMs: 30, lengthMs: 50, kind: "inner" },
    { startMs: 80, lengthMs: 20, kind: "trailing" },
  ]);
});

Deno.test("probe: an outage lasts from the first lost request to the first answered one", () => {
  const requests = "+--++-+-".split("").map((sign, i) => ({
    sentAt: 100 + 2 * i,
    answered: sign === "+",
  }));
  // What comes last is under way still.
  assert.deepEqual(outagesOf(requests), [
    { from: 102, lost: 2, lengthMs: 4 },
    { from: 110, lost: 1, lengthMs: 2 },
  ]);
});

Deno.test(nameWith("probe: measures a cut cable, over IPv4 and IPv6", reason), async () => {
  await using lan = await Lan.open({ hosts: ["client", "server"], ipv6: true });
  const server = lan.host("server");
  for (const address of [server.address, server.address6]) {
    await using probe = await Probe.start(lan.host("client"), address, { everyMs: 5 });
    await until("steady replies", () => probe.replies > 50);
    await server.isolate();
    const [cut, since] = [performance.now(), wallNow() - 50];
    await until("an outage", () => probe.silenceMs > 200);
    assert.equal(probe.gaps(150).at(-1)?.kind, "trailing");
    const before = probe.replies;
    await server.join();
    const length = performance.now() - cut;
    await until("replies again", () => probe.replies > before + 20);
    await probe.settled();
    await probe.stop();
    const [gap, ...others] = probe.gaps(150);
    assert.deepEqual(others, []);
    assert.equal(gap?.kind, "inner");
    assert.ok(
      Math.abs(gap.lengthMs - length) < 60,
      `${gap.lengthMs} ms measured, ${length} ms made`,
    );
    const [outage, ...more] = probe.outages(since);
    assert.deepEqual(more, []);
    assert.ok(outage !== undefined && Math.abs(outage.lengthMs - length) < 60);
    assert.ok(Math.abs(outage.lost - outage.lengthMs / 5) < 12, `${outage.lost} requests lost`);
  }
});

Deno.test(nameWith("probe: an address without a holder is one leading gap", reason), async () => {
  await using lan = await Lan.open({ hosts: ["client"] });
  await using probe = await Probe.start(lan.host("client"), "10.77.0.200", { warm: false });
  await until("some requests", () => probe.elapsedMs > 100);
  await probe.stop();
  assert.deepEqual(probe.gaps(100).map((gap) => gap.kind), ["leading"]);
});
