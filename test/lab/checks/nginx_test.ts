/** The address goes where nginx works: a real nginx is killed on the master, and comes back. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { InstanceStatus } from "../../../src/control/api.ts";
import { seconds, toMilliseconds } from "../../../src/time.ts";
import { masterDown, skew } from "../../../src/vrrp/intervals.ts";
import { Capture } from "../../support/interop/capture.ts";
import { Floatip, writeFloatipToml } from "../../support/interop/floatip.ts";
import { playEach } from "../../support/interop/play_each.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { ADDRESS, untilHeld } from "../../support/interop/stage.ts";
import { until } from "../../support/until.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Lan } from "../../support/lab/lan.ts";
import { Nginx } from "../../support/checks/nginx.ts";

const PATIENCE_MS = 20_000;
const INTERVAL_MS = 1000;
const FALL = 2;
const RISE = 2;
/**
 * What a probe, a verdict and a packet may take together on a busy machine; how little it is, the
 * benchmark says.
 */
const TOLERANCE_MS = 500;

/**
 * How long after a probe that nginx has answered it is killed: at once is the longest way to `FALL`
 * failures.
 */
const PHASES_MS = [0, 600];

/** A pair on a LAN, with nginx on both. */
class WebPair implements AsyncDisposable {
  private constructor(
    readonly lan: Lan,
    readonly capture: Capture,
    readonly first: Floatip,
    readonly second: Floatip,
    readonly stack: AsyncDisposableStack,
    public nginx: Nginx,
  ) {}

  /** `fileOf`: the file of a host. Resolves when "a" is master and "b" obeys it. */
  static async open(fileOf: (host: LabHost, lan: Lan) => string): Promise<WebPair> {
    await using stack = new AsyncDisposableStack();
    const lan = stack.use(await Lan.open({ hosts: ["a", "b", "client"] }));
    const [a, b] = [lan.host("a"), lan.host("b")];
    const capture = stack.use(await Capture.open(lan));
    const [nginx] = await Promise.all(
      [a, b].map(async (host) => stack.use(await Nginx.start(host))),
    );
    const [first, second] = await Promise.all(
      [a, b].map(async (host) => stack.use(await Floatip.start(host, fileOf(host, lan)))),
    );
    assert.ok(nginx !== undefined && first !== undefined && second !== undefined);
    await first.untilState("master", PATIENCE_MS);
    await second.untilState("backup", PATIENCE_MS);
    return new WebPair(lan, capture, first, second, stack.move(), nginx);
  }

  get a(): LabHost {
    return this.lan.host("a");
  }

  get b(): LabHost {
    return this.lan.host("b");
  }

  /**
   * Kills nginx on "a" so long after a probe; resolves with the time until the first advert of "b",
   * in milliseconds.
   */
  async killNginx(phaseMs: number): Promise<number> {
    const asked = await this.nginx.untilAsked(wallNow());
    if (phaseMs > 0) await pause(Math.max(1, asked + phaseMs - wallNow()));
    const killed = wallNow();
    await this.nginx.crash();
    const claim = await this.capture.untilMaster(this.b.address, PATIENCE_MS, killed);
    await untilHeld(this.a, ADDRESS, false);
    assert.ok(await this.b.holds(ADDRESS), "b holds the address");
    return claim.at - killed;
  }

  /** Starts nginx on "a" again; resolves with the time until the first advert of "a" as master. */
  async startNginx(): Promise<number> {
    this.nginx = this.stack.use(await Nginx.start(this.a));
    const { at } = await this.nginx.log.until(/start worker process \d/, 0);
    const claim = await this.capture.untilMaster(this.a.address, PATIENCE_MS, at);
    await untilHeld(this.b, ADDRESS, false);
    assert.ok(await this.a.holds(ADDRESS), "a holds the address");
    await this.second.untilState("backup");
    return claim.at - at;
  }

  /** What "a" says of its instance when its check has the verdict `up`. */
  async judged(up: boolean): Promise<InstanceStatus> {
    await until(
      () => `nginx ${up ? "up" : "down"}\n${this.first.log.text}`,
      async () => (await this.first.instance()).checks[0]?.up === up,
    );
    return await this.first.instance();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

/** One file for both nodes: 200 and 190 follow from `prefer`. */
function oneFile(lan: Lan, ...more: string[]): string {
  return [
    "[nodes]",
    ...["a", "b"].map((name) => `${name} = "${lan.host(name).address}"`),
    "[instance.web]",
    "vrid = 51",
    `addresses = ["${ADDRESS}/24"]`,
    'prefer = ["a", "b"]',
    'checks = ["nginx"]',
    checkOf(...more),
  ].join("\n");
}

function checkOf(...more: string[]): string {
  return [
    "[check.nginx]",
    'http = "http://127.0.0.1/"',
    `interval = "${INTERVAL_MS}ms"`,
    `fall = ${FALL}`,
    `rise = ${RISE}`,
    ...more,
    "",
  ].join("\n");
}

/** A file per node, that says nothing of the other. */
function byHand(host: LabHost): string {
  const priority = host.name === "a" ? 150 : 100;
  const instance = {
    interface: host.interface,
    ...{ vrid: 51, version: 3 as const, intervalMs: 1000, preempt: true },
    ...{ priority, addresses: [`${ADDRESS}/24`], more: ['checks = ["nginx"]'] },
  };
  return writeFloatipToml(host.name, [instance]) + checkOf("weight = -60");
}

function tell(what: string, measured: number, limit: number): void {
  console.log(`  ${what}: ${measured.toFixed(0)} ms (limit ${limit.toFixed(0)} ms)`);
  assert.ok(measured < limit, `${what}: ${measured} ms, not below ${limit} ms`);
}

/**
 * The longest way from nginx's end to the first advert of a peer that knows from the file that it
 * is the next.
 */
const HANDED_OVER_MS = FALL * INTERVAL_MS + TOLERANCE_MS;

/** The longest way from nginx's return to the first advert of the better node. */
const RETURNED_MS = RISE * INTERVAL_MS + toMilliseconds(masterDown(3, 200, seconds(1))) +
  TOLERANCE_MS;

async function playUnweighted(): Promise<void> {
  await using pair = await WebPair.open((_, lan) => oneFile(lan));
  const healthy = await pair.judged(true);
  assert.match(healthy.checks[0]?.last ?? "", /^200 in /);
  assert.deepEqual([healthy.base_priority, healthy.priority], [200, 200]);
  for (const phase of PHASES_MS) {
    tell(
      `unweighted, killed ${phase} ms after a probe`,
      await pair.killNginx(phase),
      HANDED_OVER_MS,
    );
    const { state, faults, checks, priority } = await pair.judged(false);
    assert.equal(state, "fault");
    assert.match(faults.join("; "), /^check nginx is down: .*refused/);
    assert.deepEqual([checks[0]?.name, checks[0]?.weight, priority], ["nginx", null, 200]);
    assert.match(pair.first.log.text, /web: master -> fault: .*check nginx is down: .*refused/);
    tell("unweighted, nginx is back", await pair.startNginx(), RETURNED_MS);
    assert.deepEqual((await pair.judged(true)).faults, []);
  }
}

async function playWeighted(): Promise<void> {
  await using pair = await WebPair.open((_, lan) => oneFile(lan, "weight = -50"));
  for (const phase of PHASES_MS) {
    tell(
      `weight -50, killed ${phase} ms after a probe`,
      await pair.killNginx(phase),
      HANDED_OVER_MS,
    );
    const { state, faults, checks, ...down } = await pair.judged(false);
    assert.equal(state, "backup");
    assert.deepEqual(faults, []);
    assert.deepEqual([down.base_priority, down.priority], [200, 150]);
    assert.equal(checks[0]?.weight, -50);
    assert.match(checks[0]?.last ?? "", /refused/);
    assert.match(pair.first.log.text, /web: priority 200 -> 150/);
    assert.match(pair.first.log.text, /web: master -> backup: .*150/);
    tell("weight -50, nginx is back", await pair.startNginx(), RETURNED_MS);
    assert.equal((await pair.judged(true)).priority, 200);
  }
}

async function playByHand(): Promise<void> {
  await using pair = await WebPair.open(byHand);
  const patience = toMilliseconds(skew(3, 100, seconds(1)));
  for (const phase of PHASES_MS) {
    const since = wallNow();
    const limit = FALL * INTERVAL_MS + patience + TOLERANCE_MS;
    const measured = await pair.killNginx(phase);
    tell(`by hand, weight -60, killed ${phase} ms after a probe`, measured, limit);
    const [claim] = pair.capture.advertsOf(pair.b.address, since);
    const worse = pair.capture.advertsOf(pair.a.address, since)
      .find(({ advert }) => advert.priority === 90);
    const late = (claim?.at ?? NaN) - (worse?.at ?? NaN) - patience;
    assert.ok(Math.abs(late) < TOLERANCE_MS, `a skew after the first advert with 90: ${late}`);
    assert.deepEqual([(await pair.judged(false)).priority], [90]);
    const back = RISE * INTERVAL_MS + toMilliseconds(masterDown(3, 150, seconds(1))) + TOLERANCE_MS;
    tell("by hand, nginx is back", await pair.startNginx(), back);
  }
}

/**
 * The first result decides alone, whatever `fall` is. A reload that takes the check away takes its
 * fault away.
 */
async function playNeverStarted(): Promise<void> {
  await using lan = await Lan.open({ hosts: ["a", "b", "client"] });
  const [a, b] = [lan.host("a"), lan.host("b")];
  await using capture = await Capture.open(lan);
  await using nginx = await Nginx.start(b);
  void nginx;
  const started = wallNow();
  await using first = await Floatip.start(a, oneFile(lan));
  await using second = await Floatip.start(b, oneFile(lan));
  await second.untilState("master", PATIENCE_MS);
  assert.deepEqual(capture.advertsOf(a.address, started), [], "a never claims");
  const { state, checks, faults } = await first.instance();
  assert.deepEqual([state, checks[0]?.up], ["fault", false]);
  assert.match(faults.join("; "), /^check nginx is down: .*refused/);
  const unchecked = oneFile(lan).replace(/^checks = .*$/m, "").replace(/\[check\.nginx\][^]*/, "");
  writeFileSync(first.configFile, unchecked, { mode: 0o600 });
  const reloaded = await first.command("reload");
  assert.equal(reloaded.code, 0, reloaded.stderr);
  await first.untilState("master", PATIENCE_MS);
  await untilHeld(a, ADDRESS);
  await untilHeld(b, ADDRESS, false);
  const { faults: none, checks: gone } = await first.instance();
  assert.deepEqual([none, gone], [[], []]);
}

const PLAYS = [
  { name: "without a weight the node is in fault", play: playUnweighted },
  { name: "weight -50 in one file for both", play: playWeighted },
  { name: "weight -60 in files of their own", play: playByHand },
  {
    name: "a node without nginx does not claim, until the file asks for it no more",
    play: playNeverStarted,
  },
];

playEach("checks: nginx dies and comes back", ["nginx", "tcpdump"], PLAYS, ({ play }) => play());
