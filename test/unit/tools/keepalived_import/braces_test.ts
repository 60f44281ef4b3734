/** Tests of the import of lists with wrong braces or entries: what is lost is marked. */
import assert from "node:assert/strict";
import { imported, noteText } from "../../../support/tools/keepalived_import/importing.ts";

/** An instance with further lines inside it; line 4 is the first of them. */
function instance(...lines: readonly string[]): string {
  const head = ["vrrp_instance A {", "  interface eth0", "  virtual_router_id 51"];
  const addresses = ["  virtual_ipaddress {", "    192.0.2.50/24", "  }", "}", ""];
  return [...head, ...lines, ...addresses].join("\n");
}

/** What `import` says of line 4, where it matters. */
function said(text: string, line = 4): readonly string[] {
  const notes = imported(text).notes.filter(({ place }) => place.line === line);
  return notes.filter(({ matters }) => matters).map(noteText);
}

for (
  const entry of [
    "track_script chk",
    "track_interface eth1",
    "track_process nginx",
    "track_file f",
    "track_bfd b",
    "unicast_peer 192.0.2.8",
    "virtual_ipaddress 192.0.2.51/24",
    "virtual_ipaddress_excluded 192.0.2.51/24",
    "virtual_routes 192.0.2.0/24",
  ]
) {
  Deno.test(`import marks a list without braces: ${entry}`, () => {
    const [first] = said(instance(`  ${entry}`));
    assert.equal(first, `4 unsupported!: ${entry}`);
  });
}

Deno.test("import marks words before the brace of a list, which keepalived ignores", () => {
  const notes = said(instance("  unicast_peer 192.0.2.9 {", "    192.0.2.8", "  }"));
  assert.deepEqual(notes, ["4 changed!: unicast_peer 192.0.2.9 { } -> peers = [...]"]);
});

for (
  const [keyword, entry] of [
    ["track_interface", "eth0 eth1"],
    ["track_interface", "eth1 weight 5 eth2"],
    ["unicast_peer", "192.0.2.8 fast"],
    ["virtual_ipaddress_excluded", "192.0.2.51/24 eth1"],
  ] as const
) {
  Deno.test(`import marks words of an entry that keepalived ignores: ${keyword} ${entry}`, () => {
    const notes = said(instance(`  ${keyword} {`, `    ${entry}`, "  }"), 5);
    assert.match(notes[0] ?? "", /changed!/);
  });
}

Deno.test("import goes on after a brace too many, as keepalived does, and marks it", () => {
  const text = `${instance()}}\n${
    instance().replace("A", "B").replace("51", "52").replace("2.50", "2.52")
  }`;
  const { toml, notes } = imported(text);
  assert.match(toml ?? "", /\[instance\.A\][^]*\[instance\.B\]/);
  assert.deepEqual(notes.filter(({ matters }) => matters).map(noteText), ["8 unsupported!: }"]);
});

Deno.test("import puts a guess in the place of what only keepalived knows, and marks it", () => {
  const text = instance(
    "  priority ${_RANDOM 100 120}",
    "  advert_int 1",
    "  preempt_delay ${_RANDOM}",
  )
    .replace("eth0", "eth${_ENV CARD}0");
  const { toml, notes } = imported(text);
  assert.match(toml ?? "", /interface = "eth0"[^]*priority = 100/);
  assert.deepEqual(notes.filter(({ matters }) => matters).map(noteText), [
    "2 changed!: ${_ENV CARD}",
    "4 changed!: ${_RANDOM 100 120}",
    "6 changed!: ${_RANDOM}",
  ]);
});

Deno.test("import advertises the 89 IPv6 addresses that keepalived names, moves the rest", () => {
  const addresses = Array.from({ length: 91 }, (_, index) => `    fd00::${index + 1}/64`);
  const text = instance().replace("    192.0.2.50/24", addresses.join("\n"));
  const { toml, notes } = imported(text);
  assert.match(toml ?? "", /"fd00::89\/64",\s+\{ address = "fd00::90\/64", advertise = false \}/);
  assert.equal(notes.filter(({ matters }) => matters).length, 2);
});

for (
  const word of [
    "thread_timer_expired",
    "vrrp_vmac_garp_intvl",
    "snmp_vs_stats_update_interval",
    "snmp_rs_stats_update_interval",
    "lvs_process_name",
    "lvs_flush_onstop",
    "checker_rlimit_rtime",
    "bfd_rlimit_rtime",
    "state_dump_file",
    "stats_dump_file",
    "json_dump_file",
  ]
) {
  Deno.test(`import knows ${word}`, () => {
    const { notes } = imported(`global_defs {\n  ${word} 1\n}\n${instance()}`);
    const note = notes.find(({ place }) => place.line === 2);
    assert.doesNotMatch(note?.why ?? "", /does not know/);
    assert.equal(note?.matters, false);
  });
}
