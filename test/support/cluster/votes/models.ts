/** What the small model is played with: which machines, from which state on, and what happens. */
import { isSurelyOver, readingAfter } from "../../../../src/cluster/votes/clocks.ts";
import { listOf, type VoterList } from "../../../../src/cluster/votes/voters.ts";
import { type Clock, type Model, MODEL_TERMS } from "./explore.ts";
import type { Protocol } from "./protocol.ts";
import { act, type Done, type Flight, landed, type Machine, receive } from "./world.ts";
import { reloaded, type Rules, rulesOf, settled } from "./world.ts";

/** How clocks run; those that are not named run right. */
export type Clocks = Readonly<Record<string, Clock>>;

/** Two nodes and a witness, of which none has promised anything yet; no file changes. */
export function fixedVoters(protocol: Protocol, clocks: Clocks): Model {
  const rules = rulesOf(inModel(protocol), ["a", "b"], ["w"], MODEL_TERMS);
  const start = ["a", "b", "w"].map((name) => settled(name, rules.list));
  return { rules, start, clocks, deeds: ["asks", "releases", "offers"], files: {} };
}

/** The same machines, but a has asked in vain, twice: its next epoch is above those of b. */
export function askedInVain(protocol: Protocol, clocks: Clocks): Model {
  const script = new Script(protocol, ["a", "b"], { a: OLD, b: OLD, w: OLD });
  for (let time = 0; time < 2; time++) {
    script.ask("a", 1, []);
    script.release("a", []);
  }
  return { ...script.model(clocks), deeds: ["asks", "releases"] };
}

const OLD = listOf(["a", "b", "w"]);
const NEW = listOf(["a", "w", "x"]);

/** a holds by numbered voters; its file comes to name x in place of b, or that of w does. */
export function replacedVoter(protocol: Protocol, clocks: Clocks): Model {
  const script = new Script(protocol, ["a", "b"], { a: OLD, b: OLD, w: OLD, x: NEW });
  script.ask("a", 4);
  return { ...script.model(clocks), files: { a: NEW, w: NEW } };
}

/** a has put x in the place of b, and b has not heard of it; w has voted for that. */
export function changedVoters(protocol: Protocol, clocks: Clocks): Model {
  return changing(protocol).model(clocks);
}

/** The same while the disk of w is at work with both lists: a has to hold by both of them yet. */
export function slowDisk(protocol: Protocol, clocks: Clocks): Model {
  return changing(protocol, "w").model(clocks);
}

function changing(protocol: Protocol, slowDisk?: string): Script {
  const script = new Script(protocol, ["a", "b"], { a: OLD, b: OLD, w: OLD, x: NEW });
  script.ask("a", 4);
  script.reload("a", NEW);
  // By both lists, which the next request tells; the answers to one more say who wrote them down.
  script.ask("a", 1);
  script.slowDisk = slowDisk;
  script.ask("a", 2);
  return script;
}

/** Nobody has promised anything; the file of w, or that of a, comes to name x in place of b. */
export function firstLists(protocol: Protocol, clocks: Clocks): Model {
  const script = new Script(protocol, ["a", "b", "x"], { a: OLD, b: OLD, w: OLD, x: NEW });
  return { ...script.model(clocks), files: { a: NEW, w: NEW } };
}

/** Nobody has promised anything; a was set up with itself in place of b, unknown to the others. */
export function apartFiles(protocol: Protocol, clocks: Clocks): Model {
  return apart(protocol).model(clocks);
}

/** The same, and a holds by both lists, which it has numbered. */
export function apartHeld(protocol: Protocol, clocks: Clocks): Model {
  const script = apart(protocol);
  script.ask("a", 4);
  return script.model(clocks);
}

function apart(protocol: Protocol): Script {
  const [first, other] = [listOf(["b", "w", "x"]), listOf(["a", "w", "x"])];
  return new Script(protocol, ["a", "b"], { a: other, b: first, w: first, x: first });
}

/** Two nodes have begun a change each, of which w heard late; now b goes on with its own. */
export function halfMade(protocol: Protocol, clocks: Clocks): Model {
  const [byA, byB] = [listOf(["a", "w"]), listOf(["b", "w", "x"])];
  const script = new Script(protocol, ["a", "b"], { a: OLD, b: OLD, w: OLD, x: byB });
  script.ask("b", 3, ["w"]);
  script.reload("b", byB);
  script.ask("b", 2, ["w", "x"]);
  script.release("b");
  script.reload("a", byA);
  script.ask("a", 4, ["w"]);
  script.release("a");
  // The first of these is refused: it names an epoch that a has had.
  script.ask("b", 3, ["w", "x"]);
  return script.model(clocks);
}

/** What has happened before all that is tried. */
class Script {
  readonly #rules: Rules;
  readonly #machines: Map<string, Machine>;

  /** Of this machine nothing is written down from now on. */
  slowDisk: string | undefined;

  /** `files`: which voters the file of each machine names. */
  constructor(
    protocol: Protocol,
    nodes: readonly string[],
    files: Readonly<Record<string, VoterList>>,
  ) {
    this.#rules = rulesOf(inModel(protocol), nodes, ["w"], MODEL_TERMS);
    this.#machines = new Map(
      Object.entries(files).map(([name, file]) => [name, settled(name, file)]),
    );
  }

  /** Asks so often, of which only `hearing`, or all, hear. */
  ask(name: string, times: number, hearing?: readonly string[]): void {
    for (let time = 0; time < times; time++) {
      this.#do(name, (one) => act(this.#rules, one, this.#rules.protocol.ask), hearing);
    }
  }

  release(name: string, hearing?: readonly string[]): void {
    this.#do(name, (one) => act(this.#rules, one, this.#rules.protocol.release), hearing);
  }

  reload(name: string, file: VoterList): void {
    this.#do(name, (one) => ({ machine: reloaded(one, file), sent: [] }));
  }

  model(clocks: Clocks): Model {
    const start = [...this.#machines.values()];
    return { rules: this.#rules, start, clocks, deeds: ["asks"], files: {} };
  }

  #do(name: string, deed: (machine: Machine) => Done, hearing?: readonly string[]): void {
    const machine = this.#machines.get(name);
    if (machine === undefined) return;
    const done = deed(machine);
    const isSlow = name === this.slowDisk;
    this.#machines.set(name, isSlow ? done.machine : landed(this.#rules, done.machine));
    for (const flight of done.sent) {
      if (hearing?.includes(flight.to) !== false) this.#arrive(flight);
    }
  }

  #arrive({ from, to, message }: Flight): void {
    this.#do(to, (one) => receive(this.#rules, one, from, message));
  }
}

/** A voter is silent for as long as a promise of the model lasts. */
function inModel(protocol: Protocol): Protocol {
  return {
    ...protocol,
    startVoter: (now, votes) => {
      const voter = protocol.startVoter(now, votes);
      const isSilent = !isSurelyOver(voter.silentUntil, now);
      return isSilent ? { ...voter, silentUntil: readingAfter(now, MODEL_TERMS.term) } : voter;
    },
  };
}
