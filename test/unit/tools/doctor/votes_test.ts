/** The doctor's row of votes: a table of statuses, and what is said of each. */
import assert from "node:assert/strict";
import type { InstanceStatus, NodeStatus, StatusDocument } from "../../../../src/control/api.ts";
import { judgeVotes } from "../../../../src/tools/doctor/checks/votes.ts";

const ELECTORATE = { voters: ["pi-a", "pi-b", "nas"], need: 2 };
const OF = ELECTORATE.voters;

interface Seen {
  readonly state?: InstanceStatus["state"];
  readonly have?: number;
  readonly refusals?: readonly string[];
  readonly fence?: InstanceStatus["fence"];
  readonly kept?: number;
  /** What the other node is. */
  readonly other?: NodeStatus["state"];
  readonly witness?: true;
}

/** "ok: what is said", a line for each finding. */
function said({ state = "master", have = 3, refusals = [], ...seen }: Seen): readonly string[] {
  const { fence = "nftables", kept = 2600, other = "up", witness } = seen;
  const votes = { have, need: 2, of: OF, remaining_ms: 2000, epoch: 4, refusals };
  const status = {
    node: witness ? "nas" : "pi-a",
    witness,
    instances: witness ? [] : [{ name: "db", state, votes, fence, lease_remaining_ms: kept }],
    nodes: [{ name: "pi-a", state: "up" }, { name: "pi-b", state: other }],
  } as unknown as StatusDocument;
  return judgeVotes({ kind: "running", status, pid: 1 }, ELECTORATE)
    .map(({ mark, what }) => `${mark}: ${what}`);
}

const LIST = "nas knows other voters";

const CASES: readonly (readonly [name: string, seen: Seen, said: readonly string[]])[] = [
  ["all vote", {}, ["ok: db: 3 of 3 votes, 2 are needed"]],
  ["one is gone", { have: 2 }, ["warning: db: 2 of 3 votes, 2 are needed"]],
  ["another list", { have: 2, refusals: [LIST] }, [
    `problem: db: ${LIST}`,
    "warning: db: 2 of 3 votes, 2 are needed",
  ]],
  ["one has started", { refusals: ["nas has just started and votes in 2 s"] }, [
    "warning: db: nas has just started and votes in 2 s",
    "ok: db: 3 of 3 votes, 2 are needed",
  ]],
  ["kernel lifetimes beyond the votes", { fence: "lifetime" }, [
    "problem: db: the kernel keeps the addresses for 2.6 s, and the votes last for 2 s",
  ]],
  ["kernel lifetimes within", { fence: "lifetime", kept: 1000 }, [
    "ok: db: 3 of 3 votes, 2 are needed",
  ]],
  ["a backup with the other node", { state: "backup", have: 0 }, [
    "ok: this machine does not hold it; it reaches 2 of 3 that vote, and 2 are needed",
  ]],
  ["a backup, the other node lost", { state: "backup", have: 0, other: "lost" }, [
    "unknown: this machine does not hold it; it reaches 1 of 3 that vote, and 2 are needed; " +
    "of nas it knows nothing while it asks for no votes",
  ]],
  ["a witness", { witness: true }, [
    "ok: this machine votes, and holds nothing; it reaches 3 of 3 that vote, and 2 are needed",
  ]],
];

for (const [name, seen, expected] of CASES) {
  Deno.test(`doctor, votes: ${name}`, () => assert.deepEqual(said(seen), expected));
}

Deno.test("doctor, votes: a node that reaches too few cannot take over", () => {
  const nodes = [{ name: "pi-a", state: "up" }, { name: "pi-b", state: "lost" }];
  const votes = { have: 0, need: 2, of: ["pi-a", "pi-b"], refusals: [] };
  const instances = [{ name: "db", state: "backup", votes }];
  const status = { node: "pi-a", nodes, instances } as unknown as StatusDocument;
  const electorate = { voters: ["pi-a", "pi-b"], need: 2 };
  const [found] = judgeVotes({ kind: "running", status, pid: 1 }, electorate);
  assert.equal(found?.mark, "problem");
  assert.equal(found.fix, "start floatip on pi-b, or open its port: floatip firewall");
});
