/** Machines of the random courses do what a daemon does. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { holds } from "../../../../src/cluster/votes/holder.ts";
import { TERMS } from "../../../support/cluster/votes/lan.ts";
import { PROTOCOL } from "../../../support/cluster/votes/protocol.ts";
import {
  act,
  isNode,
  type Machine,
  receive,
  reload,
  rulesOf,
  settled,
} from "../../../support/cluster/votes/world.ts";

const RULES = rulesOf(PROTOCOL, ["a", "b"], ["w"], TERMS);
const FILE = ["a", "b", "w"];

/** a, after b has granted what it asked for. */
function holding(): Machine {
  const asked = act(RULES, settled("a", FILE), PROTOCOL.ask);
  const request = asked.sent.find(({ to }) => to === "b");
  ok(request !== undefined);
  const { sent: [grant] } = receive(RULES, settled("b", FILE), "a", request.message);
  ok(grant !== undefined);
  return receive(RULES, asked.machine, "b", grant.message).machine;
}

Deno.test("a node that its file does not name any more gives its lease up", () => {
  const before = holding();
  ok(isNode(before) && holds(before.holder, before.now));
  const { machine, sent } = reload(RULES, before, ["b", "w"]);
  strictEqual(isNode(machine), false);
  strictEqual(machine.fence, undefined);
  strictEqual(holds(machine.holder, machine.now), false);
  const told = sent.map(({ to, message: { kind } }) => `${to}: ${kind}`);
  deepStrictEqual(told, ["b: vote-release", "w: vote-release"]);
});

Deno.test("a node that its file still names keeps its lease", () => {
  const before = holding();
  const { machine, sent } = reload(RULES, before, ["a", "b", "v"]);
  strictEqual(holds(machine.holder, machine.now), true);
  deepStrictEqual(sent, []);
});
