/** A cluster from one example file: nodes on a LAN with a client, nginx, failures on demand. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import type { InstanceStatus } from "../../../src/control/api.ts";
import { seconds } from "../../../src/time.ts";
import { masterDown } from "../../../src/vrrp/intervals.ts";
import { Nginx } from "../checks/nginx.ts";
import { Capture } from "../interop/capture.ts";
import { Floatip } from "../interop/floatip.ts";
import { askWhoHas, macOf } from "../interop/holders.ts";
import { wallNow } from "../lab/wall_clock.ts";
import { until } from "../until.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { type HostOptions, Lan } from "../lab/lan.ts";

/** A takeover takes up to 4 s at 1 s adverts; other tests may be using the machine. */
export const PATIENCE_MS = 15_000;
/** What a probe, a verdict and a packet may take together, beside other tests. */
const TOLERANCE_MS = 500;

/** Who takes over, and when. */
export interface Claim {
  readonly name: string;
  readonly vrid: number;
  readonly longestMs: number;
  readonly leastMs?: number;
}

/** A cluster of floatip nodes on a LAN with a client. */
export class Cluster implements AsyncDisposable {
  readonly nodes = new Map<string, Floatip>();
  readonly #nginx = new Map<string, Nginx>();

  private constructor(
    readonly lan: Lan,
    readonly capture: Capture,
    /** For the play's own files; everybody may read it. */
    readonly folder: string,
    readonly stack: AsyncDisposableStack,
  ) {}

  /** Builds the LAN; the client's address is the last of `hosts`. */
  static async open(prefix: string, hosts: readonly HostOptions[]): Promise<Cluster> {
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync("/tmp/fl-example-");
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    chmodSync(folder, 0o755);
    const lan = stack.use(await Lan.open({ hosts, prefix }));
    const capture = stack.use(await Capture.open(lan));
    return new Cluster(lan, capture, folder, stack.move());
  }

  host(name: string): LabHost {
    return this.lan.host(name);
  }

  /** Starts floatip on `name` with this file. */
  async start(name: string, file: string): Promise<void> {
    this.nodes.set(name, this.stack.use(await Floatip.start(this.host(name), file)));
  }

  /** Starts nginx on each of `names`. */
  async startNginx(...names: string[]): Promise<void> {
    for (const name of names) {
      this.#nginx.set(name, this.stack.use(await Nginx.start(this.host(name))));
    }
  }

  /** Kills it there. */
  async killNginx(name: string): Promise<void> {
    await this.#nginx.get(name)?.crash();
  }

  /**
   * Does `act`; asserts that `name` then says for the first time that it is master of `vrid` after
   * `longestMs` at the latest, and after `leastMs` at the earliest.
   */
  async assertClaim(
    what: string,
    act: () => Promise<void> | void,
    { name, vrid, longestMs, leastMs = 0 }: Claim,
  ): Promise<void> {
    const since = wallNow();
    await act();
    const source = this.host(name).address;
    const claim = await this.capture.untilAdvert(
      what,
      (seen) => seen.source === source && seen.advert.vrid === vrid && seen.advert.priority > 0,
      PATIENCE_MS,
      since,
    );
    const measured = claim.at - since;
    console.log(`  ${what}: ${measured.toFixed(0)} ms (limit ${longestMs.toFixed(0)} ms)`);
    assert.ok(measured < longestMs + TOLERANCE_MS, `${what}: ${measured} ms`);
    assert.ok(measured >= leastMs, `${what}: after ${measured} ms already`);
  }

  /** What `name` says of `instance` when `check` has the verdict `up`. */
  async judged(
    name: string,
    instance: string,
    check: string,
    up: boolean,
  ): Promise<InstanceStatus> {
    const floatip = this.#floatip(name);
    await until(
      () => `${check} ${up ? "up" : "down"} on ${name}\n${floatip.log.text}`,
      async () => {
        const { checks } = await floatip.instance(instance);
        return checks.some((one) => one.name === check && one.up === up);
      },
      PATIENCE_MS,
    );
    return await floatip.instance(instance);
  }

  /**
   * Resolves when `name` is master of `instance`, it alone holds `address`, and it alone answers
   * the client.
   */
  async untilHolder(name: string, instance: string, address: string): Promise<void> {
    await this.#floatip(name).untilState("master", PATIENCE_MS, instance);
    const others = [...this.nodes.keys()].filter((other) => other !== name);
    await until(`${name} alone holds ${address}`, async () => {
      const held = await Promise.all(others.map((other) => this.host(other).holds(address)));
      return await this.host(name).holds(address) && !held.includes(true);
    }, PATIENCE_MS);
    const macs = await askWhoHas(this.host("client"), this.capture, address);
    assert.deepEqual(macs, [await macOf(this.host(name))], `${name} alone answers for ${address}`);
  }

  /**
   * Pulls the cable of `name`; resolves with the time from its last advert for `vrid` that reached
   * `next` to the first one of `next`, which has heard it by then: a node that has just started
   * listens for a whole master-down interval.
   */
  async cutOff(name: string, next: string, vrid: number): Promise<number> {
    await until(`${next} hears the master`, async () => {
      const { instances } = await this.#floatip(next).status();
      return instances.some((one) => one.vrid === vrid && one.last_advert_age_ms !== null);
    });
    await this.host(name).unplug();
    const cut = wallNow();
    const source = this.host(next).address;
    const claim = await this.capture.untilAdvert(
      `${next} takes over`,
      (seen) => seen.source === source && seen.advert.vrid === vrid && seen.advert.priority > 0,
      PATIENCE_MS,
      cut,
    );
    const last = this.capture.advertsOf(this.host(name).address)
      .findLast((seen) =>
        seen.advert.vrid === vrid && seen.at < claim.at &&
        [source, "224.0.0.18"].includes(seen.destination)
      );
    return claim.at - (last?.at ?? NaN);
  }

  /**
   * {@link Cluster.cutOff} that took as long as the protocol says for a successor of `priority`.
   */
  async assertTakeover(
    name: string,
    next: string,
    { vrid, version, priority }: { vrid: number; version: 2 | 3; priority: number },
  ): Promise<void> {
    const measured = await this.cutOff(name, next, vrid);
    const expected = masterDown(version, priority, seconds(1)) / 1e6;
    console.log(
      `  ${next} after ${name}: ${measured.toFixed(1)} ms (protocol: ${expected.toFixed(1)} ms)`,
    );
    assert.ok(Math.abs(measured - expected) < TOLERANCE_MS, `${measured} ms, not ${expected} ms`);
  }

  #floatip(name: string): Floatip {
    const floatip = this.nodes.get(name);
    assert.ok(floatip !== undefined, `${name} was started`);
    return floatip;
  }

  untilBackup(name: string, instance: string): Promise<void> {
    return this.#floatip(name).untilState("backup", PATIENCE_MS, instance);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using _rest = this.stack;
    const nodes = [...this.nodes.values()];
    const codes = await Promise.all(nodes.map((node) => node.stop()));
    for (const [index, { folder }] of nodes.entries()) {
      assert.equal(codes[index], 0, `floatip of ${folder} ended in order`);
    }
  }
}
