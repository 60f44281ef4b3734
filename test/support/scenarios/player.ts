/** Performs a play: each line by the one rule that fits it, over the real daemon in simulation. */
import assert from "node:assert/strict";
import type { Command } from "../../../src/daemon/command.ts";
import { after, type Nanoseconds, parseDuration, type WallTime } from "../../../src/time.ts";
import { Cluster, configFrom } from "../../sim/cluster.ts";
import type { Call } from "../../sim/machine.ts";
import { CALM } from "../../sim/paths.ts";
import { Chatter } from "./chatter.ts";
import { formatPlay, type Line, parsePlay } from "./play.ts";

/** A play in progress. */
interface Stage {
  readonly cluster: Cluster;
  readonly chatter: Chatter;
  /** Everything that each node's journal said, by node. */
  readonly journals: Map<string, string[]>;
}

/** Performs a line; may give another block to be written below it. */
type Act = (
  stage: Stage,
  words: readonly string[],
  line: Line,
) => void | readonly string[] | Promise<void>;

/** The client that neighbour tables are looked at on. */
const CLIENT = "client";

/**
 * What a line may say. `(\S+)` stands for one word, `(.*)` for the rest; a block is the indented
 * lines below. The first rule that fits counts.
 */
const RULES: readonly (readonly [RegExp, Act])[] = [
  [/^$/, () => {}],
  [/^#.*$/, () => {}],
  [/^nodes (.*)$/, createNodes],
  [/^config ?(.*)$/, ({ cluster }, [names = ""], { block }) => {
    for (const name of listed(names, cluster)) cluster.setConfig(name, configFrom(text(block)));
  }],
  [/^start ?(.*)$/, ({ cluster }, [names = ""]) => {
    for (const name of listed(names, cluster)) cluster.start(name);
  }],
  [/^stop (\S+)$/, acting((stage, [name]) => stage.cluster.stop(name))],
  [/^kill (\S+)$/, acting((stage, [name]) => stage.cluster.lan.kill(name))],
  [/^power off (\S+)$/, acting((stage, [name]) => stage.cluster.powerOff(name))],
  [/^power on (\S+)$/, acting((stage, [name]) => stage.cluster.powerOn(name))],
  [
    /^pause (\S+) (\S+)$/,
    acting(({ cluster: { lan } }, [name, duration]) => {
      lan.pause(name);
      lan.at(after(lan.now, time(duration)), () => lan.resume(name));
    }),
  ],
  [
    /^reload ?(.*)$/,
    acting(({ cluster }, [names], { block }) => {
      for (const name of listed(names, cluster)) cluster.reload(name, configFrom(text(block)));
    }),
  ],
  [
    /^handover (\S+) on (\S+)$/,
    acting((stage, [instance, name]) =>
      order(stage, name, (reply) => ({
        kind: "handover",
        instance,
        to: undefined,
        forTime: undefined,
        reply,
      }))
    ),
  ],
  [
    /^handover (\S+) on (\S+) for (\S+)$/,
    acting((stage, [instance, name, forTime]) =>
      order(stage, name, (reply) => ({
        kind: "handover",
        instance,
        to: undefined,
        forTime: time(forTime),
        reply,
      }))
    ),
  ],
  [
    /^take back (\S+) on (\S+)$/,
    acting((stage, [instance, name]) =>
      order(stage, name, (reply) => ({ kind: "take-back", instance, reply }))
    ),
  ],
  [
    /^maintenance (on|off) on (\S+)( by force)?$/,
    acting((stage, [what, name, force]) =>
      order(stage, name, (reply) => ({
        kind: "maintenance",
        wanted: what === "on"
          ? { since: 0 as WallTime, until: undefined, reason: "new SSD" }
          : undefined,
        force: force !== "",
        reply,
      }))
    ),
  ],
  [
    /^restart (\S+) in place$/,
    acting((stage, [name]) => order(stage, name, (reply) => ({ kind: "restart", reply }))),
  ],
  [/^unplug (\S+) (\S+)$/, acting((stage, [name, card]) => carrier(stage, name, card, false))],
  [/^plug (\S+) (\S+)$/, acting((stage, [name, card]) => carrier(stage, name, card, true))],
  [
    /^switch off (\S+) (\S+)$/,
    acting(({ cluster }, [name, card]) => cluster.lan.machine(name).setUp(card, false)),
  ],
  [
    /^switch on (\S+) (\S+)$/,
    acting(({ cluster }, [name, card]) => cluster.lan.switchOn(name, card)),
  ],
  [
    /^change the MAC of (\S+) (\S+)$/,
    acting(({ cluster }, [name, card]) =>
      cluster.lan.machine(name).setMac(card, Uint8Array.of(2, 0, 0, 9, 9, 9))
    ),
  ],
  [
    /^pull out (\S+) (\S+)$/,
    acting(({ cluster }, [name, card]) => cluster.lan.machine(name).deletePort(card)),
  ],
  [
    /^put in (\S+) (\S+)$/,
    acting(({ cluster }, [name, card]) => cluster.restoreCard(name, card)),
  ],
  [
    /^add (\S+) on (\S+) (\S+)$/,
    acting(({ cluster: { lan } }, [address, name, card]) =>
      void lan.machine(name).addForeign(card, address)
    ),
  ],
  [
    /^delete (\S+) on (\S+) (\S+)$/,
    acting(({ cluster: { lan } }, [address, name, card]) =>
      lan.machine(name).deleteForeign(card, address)
    ),
  ],
  [
    /^refuse (add|remove|send|frame|open) (\S+) times on (\S+) with (\S+)$/,
    acting(({ cluster: { lan } }, [call, count, name, code]) =>
      lan.machine(name).refuse(call as Call, Number(count), code)
    ),
  ],
  [
    /^(\S+) (fails|works) on (\S+)$/,
    acting(({ cluster: { lan } }, [check, verdict, name]) =>
      lan.machine(name).setService(check, { ok: verdict === "works" })
    ),
  ],
  [
    /^cut (\S+) -> (\S+)$/,
    acting(({ cluster: { lan } }, [from, to]) => lan.paths.cut(from, to)),
  ],
  [
    /^part (.*) from (.*)$/,
    acting(({ cluster: { lan } }, [some, others]) => {
      for (const a of some.split(" ")) {
        for (const b of others.split(" ")) {
          lan.paths.cut(a, b);
          lan.paths.cut(b, a);
        }
      }
    }),
  ],
  [/^heal$/, acting(({ cluster: { lan } }) => lan.paths.healAll())],
  [
    /^lose (\d+)%$/,
    acting(({ cluster: { lan } }, [percent]) => {
      lan.paths.weather = { ...CALM, loss: Number(percent) / 100 };
    }),
  ],
  [
    /^step the calendar of (\S+) by (-?)(\S+)$/,
    acting(({ cluster: { lan } }, [name, sign, by]) => {
      lan.machine(name).wallOffset += (sign === "-" ? -1 : 1) * time(by) / 1e6;
    }),
  ],
  [/^run (\S+)$/, (stage, [duration = ""]) => stage.cluster.lan.run(time(duration))],
  [/^expect chatter$/, ({ chatter }) => chatter.take()],
  [/^expect (\S+) (init|backup|master|fault)$/, expectState],
  [/^expect (\S+) (init|backup|master|fault) in (\S+)$/, expectState],
  [/^expect (\S+) stopped$/, ({ cluster }, [name = ""]) => {
    assert.equal(cluster.isRunning(name), false, `${name} runs`);
    assert.deepEqual(cluster.lan.machine(name).left(), [], `left behind on ${name}`);
  }],
  [/^expect (\S+) alone holds (\S+)$/, ({ cluster }, [name = "", address = ""]) => {
    assert.deepEqual(holders(cluster, address), name === "nobody" ? [] : [name]);
  }],
  [/^expect client reaches (\S+) at (\S+)$/, ({ cluster }, [name = "", address = ""]) => {
    assert.equal(cluster.lan.reaches(CLIENT, address) ?? "nobody", name);
  }],
  [/^expect (\S+) sees (\S+) as master$/, ({ cluster }, [name = "", master]) => {
    const seen = (cluster.status(name)?.instances ?? []).map((one) => one.master?.node);
    assert.deepEqual(seen, seen.map(() => master));
  }],
  [/^expect (\S+) says (.*)$/, ({ journals }, [name = "", words = ""]) => {
    const said = journals.get(name) ?? [];
    assert.ok(said.some((one) => one.includes(words)), `${name} said only:\n${said.join("\n")}`);
  }],
  [/^expect (\S+) shows (.*)$/, ({ cluster }, [name = "", words = ""]) => {
    const status = cluster.status(name);
    const shown = [
      ...(status?.attention ?? []),
      ...(status?.instances ?? []).flatMap(({ faults, conflicts }) => [...faults, ...conflicts]),
    ];
    assert.ok(shown.some((one) => one.includes(words)), `${name} shows only:\n${shown.join("\n")}`);
  }],
];

/**
 * Performs the play `source` called `name`; gives it as it should read. Throws AssertionError with
 * the line's number.
 */
export async function perform(name: string, source: string): Promise<string> {
  const cluster = new Cluster(1);
  const chatter = new Chatter(cluster.lan.now);
  const journals = new Map<string, string[]>();
  cluster.lan.watch(chatter.hear);
  cluster.lan.watch((seen) => {
    if (seen.kind !== "journal") return;
    journals.set(seen.node, [...journals.get(seen.node) ?? [], seen.line]);
  });
  const lines: Line[] = [];
  for (const line of parsePlay(source)) {
    try {
      const block = await performLine({ cluster, chatter, journals }, line);
      lines.push({ ...line, block: block ?? line.block });
    } catch (error) {
      if (error instanceof Error) {
        error.message = `${name}:${line.number}: ${line.text}: ${error.message}`;
      }
      throw error;
    }
  }
  return formatPlay(lines);
}

async function performLine(stage: Stage, line: Line): Promise<readonly string[] | undefined> {
  for (const [pattern, act] of RULES) {
    const match = pattern.exec(line.text);
    if (match !== null) return await act(stage, match.slice(1), line) ?? undefined;
  }
  throw new RangeError("a play cannot say this");
}

/** `act` with words that are there, told to the chatter. */
function acting(
  act: (stage: Stage, words: readonly [string, string, string, string], line: Line) => void,
): Act {
  return (stage, [a = "", b = "", c = "", d = ""], line) => {
    stage.cluster.lan.see({ kind: "act", words: line.text });
    act(stage, [a, b, c, d], line);
  };
}

/** Posts an order; what is answered, the node's journal tells. */
function order<Answer extends { readonly words: string }>(
  { cluster }: Stage,
  name: string,
  make: (reply: (answer: Answer) => void) => Command,
): void {
  const reply = ({ words: line }: Answer) =>
    cluster.lan.see({ kind: "journal", node: name, level: "info", line: `answer: ${line}` });
  cluster.order(name, make(reply));
}

/**
 * "a b c" have eth0 (192.168.1.11/24, .12, .13); with "on two LANs" also eth1 (10.0.2.11/24, …).
 */
function createNodes({ cluster, chatter }: Stage, [words = ""]: readonly string[]): void {
  const [names = "", two] = words.split(" on two LANs");
  for (const [index, name] of names.split(" ").entries()) {
    const number = 11 + index;
    const cards = [
      { name: "eth0", segment: "outside", addresses: [`192.168.1.${number}/24`] },
      { name: "eth1", segment: "inside", addresses: [`10.0.2.${number}/24`] },
    ];
    cluster.createNode(name, two === undefined ? cards.slice(0, 1) : cards);
  }
  cluster.lan.createMachine(CLIENT).createPort("eth0", "outside");
  // Setting the stage is no part of the play.
  chatter.take();
}

function expectState(
  { cluster }: Stage,
  [name = "", state, instance]: readonly (string | undefined)[],
): void {
  const instances = cluster.status(name)?.instances ?? [];
  const meant = instances.filter((one) => instance === undefined || one.name === instance);
  assert.ok(meant.length > 0, `${name} has no such instance`);
  for (const one of meant) {
    assert.equal(one.state, state, `${name}: ${one.name} is ${one.state}: ${one.cause}`);
  }
}

function carrier({ cluster }: Stage, name: string, card: string, running: boolean): void {
  cluster.lan.machine(name).setCarrier(card, running);
}

function holders(cluster: Cluster, address: string): readonly string[] {
  return cluster.names.filter((name) => {
    const machine = cluster.lan.machine(name);
    return machine.answersFor(address, "outside") ?? machine.answersFor(address, "inside");
  });
}

function listed(names: string, cluster: Cluster): readonly string[] {
  return names === "" ? cluster.names : names.split(" ");
}

function text(block: readonly string[]): string {
  return `${block.join("\n")}\n`;
}

function time(words: string): Nanoseconds {
  const duration = parseDuration(words);
  if (duration === undefined) throw new RangeError(`not a duration: ${words}`);
  return duration;
}
