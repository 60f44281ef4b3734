/** Two nodes and a client on one LAN, and everything that shows how an address moves. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { HistoryEntry } from "../../../src/history/line.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { Lan } from "../lab/lan.ts";
import { FLOATIP } from "../lab/program.ts";
import { type Outage, Probe } from "../lab/probe.ts";
import { realTimeWords } from "../lab/real_time.ts";
import { Capture, type CapturedAdvert } from "../interop/capture.ts";
import { Floatip, type LaunchOptions } from "../interop/floatip.ts";
import { AddressWatch } from "../interop/holders.ts";
import { Keepalived, type KeepalivedInstance } from "../interop/keepalived.ts";
import { playEach } from "../interop/play_each.ts";
import { until } from "../until.ts";

/** What floats. */
export const ADDRESS = "10.77.0.100";

/** A node of the scene. */
export type NodeName = "a" | "b";

/** How long a gap may be that clients do not notice, in milliseconds (median). */
export const UNNOTICED_MS = 10;

/** Longer than any backup waits for a silent master, in milliseconds. */
export const LONG_ENOUGH_MS = 4500;

/** master-down of "b", in intervals, and a little more. */
const LISTENED_INTERVALS = 3.3;

/** A 2 ms grain shows each lost packet of a gap that matters. */
const PROBE_EVERY_MS = 2;

/** What differs from the rule: VRID 51, adverts each second, "a" preferred. */
export interface SceneSettings {
  readonly intervalMs?: number;
  readonly vrid?: number;
  readonly address?: string;
  /** Further lines of the instance. */
  readonly lines?: readonly string[];
  /** Further sections of the file. */
  readonly sections?: string;
}

/**
 * Two nodes, "a" (10.77.0.1) and "b" (10.77.0.2), and a client. All that was started here ends with
 * it.
 */
export class Scene implements AsyncDisposable {
  private constructor(
    readonly lan: Lan,
    readonly capture: Capture,
    readonly changes: Readonly<Record<NodeName, AddressWatch>>,
    readonly stack: AsyncDisposableStack,
  ) {}

  /** `more`: further hosts. */
  static async open(...more: readonly string[]): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const lan = stack.use(await Lan.open({ hosts: ["a", "b", "client", ...more] }));
    const capture = stack.use(await Capture.open(lan));
    const [a, b] = [
      stack.use(await AddressWatch.open(lan.host("a"))),
      stack.use(await AddressWatch.open(lan.host("b"))),
    ];
    return new Scene(lan, capture, { a, b }, stack.move());
  }

  host(name: string): LabHost {
    return this.lan.host(name);
  }

  /**
   * floatip on a node, with the file that is the same on both; scheduled as its unit has it, from
   * the first moment on.
   */
  async floatip(
    node: NodeName,
    settings: SceneSettings = {},
    options: LaunchOptions = {},
  ): Promise<Floatip> {
    const program = [...await realTimeWords(10), ...FLOATIP];
    const file = this.file(settings);
    return this.stack.use(await Floatip.start(this.host(node), file, { program, ...options }));
  }

  /**
   * floatip on both nodes: "a" is master, "b" has heard so, and may take over: whoever has just
   * come up listens first.
   */
  async pair(settings: SceneSettings = {}): Promise<readonly [Floatip, Floatip]> {
    const first = await this.floatip("a", settings);
    await first.untilState("master");
    const second = await this.floatip("b", settings);
    await this.pass(LISTENED_INTERVALS * (settings.intervalMs ?? 1000));
    await this.untilFollowing(second, "a");
    return [first, second];
  }

  /** Resolves when `floatip` is a backup that has heard `master`. */
  async untilFollowing(floatip: Floatip, master: NodeName): Promise<void> {
    const { address } = this.host(master);
    await until(
      () => `${floatip.log.label} follows ${master}\n${floatip.log.text}`,
      async () => {
        const { state, master: known } = await floatip.instance();
        return state === "backup" && known?.address === address;
      },
    );
  }

  /** A new process in the place of one that has ended. */
  async again(before: Floatip): Promise<Floatip> {
    return this.stack.use(await before.again());
  }

  /** The file. */
  file(
    { intervalMs = 1000, vrid = 51, address = ADDRESS, lines = [], sections = "" }: SceneSettings,
  ): string {
    return [
      "[nodes]",
      ...(["a", "b"] as const).map((name) => `${name} = "${this.host(name).address}"`),
      "[instance.web]",
      `vrid = ${vrid}`,
      `addresses = ["${address}/24"]`,
      'prefer = ["a", "b"]',
      `advert_interval = "${intervalMs}ms"`,
      ...lines,
      sections,
    ].join("\n");
  }

  /**
   * keepalived on a node, as that file would have it: unicast, priority 200 for "a" and 190 for
   * "b".
   */
  async keepalived(node: NodeName, other: Partial<KeepalivedInstance> = {}): Promise<Keepalived> {
    const [host, peer] = [this.host(node), this.host(node === "a" ? "b" : "a")];
    return this.stack.use(
      await Keepalived.start(host, {
        ...{ vrid: 51, priority: node === "a" ? 200 : 190, version: 3, intervalMs: 1000 },
        addresses: [`${ADDRESS}/24`],
        unicast: { source: host.address, peers: [peer.address] },
        ...other,
      }),
    );
  }

  /** A client that asks for the address every 2 ms; it is being answered already. */
  async probe(): Promise<Probe> {
    const options = { everyMs: PROBE_EVERY_MS, realTime: true };
    return this.stack.use(await Probe.start(this.host("client"), ADDRESS, options));
  }

  /**
   * Resolves when a node's first advert as master at or after `since` was on the LAN, with its
   * time.
   */
  async claimOf(node: NodeName, since: number, timeoutMs = 10_000): Promise<number> {
    const source = this.host(node).address;
    const isClaim = (priority: number) => priority > 1;
    const found = await this.capture.untilAdvert(
      `${node} as master`,
      (seen) => seen.source === source && isClaim(seen.advert.priority),
      timeoutMs,
      since,
    );
    return found.at;
  }

  /** Resolves when somebody has advertised this priority at or after `since`. */
  async said(priority: number, since: number): Promise<void> {
    const wanted = ({ advert }: CapturedAdvert) => advert.priority === priority;
    await this.capture.untilAdvert(`priority ${priority}`, wanted, 10_000, since);
  }

  /**
   * Resolves when the kernel of `node` has let the address go at or after `since`, with the time.
   */
  async releaseOf(node: NodeName, since: number, timeoutMs = 10_000): Promise<number> {
    return (await this.changes[node].untilRemoved(ADDRESS, timeoutMs, since)).at;
  }

  /** When the address came to `node` at or after `since`. */
  async arrivalAt(node: NodeName, since: number, timeoutMs = 10_000): Promise<number> {
    const find = () =>
      this.changes[node].changesOf(ADDRESS, since).find(({ kind }) => kind === "added");
    return (await until(`${ADDRESS} on ${node}`, find, timeoutMs)).at;
  }

  /**
   * What was seen from `since` for `lengthMs` milliseconds, a line each, for a failure's message.
   */
  story(since: number, lengthMs: number): string {
    const nodes = ["a", "b"] as const;
    const told = [
      ...this.capture.adverts.map(({ at, source, advert }) => ({
        at,
        words: `${source} advertises ${advert.priority}`,
      })),
      ...this.capture.claims.map(({ at, address, mac, kind }) => ({
        at,
        words: `${mac} has ${address} (${kind})`,
      })),
      ...nodes.flatMap((node) =>
        this.changes[node].changesOf(ADDRESS).map(({ at, kind }) => ({
          at,
          words: `${node}: ${ADDRESS} ${kind}`,
        }))
      ),
    ];
    return told.filter(({ at }) => at >= since && at <= since + lengthMs)
      .toSorted((x, y) => x.at - y.at)
      .map(({ at, words }) => `  ${(at - since).toFixed(1).padStart(8)} ${words}`).join("\n");
  }

  /** For what is not to happen: resolves when `milliseconds` have passed. */
  pass(milliseconds: number): Promise<void> {
    return pause(milliseconds);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stack.disposeAsync();
  }
}

/**
 * The worst of what was lost since `since`; undefined: nothing was. Resolves when that is certain.
 */
export async function lostSince(probe: Probe, since: number): Promise<Outage | undefined> {
  await probe.settled();
  return probe.outages(since).toSorted((x, y) => y.lost - x.lost)[0];
}

/**
 * The longest gap since `since` in milliseconds, counted in lost packets: a client that stalls
 * makes none.
 */
export async function gapSince(probe: Probe, since: number): Promise<number> {
  return PROBE_EVERY_MS * ((await lostSince(probe, since))?.lost ?? 0);
}

/** The transitions in a history since the moment `since`, as "backup -> master (master-left)". */
export function transitionsOf(history: readonly HistoryEntry[], since = 0): readonly string[] {
  return history.flatMap((entry) =>
    entry.kind === "transition" && Date.parse(entry.time) >= since - 1
      ? [`${entry.from} -> ${entry.to} (${entry.reason})`]
      : []
  );
}

/**
 * Asserts that the transitions since `since` are `expected`. A daemon is seen in a state before its
 * history is written.
 */
export async function assertTold(
  floatip: Floatip,
  since: number,
  expected: readonly string[],
  what?: string,
): Promise<void> {
  const told = () => transitionsOf(floatip.history(), since);
  await until(
    () => `${expected.length} transitions in the history, only ${JSON.stringify(told())}`,
    () => told().length >= expected.length,
  );
  assert.deepEqual(told(), expected, what);
}

/** What floatip answers to an order, as JSON; it has to end with `code`. */
export async function order<Answer>(
  floatip: Floatip,
  code: number,
  ...words: readonly string[]
): Promise<Answer> {
  const outcome = await floatip.command(...words, "--json");
  assert.equal(outcome.code, code, outcome.stdout + outcome.stderr);
  return JSON.parse(outcome.stdout) as Answer;
}

/** Asserts that the gaps are none that clients notice, and shows them. */
export function assertUnnoticed(what: string, gaps: readonly number[]): void {
  const sorted = gaps.toSorted((x, y) => x - y);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
  console.log(`  ${what}: gaps of ${gaps.map((gap) => gap.toFixed(1)).join(", ")} ms`);
  assert.ok(middle <= UNNOTICED_MS, `${what}: a median gap of ${middle} ms`);
}

/** One step of a test, on a scene of its own. */
export interface SceneCase {
  readonly name: string;
  readonly play: (scene: Scene) => Promise<void>;
  /** Hosts besides "a", "b" and "client". */
  readonly hosts?: readonly string[];
}

/** Declares one test whose steps are `cases`. */
export function playScenes(title: string, cases: readonly SceneCase[]): void {
  const programs = ["tcpdump", "keepalived", "nft"];
  playEach(`moves: ${title}`, programs, cases, async ({ play, hosts = [] }) => {
    await using scene = await Scene.open(...hosts);
    await play(scene);
  });
}
