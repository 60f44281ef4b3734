/** The doctor's report, for people and for programs. */
import assert from "node:assert/strict";
import { doctorJson, doctorLines } from "../../../../src/cli/doctor/text.ts";
import { inodeOf } from "../../../../src/cli/doctor/daemon_pid.ts";
import { plain } from "../../../../src/cli/terminal.ts";
import type { ReportedFinding } from "../../../../src/tools/doctor/doctor.ts";
import { golden } from "../../../support/golden.ts";

const REPORTED: readonly ReportedFinding[] = [
  { check: "interface", mark: "ok", what: "eth0 is up with 192.168.1.11/24" },
  {
    check: "firewall",
    mark: "problem",
    what: "nft's chain inet filter input drops VRRP from 192.168.1.12, by its policy",
    why: "This node does not hear its peers, and takes the address while another one holds it.",
    fix: "nft 'insert rule inet filter input ip saddr 192.168.1.12 accept'\nand one more line",
  },
  {
    check: "clock",
    mark: "warning",
    what: "the clock is not set by NTP",
    why: "History and logs of the nodes cannot be compared.",
    fix: "timedatectl set-ntp true",
  },
  { check: "power", mark: "unknown", what: "nobody tells" },
];

Deno.test("doctor's report for people", async () => {
  await golden("doctor", doctorLines("pi-a", "1.2.3", REPORTED, plain).join("\n"));
  const [first] = REPORTED;
  const well = doctorLines("pi-a", "1.2.3", first === undefined ? [] : [first], plain);
  assert.equal(well.at(-1), "nothing is wrong");
});

Deno.test("doctor's report for programs", () => {
  const document = JSON.parse(doctorJson("pi-a", "/f.toml", "1.2.3", REPORTED));
  assert.equal(document.schema, 1);
  assert.equal(document.healthy, false);
  assert.deepEqual(document.findings.map(({ mark }: ReportedFinding) => mark), [
    "ok",
    "problem",
    "warning",
    "unknown",
  ]);
  assert.deepEqual(Object.keys(document.findings[0]), ["check", "mark", "what", "why", "fix"]);
});

Deno.test("the socket that listens is told from those that it accepted", () => {
  const table = [
    "Num       RefCount Protocol Flags    Type St Inode Path",
    "ffff8881: 00000003 00000000 00000000 0001 03 100 /run/floatip/control.sock",
    "ffff8882: 00000002 00000000 00010000 0001 01 200 /run/floatip/control.sock",
  ].join("\n");
  assert.equal(inodeOf(table, "/run/floatip/control.sock"), "200");
  assert.equal(inodeOf(table, "/run/other.sock"), undefined);
});
