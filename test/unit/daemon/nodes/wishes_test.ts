/** Which handover of another node a node follows, by what the nodes report. */
import assert from "node:assert/strict";
import type { Word } from "../../../../src/cluster/knowledge.ts";
import type { RouterReport } from "../../../../src/cluster/report.ts";
import { followed } from "../../../../src/daemon/nodes/wishes.ts";
import { ip } from "../../../../src/net/ip.ts";
import { type Instant, seconds } from "../../../../src/time.ts";
import type { State } from "../../../../src/vrrp/state.ts";
import { becomeMaster, newBackup } from "../../../../src/vrrp/transitions.ts";
import { routerReport } from "../../../support/cluster/reports.ts";
import { aPlan } from "../../../support/daemon/plans.ts";

const A = "10.77.0.1", C = "10.77.0.3";
const START = 0 as Instant;
const PLAN = { ...aPlan(), names: new Map([[A, "a"], [C, "c"]]) };
const { rules } = PLAN;

/** A backup of the master at `source`; undefined: it has heard none. */
function backupOf(source?: string): State {
  const backup = newBackup(START, rules);
  if (source === undefined) return backup;
  const heard = { source: ip(source), priority: 100, interval: seconds(1), at: START };
  return { ...backup, master: { kind: "obeyed", heard, probesLeft: 0 } };
}

function word(node: string, source: string, changes: Partial<RouterReport>): Word {
  const report = routerReport({ vrid: rules.vrid, source, ...changes });
  return { node, report, at: START, isLeaving: false };
}

const GIVING = word("a", A, { state: "master", handsTo: "c" });
const GAVE = word("a", A, { state: "backup", handsTo: "c" });
const HOLDS = word("c", C, { state: "master" });

const OF: Readonly<
  Record<string, readonly [State, readonly Word[], self: string, expected: string | undefined]>
> = {
  "no one hands over": [backupOf(A), [word("a", A, { state: "master" })], "b", undefined],
  "the master hands over": [backupOf(A), [GIVING], "b", "c"],
  "the master hands over to this node": [backupOf(A), [GIVING], "c", "c"],
  "a node that is not the master says so": [backupOf(C), [{ ...GIVING, node: "x" }], "b", "c"],
  "another master is heard": [
    backupOf("10.77.0.9"),
    [word("a", A, { state: "master", handsTo: "c" })],
    "c",
    undefined,
  ],
  "it has: the new master is heard, and nothing new of the old one": [
    backupOf(C),
    [GIVING],
    "b",
    "c",
  ],
  "it has, and both say so": [backupOf(C), [GAVE, HOLDS], "b", "c"],
  "it has, and no file names the address that adverts come from": [
    backupOf("10.77.0.33"),
    [GAVE, word("c", "10.77.0.33", { state: "master" })],
    "b",
    "c",
  ],
  "it has, and a third one is master": [backupOf("10.77.0.9"), [GAVE], "b", undefined],
  "it has, and is not master: a backup's word asks none to claim": [
    backupOf(A),
    [GAVE],
    "c",
    undefined,
  ],
  "it goes by the priorities again": [
    backupOf(C),
    [word("a", A, { state: "backup" }), HOLDS],
    "b",
    undefined,
  ],
  "a node in fault knows it too": [{ kind: "fault", faults: [] }, [GAVE, HOLDS], "b", "c"],
  "another VRID": [
    backupOf(A),
    [word("a", A, { state: "master", handsTo: "c", vrid: 9 })],
    "b",
    undefined,
  ],
  "a master follows none": [
    becomeMaster("init", { kind: "start" }, START, rules).state,
    [GIVING],
    "c",
    undefined,
  ],
};

for (const [name, [state, words, self, expected]] of Object.entries(OF)) {
  Deno.test(`handover by name: ${name}`, () => {
    assert.equal(followed({ state, plan: PLAN, rules }, words, self), expected);
  });
}
