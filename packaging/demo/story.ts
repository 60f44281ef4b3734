/** The demo's story: a takeover, a return and an orderly stop, each measured. */
import { Probe } from "../../test/support/lab/probe.ts";
import { configuration, type DemoCluster, type DemoNode, floatingAddress } from "./cluster.ts";
import { type ClientView, strip } from "./picture.ts";
import { Show } from "./show.ts";

const title =
  `Three nodes on one LAN, one floating address ${floatingAddress}, and a client that pings it
every 10 ms. The same file on all three:

${configuration.trimEnd().replaceAll(/^(?=.)/gm, "    ")}
`;

/** Longest wait for anything that the protocol does within four seconds. */
const patienceMs = 12_000;

/** How often the picture is drawn and the nodes are asked, in milliseconds. */
const frameMs = 100;

/** The acts, told to whoever watches. Dispose of it: that gives the terminal its cursor back. */
export class Story implements Disposable {
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

  /** Plays everything, in about 20 s. Rejects where something does not happen in time. */
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
  }

  [Symbol.dispose](): void {
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
      const ended = this.#cluster.nodes.find((node) => node.ended);
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
