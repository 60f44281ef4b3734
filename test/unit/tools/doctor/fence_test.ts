/** The doctor's judge of the fence, and what it reads of `nft`. */
import assert from "node:assert/strict";
import {
  addressesIn,
  chainsIn,
  type FenceEvidence,
  judgeFence,
} from "../../../../src/tools/doctor/checks/fence.ts";
import { placedPlans } from "../../../../src/tools/doctor/target.ts";
import { documentOf, master } from "../../../support/cli/documents.ts";
import { PAIR, subjectOf } from "../../../support/tools/doctor/world.ts";

const CHAINS = chainsIn(`table netdev floatip {
	chain forget {
		type filter hook egress device "lo" priority filter; policy accept;
	}
	chain in_2 {
		type filter hook ingress device "eth0" priority filter; policy accept;
	}
	chain out_2 {
		type filter hook egress devices = { "eth0", eth1 } priority -10; policy drop;
	}
	chain jumped_to {
	}
}
`);

Deno.test("chains of nft's text, with the devices of each", () => {
  assert.deepEqual(CHAINS.map(({ table, name, device, hook }) => [table, name, device, hook]), [
    ["floatip", "forget", "lo", "egress"],
    ["floatip", "in_2", "eth0", "ingress"],
    ["floatip", "out_2", "eth0", "egress"],
    ["floatip", "out_2", "eth1", "egress"],
  ]);
});

Deno.test("elements of nft's JSON, with and without a timeout", () => {
  const set = '{"set": {"elem": [{"elem": {"val": "192.0.2.1", "timeout": 10}}]}}';
  assert.deepEqual(addressesIn(set), ["192.0.2.1"]);
  assert.deepEqual(addressesIn(""), []);
});

const held = documentOf([{ ...master(), fence: "nftables" }]);

const WELL: FenceEvidence = {
  plans: placedPlans(subjectOf(PAIR)),
  root: true,
  refusal: undefined,
  daemon: { kind: "running", status: held, pid: 7 },
  table: { chains: CHAINS, open: ["192.168.1.50"] },
};

const STOPPED = { kind: "silent", why: "stopped", reason: "not running" } as const;

const ROWS: readonly (readonly [string, Partial<FenceEvidence>, RegExp])[] = [
  ["all is well", {}, /^ok .*as the daemon says/],
  ["not root", { root: false }, /^unknown /],
  ["no nft", { table: undefined }, /^ok .*not compared/],
  ["an old kernel", { refusal: "Operation not supported" }, /^warning .* boot a kernel from 5\.16/],
  ["no module", { refusal: "Invalid argument" }, /^warning .* modprobe nf_tables/],
  ["no table", { table: { chains: [], open: [] } }, /^problem .*is not there/],
  ["a bare link", {
    table: { chains: CHAINS.filter(({ name }) => name !== "in_2"), open: [] },
  }, /^problem .*lacks chains on eth0/],
  ["no chain for frames", {
    table: { chains: CHAINS.filter(({ device }) => device !== "lo"), open: [] },
  }, /^problem .*lacks chains on lo/],
  ["what is shut", { table: { chains: CHAINS, open: [] } }, /^problem 192\.168\.1\.50 is not open/],
  ["left behind", { daemon: STOPPED }, /^warning .* floatip release/],
  ["nothing runs yet", { daemon: STOPPED, table: undefined }, /^ok the kernel takes a fence/],
  ["none is wanted", { plans: [] }, /^ok no instance has a fence/],
];

for (const [what, changes, expected] of ROWS) {
  Deno.test(`fence: ${what}`, () => {
    const [finding = assert.fail()] = judgeFence({ ...WELL, ...changes });
    assert.match(`${finding.mark} ${finding.what} ${finding.fix ?? ""}`, expected);
  });
}
