/** Tests of the expansion of files, with the behaviour of keepalived 2.2.7. */
import assert from "node:assert/strict";
import { expand } from "../../../../src/tools/keepalived_import/expand.ts";
import { MalformedError } from "../../../../src/tools/keepalived_import/statement.ts";
import {
  assertQuick,
  FILE,
  filesOf,
  type Texts,
} from "../../../support/tools/keepalived_import/importing.ts";

function expanded(texts: Texts | string, nodeId = "main") {
  const all = typeof texts === "string" ? { [FILE]: texts } : texts;
  return expand(FILE, filesOf(all), nodeId, "/root");
}

function lines(texts: Texts | string, nodeId?: string): readonly string[] {
  return expanded(texts, nodeId).lines.map(({ text }) => text);
}

function refusal(texts: Texts | string) {
  try {
    expanded(texts);
  } catch (error) {
    if (error instanceof MalformedError) return error.malformed;
    throw error;
  }
  return assert.fail("it was not refused");
}

Deno.test("expand: @ID lines count for that node, @^ID lines for all others, also repeated", () => {
  const text = "@main a\n@other b\n@^main c\n@^other d\n@main @^other e\n@ f\n@!main g\n";
  assert.deepEqual(lines(text), ["a", "d", "e"]);
  assert.deepEqual(lines(text, "other"), ["b", "c"]);
  const { conditions } = expanded(text);
  const left = conditions.filter((one) => one.left > 0);
  assert.deepEqual(left.map(({ id, negated, left, place }) => [id, negated, left, place?.line]), [
    ["other", false, 1, 2],
    ["main", true, 1, 3],
    ["", false, 2, 6],
  ]);
});

Deno.test("macros stand for what they mean where they are used, with or without braces", () => {
  assert.deepEqual(
    lines(
      "$A=10.2.${B}\n$B=0\n${A}.100/32\n$B=10\n${A}.100/32\n$B x\nx$B\n$B/y\n$EMPTY=\n${EMPTY}z",
    ),
    ["10.2.0.100/32", "10.2.10.100/32", "10 x", "x10", "$B/y", "z"],
  );
});

Deno.test("a name that stands for nothing stays; predefined ones are there", () => {
  assert.deepEqual(lines("echo $HOME ${X} ${_INSTANCE} ${_PWD} ${_HASH} ${_BANG}"), [
    "echo $HOME ${X} main /etc/keepalived # !",
  ]);
});

Deno.test("a macro can be a condition, and a condition can choose a macro", () => {
  assert.deepEqual(lines("$IF=@main\n$IF priority 1\n@main $P=240\n@other $P=200\npriority $P"), [
    "priority 1",
    "priority 240",
  ]);
});

Deno.test("macros of several lines are lines; inside them later macros count", () => {
  const text = [
    "$INSTANCE= \\",
    "vrrp_instance VI_${NUM} { \\",
    "  interface eth${NUM}  # why \\",
    "}",
    "$NUM=0",
    "$INSTANCE",
    "$NUM=1",
    "${INSTANCE}",
    "$ONE=priority 7 \\",
    "  preempt",
    "$ONE",
  ].join("\n");
  assert.deepEqual(lines(text).slice(0, 2), ["vrrp_instance VI_0 {", "interface eth0"]);
  assert.deepEqual(lines(text).slice(-2), ["priority 7", "preempt"]);
  const places = expanded(text).lines.map(({ place }) => place.line);
  assert.equal(places[0], 6, "its place is where it is used");
});

Deno.test("sequences and lists make lines, one in the other too", () => {
  assert.deepEqual(lines("~SEQ(S,1,3) 10.9.0.${S}/24"), [
    "10.9.0.1/24",
    "10.9.0.2/24",
    "10.9.0.3/24",
  ]);
  assert.deepEqual(lines("~SEQ(T,4,-2,0) $T"), ["4", "2", "0"]);
  assert.deepEqual(lines("~SEQ(U,3) $U"), ["1", "2", "3"]);
  assert.deepEqual(lines("~SEQx(V,0x90,0x10,0xb0) ip${V}"), ["ip90", "ipa0", "ipb0"]);
  assert.deepEqual(lines("~LST(W,5,6) ~LST({X1,X2},{1,2},{3,4}) 10.${W}.${X1}.${X2}"), [
    "10.5.1.2",
    "10.5.3.4",
    "10.6.1.2",
    "10.6.3.4",
  ]);
  assert.deepEqual(lines("$N=2\n~SEQ(A,1,${N}) $A"), ["1", "2"]);
});

const CONF: Texts = {
  [FILE]:
    "include conf.d/*.conf\ninclude nonexistent\ninclude none*\n$X=conf.d\ninclude ${X}/a.conf\n",
  "/etc/keepalived/conf.d/a.conf": "a {\n include ../vips\n}\n",
  "/etc/keepalived/conf.d/b.conf": "b ${_PWD}",
  "/etc/keepalived/conf.d/.hidden.conf": "hidden",
  "/etc/keepalived/vips": "10.0.0.1",
};

Deno.test("expand: includes are relative to their file, with wildcards, braces and macros", () => {
  const { lines, inclusions } = expanded(CONF);
  assert.deepEqual(lines.map(({ text }) => text), [
    ...["a {", "10.0.0.1", "}", "b /etc/keepalived/conf.d", "a {", "10.0.0.1", "}"],
  ]);
  assert.deepEqual(lines[1]?.place, { file: "/etc/keepalived/vips", line: 1 });
  const [all, missing, nothing] = inclusions.filter(({ place }) => place.file === FILE);
  assert.deepEqual(
    all?.files,
    ["a.conf", "b.conf"].map((name) => `/etc/keepalived/conf.d/${name}`),
  );
  assert.deepEqual(missing?.refused.map(({ reason: words }) => words), ["is not there"]);
  assert.deepEqual([nothing?.nothing, nothing?.refused], [true, []]);
});

Deno.test("braces of an include are alternatives, in their order", () => {
  const texts = { [FILE]: "include {b,a,c?}", "/etc/keepalived/a": "A", "/etc/keepalived/b": "B" };
  assert.deepEqual(lines(texts), ["B", "A"]);
});

Deno.test("quotes are a part of the name", () => {
  const texts = { [FILE]: 'include "a"', "/etc/keepalived/a": "A" };
  const { lines, inclusions } = expanded(texts);
  assert.deepEqual(lines, []);
  assert.equal(inclusions[0]?.quoted, true);
});

for (
  const [title, texts, line, what] of [
    ["a file that includes itself", { [FILE]: "x\ninclude ./keepalived.conf" }, 2, /circle/],
    [
      "a circle of three",
      {
        [FILE]: "include a",
        "/etc/keepalived/a": "\ninclude b",
        "/etc/keepalived/b": "include ../keepalived/a",
      },
      1,
      /circle: .*keepalived\.conf -> .*\/a -> .*\/b -> /,
    ],
    ["a macro that holds itself", "$R=${R}x\n\npriority $R", 3, /longer|more than/],
    ["macros that double", doubling(40), 42, /longer/],
    ["lines that double", doublingLines(30), 93, /more than \d+ lines/],
    ["a macro of lines that holds itself", "$A= \\\n x \\\n $A\n$A", 4, /deep|lines/],
    ["a sequence without end", "~SEQ(A,1,99999999) $A", 1, /10000 values/],
    ["sequences in sequences", "~SEQ(A,1,999) ~SEQ(B,1,999) $A $B", 1, /more than \d+ lines/],
    ["a sequence without step", "~SEQ(A,1,0,5) $A", 1, /~SEQ/],
    ["a sequence without numbers", "\n~SEQ(A) $A", 2, /~SEQ/],
    ["a list without values", "~LST(A) $A", 1, /~LST/],
    ["a macro of lines among words", "$A= \\\n b \\\n c\nx $A", 4, /other text is on its line/],
    ["binary", "a\nb\0c", 2, /not a text/],
    ["braces without end", { [FILE]: `include ${"{a,b}".repeat(30)}` }, 1, /more files/],
    ["one line of a million letters", `\n${"x".repeat(1_000_000)}`, 2, /longer/],
    ["nothing at all", {}, 1, /is not there/],
  ] as readonly (readonly [string, Texts | string, number, RegExp])[]
) {
  Deno.test(`refused in no time, with its line: ${title}`, () => {
    assertQuick(() => {
      const malformed = refusal(texts);
      assert.equal(malformed.place.line, line);
      assert.match(malformed.what, what);
    });
  });
}

/** $M0 is twice $M1, and so on. */
function doubling(count: number): string {
  const macros = Array.from({ length: count }, (_, i) => `$M${i}=\${M${i + 1}}\${M${i + 1}}`);
  return [...macros, `$M${count}=x`, "priority $M0"].join("\n");
}

/** The same with lines. */
function doublingLines(count: number): string {
  const macros = Array.from({ length: count }, (_, i) => `$M${i}= \\\n $M${i + 1} \\\n $M${i + 1}`);
  return [...macros, `$M${count}=x`, "", "$M0"].join("\n");
}
