/**
 * Both forms of the VRRPv3 checksum over IPv4. keepalived 2.2.7 knows only the
 * one with a pseudo-header (its `v3_checksum_as_v2` came later), so that the other form is heard
 * from frames made by hand.
 */
import assert from "node:assert/strict";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { Capture } from "../../support/interop/capture.ts";
import { Floatip } from "../../support/interop/floatip.ts";
import { type Attack, inject, strangersFrame } from "../../support/interop/hostile.ts";
import { Keepalived } from "../../support/interop/keepalived.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { ADDRESS, WEB } from "../../support/interop/stage.ts";

const reason = missing("tcpdump", "keepalived");

Deno.test({
  ...nameWith(
    "checksum: a master that sums as RFC 9568 says is obeyed, and its form is adopted",
    reason,
  ),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "router"] });
    await using capture = await Capture.open(lan);
    const [a, router] = [lan.host("a"), lan.host("router")];
    await using floatip = await Floatip.run(a, WEB);
    await floatip.untilState("master");
    const rival: Attack = { version: 3, vrid: 51, address: ADDRESS };
    const frame = await strangersFrame(router, rival, [ADDRESS]);
    const sending = inject(router, Array.from({ length: 20 }, () => frame), 100);
    await floatip.untilState("backup");
    const { master, peers, checksum } = await floatip.instance();
    assert.equal(master?.address, router.address);
    assert.deepEqual(peers.map((peer) => [peer.address, peer.checksum]), [
      [router.address, "rfc9568"],
    ]);
    assert.equal(checksum, "rfc9568");
    await sending;
    // The interval of 1 s was learnt with the adverts: three of them are waited for.
    const [first] = capture.advertsOf(a.address);
    const back = await capture.untilMaster(a.address, 10_000, wallNow());
    assert.equal(first?.advert.checksumForm, "pseudo-header", "alone: as keepalived and FRR do");
    assert.equal(back.advert.checksumForm, "rfc9568");
  },
});

Deno.test({
  ...nameWith("checksum: with keepalived it is the form with a pseudo-header", reason),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "b"] });
    await using capture = await Capture.open(lan);
    const [a, b] = [lan.host("a"), lan.host("b")];
    const start = wallNow();
    await using floatip = await Floatip.run(a, { ...WEB, priority: 150 });
    await using keepalived = await Keepalived.start(b, WEB);
    await floatip.untilState("master");
    await keepalived.untilState("BACKUP");
    await capture.untilMaster(a.address, 5000, start);
    const forms = new Set(capture.adverts.map(({ advert }) => advert.checksumForm));
    assert.deepEqual([...forms], ["pseudo-header"]);
    assert.ok(!/checksum/i.test(keepalived.log.text), keepalived.log.text);
  },
});
