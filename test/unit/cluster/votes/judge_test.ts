/** What the judge of random courses takes for a promise that is relied on. */
import { strictEqual } from "node:assert/strict";
import { milliseconds } from "../../../../src/time.ts";
import { Judge } from "../../../support/cluster/votes/judge.ts";
import { TERMS } from "../../../support/cluster/votes/lan.ts";
import { PROTOCOL } from "../../../support/cluster/votes/protocol.ts";
import {
  act,
  type Done,
  later,
  type Machine,
  receive,
  resumed,
  rulesOf,
  settled,
} from "../../../support/cluster/votes/world.ts";

const RULES = rulesOf(PROTOCOL, ["a", "b"], ["w"], TERMS);
const FILE = ["a", "b", "w"];
const AT = milliseconds(10);

Deno.test("a process that goes on relies on those that promised the one before it", () => {
  strictEqual(problemWhere(["b", "w"]), "w promises to b1 while a1 relies on it");
  strictEqual(problemWhere(["b"]), undefined);
});

/**
 * a asks, `answering` are those whose grants come; its process goes on with what it has, and w,
 * which has promised, promises to b.
 */
function problemWhere(answering: readonly string[]): string | undefined {
  const judge = new Judge({ margin: milliseconds(10), rate: 0.001, term: TERMS.term });
  const [a, b, w] = FILE.map((name) => later(settled(name, FILE), AT, AT));
  if (a === undefined || b === undefined || w === undefined) throw new Error("three machines");
  const asking = act(RULES, a, PROTOCOL.ask);
  const [asked, promising] = [b, w].map((voter) => taken(voter, asking));
  if (asked === undefined || promising === undefined) throw new Error("two voters");
  let holding = asking.machine;
  for (const { machine, sent } of [asked, promising]) {
    const grant = sent[0]?.message;
    if (grant === undefined || !answering.includes(machine.name)) continue;
    holding = receive(RULES, holding, machine.name, grant).machine;
  }
  const next = resumed(RULES, holding);
  judge.look(w, promising.machine, AT, () => [holding]);
  judge.resumed(holding, next);
  const forgetful = { ...promising.machine, voter: w.voter };
  const again = taken(forgetful, act(RULES, b, PROTOCOL.ask)).machine;
  judge.look(promising.machine, again, AT, () => [next]);
  return judge.problem;
}

function taken(voter: Machine, { machine: { name }, sent }: Done): Done {
  const flight = sent.find(({ to }) => to === voter.name);
  if (flight === undefined) throw new Error(`${name} asks ${voter.name}`);
  return receive(RULES, voter, name, flight.message);
}
