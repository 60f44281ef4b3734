/** The real daemon on simulated machines, started, stopped, killed and asked by node name. */
import { decode } from "../../src/config/decode.ts";
import type { Config } from "../../src/config/config.ts";
import { Daemon } from "../../src/daemon/daemon.ts";
import type { Maintenance } from "../../src/daemon/command.ts";
import type { Command } from "../../src/daemon/command.ts";
import type { ResumeState } from "../../src/daemon/resume.ts";
import type { Mac } from "../../src/net/mac.ts";
import { after, type Instant, milliseconds, type Nanoseconds, seconds } from "../../src/time.ts";
import { Lan } from "./lan.ts";
import type { Machine } from "./machine.ts";
import { PROMPT, type Promptness } from "./promptness.ts";
import type { SimHost } from "./sim_host.ts";
import { atOnce, type InParts } from "../../src/async.ts";
import type { DaemonStatus } from "../../src/daemon/status.ts";

/** A DHCP client gives the machine its address again after this. */
const TRY_AGAIN = seconds(1);

/** A card and what it has. */
export interface CardPlan {
  readonly name: string;
  readonly segment: string;
  /** "192.168.1.11/24". */
  readonly addresses: readonly string[];
  /** Where it has another one than its own. */
  readonly mac?: Mac;
}

interface Node {
  readonly machine: Machine;
  readonly cards: readonly CardPlan[];
  config: Config | undefined;
  promptness: Promptness;
  daemon: Daemon | undefined;
  host: SimHost | undefined;
  /** What its programs leave for the next one: in memory, and on its disk. */
  note: ResumeState | undefined;
  /** How often the service manager was told something. */
  words: number;
  /** How long after its restart in place the next program begins; undefined: somebody starts it. */
  pause: Nanoseconds | undefined;
  maintenance: Maintenance | undefined;
  /** Which machines vote, as it was written down. */
  voters: string | undefined;
  /** What a program that is just starting is asked. */
  readonly early: Command[];
}

/** How long a disk takes for what has to outlive a power cut. */
const DISK = milliseconds(30);

/** Some nodes with floatip on a LAN. */
export class Cluster {
  readonly lan: Lan;
  readonly #nodes = new Map<string, Node>();
  /** Programs that were told to end, and have not yet. */
  readonly #leaving = new Set<string>();
  #orders = 0;
  /** When the last of all starts that were planned is due. */
  latestStart: Instant = 0 as Instant;

  /** The same `seed` and the same calls give the same course. */
  constructor(seed: number) {
    this.lan = new Lan(seed);
    this.lan.watch((seen) => {
      if (seen.kind !== "program" || !["ended", "killed", "crashed"].includes(seen.what)) return;
      this.#leaving.delete(seen.node);
      const node = this.#nodes.get(seen.node);
      if (node === undefined) return;
      node.daemon = node.host = undefined;
      if (seen.words === "restarting" && node.pause !== undefined) {
        this.startLater(seen.node, node.pause);
      }
    });
  }

  /** The names of all nodes in order of their making. */
  get names(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** A machine with `cards` that floatip is installed on, not yet running. */
  createNode(name: string, cards: readonly CardPlan[]): void {
    const machine = this.lan.createMachine(name);
    for (const card of cards) plugIn(machine, card);
    const promptness = PROMPT;
    const running = { config: undefined, daemon: undefined, host: undefined };
    const fresh = {
      ...running,
      note: undefined,
      maintenance: undefined,
      voters: undefined,
      pause: undefined,
      words: 0,
    };
    this.#nodes.set(name, { machine, cards, promptness, early: [], ...fresh });
  }

  /** Writes the configuration file of `name`; it counts from the next start on. */
  setConfig(name: string, config: Config): void {
    this.#node(name).config = config;
  }

  /** How long the program on `name` waits for the processor, from its next start on and now. */
  setPromptness(name: string, promptness: Promptness): void {
    const node = this.#node(name);
    node.promptness = promptness;
    if (node.host !== undefined) node.host.promptness = promptness;
  }

  /** systemctl start floatip. Where it runs, or nothing can: nothing. */
  start(name: string): void {
    const node = this.#node(name);
    const { config } = node;
    node.words++;
    if (node.host !== undefined || !node.machine.powered || node.machine.clock.frozen) return;
    if (config === undefined) throw new RangeError(`${name} has no configuration`);
    node.host = this.lan.start(node.machine, async (host) => {
      const daemon = new Daemon({
        host,
        config,
        nodeName: undefined,
        configFile: "/etc/floatip/floatip.toml",
        journal: {
          write: (level, line) => this.lan.see({ kind: "journal", node: name, level, line }),
        },
        resume: node.note,
        saveResume: (note) => node.note = note,
        maintenance: node.maintenance,
        saveMaintenance: (maintenance) => {
          node.maintenance = maintenance;
          return undefined;
        },
        voters: node.voters === undefined ? undefined : JSON.parse(node.voters),
        saveVoters: (note, done) => this.#writeVoters(name, JSON.stringify(note), done),
      });
      node.daemon = daemon;
      for (const command of node.early.splice(0)) daemon.submit(command);
      const ending = await daemon.run();
      return ending === "stopped" ? "" : ending;
    });
    node.host.promptness = node.promptness;
  }

  /** A disk takes its time; what a program that is gone has handed over is lost. */
  #writeVoters(name: string, text: string, done: (isWritten: boolean) => void): void {
    const node = this.#node(name);
    const { host } = node;
    this.lan.at(after(this.lan.now, DISK), () => {
      if (node.host !== host) return;
      node.voters = text;
      done(true);
    });
  }

  /** The service manager starts it after `delay`, unless it is told something else before. */
  startLater(name: string, delay: Nanoseconds): void {
    const node = this.#node(name);
    const word = ++node.words;
    const due = after(this.lan.now, delay);
    this.latestStart = Math.max(this.latestStart, due) as Instant;
    this.lan.at(due, () => {
      if (node.words === word) this.start(name);
    });
  }

  /** floatip restart; the next program begins after `pause`. */
  restart(name: string, pause: Nanoseconds): void {
    this.#node(name).pause = pause;
    this.order(name, { kind: "restart", reply: () => {} });
  }

  /** A number that no other order has. */
  nextOrder(): number {
    return this.#orders++;
  }

  /** systemctl stop floatip. */
  stop(name: string): void {
    this.#node(name).words++;
    this.order(name, { kind: "stop" });
  }

  /** Any order to the program on `name`; where none runs, nothing. */
  order(name: string, order: Command): void {
    const { host, daemon, early } = this.#node(name);
    if (host !== undefined && ["stop", "restart"].includes(order.kind)) this.#leaving.add(name);
    if (daemon !== undefined) daemon.submit(order);
    else if (host !== undefined) early.push(order);
  }

  /** Was the program there told to end, and runs still? */
  isLeaving(name: string): boolean {
    return this.#leaving.has(name);
  }

  /** Is maintenance in force there, whether or not floatip runs? */
  isMaintained(name: string): boolean {
    return this.#node(name).maintenance !== undefined;
  }

  /** systemctl reload floatip, with another file; it also counts for later starts. */
  reload(name: string, config: Config): void {
    this.setConfig(name, config);
    this.order(name, { kind: "reload", config, reply: () => {} });
  }

  /** Pulls the plug: the program, and every address that is not written down, are gone. */
  powerOff(name: string): void {
    this.lan.kill(name);
    this.#node(name).note = undefined;
    this.lan.machine(name).setPowered(false);
  }

  /** Power comes back, and floatip is started. */
  powerOn(name: string): void {
    this.lan.machine(name).setPowered(true);
    this.start(name);
  }

  /** The card `cardName` is there again as it was at first. */
  restoreCard(name: string, cardName: string): void {
    const { machine, cards } = this.#node(name);
    const card = cards.find((one) => one.name === cardName);
    if (card !== undefined && machine.port(cardName) === undefined) plugIn(machine, card);
  }

  /**
   * The addresses that an administrator gave to `cardName` are there, whatever became of them. One
   * that the program has put there is tried again, as DHCP clients do.
   */
  restoreAddresses(name: string, cardName: string): void {
    const { machine, cards } = this.#node(name);
    const isFree = (cards.find((one) => one.name === cardName)?.addresses ?? [])
      .map((address) => machine.addForeign(cardName, address));
    if (isFree.includes(false)) {
      this.lan.at(after(this.lan.now, TRY_AGAIN), () => this.restoreAddresses(name, cardName));
    }
  }

  /** The cards of `name` as they were at first. */
  cards(name: string): readonly CardPlan[] {
    return this.#node(name).cards;
  }

  /** Does floatip run there? */
  isRunning(name: string): boolean {
    return this.#node(name).host !== undefined;
  }

  /** The running program on `name`. */
  host(name: string): SimHost | undefined {
    return this.#node(name).host;
  }

  /** The status document of `name`; undefined: floatip does not run there. */
  status(name: string): DaemonStatus | undefined {
    const parts = this.statusInParts(name);
    return parts && atOnce(parts);
  }

  /** The same, to be made while time goes on. */
  statusInParts(name: string): InParts<DaemonStatus> | undefined {
    return this.#node(name).daemon?.status();
  }

  /** What the loop of `name` has measured; undefined: floatip does not run there. */
  measurements(name: string): ReturnType<Daemon["metrics"]> | undefined {
    return this.#node(name).daemon?.metrics();
  }

  #node(name: string): Node {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new RangeError(`there is no node ${name}`);
    return node;
  }
}

/**
 * The configuration that `text` says. Throws RangeError with its problems where it is not sound.
 */
export function configFrom(text: string): Config {
  const decoded = decode(text);
  if (decoded.kind === "config") return decoded.config;
  const problems = decoded.problems.map(({ path, what }) => `${path.join(".")}: ${what}`);
  throw new RangeError(`not a sound configuration:\n${problems.join("\n")}\n${text}`);
}

function plugIn(machine: Machine, card: CardPlan): void {
  machine.createPort(card.name, card.segment, card.mac);
  for (const address of card.addresses) machine.addForeign(card.name, address);
}
