/** Problems point at the right place, and no shown line tells a secret. */
import assert from "node:assert/strict";
import { formatProblem } from "../../../src/config/problem.ts";
import { locate } from "../../../src/config/locate.ts";
import type { Path, Problem } from "../../../src/config/problem.ts";
import { suspectRanges } from "../../../src/config/redact.ts";
import { maskRanges } from "../../../src/config/secret.ts";

function problem(at: "key" | "value", ...path: Path): Problem {
  return { severity: "error", path, at, what: "what", why: "why", fix: "fix" };
}

const TEXT = `# floatip
[nodes]
pi-a = ["192.168.1.11", "fe80::11"]

[instance."my web"]
vrid = 51
addresses = [
  "192.168.1.50/24",
  { address = "10.0.0.1/24", label = "eth0:1" },
]
auth.pass = "hunter2" # not hunter3

[instance.dns]
auth = { pass = "hunter2", more = "hunter2" }
source.x.y = 5
`;

const PLACES: readonly (readonly ["key" | "value", Path, number, number])[] = [
  ["key", [], 1, 1],
  ["key", ["nodes"], 2, 1],
  ["value", ["nodes"], 2, 1],
  ["key", ["nodes", "pi-a"], 3, 1],
  ["value", ["nodes", "pi-a"], 3, 8],
  ["value", ["nodes", "pi-a", 1], 3, 25],
  ["key", ["instance"], 5, 1],
  ["key", ["instance", "my web"], 5, 1],
  ["value", ["instance", "my web", "vrid"], 6, 8],
  ["value", ["instance", "my web", "prefer"], 5, 1],
  ["value", ["instance", "my web", "addresses"], 7, 13],
  ["value", ["instance", "my web", "addresses", 0], 8, 3],
  ["value", ["instance", "my web", "addresses", 1], 9, 3],
  ["key", ["instance", "my web", "addresses", 1, "label"], 9, 30],
  ["value", ["instance", "my web", "addresses", 1, "label"], 9, 38],
  ["value", ["instance", "my web", "addresses", 1, "interface"], 9, 3],
  ["key", ["instance", "my web", "auth"], 11, 1],
  ["value", ["instance", "my web", "auth", "pass"], 11, 13],
  ["key", ["instance", "dns", "auth", "more"], 14, 28],
  ["value", ["instance", "dns", "source", "x", "y"], 15, 14],
  ["value", ["nowhere", "at", "all"], 1, 1],
];

for (const [at, path, line, column] of PLACES) {
  Deno.test(`the ${at} of ${JSON.stringify(path)} is at ${line}:${column}`, async () => {
    const [located] = await locate([problem(at, ...path)], TEXT, "floatip.toml");
    assert.deepEqual([located?.line, located?.column], [line, column]);
  });
}

Deno.test("problems come in the order of the file", async () => {
  const paths: readonly Path[] = [["instance", "dns"], ["nodes"], ["instance", "my web", "vrid"]];
  const located = await locate(paths.map((path) => problem("key", ...path)), TEXT, "f");
  assert.deepEqual(located.map(({ line }) => line), [2, 6, 13]);
});

Deno.test("secrets are masked, and the caret stays under its word", async () => {
  const [located] = await locate([problem("key", "instance", "dns", "auth", "more")], TEXT, "f");
  assert.equal(located?.source, "auth = { pass = ********, more = ******** }");
  assert.equal(located?.source.slice((located?.caret ?? 0) - 1, (located?.caret ?? 0) + 3), "more");
});

Deno.test("what people call their nodes and instances is no secret", async () => {
  const text = '[nodes]\nauth-1 = "10.0.0.1"\n[instance.passage]\nvrid = 5\n[other]\npasses = 5\n';
  const lines = async (...path: Path) =>
    (await locate([problem("value", ...path)], text, "f"))[0]?.source;
  assert.equal(await lines("nodes", "auth-1"), 'auth-1 = "10.0.0.1"');
  assert.equal(await lines("instance", "passage", "vrid"), "vrid = 5");
  assert.equal(await lines("other", "passes"), "passes = ********");
});

Deno.test("a long line is shown around its place", async () => {
  const text = `prefer = [${'"aaaaaaaa", '.repeat(60)}"bbbb"]\n`;
  const [located] = await locate([problem("value", "prefer", 60)], text, "f");
  assert.ok(located !== undefined && located.source.length < 140);
  assert.equal(located.column, 11 + 60 * 12);
  assert.equal(located.source.slice(located.caret - 1, located.caret + 5), '"bbbb"');
});

Deno.test("control characters of the file do not reach the screen", async () => {
  const text = '# \u009b31m\nvrid = 1 # a comment\n"\u202e" = 1\n';
  const [first] = await locate([problem("key")], text, "f");
  const [second] = await locate([problem("key", "\u202e")], text, "f");
  assert.equal(first?.source, "", "a comment may speak of anything");
  assert.equal(second?.source, '" " = 1');
});

Deno.test("a masked line says nothing of the secret's length", () => {
  for (const length of [1, 8, 30]) {
    const masked = maskRanges(`pass = ${"x".repeat(length)}!`, [[7, 7 + length]]);
    assert.equal(masked.line, "pass = ********!");
    assert.deepEqual([6, 7, 6 + length, 7 + length].map(masked.at), [6, 7, 7, 15]);
  }
});

Deno.test("of broken TOML everything behind a secret's word is suspect", () => {
  assert.deepEqual(suspectRanges("vrid = 5"), []);
  assert.deepEqual(suspectRanges("pass =   hunter"), [[9, 15]]);
  assert.deepEqual(suspectRanges("  auth_pass hunter"), [[2, 18]]);
  assert.deepEqual(suspectRanges("hunter"), [[0, 6]]);
  assert.deepEqual(suspectRanges("vrid = 51 for hunter"), [[10, 20]]);
  assert.deepEqual(suspectRanges("interface = eth0  # hunter"), [[19, 26]]);
});

Deno.test("a printed problem has place, line, caret, why and fix", async () => {
  const [located] = await locate(
    [problem("value", "instance", "my web", "vrid")],
    TEXT,
    "floatip.toml",
  );
  assert.equal(
    formatProblem(located ?? assert.fail()),
    `floatip.toml:6:8: error: what
    6 | vrid = 51
      |        ^
  why: why
  fix: fix`,
  );
});
