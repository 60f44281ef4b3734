/** Which machines answer for an address by ARP, as a neighbour hears it. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cardOf } from "../interop/holders.ts";
import { denoWords } from "../lab/deno_words.ts";
import type { LabHost } from "../lab/lab_host.ts";

/** Answers of one machine in a row. */
interface Spell {
  readonly mac: string;
  readonly from: number;
  to: number;
}

/** Asks every 2 ms until it ends. */
export class Answers implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly spells: Spell[] = [];
  #unfinished = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, "close");
    child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#read(text));
  }

  static async start(host: LabHost, address: string): Promise<Answers> {
    const { index, mac } = await cardOf(host);
    return new Answers(host.spawn([
      ...denoWords(import.meta.resolve("./arp_asker.ts")),
      ...[String(index), mac, host.address, address, "2"],
    ]));
  }

  /** How often one machine answered, then another one, and then the first again within `ms`. */
  turns(ms: number): number {
    return this.spells.filter(({ mac, from }, at) => {
      const [before, earlier] = [this.spells[at - 1], this.spells[at - 2]];
      return earlier?.mac === mac && before !== undefined && from - earlier.to < ms;
    }).length;
  }

  /** The longest and the last time without an answer between two machines, in ms. */
  gaps(): readonly number[] {
    return this.spells.slice(1).map(({ from }, at) => from - (this.spells[at]?.to ?? from));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  #read(text: string): void {
    const lines = (this.#unfinished + text).split("\n");
    this.#unfinished = lines.pop() ?? "";
    for (const line of lines) {
      const [time = "", mac = ""] = line.split(" ");
      const last = this.spells.at(-1);
      if (last?.mac === mac) last.to = Number(time);
      else this.spells.push({ mac, from: Number(time), to: Number(time) });
    }
  }
}
