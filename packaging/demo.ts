/**
 * What does floatip do for me? Three nodes on a LAN of network namespaces, a client that pings the floating address every
 * 10 ms, a cable that is pulled and put back, and how long the client was without the address each time.
 *
 * Needs root and iproute2. Takes about 20 s, and leaves nothing behind, also after Ctrl-C.
 */
import { DemoCluster, type DemoNode, floatingAddress } from "./demo/cluster.ts";
import { type ClientView, strip } from "./demo/picture.ts";
import { Show } from "./demo/show.ts";
import { run } from "../test/lab/command.ts";
import { sweepOrphans } from "../test/lab/orphans.ts";
import { ensure, missing } from "../test/lab/prerequisites.ts";
import { Probe } from "../test/lab/probe.ts";

const title = `Three nodes on one LAN, one floating address ${floatingAddress}, ` +
  "and a client that pings it every 10 ms.";

/** Longest wait for anything that the protocol does within four seconds. */
const patienceMs = 12_000;

/** How often the picture is drawn and the nodes are asked, in milliseconds. */
const frameMs = 100;

Deno.exit(await main());

async function main(): Promise<number> {
  const refusal = await prepare();
  if (refusal !== undefined) {
    console.error(`The demo cannot run here: ${refusal}.`);
    return 1;
  }
  await using cluster = await DemoCluster.open();
  const story = new Story(cluster);
  try {
    await story.tell();
    return 0;
  } catch (cause) {
    story.close();
    console.error(`\nThe demo failed: ${cause instanceof Error ? cause.message : cause}`);
    for (const { host, log } of cluster.nodes) {
      console.error(`\n${host.name} said last:\n${log.map((line) => `  ${line}`).join("\n")}`);
    }
    return 1;
  }
}

/** Installs what is missing where it may; why the demo cannot run, or undefined. */
async function prepare(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "it needs Linux";
  if (Deno.uid() !== 0) return "it needs root, for network namespaces (try: sudo deno task demo)";
  const { installed, failure } = await ensure(["iproute2"]);
  if (failure !== undefined) return failure;
  if (installed.length > 0) console.log(`Installed ${installed.join(" ")}.`);
  sweepOrphans();
  // Inside the namespaces there is no way to npm: what the program imports has to be here before.
  const main = new URL("../main.ts", import.meta.url).pathname;
  const cached = await run([Deno.execPath(), "cache", "--quiet", main]);
  if (cached.code !== 0) return `floatip's libraries could not be fetched: ${cached.stderr.trim()}`;
  return missing();
}

/** The three acts. */
class Story {
  readonly #cluster: DemoCluster;
  readonly #show: Show;
  #probe: Probe | undefined;

  constructor(cluster: DemoCluster) {
    this.#cluster = cluster;
    this.#show = new Show(title, {
      nodes: () => cluster.nodes.map(({ view }) => view),
      client: () => this.#clientView(),
    });
  }

  async tell(): Promise<void> {
    const [a, b] = this.#cluster.nodes;
    await this.#begin(a);
    await this.#pause(1500);
    await this.#cutCable(a, b);
    await this.#pause(1500);
    await this.#bringBack(a, b);
    await this.#pause(1500);
    await this.#stopInOrder(a, b);
    await this.#pause(1000);
    await this.#probe?.stop();
    this.#show.tell("Done. Everything is taken down again.");
    this.close();
  }

  close(): void {
    this.#show[Symbol.dispose]();
  }

  async #begin(a: DemoNode): Promise<void> {
    this.#show.tell(
      "Three nodes start with the same file. Each listens first, and claims nothing.",
    );
    for (const node of this.#cluster.nodes) node.start();
    await this.#until("pi-a to become master", () => this.#isMaster(a));
    this.#probe = await Probe.start(this.#cluster.client, floatingAddress);
    this.#show.tell("pi-a, the first of `prefer`, is master. The client has replies.", true);
  }

  async #cutCable(a: DemoNode, b: DemoNode): Promise<void> {
    const { master_down_ms: longest = 0, advert_interval_ms: interval = 0 } = b.instance ?? {};
    const since = this.#elapsed();
    this.#show.tell("The cable of pi-a is pulled.");
    await a.unplug();
    await this.#until("pi-b to take over", () => this.#isMaster(b) && this.#answers());
    const gap = this.#longestGapSince(since);
    this.#show.tell("pi-b is master.", true);
    const [least, most] = [longest - interval, longest].map((ms) => (ms / 1000).toFixed(2));
    this.#show.result(`Takeover: the client was without ${floatingAddress} for ${inWords(gap)}.`);
    this.#show.tell(`(VRRP with adverts every ${interval / 1000} s: ${least} to ${most} s.)`);
  }

  async #bringBack(a: DemoNode, b: DemoNode): Promise<void> {
    const since = this.#elapsed();
    this.#show.tell("The cable of pi-a is put back.");
    await a.plug();
    await this.#until("pi-a to return", () => this.#isMaster(a) && b.instance?.state === "backup");
    await this.#pause(500);
    const gap = this.#longestGapSince(since);
    this.#show.tell("pi-a is master again.", true);
    this.#show.result(`Return: the longest pause of the client was ${inWords(gap)}.`);
  }

  async #stopInOrder(a: DemoNode, b: DemoNode): Promise<void> {
    const since = this.#elapsed();
    this.#show.tell("floatip on pi-a is stopped, as for an update: it says goodbye.");
    await a.stop();
    await this.#until("pi-b to take over", () => this.#isMaster(b) && this.#answers());
    await this.#pause(300);
    const gap = this.#longestGapSince(since);
    this.#show.tell("pi-b is master.", true);
    this.#show.result(`Orderly stop: the longest pause of the client was ${inWords(gap)}.`);
  }

  #isMaster(node: DemoNode): boolean {
    return node.instance?.state === "master";
  }

  #answers(): boolean {
    return this.#probe !== undefined && this.#probe.silenceMs < 50;
  }

  #elapsed(): number {
    return this.#probe?.elapsedMs ?? 0;
  }

  #longestGapSince(sinceMs: number): number {
    const gaps = this.#probe?.gaps(0) ?? [];
    const later = gaps.filter(({ startMs, lengthMs }) => startMs + lengthMs > sinceMs);
    return Math.max(0, ...later.map(({ lengthMs }) => lengthMs));
  }

  #clientView(): ClientView | undefined {
    if (this.#probe === undefined) return undefined;
    return {
      cells: this.#probe.timeline(strip.cellMs, strip.cells),
      silenceMs: this.#probe.silenceMs,
    };
  }

  /** Draws and asks until it is so; rejects where it takes too long or a node ends by itself. */
  async #until(what: string, isSo: () => boolean): Promise<void> {
    const end = performance.now() + patienceMs;
    while (!isSo()) {
      const ended = this.#cluster.nodes.find((node) => node.ended && node.instance !== undefined);
      if (ended !== undefined) throw new Error(`floatip on ${ended.host.name} ended by itself`);
      if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
      await this.#frame();
    }
  }

  /** Lets the audience look. */
  async #pause(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) await this.#frame();
  }

  async #frame(): Promise<void> {
    await this.#cluster.look();
    this.#show.draw();
    await new Promise((resolve) => setTimeout(resolve, frameMs));
  }
}

function inWords(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
