/** The state of the LAN right now, from outside, without asking the daemons: for checkers. */
import { pauseAfter } from "../../src/daemon/machine/refusals.ts";
import { after, type Instant, type Nanoseconds, nanoseconds } from "../../src/time.ts";
import { advertIn, type AdvertSeen } from "./advert.ts";
import type { Cluster } from "./cluster.ts";
import {
  type InstanceSetup,
  longestDown,
  type NodeSetup,
  patience,
  type Setup,
  slowest,
} from "./setup.ts";
import type { Seen } from "./record.ts";

/**
 * "chaos": anything may happen. "settling": nothing happens any more. "calm": all should be well by
 * now.
 */
export type Phase = "chaos" | "settling" | "calm";

/** Looks at a run and complains. Made anew for each run. */
export interface Checker {
  /** Everything that is seen. */
  see?(seen: Seen, at: Instant): void;
  /** A new phase begins. */
  enter?(phase: Phase, at: Instant): void;
  /** From time to time. */
  tick?(at: Instant): void;
}

/** Makes a checker for one run. */
export type CheckerMaker = (world: World) => Checker;

/** One broken promise. */
export interface Complaint {
  readonly checker: string;
  readonly words: string;
  readonly at: Instant;
}

/** The slowest reaction of a healthy machine: its program has the processor within this. */
export const PROMPT_WITHIN: Nanoseconds = nanoseconds(2_000_000);

/**
 * Nothing on a healthy LAN takes longer than this from one program's send to another's having acted
 * on it.
 */
export const HOP: Nanoseconds = nanoseconds(10_000_000);

/** For a successor's announcement is waited so long at most. */
export const ARRIVAL: Nanoseconds = nanoseconds(200_000_000);

const DISTURBANCES: ReadonlySet<Seen["kind"]> = new Set([
  "act",
  "program",
  "link",
  "address",
  "refused",
]);

/** A run as seen from outside. */
export class World {
  readonly cluster: Cluster;
  readonly setup: Setup;
  readonly complaints: Complaint[] = [];
  /** Who says in its adverts that it leaves: "n1 51". */
  readonly #leaving = new Set<string>();
  readonly #texts = new Map<InstanceSetup, readonly string[]>();
  /**
   * Has a kernel refused something since all was well? Then it is tried again after a while only.
   */
  refused = false;
  /**
   * How often each node was refused an address since its program started: each time it waits twice
   * as long.
   */
  readonly #addRefusals = new Map<string, number>();
  /**
   * Was a card switched on since all was well? Then its addresses are looked into before they
   * count.
   */
  switchedOn = false;
  phase: Phase = "settling";
  phaseSince: Instant;
  /**
   * Since when nothing in the air or on the machines is worse than on an idle LAN; undefined: it
   * is.
   */
  cleanSince: Instant | undefined;

  constructor(cluster: Cluster, setup: Setup) {
    this.cluster = cluster;
    this.setup = setup;
    this.phaseSince = this.cleanSince = cluster.lan.now;
  }

  /** Until when each node's program, or the whole machine, last stood still. */
  readonly stoodStill = new Map<string, Instant>();

  /** Who was given which order so far: "n1 handover". */
  readonly ordered = new Set<string>();

  /** When somebody's hand, or the world, last did something to anything. */
  disturbedAt: Instant = 0 as Instant;

  /** Notes what is seen; to be called before the checkers are. */
  readonly see = (seen: Seen, at: Instant): void => {
    if (seen.kind === "refused") this.#noteRefusal(seen.node, seen.call);
    if (seen.kind === "sent") this.#noteLeaving(seen.node, advertIn(seen.message));
    if (seen.kind === "link" && seen.words.includes("switched on")) this.switchedOn = true;
    if (seen.kind === "program" && seen.what === "started") this.#addRefusals.delete(seen.node);
    if (seen.kind === "program" && seen.what === "resumed") this.stoodStill.set(seen.node, at);
    if (seen.kind === "order") this.ordered.add(`${seen.node} ${seen.what}`);
    const own = seen.kind === "address" && seen.byProgram;
    if (DISTURBANCES.has(seen.kind) && !own) this.disturbedAt = at;
  };

  /** Has nothing been disturbed since before `then`, in clean air? */
  undisturbedSince(then: Instant): boolean {
    return this.disturbedAt < then && this.cleanSince !== undefined && this.cleanSince < then;
  }

  /** Writes down that a promise was broken. */
  complain(checker: string, words: string): void {
    this.complaints.push({ checker, words, at: this.cluster.lan.now });
  }

  /**
   * How long a cluster that is left alone may need: everything it may wait for, one after the
   * other.
   */
  get settlingTime(): Nanoseconds {
    const down = longestDown(this.setup);
    const delay = Math.max(...this.setup.nodes.map((node) => node.preemptDelay));
    const retry = this.refused ? this.#longestPause() + 1e9 : 0;
    const detection = this.switchedOn ? 1e9 : 0; // of duplicate IPv6 addresses
    // Until it notices that no answer comes, and asks again.
    const client = 1.5 * patience(this.setup) + 0.1e9;
    const elections = this.setup.grouped ? 8 : 3;
    const adverts = elections * down + slowest(this.setup);
    return nanoseconds(retry + detection + client + adverts + delay + 0.1e9);
  }

  #noteRefusal(node: string, call: string): void {
    this.refused = true;
    if (call !== "RTM_NEWADDR") return;
    this.#addRefusals.set(node, (this.#addRefusals.get(node) ?? 0) + 1);
  }

  #longestPause(): Nanoseconds {
    return pauseAfter(Math.max(1, ...this.#addRefusals.values()));
  }

  /** Two masters that hear each other: the next regular advert of either ends it. */
  rivalryTime(a: string, b: string, instance: InstanceSetup): Nanoseconds {
    const intervals = [this.node(a), this.node(b)].map((node) => node?.interval ?? 0);
    const parting = this.partingTime(a, b, instance);
    // Whoever leaves is silent: it is the other one's that counts.
    const beat = parting > 0 ? Math.max(...intervals) : Math.min(...intervals);
    return nanoseconds(beat + parting + 2 * HOP);
  }

  /**
   * Do the last adverts of `name` say that it leaves, or may they? Where its kernel refuses, it may
   * have tried to.
   */
  isLeaving(name: string, { vrid }: InstanceSetup): boolean {
    return this.#leaving.has(`${name} ${vrid}`) || (this.refused && this.#mayAsk(name));
  }

  /** Do both say that they leave? Then neither takes over from the other. */
  bothLeave(a: string, b: string, instance: InstanceSetup): boolean {
    return this.isLeaving(a, instance) && this.isLeaving(b, instance);
  }

  /**
   * Who leaves for a successor lets go when that one has announced itself, and waits no longer for
   * it than so.
   */
  partingTime(a: string, b: string, instance: InstanceSetup): Nanoseconds {
    const [one, other] = [this.node(a), this.node(b)];
    const leaves = this.isLeaving(a, instance) || this.isLeaving(b, instance);
    const interval = Math.max(one?.interval ?? 0, other?.interval ?? 0);
    return nanoseconds(leaves ? Math.min(ARRIVAL, interval) : 0);
  }

  /** The setup of the node called `name`. */
  node(name: string): NodeSetup | undefined {
    return this.setup.nodes.find((node) => node.name === name);
  }

  /** Whose advert is this? */
  instanceOf(advert: AdvertSeen, source: string): InstanceSetup | undefined {
    const family = source.includes(":") ? "ipv6" : "ipv4";
    return this.setup.instances.find((one) => one.vrid === advert.vrid && one.family === family);
  }

  /** Has the kernel of `name` an address of `instance`, where floatip runs? */
  holds(name: string, instance: InstanceSetup): boolean {
    return this.cluster.isRunning(name) && this.has(name, instance);
  }

  /** Has the kernel of `name` an address of `instance`, whatever runs there? */
  has(name: string, instance: InstanceSetup): boolean {
    const machine = this.cluster.lan.machine(name);
    for (const text of this.#textsOf(instance)) if (machine.has(text)) return true;
    return false;
  }

  #noteLeaving(name: string, { vrid, priority }: AdvertSeen): void {
    const asks = priority === 1 && (this.node(name)?.priority !== 1 || this.#mayAsk(name));
    if (priority === 0 || asks) this.#leaving.add(`${name} ${vrid}`);
    else this.#leaving.delete(`${name} ${vrid}`);
  }

  /** Was it asked to hand over? */
  #mayAsk(name: string): boolean {
    return ["handover", "maintenance"].some((what) => this.ordered.has(`${name} ${what}`));
  }

  /** The addresses of `instance` without prefix lengths. */
  #textsOf(instance: InstanceSetup): readonly string[] {
    const known = this.#texts.get(instance);
    if (known !== undefined) return known;
    const texts = instance.addresses.map((text) => text.split("/", 1)[0] ?? "");
    this.#texts.set(instance, texts);
    return texts;
  }

  /**
   * Can `name` talk to anybody for `instance`: powered, floatip running, card there and plugged in?
   */
  isAble(name: string, instance: InstanceSetup): boolean {
    const machine = this.cluster.lan.machine(name);
    const port = machine.port(instance.card);
    return port !== undefined && machine.isLive(port) && this.cluster.isRunning(name) &&
      this.cluster.host(name)?.paused !== true;
  }

  /** Do `a` and `b` hear each other? */
  areConnected(a: string, b: string, instance: InstanceSetup): boolean {
    const { paths } = this.cluster.lan;
    return this.isAble(a, instance) && this.isAble(b, instance) &&
      paths.isOpen(a, b) && paths.isOpen(b, a);
  }

  /** The nodes that take part in `instance`, in groups that hear each other. */
  islands(instance: InstanceSetup): readonly (readonly NodeSetup[])[] {
    const islands: NodeSetup[][] = [];
    const able = this.setup.nodes.filter(({ name }) =>
      this.isAble(name, instance) && !this.cluster.isMaintained(name)
    );
    for (const node of able) {
      const home = islands.find(([first]) =>
        first !== undefined && this.areConnected(first.name, node.name, instance)
      );
      if (home === undefined) islands.push([node]);
      else home.push(node);
    }
    return islands;
  }

  /** Has everything been clean for `duration`? */
  cleanFor(duration: Nanoseconds): boolean {
    return this.cleanSince !== undefined &&
      after(this.cleanSince, duration) <= this.cluster.lan.now;
  }
}
