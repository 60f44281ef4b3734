/**
 * Exactly one node answers for the address: fifty questions a second through cut, return and stop.
 */
import assert from "node:assert/strict";
import { ip } from "../../../src/net/ip.ts";
import { formatMac, type Mac } from "../../../src/net/mac.ts";
import { arpRequest } from "../../../src/wire/arp.ts";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { Capture } from "../../support/interop/capture.ts";
import { Floatip } from "../../support/interop/floatip.ts";
import { inject } from "../../support/interop/hostile.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { ADDRESS, WEB } from "../../support/interop/stage.ts";
import { until } from "../../support/until.ts";

const reason = missing("tcpdump");

const EVERY_MS = 20;
const QUESTIONS = 350;
/** A transition ends so long after the new master's first advert. */
const SETTLED_MS = 50;

/**
 * Each question comes from a hardware address of its own, so that its answers can be told from
 * others'.
 */
function asker(number: number): Mac {
  return new Uint8Array([2, 0, 0, 0, number >> 8, number & 0xff]);
}

Deno.test({
  ...nameWith("one answer for the address at any time", reason),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "b", "client"] });
    await using capture = await Capture.open(lan);
    const [a, b, client] = [lan.host("a"), lan.host("b"), lan.host("client")];
    await using first = await Floatip.run(a, { ...WEB, priority: 150 });
    await using second = await Floatip.run(b, WEB);
    await first.untilState("master");
    await second.untilState("backup");

    const transitions: { readonly from: number; readonly to: number }[] = [];
    /** Acts, waits until `host` is master and then for another second. */
    const transit = async (host: typeof a, act: () => Promise<unknown>) => {
      const from = wallNow();
      const acted = act();
      const claim = await capture.untilMaster(host.address, 5000, from);
      await acted;
      transitions.push({ from, to: claim.at + SETTLED_MS });
      await capture.untilMaster(host.address, 5000, claim.at + 1000);
    };
    const asking = inject(
      client,
      Array.from(
        { length: QUESTIONS },
        (_, number) => arpRequest(asker(number), ip(client.address), ip(ADDRESS)),
      ),
      EVERY_MS,
    );
    const start = await until(
      "the first question",
      () => capture.questions.find(({ from }) => from === formatMac(asker(0))),
    );
    await capture.untilMaster(a.address, 5000, start.at + 500);
    await transit(b, () => a.isolate());
    await transit(a, () => a.join());
    await second.untilState("backup");
    await transit(b, () => first.stop());
    await asking;

    const counts = new Map<number, number>();
    for (let number = 0; number < QUESTIONS; number++) {
      const mac = formatMac(asker(number));
      const question = capture.questions.find(({ from }) => from === mac);
      assert.ok(question !== undefined, `question ${number} was asked`);
      const answers = new Set(
        capture.claims.filter(({ to, address }) => to === mac && address === ADDRESS)
          .map((claim) => claim.mac),
      ).size;
      const inTransition = transitions.some(({ from, to }) =>
        question.at >= from && question.at <= to
      );
      if (inTransition) counts.set(answers, (counts.get(answers) ?? 0) + 1);
      else assert.equal(answers, 1, `question ${number} outside a transition`);
    }
    const inside = [...counts].toSorted().map(([answers, n]) => `${n} with ${answers}`).join(", ");
    console.log(
      `  ${QUESTIONS} questions; in the three transitions ${inside} answers, else always 1`,
    );
  },
});
