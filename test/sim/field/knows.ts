/**
 * Truth of what a status says of the other nodes: nothing green on old news, and what is told is
 * known soon.
 */
import { type Instant, milliseconds, type Nanoseconds, seconds } from "../../../src/time.ts";
import type { Seen } from "../record.ts";
import type { Checker } from "../world.ts";
import {
  canHear,
  haveOneFile,
  haveOneSecret,
  haveRoad,
  haveTwoSecrets,
  isAwake,
  Since,
  speakersOf,
} from "./contact.ts";
import { isGreen } from "./green.ts";
import { causes } from "./truthful.ts";
import type { FieldWorld } from "./world.ts";

/** News older than this are old. */
const STALE = milliseconds(2500);

/** What a node tells is known so soon. */
const SOON = seconds(2);

/** Two that can tell each other have a session, and have told each other. */
const MET = seconds(4);

/** Another secret is known so soon: what was told before is old first. */
const SECRET = seconds(4);

/** A name that two machines had is not believed for a while (src/cluster/sessions.ts). */
const TWICE = seconds(13);

/** A socket that was refused is asked for again after 5 s (src/daemon/nodes/channel.ts). */
const REFUSED = milliseconds(5500);

/** From one look to the next. */
const PACE = milliseconds(250);

const STATES = ["init", "backup", "master", "fault"] as const;

/** What a status says of another node, and what is so. */
interface Pair {
  readonly world: FieldWorld;
  readonly observer: string;
  readonly other: string;
  readonly said: NodeSaid;
  /** Has this been so for `duration`? */
  readonly isFor: (fact: Fact, duration: Nanoseconds) => boolean;
  /** Of any node, now. */
  readonly statusOf: (name: string) => Status | undefined;
  /** How its program ended in contact; undefined: it runs, or that cannot be known. */
  readonly ended: Ending | undefined;
}

type Status = NonNullable<ReturnType<FieldWorld["cluster"]["status"]>>;
type NodeSaid = Status["nodes"][number];

/** Of an observer and another; "state": of the other's virtual routers, "file": of both files. */
type Fact =
  | "deaf"
  | "reached"
  | "met"
  | "other secret"
  | "one secret"
  | "maintained"
  | "not maintained"
  | "one file"
  | "two files"
  | "silent"
  | `state ${string}`;

/** In order, or without a word. */
type Ending = "stopped" | "killed";

/** What is wrong with what is said; undefined: nothing, or that is not judged. */
type Rule = (pair: Pair) => string | undefined;

const RULES: readonly Rule[] = [oldNews, met, parted, secrets, files, states];

/** See above. Without [cluster] there is nothing to look at. */
export function knows(world: FieldWorld): Checker {
  if (world.setup.cluster === undefined) return {};
  const facts = new Facts(world);
  let lookedAt = 0;
  return {
    see(seen, at) {
      facts.see(seen, at);
      // What lasts for less than the time between two looks has been so all the same.
      if (!mayChangeFacts(seen)) return;
      for (const [observer, other] of pairsOf(world)) facts.note(observer, other, at, "endings");
    },
    tick(at) {
      if (at - lookedAt < PACE) return;
      lookedAt = at;
      facts.look();
      for (const [observer, other] of pairsOf(world)) facts.note(observer, other, at, "all");
      for (const [observer, other] of pairsOf(world)) {
        const pair = pairOf(world, facts, observer, other, at);
        if (pair === undefined) continue;
        for (const rule of RULES) complain(pair, rule(pair));
      }
      for (const { name } of world.setup.nodes) tooReady(world, facts, name, at);
    },
  };
}

function complain({ world, observer, other, said }: Pair, words: string | undefined): void {
  if (words === undefined) return;
  const { state, config, heard_ms: heard } = said;
  const facts = `${observer} says of ${other} ${state} ("${said.words}", file ${config}, heard ` +
    `${heard} ms ago)`;
  world.complain("knows", `${facts}, and ${words} (${causes(world)})`);
}

/** The state is green, or the whole status is, though nothing can have come for a while. */
function oldNews({ world, observer, said, isFor, statusOf }: Pair): string | undefined {
  if (!isFor("deaf", STALE)) return undefined;
  const byAdverts = said.words.startsWith("its adverts come");
  if ((said.state === "up" || said.state === "maintenance") && !byAdverts) return "hears nothing";
  if (said.instances.length > 0 || said.config !== null) return "hears nothing";
  return isGreen(world, observer, statusOf(observer)) ? "is green, and hears nothing" : undefined;
}

/** What can be told is known. */
function met({ said, isFor }: Pair): string | undefined {
  if (!isFor("met", MET)) return undefined;
  const byAdverts = said.words.startsWith("its adverts come");
  if (byAdverts) return "can be told";
  if (isFor("not maintained", SOON) && said.state !== "up") return "that is up";
  if (isFor("maintained", SOON) && said.state !== "maintenance") return "that is in maintenance";
  return undefined;
}

/** Who left in order has left, and whom nobody stopped is lost. */
function parted({ said, ended, isFor }: Pair): string | undefined {
  if (ended === undefined || !isFor("silent", STALE)) return undefined;
  if (ended === "stopped" && said.state !== "left") return "that has left";
  const gone = ["lost", "not-running"].includes(said.state);
  const byAdverts = said.words.startsWith("its adverts come");
  return ended === "killed" && !gone && !byAdverts ? "that is lost" : undefined;
}

function secrets({ said, isFor }: Pair): string | undefined {
  const says = said.state === "other-secret";
  if (isFor("other secret", SECRET) && !says) return "that has another secret";
  return isFor("one secret", SECRET) && says ? "that has the same secret" : undefined;
}

function files({ said, isFor }: Pair): string | undefined {
  if (!isFor("met", MET)) return undefined;
  if (isFor("one file", SOON) && said.config !== "same") return "their files are the same";
  return isFor("two files", SOON) && said.config !== "differs" ? "their files differ" : undefined;
}

function states({ other, said, isFor, statusOf }: Pair): string | undefined {
  if (!isFor("met", MET)) return undefined;
  for (const { name, family, state } of statusOf(other)?.instances ?? []) {
    if (!isFor(`state ${name} ${state}`, SOON)) continue;
    const told = said.instances.find((one) => one.name === name && one.family === family);
    if (told?.state !== state) return `${name} there is ${state}, not ${told?.state}`;
  }
  return undefined;
}

/** No more nodes are counted than could hold an instance a moment ago. */
function tooReady(world: FieldWorld, facts: Facts, observer: string, at: Instant): void {
  if (!isJudge(world, observer)) return;
  const ready = facts.statusOf(observer)?.ready ?? {};
  for (const [instance, count] of Object.entries(ready)) {
    const able = world.setup.nodes.filter(({ name }) =>
      name === observer || (facts.age(observer, name, "deaf", at) ?? 0) <= STALE
    );
    if (count <= able.length) continue;
    const names = able.map(({ name }) => name).join(", ");
    const words = `${observer} counts ${count} nodes for ${instance}, and hears ${names}`;
    world.complain("knows", `${words} (${causes(world)})`);
  }
}

/** Was something done to a machine, a file or a road? An act is seen while it is so. */
function mayChangeFacts(seen: Seen): boolean {
  return seen.kind === "act" || seen.kind === "program" || seen.kind === "link" ||
    (seen.kind === "address" && !seen.byProgram);
}

/** Does its own status count: awake, with its own name and [cluster]? */
function isJudge(world: FieldWorld, name: string): boolean {
  const file = world.fileOf(name);
  return isAwake(world, name) && !world.cluster.isLeaving(name) && file.name === name &&
    file.setup.cluster !== undefined;
}

function pairsOf({ setup: { nodes } }: FieldWorld): readonly (readonly [string, string])[] {
  return nodes.flatMap((a) => nodes.filter((b) => a !== b).map((b) => [a.name, b.name] as const));
}

function pairOf(
  world: FieldWorld,
  facts: Facts,
  observer: string,
  other: string,
  at: Instant,
): Pair | undefined {
  if (!isJudge(world, observer)) return undefined;
  const said = facts.statusOf(observer)?.nodes.find(({ name }) => name === other);
  if (said === undefined) return undefined;
  const isFor = (fact: Fact, duration: Nanoseconds) =>
    (facts.age(observer, other, fact, at) ?? -1) > duration;
  const ended = facts.ended(observer, other);
  return { world, observer, other, said, isFor, statusOf: facts.statusOf, ended };
}

/** Since when what is so. */
class Facts {
  readonly #world: FieldWorld;
  readonly #since = new Since<Fact>();
  readonly #endings = new Map<string, Ending>();
  /** By pair: when one of their names was last that of two machines. */
  readonly #twice = new Map<string, Instant>();
  readonly #refused = new Map<string, Instant>();

  #statuses = new Map<string, Status | undefined>();

  constructor(world: FieldWorld) {
    this.#world = world;
  }

  /** The status documents of this moment, each made once: that takes most of the time. */
  look(): void {
    const { nodes } = this.#world.setup;
    this.#statuses = new Map(
      nodes.map(({ name }) => [name, this.#world.statusAtTick(name)] as const),
    );
  }

  /** See {@link look}. */
  readonly statusOf = (name: string): Status | undefined => this.#statuses.get(name);

  /** For how long, in ns; undefined: it is not. */
  age(observer: string, other: string, fact: Fact, at: Instant): number | undefined {
    return this.#since.age(`${observer} ${other}`, fact, at);
  }

  ended(observer: string, other: string): Ending | undefined {
    return this.#endings.get(`${observer} ${other}`);
  }

  see(seen: Seen, at: Instant): void {
    if (seen.kind === "refused" && seen.object.includes("of the cluster")) {
      this.#refused.set(seen.node, at);
    }
    // Between two looks it may have been another one.
    if (seen.kind === "journal" && seen.line.includes(" -> ")) this.#forgetStates(seen.node);
    if (seen.kind !== "program") return;
    for (const { name } of this.#world.setup.nodes) {
      if (name === seen.node) continue;
      this.#noteEnding(name, seen, at);
      // A process that is new knows nothing yet, and is not known.
      for (const fact of ["reached", "met", "other secret"] as const) {
        this.#since.forget(`${name} ${seen.node}`, fact);
        this.#since.forget(`${seen.node} ${name}`, fact);
      }
      this.#endings.delete(`${seen.node} ${name}`);
    }
  }

  /** How the program of `seen.node` ended, as `observer` ought to know. */
  #noteEnding(observer: string, seen: Extract<Seen, { kind: "program" }>, at: Instant): void {
    const key = `${observer} ${seen.node}`;
    const hadMet = (this.age(observer, seen.node, "reached", at) ?? -1) > MET;
    if (seen.what === "started") this.#endings.delete(key);
    if (!hadMet) return;
    if (seen.what === "killed") this.#endings.set(key, "killed");
    if (seen.what === "ended" && seen.words === "") this.#endings.set(key, "stopped");
  }

  /** "endings": what is so begins with the next look only. */
  note(observer: string, other: string, at: Instant, which: "all" | "endings"): void {
    const world = this.#world;
    const pair = `${observer} ${other}`;
    const set = (fact: Fact, isTrue: boolean) => {
      if (which === "all" || !isTrue) this.#since.note(pair, fact, isTrue, at);
    };
    const both = [observer, other];
    const isRoad = haveRoad(world, observer, other);
    const isTwice = both.some((name) => speakersOf(world, name).length > 1);
    const sinceTwice = at - (this.#twice.get(pair) ?? -TWICE);
    // While each can only reach the other one of the two, it learns nothing better.
    if (isTwice || (!isRoad && sinceTwice < TWICE)) this.#twice.set(pair, at);
    const isAccepted = both.every((name) => at - (this.#refused.get(name) ?? -REFUSED) >= REFUSED);
    const isReached = isRoad && isAccepted && !isTwice && sinceTwice >= TWICE;
    set("deaf", !canHear(world, observer, other));
    set("silent", speakersOf(world, other).length === 0);
    const isMet = isReached && haveOneSecret(world, observer, other);
    set("reached", isMet);
    set("met", isMet && !world.cluster.isLeaving(other));
    set("other secret", isReached && haveTwoSecrets(world, observer, other));
    set("one secret", isMet);
    const isMaintained = world.cluster.isMaintained(other);
    set("maintained", isMaintained);
    set("not maintained", !isMaintained);
    const isOneFile = haveOneFile(world, observer, other);
    set("one file", isOneFile);
    set("two files", !isOneFile);
    if (which === "all") this.#noteStates(other, set);
    // Which file it has is known as long as both have the files that they had at the end.
    const knowsEnd = haveOneSecret(world, observer, other) && isJudge(world, observer);
    if (!knowsEnd) this.#endings.delete(`${observer} ${other}`);
  }

  #forgetStates(other: string): void {
    for (const { name: observer } of this.#world.setup.nodes) {
      for (const { name } of this.#world.setup.instances) {
        for (const state of STATES) {
          this.#since.forget(`${observer} ${other}`, `state ${name} ${state}`);
        }
      }
    }
  }

  #noteStates(other: string, set: (fact: Fact, isTrue: boolean) => void): void {
    const instances = this.statusOf(other)?.instances ?? [];
    for (const { name } of this.#world.setup.instances) {
      for (const state of STATES) {
        const is = instances.some((one) => one.name === name && one.state === state);
        set(`state ${name} ${state}`, is);
      }
    }
  }
}
