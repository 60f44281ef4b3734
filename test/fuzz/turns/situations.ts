/**
 * How long what happens to a daemon with a large file holds up its loop: start, links that fail,
 * addresses that others take away, checks, orders, requests for status and metrics, a restart and
 * the end. The same is done several times, and of each kind the shortest of the longest turns
 * counts, as with reloads.
 */
import { cpuTime } from "./cpu_clock.ts";
import type { Config } from "../../../src/config/config.ts";
import { decode } from "../../../src/config/decode.ts";
import { silently } from "../../../src/async.ts";
import { jsonParts } from "../../../src/control/json_parts.ts";
import { metricParts } from "../../../src/control/metrics.ts";
import type { Command } from "../../../src/daemon/command.ts";
import { Daemon } from "../../../src/daemon/daemon.ts";
import type { ResumeState } from "../../../src/daemon/resume.ts";
import type { HostEvent } from "../../../src/host.ts";
import type { Interfaces } from "../../../src/net/interfaces.ts";
import {
  between,
  type Instant,
  type Nanoseconds,
  seconds,
  type WallTime,
} from "../../../src/time.ts";
import { Random } from "../../sim/random.ts";
import { documentOf } from "../../support/cli/documents.ts";
import { address, link } from "../../support/net/links.ts";
import { changedFile, largeFile, sizeOf, textOf } from "./large_files.ts";
import { TurnHost } from "./turn_host.ts";

/** The longest turn of a kind in milliseconds, and where it was. */
export interface Longest {
  readonly ms: number;
  readonly what: string;
}

/** So often each is done at most. */
const AGAIN = 3;

/** A turn that is shorter need not be measured again, in milliseconds. */
const SUSPICIOUS = 5;

/** Virtual time after each: until masters are masters, and what was refused is tried again. */
const AFTER: Nanoseconds = seconds(5);

const HERE: Interfaces = {
  links: [link("lo", 1, { loopback: true, arp: false }), link("eth0", 2)],
  addresses: [address(2, "10.77.0.11/24")],
};

/** What happens. */
type Happening =
  | "link-down"
  | "link-up"
  | "another-mac"
  | "addresses-lost"
  | "all-addresses-lost"
  | "others-addresses"
  | "checks-down"
  | "checks-up"
  | "maintenance"
  | "maintenance-over"
  | "handover"
  | "reload"
  | "restart"
  | "stop";

const HAPPENINGS: readonly Happening[] = [
  "link-down",
  "link-up",
  "another-mac",
  "addresses-lost",
  "all-addresses-lost",
  "others-addresses",
  "checks-down",
  "checks-up",
  "maintenance",
  "maintenance-over",
  "handover",
  "reload",
  "restart",
];

/**
 * Does `count` stories that follow from `seed`; gives the longest turn of each kind. `tell` is told
 * of each that was suspicious.
 */
export async function situations(
  count: number,
  seed: number,
  tell: (kind: string, longest: Longest) => void = () => {},
): Promise<ReadonlyMap<string, Longest>> {
  const longest = new Map<string, Longest>();
  for (let i = 0; i < count; i++) {
    const best = new Map<string, number>();
    let size = "";
    for (let times = 0; times < AGAIN; times++) {
      const story = new Story(new Random(seed + i));
      size = story.size;
      for (const [kind, ms] of await story.play()) {
        best.set(kind, Math.min(ms, best.get(kind) ?? Infinity));
      }
      if (Math.max(...best.values()) < SUSPICIOUS) break;
    }
    for (const [kind, ms] of best) {
      if (ms >= SUSPICIOUS) tell(kind, { ms, what: `seed ${seed + i}: ${size}` });
      if (ms > (longest.get(kind)?.ms ?? 0)) {
        longest.set(kind, { ms, what: `seed ${seed + i}: ${size}` });
      }
    }
  }
  return longest;
}

/** One daemon, and what happens to it, one thing after the other. */
class Story {
  readonly size: string;
  readonly #host: TurnHost;
  readonly #random: Random;
  readonly #configs: readonly [Config, Config];
  readonly #left: Happening[];
  readonly #longest = new Map<string, number>();
  #daemon: Daemon;
  #note: ResumeState | undefined;
  #kind: string = "start";
  #since: Instant | undefined;
  #isAnswered = true;

  constructor(random: Random) {
    const before = largeFile(random);
    this.#random = random;
    this.size = sizeOf(before);
    this.#configs = [configOf(textOf(before)), configOf(textOf(changedFile(random, before)))];
    const drawn = Array.from({ length: 5 }, () => random.pick(HAPPENINGS));
    this.#left = [...drawn, "stop"];
    this.#host = new TurnHost(
      HERE,
      (now) => this.#next(now),
      (ms) => this.#took(this.#kind, ms),
      () => Promise.resolve(),
    );
    this.#host.begin();
    this.#daemon = this.#start();
  }

  async play(): Promise<ReadonlyMap<string, number>> {
    while (await this.#daemon.run() === "restarting") {
      this.#host.begin();
      this.#kind = "resume";
      this.#since = undefined;
      this.#isAnswered = true;
      this.#daemon = this.#start();
    }
    return this.#longest;
  }

  #start(): Daemon {
    return new Daemon({
      host: this.#host,
      config: this.#configs[0],
      nodeName: "pi-a",
      configFile: "/etc/floatip/floatip.toml",
      journal: { write: () => {} },
      resume: this.#note,
      saveResume: (note) => {
        JSON.stringify(note);
        this.#note = note;
      },
    });
  }

  #took(kind: string, ms: number): void {
    this.#longest.set(kind, Math.max(ms, this.#longest.get(kind) ?? 0));
  }

  #next(now: Instant): readonly HostEvent[] {
    this.#since ??= now;
    const isOver = this.#isAnswered && between(this.#since, now) >= AFTER;
    // In the middle of a step, too.
    if (isOver || this.#random.chance(0.001)) this.#ask();
    if (!isOver) return [];
    this.#since = now;
    this.#kind = this.#left.shift() ?? "end";
    return this.#happens(this.#kind as Happening);
  }

  #ask(): void {
    this.#print("status", this.#status());
    this.#print("metrics", this.#metrics());
  }

  /** Others have their turns between two parts. */
  #print(kind: string, parts: Iterable<string>): void {
    let since = cpuTime();
    for (const _ of parts) {
      const now = cpuTime();
      this.#took(kind, now - since);
      since = now;
    }
  }

  *#status(): Generator<string> {
    yield* jsonParts({ ...documentOf([]), ...yield* silently(this.#daemon.status()) });
  }

  *#metrics(): Generator<string> {
    const document = this.#daemon.status();
    const reading = this.#daemon.metrics();
    const { attention: _, ...known } = yield* silently(document);
    yield* metricParts({ ...documentOf([]), ...known }, reading);
  }

  #happens(what: Happening): readonly HostEvent[] {
    const host = this.#host;
    switch (what) {
      case "link-down":
      case "link-up":
        host.relink(HERE.links.map((one) => ({ ...one, running: what === "link-up" })));
        return [{ kind: "interfaces" }];
      case "another-mac":
        host.relink(HERE.links.map((one) => ({ ...one, mac: host.randomBytes(6) })));
        return [{ kind: "interfaces" }];
      case "addresses-lost":
      case "all-addresses-lost":
        host.lose(what === "addresses-lost" ? this.#random.pick([0.1, 0.5]) : 1);
        return [{ kind: "interfaces" }];
      case "others-addresses":
        host.change([
          ...HERE.addresses,
          ...Array.from({ length: 50 }, (_, i) => address(2, `10.88.${i}.1/24`)),
        ]);
        return [{ kind: "interfaces" }];
      case "checks-down":
      case "checks-up":
        host.areChecksUp = what === "checks-up";
        return [];
      default:
        this.#daemon.submit(this.#command(what));
        return [{ kind: "woken" }];
    }
  }

  #command(what: Happening): Command {
    const reply = () => this.#isAnswered = true;
    this.#isAnswered = false;
    switch (what) {
      case "maintenance": {
        const wanted = { since: 0 as WallTime, until: undefined, reason: undefined };
        return { kind: "maintenance", wanted, force: true, reply };
      }
      case "maintenance-over":
        return { kind: "maintenance", wanted: undefined, force: true, reply };
      case "handover":
        return { kind: "handover", instance: "i1", to: undefined, forTime: undefined, reply };
      case "reload":
        return { kind: "reload", config: this.#configs[1], reply };
      case "restart":
        return { kind: "restart", reply };
      default:
        return { kind: "stop" };
    }
  }
}

function configOf(text: string): Config {
  const decoded = decode(text);
  if (decoded.kind === "config") return decoded.config;
  throw new Error(`${decoded.problems[0]?.what}\n${text.slice(0, 500)}`);
}

if (import.meta.main) {
  const [count = "50", seed = `${Date.now() % 1e9}`] = Deno.args;
  console.log(`${count} stories of daemons with up to 250 instances, seed ${seed}`);
  const began = cpuTime();
  const print = (kind: string, { ms, what }: Longest) =>
    console.log(`${kind}: longest turn ${ms.toFixed(1)} ms (${what})`);
  const longest = await situations(Number(count), Number(seed), print);
  console.log("of all:");
  for (const [kind, one] of longest) print(kind, one);
  console.log(`${(cpuTime() - began).toFixed(0)} ms`);
  const worst = Math.max(...longest.values().map(({ ms }) => ms));
  if (worst >= 20) {
    console.error(`the loop is stopped for ${worst.toFixed(1)} ms`);
    Deno.exit(1);
  }
}
