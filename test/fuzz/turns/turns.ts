/**
 * How long one input holds up the loop: a daemon on a machine of paper is fed packets, claims,
 * orders, requests, files and notes, and each of its turns is measured. Inputs that took long are
 * given again, and the shortest time counts: what a busy machine or the collector of garbage adds
 * to one turn is not the input's. `turns.ts COUNT SEED KIND`: inputs of one kind alone.
 */
import { cpuTime } from "./cpu_clock.ts";
import { planNode } from "../../../src/config/plan/plan_node.ts";
import type { Config } from "../../../src/config/config.ts";
import { decode } from "../../../src/config/decode.ts";
import { locate } from "../../../src/config/locate.ts";
import { fromLines, toLines, type Transferred } from "../../../src/config/transfer.ts";
import { jsonAnswer, readRequest } from "../../../src/control/http_message.ts";
import type { Command } from "../../../src/daemon/command.ts";
import { Daemon } from "../../../src/daemon/daemon.ts";
import { decodeHistory } from "../../../src/history/line.ts";
import { decodeResumeState } from "../../../src/service/state_files.ts";
import type { HostEvent } from "../../../src/host.ts";
import type { Interfaces, LinkAddress } from "../../../src/net/interfaces.ts";
import { LONGEST_RESPONSE, parseRequest, parseResponse } from "../../../src/runner/message.ts";
import { validRecord } from "../../../src/runner/record.ts";
import type { Instant } from "../../../src/time.ts";
import { Random } from "../../sim/random.ts";
import { documentOf } from "../../support/cli/documents.ts";
import { printMetrics } from "../../support/control/print_metrics.ts";
import { address, link } from "../../support/net/links.ts";
import { channelDatagram, openedText } from "./channel_inputs.ts";
import { claim, CONFIG, file, head, note, order, packet } from "./inputs.ts";
import { type Batch, TurnHost } from "./turn_host.ts";
import { atOnce } from "../../../src/async.ts";

/** What was found. */
export interface Figures {
  /** How many inputs of each kind. */
  readonly counts: Readonly<Record<string, number>>;
  /** The longest turn of each kind in milliseconds, and what was given. */
  readonly longest: ReadonlyMap<string, { readonly ms: number; readonly input: string }>;
}

/** Turns that took so long are looked at again, in milliseconds. */
const SUSPICIOUS = 5;
/** So often. */
const AGAIN = 5;

/** What a daemon is given in its turns, each in so many of a hundred; in the others nothing. */
const IN_TURNS = { channel: 20, packets: 40, claims: 15, commands: 5, interfaces: 2 };

/** What it reads beside them. */
const BESIDE = ["notes", "requests", "files"] as const;

/** Of an input. */
type Kind = keyof typeof IN_TURNS | typeof BESIDE[number];

const KINDS = [...Object.keys(IN_TURNS), ...BESIDE] as readonly Kind[];

const HERE: Interfaces = {
  links: [link("lo", 1, { loopback: true, arp: false }), link("eth0", 2)],
  addresses: [address(2, "10.77.0.11/24"), address(2, "fe80::11/64")],
};

/**
 * Feeds a daemon `count` inputs that `seed` names; `only`: those of one kind. Rejects where one of
 * them ends it.
 */
export async function feed(count: number, seed: number, only?: Kind): Promise<Figures> {
  return await new Feeder(count, seed, only).run();
}

/** What one turn is given. */
interface Given {
  readonly kind: string;
  readonly batch: Batch;
  readonly command?: Command;
}

const NOTHING: Given = { kind: "deadline", batch: [] };

class Feeder {
  readonly #random: Random;
  readonly #only: Kind | undefined;
  readonly #host: TurnHost;
  readonly #daemon: Daemon;
  readonly #counts = new Map<string, number>();
  readonly #longest = new Map<string, { ms: number; input: string }>();
  readonly #config = soundOf(CONFIG);
  #left: number;
  #asides = 0;
  /** What the turn under way was given. */
  #given: Given = { kind: "start", batch: [] };
  /** Of the one that is given again, the shortest time. */
  #again: (Given & { left: number; ms: number }) | undefined;
  #reload: Config | undefined;

  constructor(count: number, seed: number, only?: Kind) {
    this.#only = only;
    this.#random = new Random(seed);
    this.#left = count;
    this.#host = new TurnHost(
      HERE,
      (now) => this.#next(now),
      (ms) => this.#took(ms),
      () => this.#beside(this.#asides++),
    );
    this.#host.opened = () => openedText(this.#random);
    this.#daemon = new Daemon({
      host: this.#host,
      config: this.#config,
      nodeName: "pi-a",
      configFile: "/etc/floatip/floatip.toml",
      journal: { write: () => {} },
    });
  }

  async run(): Promise<Figures> {
    await this.#daemon.run();
    return { counts: Object.fromEntries(this.#counts), longest: this.#longest };
  }

  #next(now: Instant): Batch {
    const given = this.#choose(now);
    this.#given = given;
    if (given.command === undefined) return given.batch;
    this.#daemon.submit(given.command);
    return [...given.batch, { kind: "woken" }];
  }

  #choose(now: Instant): Given {
    if (this.#again !== undefined) return this.#again;
    if (this.#left <= 0) {
      return { kind: "end", batch: [], command: { kind: "stop" } };
    }
    if (this.#reload !== undefined) {
      const config = this.#reload;
      this.#reload = undefined;
      const command: Command = { kind: "reload", config, reply: () => {} };
      return { kind: "reload", batch: [], command };
    }
    return this.#draw(this.#drawKind(), now);
  }

  #drawKind(): Kind | undefined {
    if (this.#only !== undefined) return this.#only;
    let draw = this.#random.between(0, 99);
    for (const [kind, share] of Object.entries(IN_TURNS)) {
      draw -= share;
      if (draw < 0) return kind as Kind;
    }
    return undefined;
  }

  #draw(kind: Kind | undefined, now: Instant): Given {
    const random = this.#random;
    const several = (most: number, one: () => HostEvent): Batch =>
      Array.from({ length: random.between(1, most) }, one);
    switch (kind) {
      case "channel": {
        const keyIds = this.#config.cluster?.keys.map(({ id }) => id) ?? [];
        const { greetings } = this.#host;
        const one = () => channelDatagram(random, now, keyIds, greetings);
        return this.#counted(kind, several(32, one));
      }
      case "packets":
        return this.#counted(kind, several(32, () => packet(random, now)));
      case "claims":
        return this.#counted(kind, several(64, () => claim(random, now)));
      case "commands": {
        const wanted = order(random);
        this.#count(kind, 1);
        return wanted === undefined ? NOTHING : { kind, batch: [], command: wanted };
      }
      case "interfaces":
        this.#host.change([...random.chance(0.9) ? HERE.addresses : [], ...othersOf(random)]);
        return this.#counted(kind, [{ kind }]);
      default:
        return NOTHING;
    }
  }

  #counted(kind: string, batch: Batch): { readonly kind: string; readonly batch: Batch } {
    this.#count(kind, batch.length);
    return { kind, batch };
  }

  #count(kind: string, inputs: number): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + inputs);
    this.#left -= inputs;
  }

  #took(ms: number): void {
    const again = this.#again;
    if (again !== undefined) {
      again.ms = Math.min(again.ms, ms);
      if (--again.left > 0) return;
      this.#again = undefined;
      return this.#note(again.kind, again.ms, () => textOf(again));
    }
    const given = this.#given;
    const { kind } = given;
    if (ms < SUSPICIOUS || kind === "end") return this.#note(kind, ms, () => textOf(given));
    this.#again = { ...given, left: AGAIN, ms };
  }

  #note(kind: string, ms: number, input: () => string): void {
    const known = this.#longest.get(kind);
    if (known === undefined || ms > known.ms) this.#longest.set(kind, { ms, input: input() });
  }

  /** Some of what a daemon reads beside its loop, on the same thread. */
  async #beside(turn: number): Promise<void> {
    for (let i = 0; i < 20; i++) {
      if (this.#reads("notes")) this.#readNote(note(this.#random));
      if (this.#reads("requests")) await this.#readRequest(head(this.#random));
    }
    if (this.#only === undefined && turn % 4 === 0) {
      this.#measure("status", "", () => this.#answerStatus());
    }
    const isTurn = this.#only === "files" || turn % 2 === 0;
    if (isTurn && this.#reads("files")) await this.#read(file(this.#random));
  }

  #reads(kind: Kind): boolean {
    return this.#only === undefined || this.#only === kind;
  }

  #readNote(text: string): void {
    this.#count("notes", 1);
    this.#measure("notes before the loop", text, () => readNote(text, this.#config));
    this.#measure("answers of the runner", text, () => readAnswer(text));
  }

  async #readRequest(bytes: Uint8Array): Promise<void> {
    this.#count("requests", 1);
    await this.#measureLater("requests", bytes.length, () => readRequest(reader(bytes)));
  }

  /**
   * A file as the daemon takes it: decoded elsewhere, taken over line by line, and put in force.
   */
  async #read(text: string): Promise<void> {
    this.#count("files", 1);
    const transferred = await transferredOf(text);
    const lines = toLines(transferred, "1");
    for (let i = 0; i < AGAIN; i++) {
      const slices: number[] = [];
      let began = cpuTime();
      const rest = () => {
        slices.push(cpuTime() - began);
        began = cpuTime();
        return Promise.resolve();
      };
      await fromLines(lines, "1", rest);
      await rest();
      const longest = Math.max(...slices);
      if (longest < SUSPICIOUS || i === AGAIN - 1) {
        this.#note("files", longest, () => text);
        break;
      }
    }
    if (transferred.kind === "config") this.#reload = transferred.config;
    else this.#measure("refusals", text, () => jsonAnswer(422, transferred));
  }

  #answerStatus(): void {
    const { attention: _, ...known } = atOnce(this.#daemon.status());
    const document = { ...documentOf([]), ...known };
    jsonAnswer(200, document);
    printMetrics(document, this.#daemon.metrics());
  }

  #measure(kind: string, input: string, act: () => void): void {
    let best = Infinity;
    for (let i = 0; i < AGAIN; i++) {
      const began = cpuTime();
      act();
      best = Math.min(best, cpuTime() - began);
      if (best < SUSPICIOUS) break;
    }
    this.#note(kind, best, () => input.slice(0, 200));
  }

  async #measureLater(kind: string, input: unknown, act: () => Promise<unknown>): Promise<void> {
    let best = Infinity;
    for (let i = 0; i < AGAIN; i++) {
      const began = cpuTime();
      await act().catch(() => {});
      best = Math.min(best, cpuTime() - began);
      if (best < SUSPICIOUS) break;
    }
    this.#note(kind, best, () => `${input}`);
  }
}

/** A text as another process reads it. */
export async function transferredOf(text: string): Promise<Transferred> {
  const decoded = decode(text);
  return decoded.kind === "config"
    ? { ...decoded, warnings: await locate(decoded.warnings, text, "f") }
    : { kind: "problems", problems: await locate(decoded.problems, text, "f") };
}

function soundOf(text: string): Config {
  const decoded = decode(text);
  if (decoded.kind !== "config") throw new Error(decoded.problems[0]?.what);
  atOnce(planNode(decoded.config, { hostName: "pi-a", interfaces: HERE }, "pi-a", undefined));
  return decoded.config;
}

/** A line of the runner, as long as one may be. */
function readAnswer(text: string): void {
  parseResponse(text.slice(0, LONGEST_RESPONSE));
}

/** Every reader of such lines that is not on the loop's thread, or before it begins. */
function readNote(text: string, config: Config): void {
  try {
    decodeResumeState(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  decodeHistory(text);
  const request = parseRequest(text);
  if (request?.kind === "notify") validRecord(request.record, [config]);
}

/** A connection by which `bytes` come in one piece, and then nothing. */
function reader(bytes: Uint8Array): Pick<Deno.Conn, "read"> {
  let given = false;
  return {
    read: (buffer) => {
      if (given) return Promise.resolve(null);
      given = true;
      const piece = bytes.subarray(0, buffer.length);
      buffer.set(piece);
      return Promise.resolve(piece.length);
    },
  };
}

/** Addresses that the machine may have beside its own. */
function othersOf(random: Random): readonly LinkAddress[] {
  const one = (i: number) => address(2, `10.88.${random.between(0, 255)}.${i}/24`);
  return Array.from({ length: random.between(0, 50) }, (_, i) => one(i));
}

function textOf({ batch, command }: Given): string {
  if (command !== undefined) return command.kind;
  const kinds = batch.map((one) => one.kind);
  return `${batch.length}: ${[...new Set(kinds)].join(", ")}`;
}

if (import.meta.main) {
  const [count = "1000000", seed = `${Date.now() % 1e9}`, word] = Deno.args;
  console.log(`${count} inputs, seed ${seed}`);
  const only = KINDS.find((kind) => kind === word);
  if (word !== undefined && only === undefined) throw new Error(`none of ${KINDS.join(", ")}`);
  const { counts, longest } = await feed(Number(count), Number(seed), only);
  for (const [kind, { ms, input }] of longest) {
    console.log(
      `${kind}: ${counts[kind] ?? "-"} inputs, longest ${ms.toFixed(2)} ms (${input.slice(0, 80)})`,
    );
  }
  const turns = [...longest].filter(([kind]) => kind !== "notes before the loop");
  const worst = Math.max(...turns.map(([, { ms }]) => ms));
  if (worst >= 20) {
    console.error(`an input stops the loop for ${worst.toFixed(1)} ms`);
    Deno.exit(1);
  }
}
