/**
 * How long a reload between two large files holds up the loop: a daemon on a machine of paper has
 * the one in force, and is given the other; each turn from then on is measured. The same is done
 * several times, and the shortest of the longest turns counts: what a busy machine or the collector
 * of garbage adds to one turn is not the reload's.
 */
import { cpuTime } from "./cpu_clock.ts";
import type { Config } from "../../../src/config/config.ts";
import { decode } from "../../../src/config/decode.ts";
import { Daemon } from "../../../src/daemon/daemon.ts";
import type { Interfaces } from "../../../src/net/interfaces.ts";
import { between, type Instant, type Nanoseconds, seconds } from "../../../src/time.ts";
import { Random } from "../../sim/random.ts";
import { address, link } from "../../support/net/links.ts";
import { changedFile, largeFile, sizeOf, textOf } from "./large_files.ts";
import { TurnHost } from "./turn_host.ts";

/** The reload with the longest turn. */
export interface Slowest {
  /** In milliseconds. */
  readonly ms: number;
  /** Its seed and its files, in words. */
  readonly what: string;
}

/** So often each is done at most. */
const AGAIN = 3;

/** A turn that is shorter need not be measured again, in milliseconds. */
const SUSPICIOUS = 5;

/** Virtual time before and after the reload: until masters are masters. */
const BEFORE: Nanoseconds = seconds(5), AFTER: Nanoseconds = seconds(5);

const HERE: Interfaces = {
  links: [link("lo", 1, { loopback: true, arp: false }), link("eth0", 2)],
  addresses: [address(2, "10.77.0.11/24")],
};

/** Does `count` reloads that follow from `seed`, and gives the slowest; `tell` is told of each. */
export async function reloads(
  count: number,
  seed: number,
  tell: (slowest: Slowest) => void = () => {},
): Promise<Slowest> {
  let slowest: Slowest = { ms: 0, what: "none" };
  for (let i = 0; i < count; i++) {
    const random = new Random(seed + i);
    const before = largeFile(random);
    const after = changedFile(random, before);
    const configs = [configOf(textOf(before)), configOf(textOf(after))] as const;
    let ms = Infinity;
    for (let times = 0; times < AGAIN && ms >= SUSPICIOUS; times++) {
      ms = Math.min(ms, await longestTurn(...configs));
    }
    const one = { ms, what: `seed ${seed + i}: ${sizeOf(before)} -> ${sizeOf(after)}` };
    tell(one);
    if (ms > slowest.ms) slowest = one;
  }
  return slowest;
}

/** Of a daemon that has `before` in force for a while, and then gets `after`, in milliseconds. */
async function longestTurn(before: Config, after: Config): Promise<number> {
  let longest = 0;
  let phase: "before" | "reload" | "after" | "end" = "before";
  let since: Instant | undefined;
  const next = (now: Instant) => {
    since ??= now;
    if (phase === "before" && between(since, now) >= BEFORE) {
      phase = "reload";
      daemon.submit({ kind: "reload", config: after, reply: () => phase = "after" });
      since = now;
      return [{ kind: "woken" } as const];
    }
    if (phase !== "after" || between(since, now) < AFTER) return [];
    phase = "end";
    daemon.submit({ kind: "restart", reply: () => {} });
    return [{ kind: "woken" } as const];
  };
  const took = (ms: number): void => {
    if (phase === "reload" || phase === "after") longest = Math.max(longest, ms);
  };
  const host = new TurnHost(HERE, next, took, () => Promise.resolve());
  const daemon = new Daemon({
    host,
    config: before,
    nodeName: "pi-a",
    configFile: "/etc/floatip/floatip.toml",
    journal: { write: () => {} },
    saveResume: (note) => void JSON.stringify(note),
  });
  await daemon.run();
  return longest;
}

function configOf(text: string): Config {
  const decoded = decode(text);
  if (decoded.kind === "config") return decoded.config;
  throw new Error(`${decoded.problems[0]?.what}\n${text.slice(0, 500)}`);
}

if (import.meta.main) {
  const [count = "100", seed = `${Date.now() % 1e9}`] = Deno.args;
  console.log(`${count} reloads between files of up to 250 instances, seed ${seed}`);
  const began = cpuTime();
  const { ms, what } = await reloads(Number(count), Number(seed), (one) => {
    if (one.ms >= SUSPICIOUS) console.log(`${one.ms.toFixed(1)} ms: ${one.what}`);
  });
  console.log(`longest turn ${ms.toFixed(1)} ms (${what}), ${(cpuTime() - began).toFixed(0)} ms`);
  if (ms >= 20) {
    console.error(`a reload stops the loop for ${ms.toFixed(1)} ms`);
    Deno.exit(1);
  }
}
