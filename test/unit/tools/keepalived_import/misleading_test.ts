/** Notes of the import that say what keepalived does with a line, and not something near it. */
import assert from "node:assert/strict";
import { imported, shown } from "../../../support/tools/keepalived_import/importing.ts";
import type { Note } from "../../../../src/tools/keepalived_import/translation.ts";

/** An instance with an address on eth0, and further lines inside it. */
function instance(name: string, vrid: number, address: string, ...lines: readonly string[]) {
  return [
    `vrrp_instance ${name} {`,
    ...(lines.some((line) => line.startsWith("  interface")) ? [] : ["  interface eth0"]),
    `  virtual_router_id ${vrid}`,
    `  virtual_ipaddress {\n    ${address}\n  }`,
    ...lines,
    "}\n",
  ].join("\n");
}

/** The note of the line with `words`. */
function noteOf(text: string, words: string): Note | undefined {
  const line = text.split("\n").findIndex((one) => one.includes(words)) + 1;
  return imported(text).notes.find(({ place }) => place.line === line);
}

/** A tracked script with `line`. */
function script(line: string): string {
  const block = `vrrp_script chk {\n  script ${line}\n}\n`;
  return block + instance("A", 51, "192.0.2.50/24", "  track_script {\n    chk\n  }");
}

Deno.test("import: a space behind a backslash divides no words of a script", () => {
  const escaped = "/bin/bash\\ -c\\ true";
  for (const line of [escaped, `"/bin/bash -c true"`, "'/bin/bash -c true'"]) {
    const { to, why = "" } = noteOf(script(line), "  script ") ?? {};
    assert.match(to ?? "", /^command = \["\/bin\/bash", "-c", "true"\]/, line);
    assert.doesNotMatch(why, /ignores the rest/, line);
  }
  assert.match(noteOf(script("/bin/bash -c true"), "  script ")?.why ?? "", /ignores the rest/);
});

Deno.test("import: an instance whose addresses are another one's is told so", () => {
  const text = instance("A", 51, "192.0.2.50/24") + instance("B", 52, "192.0.2.50/24");
  const note = noteOf(text, "vrrp_instance B");
  assert.equal(
    note?.why,
    "none of its floating addresses can be taken over, for the reasons at their lines",
  );
  assert.equal(note.instead, "correct them, or remove the instance");
});

Deno.test("import: a sequence before a block is named, with what it is to be", () => {
  const block = instance("A${i}", 51, "192.0.2.5${i}/24");
  assert.equal(
    shown(`~SEQ(i,1,3) ${block}`),
    "/etc/keepalived/keepalived.conf:1: ~SEQ(i,1,3) is before a block that does not end in its " +
      "line\n  why: A sequence repeats its line alone: each round opens a block, and one is " +
      "closed. keepalived does not start.\n  fix: begin the block with a line $BLOCK=\\, end " +
      "each of its lines but the last with a \\, and write ~SEQ(i,1,3) $BLOCK behind it\n",
  );
  const lines = block.replace("router_id 51", "router_id 5${i}").trim().split("\n");
  const mended = `$BLOCK=\\\n${lines.join(" \\\n")}\n~SEQ(i,1,3) $BLOCK\n`;
  assert.match(imported(mended).toml ?? "", /\[instance\.A3\]/, mended);
});

Deno.test("import: an interface that is not here is marked, wherever it is named", () => {
  const named = {
    interface: instance("A", 51, "192.0.2.50/24", "  interface eth9"),
    "eth9": instance("A", 51, "192.0.2.50/24", "  track_interface {\n    eth9\n  }"),
    "dev eth9": instance("A", 51, "192.0.2.50/24 dev eth9"),
  };
  for (const [words, text] of Object.entries(named)) {
    const note = noteOf(text, words === "interface" ? "  interface" : words);
    const why = "this machine has no eth9: keepalived does not start, floatip waits for it";
    assert.ok(note?.matters && note.why?.includes(why), `${words}: ${note?.why}`);
    const waiting = `global_defs {\n  dynamic_interfaces\n}\n${text}`;
    assert.ok(!imported(waiting).notes.some(({ why: one }) => one?.includes("eth9")), words);
  }
});

Deno.test("import: an IPv6 instance whose version is none has version 3, as without one", () => {
  const text = instance("A", 51, "2001:db8::50/64", "  version 4");
  assert.equal(noteOf(text, "  version 4")?.to, "version = 3");
  assert.match(imported(text).toml ?? "", /^version = 3/m);
});

Deno.test("import: a second address on the line of a peer is named, with its length too", () => {
  const peers = "  unicast_peer {\n    192.0.2.2 192.0.2.3/24\n  }";
  const note = noteOf(instance("A", 51, "192.0.2.50/24", peers), "192.0.2.3/24");
  assert.equal(note?.why, "keepalived takes one address per line, and ignores 192.0.2.3/24");
});
