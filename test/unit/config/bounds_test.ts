/**
 * Files that are wrong in the wrong way: a bounded answer, in time that grows with the text and no
 * faster.
 */
import assert from "node:assert/strict";
import { boundsProblem } from "../../../src/config/bounds.ts";
import { decode } from "../../../src/config/decode.ts";
import { load } from "../../../src/config/load.ts";
import { locate } from "../../../src/config/locate.ts";
import { MOST_PROBLEMS, ProblemList } from "../../../src/config/problem.ts";

const SOUND = '[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n';

function many(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join("\n");
}

function instances(count: number, more: string): string {
  return many(
    count,
    (i) =>
      `[instance.i${i}]\nvrid = ${i % 255 + 1}\naddresses = ["10.0.${i >> 8}.${i % 256}/8"]\n` +
      more,
  );
}

/** A text, and what its first problem says. */
const BEYOND: readonly (readonly [string, string, RegExp])[] = [
  ["nested lists", `x = ${"[".repeat(3000)}${"]".repeat(3000)}`, /32 deep/],
  ["lists that are not closed", `x = ${"[".repeat(3000)}`, /32 deep/],
  ["nested tables", `x = ${"{a=".repeat(2000)}1${"}".repeat(2000)}`, /32 deep/],
  ["lists over many lines", `x = ${"[\n".repeat(3000)}`, /32 deep/],
  ["a dotted key", `${"a.".repeat(3000)}a = 1`, /more than 16 parts/],
  ["a dotted key of texts", `${'"a".'.repeat(3000)}a = 1`, /more than 16 parts/],
  ["a dotted header", `[${"a.".repeat(30_000)}a]`, /more than 16 parts/],
  ["a long key", `${"a".repeat(900_000)} = 1`, /this line is longer/],
  ["a long comment", `# ${"a".repeat(900_000)}`, /this line is longer/],
  ["a long text", `x = "${"a".repeat(9000)}"`, /this text is longer/],
  ["a long text in lines", `x = '''\n${"a\n".repeat(9000)}'''`, /this text is longer/],
  ["a text that does not end", `x = """\n${"a\n".repeat(9000)}`, /this text is longer/],
  ["nothing but quotes", `x = ${'"'.repeat(900_000)}`, /longer/],
  ["unknown keys", many(16_000, (i) => `prioritty${i} = 1`), /1600\d entries/],
  ["far too many keys", many(100_000, (i) => `k${i} = 1`), /more than 16384 keys, entries/],
  ["a list of tables", "[[x]]\n".repeat(100_000), /more than 16384 keys, entries/],
  ["tables", many(20_000, (i) => `[t${i}.a.b.c]`), /more than 16384 keys, entries/],
  ["dotted keys", many(20_000, (i) => `a.b${i}.c = 1`), /more than 16384 keys, entries/],
  ["a list over many lines", `x = [\n${"1,\n".repeat(200_000)}]`, /more than 16384 keys, entries/],
  ["empty lists", `x = [\n${"[],\n".repeat(100_000)}]`, /more than 16384 keys, entries/],
  ["inline tables", `x = [\n${"{a=1},\n".repeat(90_000)}]`, /more than 16384 keys, entries/],
  ["a long list", `prefer = [${many(2000, (i) => `"n${i}",`)}]`, /2000 entries/],
  ["instances", instances(3000, ""), /instance has 300\d entries/],
  ["nodes", `[nodes]\n${many(300, (i) => `n${i} = "10.1.${i >> 8}.${i % 256}"`)}`, /300 entries/],
  ["checks", many(4000, (i) => `[check.c${i}]\nfile = "/x"`), /check has 4000 entries/],
  [
    "addresses",
    `[instance.b]\nvrid = 1\naddresses = [${many(3000, (i) => `"10.0.${i >> 8}.${i % 256}",`)}]`,
    /b\.addresses has 3000 entries/,
  ],
];

for (const [name, text, expected] of BEYOND) {
  Deno.test(`bounds: ${name}`, async () => {
    const whole = SOUND + text;
    const decoded = decode(whole);
    assert.equal(decoded.kind, "problems");
    const problems = decoded.kind === "problems" ? decoded.problems : [];
    assert.equal(problems.length, 1);
    assert.match(problems[0]?.what ?? "", expected);
    const [located] = await locate(problems, whole, "f");
    assert.ok(located !== undefined && located.line >= 1 && located.source.length < 200);
    assert.ok(JSON.stringify(located).length < 2000);
  });
}

Deno.test("bounds: what may be parsed is not held up", () => {
  const texts = [
    SOUND,
    `x = ${"[".repeat(32)}${"]".repeat(32)}`,
    `x = "${"[".repeat(5000)}"`,
    `x = '${"a.".repeat(3000)}'`,
    `# ${"[".repeat(5000)}`,
    `x = """\n[[[[ \\""" "" ${"]\n".repeat(1000)}"""\ny = [1]`,
    `x = "a\\"${"[".repeat(100)}"`,
    `x = [${'"fd00:1234:5678:9abc:def0:1234:5678:9abc/128", '.repeat(255)}]`,
    "192.168.1.11 = 1\n".repeat(10),
    many(1000, (i) => `x${i} = 1.5`),
    'x = "not closed [\ny = 1\n'.repeat(100),
  ];
  for (const text of texts) assert.equal(boundsProblem(text), undefined, text.slice(0, 40));
});

Deno.test("bounds: the place is that of the bracket, text or line", () => {
  const at = (text: string) => boundsProblem(text)?.position;
  assert.deepEqual(at(`a = 1\nx = ${"[".repeat(40)}`), { line: 2, column: 37 });
  assert.deepEqual(at(`a = 1\n  x = "${"a".repeat(9000)}"`), { line: 2, column: 7 });
  assert.deepEqual(at(`a = 1\n\n#${" ".repeat(20_000)}`), { line: 3, column: 1 });
});

Deno.test("a hundred problems are told, and how many more there are", async () => {
  const text = instances(500, 'prefer = ["x"]\npreffer = ["y"]\nchecks = ["zz"]\n') +
    many(1000, (i) => `[check.z${i}]\nfile = "/x"`);
  const decoded = decode(text);
  const problems = decoded.kind === "problems" ? decoded.problems : [];
  assert.equal(problems.length, MOST_PROBLEMS + 1);
  const located = await locate(problems, text, "f");
  assert.match(located.at(-1)?.what ?? "", /^and \d{4} more$/, "and it comes last");
  assert.equal(located.at(-1)?.severity, "error");
});

Deno.test("a list of problems: errors first, then warnings, described only while wanted", () => {
  const list = new ProblemList();
  let described = 0;
  const problem = (severity: "error" | "warning") =>
    ({ severity, path: [], at: "key", what: "w".repeat(5000), why: "", fix: "" }) as const;
  for (let i = 0; i < 60; i++) list.report(problem("warning"));
  assert.equal(list.hasErrors, false);
  for (let i = 0; i < 1000; i++) {
    list.report(() => {
      described++;
      return problem("error");
    });
  }
  const all = list.all();
  assert.deepEqual(
    [described, all.length, all[99]?.severity, all.at(-1)?.what, all.at(-1)?.more],
    [100, 101, "error", "and 960 more", 960],
  );
  assert.ok(all.every(({ what }) => what.length < 700));
});

Deno.test("a file that does not end, or does not answer, is a problem in time", async () => {
  const loaded = await load("/proc/kmsg");
  const said = loaded.kind === "problems" ? loaded.problems[0]?.what ?? "" : "";
  assert.match(said, /could not be read within 3 s|may not be read|not permitted/);
});
