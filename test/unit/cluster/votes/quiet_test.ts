/** Quiet hours at once: the same state as by one round after the other. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { milliseconds, nanoseconds } from "../../../../src/time.ts";
import { TERMS } from "../../../support/cluster/votes/lan.ts";
import { PROTOCOL } from "../../../support/cluster/votes/protocol.ts";
import { afterQuiet, restingHolder, roundOf } from "../../../support/cluster/votes/quiet.ts";
import {
  act,
  type Done,
  type Flight,
  landed,
  later,
  type Machine,
  receive,
  rulesOf,
  settled,
} from "../../../support/cluster/votes/world.ts";

const RULES = rulesOf(PROTOCOL, ["a", "b"], ["w"], TERMS);
const WAY = milliseconds(2);
/** So that each way and each round is a whole number of nanoseconds by each clock. */
const PACES = {
  a: { boot: 1, raw: 1 - 1 / 16 },
  b: { boot: 1 + 1 / 16, raw: 1 + 1 / 128 },
  w: { boot: 1 - 1 / 128, raw: 1 - 1 / 128 },
} as const;

const FILE = ["a", "b", "w"];
const START = { a: settled("a", FILE), b: settled("b", FILE), w: settled("w", FILE) };

type Machines = Readonly<Record<keyof typeof PACES, Machine>>;
const NAMES = Object.keys(PACES) as readonly (keyof typeof PACES)[];

Deno.test("a thousand quiet rounds at once are a thousand quiet rounds", () => {
  const first = rounds(START, 6);
  strictEqual(restingHolder(Object.values(first))?.name, "a");
  const slowly = rounds(first, 1000);
  const duration = 1000 * roundOf(TERMS.renewEvery, PACES.a);
  for (const name of NAMES) {
    const paces = { own: PACES[name], holder: PACES.a };
    deepStrictEqual(afterQuiet(first[name], duration, paces), slowly[name]);
  }
});

Deno.test("not quiet: another node asks, or a voter has not heard the newest request", () => {
  const rest = rounds(START, 6);
  const asking = act(RULES, rest.b, PROTOCOL.ask).machine;
  strictEqual(restingHolder([rest.a, asking, rest.w]), undefined);
  const again = act(RULES, rest.a, PROTOCOL.ask).machine;
  strictEqual(restingHolder([again, rest.b, rest.w]), undefined);
});

/** The machines after so many rounds of a's requests, each from the end of the one before it. */
function rounds(from: Machines, count: number): Machines {
  let machines = from;
  for (let round = 0; round < count; round++) {
    const isFirst = machines.a.holder.askAt === undefined;
    machines = passed(machines, roundOf(TERMS.renewEvery, PACES.a) - 2 * WAY);
    let sent: readonly Flight[] = [];
    const change = (name: keyof Machines, { machine, sent: more }: Done) => {
      machines = { ...machines, [name]: landed(RULES, machine) };
      sent = [...sent, ...more];
    };
    change("a", act(RULES, machines.a, isFirst ? PROTOCOL.ask : PROTOCOL.tick));
    for (let way = 0; way < 2; way++) {
      machines = passed(machines, WAY);
      const flights = sent;
      sent = [];
      for (const { from, to, message } of flights) {
        const name = NAMES.find((one) => one === to) ?? "a";
        change(name, receive(RULES, machines[name], from, message));
      }
    }
    // What a node that holds for the first time asks at once waits for the next round here.
    if (round === 0 && isFirst) machines = { ...machines, a: settledAsk(machines.a) };
  }
  return machines;
}

function settledAsk(machine: Machine): Machine {
  const askAt = { boot: nanoseconds(0), raw: nanoseconds(0) };
  return { ...machine, holder: { ...machine.holder, askAt } };
}

function passed(machines: Machines, duration: number): Machines {
  const [a, b, w] = NAMES.map((name) => {
    const { boot, raw } = PACES[name];
    return later(machines[name], nanoseconds(duration * boot), nanoseconds(duration * raw));
  });
  if (a === undefined || b === undefined || w === undefined) throw new Error("three machines");
  return { a, b, w };
}
