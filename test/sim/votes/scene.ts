/** Two or three nodes and a witness on a LAN, with an exclusive instance; who answers for it. */
import { type Instant, milliseconds, type Nanoseconds } from "../../../src/time.ts";
import { advertIn } from "../advert.ts";
import { Cluster, configFrom } from "../cluster.ts";
import { PROMPT } from "../promptness.ts";
import type { Seen } from "../record.ts";

/** The floating addresses of each scene. */
export const ADDRESSES = ["192.168.1.50", "fd00:1::50"] as const;

/** That of the second instance of a group. */
const OTHER = "192.168.1.51";

/** What a slow machine takes for one. */
const PER_ADDRESS = milliseconds(0.2);

const SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/** What a scene is made of. */
export interface SceneOptions {
  readonly seed: number;
  /** Names of nodes, best first. */
  readonly nodes: readonly string[];
  readonly witnesses: readonly string[];
  /** Machines that no file names yet, and that are not started. */
  readonly spare?: readonly string[];
  /** "100ms". */
  readonly interval: string;
  readonly both?: boolean;
  readonly exclusive?: boolean;
  /** A second instance changes state together with it. */
  readonly grouped?: boolean;
  /** So many addresses of each instance, on slow machines; default: one. */
  readonly many?: number;
  /** Etcd decides, in place of votes. */
  readonly etcd?: boolean;
  /** Another order than that of `nodes`; empty: all are equal. */
  readonly prefer?: readonly string[];
  /** Further lines of the instance. */
  readonly lines?: readonly string[];
}

/** A cluster, what it runs, and what was seen of it. */
export class Scene {
  readonly cluster: Cluster;
  readonly names: readonly string[];
  readonly log: string[] = [];
  /** Moments at which two machines answered for one address. */
  readonly twice: string[] = [];
  readonly #addresses: readonly string[];
  readonly #options: SceneOptions;

  constructor(options: SceneOptions) {
    const { seed, nodes, witnesses, spare = [] } = options;
    this.#options = options;
    this.cluster = new Cluster(seed);
    this.names = [...nodes, ...witnesses, ...spare];
    this.#addresses = [
      ...options.both === true ? ADDRESSES : [ADDRESSES[0]],
      ...options.grouped === true ? [OTHER] : [],
      ...furtherOf(options, 52),
      ...options.grouped === true ? furtherOf(options, 53) : [],
    ];
    for (const [index, name] of this.names.entries()) {
      const addresses = [`192.168.1.${11 + index}/24`, `fd00:1::${11 + index}/64`];
      this.cluster.createNode(name, [{ name: "eth0", segment: "lan", addresses }]);
      this.cluster.setConfig(name, configFrom(this.toml()));
      if (options.many !== undefined) {
        this.cluster.setPromptness(name, { ...PROMPT, perAddress: PER_ADDRESS });
      }
    }
    this.cluster.lan.watch((seen, at) => {
      if (seen.kind === "journal") {
        this.log.push(`${(at / 1e6).toFixed(1)} ${seen.node} ${seen.line}`);
      } else if (options.exclusive !== false) this.#hear(seen);
    });
  }

  /** The file, the same on all of them. */
  toml(changes: Partial<SceneOptions> = {}): string {
    const options = { ...this.#options, ...changes };
    const { nodes, witnesses, interval, both, exclusive = true, lines = [] } = options;
    const at = (name: string) => {
      const number = 11 + this.names.indexOf(name);
      return both === true
        ? `["192.168.1.${number}", "fd00:1::${number}"]`
        : `"192.168.1.${number}"`;
    };
    const addresses = [...both === true ? ADDRESSES : [ADDRESSES[0]], ...furtherOf(options, 52)]
      .map((address) => `"${address}/${address.includes(":") ? 64 : 24}"`).join(", ");
    const others = [OTHER, ...furtherOf(options, 53)].map((one) => `"${one}/24"`).join(", ");
    const prefer = options.prefer ?? nodes;
    const common = [
      ...prefer.length === 0 ? [] : [`prefer = [${prefer.map((name) => `"${name}"`).join(", ")}]`],
      `advert_interval = "${interval}"`,
      ...exclusive ? ["exclusive = true"] : [],
      ...lines,
    ];
    return [
      "[nodes]",
      ...nodes.map((name) => `${name} = ${at(name)}`),
      "[cluster]",
      `secret = "${SECRET}"`,
      ...options.etcd === true ? ['etcd = ["http://10.0.0.1:2379", "http://10.0.0.2:2379"]'] : [],
      ...witnesses.length === 0
        ? []
        : [`witnesses = { ${witnesses.map((name) => `${name} = ${at(name)}`).join(", ")} }`],
      "[instance.db]",
      "vrid = 51",
      `addresses = [${addresses}]`,
      ...common,
      ...options.grouped === true
        ? ["[instance.other]", "vrid = 52", `addresses = [${others}]`, ...common]
        : [],
      ...options.grouped === true ? ["[group.all]", 'instances = ["db", "other"]'] : [],
    ].join("\n");
  }

  /** What `name` says of the votes of the first instance. */
  votes(name: string) {
    const { have, need, of } = this.cluster.status(name)?.instances[0]?.votes ?? {};
    return { have, need, of };
  }

  /** Notes that somebody did `words`. */
  tell(words: string): void {
    this.log.push(`${(this.cluster.lan.now / 1e6).toFixed(1)} --- ${words}`);
  }

  /** What happened, for messages. */
  story(): string {
    return this.log.slice(-60).join("\n");
  }

  /** Does nothing answer for any address? */
  silent(): boolean {
    return this.#addresses.every((address) => this.answering(address).length === 0);
  }

  startAll(): void {
    const { nodes, witnesses } = this.#options;
    for (const name of [...nodes, ...witnesses]) this.cluster.start(name);
  }

  /** The machines that answer for the first address, or for `address`. */
  readonly answering = (address = this.#addresses[0] ?? ""): readonly string[] =>
    this.cluster.lan.machines()
      .filter((machine) => machine.answersFor(address, "lan") !== undefined)
      .map(({ name }) => name);

  /** Lets time pass, and looks after each event which machines answer. */
  async pass(duration: Nanoseconds): Promise<void> {
    await this.until(() => false, duration);
  }

  /** Until `isThere`, at most for `most`: how long it took; undefined: it never was. */
  async until(isThere: () => boolean, most: Nanoseconds): Promise<Nanoseconds | undefined> {
    const { lan } = this.cluster;
    const since = lan.now;
    const end = (since + most) as Instant;
    for (;;) {
      if (isThere()) return (lan.now - since) as Nanoseconds;
      const turn = lan.step(end);
      await turn;
      this.#look();
      if (turn === undefined) break;
    }
    await lan.run((end - lan.now) as Nanoseconds);
    return undefined;
  }

  /** Who does not answer says nothing of a holder while another machine answers. */
  #hear(seen: Seen): void {
    const isAdvert = seen.kind === "sent" && advertIn(seen.message).priority > 0;
    if (!isAdvert && seen.kind !== "announced") return;
    for (const address of seen.kind === "announced" ? [seen.address] : this.#addresses) {
      if (!this.#addresses.includes(address)) continue;
      const all = this.answering(address);
      if (all.length === 0 || all.includes(seen.node) || this.twice.length >= 10) continue;
      const what = isAdvert ? "advertises" : "announces";
      this.twice.push(`${this.#time()} ms: ${seen.node} ${what} ${address}, and ${all} answer`);
    }
  }

  #time(): string {
    return (this.cluster.lan.now / 1e6).toFixed(3);
  }

  #look(): void {
    for (const address of this.#addresses) {
      const all = this.answering(address);
      if (all.length < 2 || this.twice.length >= 10) continue;
      this.twice.push(`${this.#time()} ms: ${all.join(" and ")} for ${address}`);
    }
  }

  /** Does one node answer for all addresses? Which one. */
  holder(): string | undefined {
    const all = this.#addresses.map((address) => this.answering(address));
    const [first] = all[0] ?? [];
    return all.every((names) => names.length === 1 && names[0] === first) ? first : undefined;
  }
}

/** The further addresses of an instance: 192.168.1.X with the last byte from `first` on by twos. */
function furtherOf({ many = 1 }: SceneOptions, first: number): readonly string[] {
  return Array.from({ length: many - 1 }, (_, i) => `192.168.1.${first + 2 * i}`);
}
