/**
 * The second opinion before a takeover, with the built program: adverts that are lost make no
 * second master while reports arrive, and a dead master is replaced as fast as without reports.
 */
import assert from "node:assert/strict";
import type { Floatip } from "../../support/interop/floatip.ts";
import { until } from "../../support/until.ts";
import { A, B, filterVrrp, LabPair } from "../../support/cluster/lab_pair.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";

const reason = missing("nft", "tcpdump");

const INTERVAL_MS = 200;
/** So many adverts of the master are waited for, while the other must not become one. */
const ADVERTS = 60;
/** Measured takeovers of each kind, and how much slower the median may be. */
const RUNS = 5, MOST = 1.02;
const TIMED_INTERVAL_MS = 500;

const WHY = /a packet filter drops IP protocol 112 on the way, or the LAN between the two is cut/;

async function untilSaid(floatip: Floatip, words: RegExp): Promise<void> {
  await until(() => `${floatip.host.name} says ${words}\n${floatip.log.text}`, async () => {
    const { attention } = await floatip.status();
    return attention.some((one) => words.test(one) && WHY.test(one));
  });
}

/** Both say why, a goes on, and b has not become master. */
async function expectOneMaster(pair: LabPair, a: Floatip, b: Floatip): Promise<void> {
  await untilSaid(b, /^web: a \(10\.77\.0\.1\) reports that it is master/);
  await untilSaid(a, /^web: the adverts of this node do not arrive at b/);
  await pair.untilSent(A, ADVERTS);
  assert.deepEqual(pair.capture.advertsOf(B), [], `b was never master\n${b.log.text}`);
  assert.doesNotMatch(b.log.text, /-> master/);
  const web = await b.instance();
  assert.deepEqual([web.state, web.health, web.master?.node], ["backup", "held", "a"]);
  assert.equal(web.counters.near_misses, 1);
  assert.match(b.log.text, /web: near miss: a \(10\.77\.0\.1\) was silent for .* stays backup; /);
  assert.equal((await b.command("status")).code, 1, "degraded");
  assert.equal((await a.command("status")).code, 1, "degraded");
}

Deno.test({
  ...nameWith("second opinion: VRRP filtered both ways: no second master", reason),
  fn: async () => {
    await using pair = await LabPair.open({ intervalMs: INTERVAL_MS });
    const [a, b] = await pair.start();
    for (const host of [pair.a, pair.b]) await filterVrrp(host);
    await expectOneMaster(pair, a, b);
    // It dies: b, which waited for its reports, takes over.
    await a.crash();
    await b.untilState("master");
    assert.match((await b.instance()).cause, /^no advert from a .*, and no report for/);
  },
});

Deno.test({
  ...nameWith("second opinion: the LAN is cut, the second link is not", reason),
  fn: async () => {
    await using pair = await LabPair.open({ intervalMs: INTERVAL_MS });
    const [a, b] = await pair.start();
    await pair.b.isolate();
    await expectOneMaster(pair, a, b);
    await pair.b.join();
    await until("adverts arrive again", async () => {
      const { attention } = await b.status();
      return !attention.some((one) => WHY.test(one));
    });
    assert.doesNotMatch(b.log.text, /-> master/);
    // The second road goes too, and later the first: VRRP decides alone.
    await pair.b.isolate("eth1");
    await pair.b.isolate();
    await b.untilState("master");
    assert.match((await b.instance()).cause, /^no advert from a \(10\.77\.0\.1\) for/);
  },
});

Deno.test({
  ...nameWith("second opinion: two masters, VRRP filtered: the worse one yields", reason),
  fn: async () => {
    await using pair = await LabPair.open({ intervalMs: INTERVAL_MS });
    const [a, b] = await pair.start();
    for (const host of [pair.a, pair.b]) await filterVrrp(host);
    for (const card of ["eth0", "eth1"]) await pair.b.isolate(card);
    await b.untilState("master");
    for (const card of ["eth0", "eth1"]) await pair.b.join(card);
    await b.untilState("backup");
    assert.match((await b.instance()).cause, /^a \(10\.77\.0\.1\) reports that it is master with/);
    await expectNoAddress(b);
    assert.equal((await a.instance()).state, "master");
  },
});

async function expectNoAddress(floatip: Floatip): Promise<void> {
  assert.ok(!(await floatip.host.holds("10.77.0.100")), "it gave the address up");
}

/** From the last advert of a to the first of b, which a SIGKILL is between, in milliseconds. */
async function takeover(isTold: boolean): Promise<number> {
  await using pair = await LabPair.open({ intervalMs: TIMED_INTERVAL_MS, isTold });
  const [a, b] = await pair.start();
  await pair.untilSent(A, 3);
  await a.crash();
  await b.untilState("master");
  const first = await pair.capture.untilMaster(B, 10_000);
  const last = pair.capture.advertsOf(A).at(-1);
  assert.ok(last !== undefined);
  return first.at - last.at;
}

Deno.test({
  ...nameWith("second opinion: a killed master is replaced as fast as without it", reason),
  fn: async () => {
    const told: number[] = [];
    const alone: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      told.push(await takeover(true));
      alone.push(await takeover(false));
    }
    const [withReports, without] = [medianOf(told), medianOf(alone)];
    console.log(
      `  killed master, adverts every ${TIMED_INTERVAL_MS} ms, medians of ${RUNS}: ` +
        `${withReports.toFixed(1)} ms with [cluster], ${without.toFixed(1)} ms without`,
    );
    assert.ok(withReports <= MOST * without, `${told} with, ${alone} without`);
  },
});

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
