/**
 * Truth of the status: never "all is well" while two machines answer for an address, or none does.
 */
import { formatIp } from "../../../src/net/ip.ts";
import { type Instant, milliseconds, seconds } from "../../../src/time.ts";
import type { Machine } from "../machine.ts";
import type { Seen } from "../record.ts";
import { type InstanceSetup, longestDown } from "../setup.ts";
import type { Checker } from "../world.ts";
import { isGreen } from "./green.ts";
import type { FieldWorld, File } from "./world.ts";

/** For so long two may answer unnoticed: who suspects nothing asks every ten seconds. */
const TWO_FOR = seconds(15);

/**
 * For so long nobody may answer unnoticed: with adverts of a second a backup waits 4 s for a dead
 * master.
 */
const NOBODY_FOR = seconds(5);

/** What is wrong with an address, as one node could find out. */
type Wrong = "two" | "nobody";

interface Episode {
  readonly wrong: Wrong;
  readonly since: Instant;
}

/** After a start, or a change of its state, a node asks again before it knows: this long. */
const ASKS_WITHIN = seconds(5);

/** From one look to the next. */
const PACE = milliseconds(250);

/**
 * Judges each node by the addresses of its own file. Time counts in which the node could observe:
 * floatip runs there and is not stopped, and its card is live. Two are two for it where it and each
 * of them hear each other's ARP and ND; nobody is nobody where it hears nothing of anyone.
 *
 * What nobody can see from there is let pass: of clones, which a third node cannot tell from one
 * machine with two cards in the LAN, or by their one MAC not at all; they see each other. What a
 * node did not know before it asked: for five seconds after a start, a change of its state or another
 * file. And a dead master for as long as the slowest file has a backup wait for it.
 */
export function truthful(world: FieldWorld): Checker {
  // By "n1 192.168.1.50".
  const episodes = new Map<string, Episode>();
  // Since when each node has the file that it has; the first one since ever.
  const files = new Map<string, { readonly file: File; readonly since: number }>();
  /** Answers the key of what it has judged. */
  const judge = (name: string, instance: InstanceSetup, text: string, at: Instant) => {
    const [address = ""] = text.split("/");
    const key = `${name} ${address}`;
    const answering = answeringFor(world, name, instance, address);
    const wrong = answering && wrongWith(
      world.cluster.lan.machine(name),
      answering,
      instance.family === "ipv4",
    );
    const before = episodes.get(key);
    if (wrong === undefined) {
      episodes.delete(key);
      return key;
    }
    const episode = before?.wrong === wrong ? before : { wrong, since: at };
    episodes.set(key, episode);
    const elapsed = at - episode.since;
    const isYoung = at - (files.get(name)?.since ?? at) <= ASKS_WITHIN;
    const limit = wrong === "two" ? TWO_FOR : Math.max(NOBODY_FOR, longestWait(world));
    if (isYoung || elapsed <= limit || !isGreen(world, name)) return key;
    if (wrong === "two" && settledFor(world, name) <= ASKS_WITHIN) return key;
    const who = answering?.asked.map((machine) => machine.name).join(" and ");
    const answer = who ? `${who} have answered` : "nobody has answered";
    const facts = `${answer} for ${address} for ${(elapsed / 1e9).toFixed(1)} s`;
    world.complain("truthful", `${name} says that all is well, and ${facts} (${causes(world)})`);
    return key;
  };
  let lookedAt = 0;
  return {
    see(seen) {
      for (const [key, { wrong }] of episodes) {
        if (isInterrupted(key, wrong, seen)) episodes.delete(key);
      }
    },
    tick(at) {
      if (at - lookedAt < PACE) return;
      lookedAt = at;
      const former = new Set(episodes.keys());
      for (const { name } of world.setup.nodes) {
        const file = world.fileOf(name);
        const before = files.get(name);
        if (before?.file !== file) files.set(name, { file, since: before ? at : -Infinity });
        for (const instance of file.setup.instances) {
          for (const text of instance.addresses) former.delete(judge(name, instance, text, at));
        }
      }
      // Addresses that stand in no file any more.
      for (const key of former) episodes.delete(key);
    },
  };
}

/**
 * A node that was started, stopped or stood still has not been looking; nor has one whose kernel did
 * not let it ask or hear (status says so meanwhile). And between two looks somebody may have had it.
 */
function isInterrupted(key: string, wrong: Wrong, seen: Seen): boolean {
  if (seen.kind === "program") return key.startsWith(`${seen.node} `);
  if (seen.kind === "refused") {
    return ["socket", "sendto"].includes(seen.call) && key.startsWith(`${seen.node} `);
  }
  return seen.kind === "address" && seen.there && wrong === "nobody" &&
    key.endsWith(` ${seen.prefix.split("/", 1)[0]}`);
}

/** A second more than the master-down interval of the slowest of all files. */
function longestWait(world: FieldWorld): number {
  return Math.max(...world.setup.nodes.map(({ name }) => longestDown(world.fileOf(name).setup))) +
    1e9;
}

/** Everything that is wrong at the moment. */
export function causes(world: FieldWorld): string {
  return world.present.length === 0 ? "nothing is wrong" : world.present.join("; ");
}

/** Those that answer for an address as one node could find out; undefined: it cannot observe anything. */
interface Answering {
  /** It hears them, whether they hear it or not. */
  readonly heard: readonly Machine[];
  /** They hear its question, and it hears their answer; itself included. */
  readonly asked: readonly Machine[];
}

function answeringFor(
  world: FieldWorld,
  name: string,
  instance: InstanceSetup,
  address: string,
): Answering | undefined {
  if (!world.isAble(name, instance)) return undefined;
  const { lan } = world.cluster;
  const heard = lan.machines().filter((machine) =>
    machine.answersFor(address, instance.segment) !== undefined &&
    lan.paths.isOpen(machine.name, name)
  );
  return { heard, asked: heard.filter((machine) => lan.paths.isOpen(name, machine.name)) };
}

/** Clones, that share a MAC or an own address, are told apart by themselves only. */
function wrongWith(
  self: Machine,
  { heard, asked }: Answering,
  isIpv4: boolean,
): Wrong | undefined {
  if (heard.length === 0) return "nobody";
  if (asked.includes(self)) return asked.length > 1 ? "two" : undefined;
  const apart = asked.filter((machine, i) =>
    // What goes to its own MAC comes back only where an answer can be had that goes to all.
    (isIpv4 || !haveMacInCommon(machine, self)) &&
    !asked.slice(0, i).some((other) => areClones(other, machine))
  );
  return apart.length > 1 ? "two" : undefined;
}

function haveMacInCommon(a: Machine, b: Machine): boolean {
  const macs = new Set(a.ports().map(({ macText }) => macText));
  return b.ports().some(({ macText }) => macs.has(macText));
}

function areClones(a: Machine, b: Machine): boolean {
  return haveMacInCommon(a, b) || ownAddresses(a).some((address) => b.has(address));
}

function ownAddresses(machine: Machine): readonly string[] {
  return machine.interfaces().addresses
    .filter(({ ours, prefix }) => !ours && prefix.address.family === "ipv4")
    .map(({ prefix }) => formatIp(prefix.address));
}

/** How long the instances of a node's file have been what they are: before, nothing was asked for them. */
function settledFor({ cluster }: FieldWorld, name: string): number {
  const now = cluster.host(name)?.wallTime() ?? 0;
  const ages = cluster.status(name)?.instances.map(({ since }) => now - Date.parse(since)) ?? [];
  return Math.min(...ages) * 1e6;
}
