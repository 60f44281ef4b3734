/**
 * Import: no text makes it throw, stall, lose a directive, print a password, or write an invalid
 * file.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decode } from "../../src/config/decode.ts";
import { importKeepalived } from "../../src/tools/keepalived_import/import.ts";
import {
  environment,
  FILE,
  filesOf,
  type Texts,
} from "../support/tools/keepalived_import/importing.ts";
import { fileOf, OPTIONS } from "../golden/import_options.ts";

/** More with FUZZ_RUNS=100000. */
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? "600");

/** Far more than any of these small files takes. */
const LONGEST_MS = 1000;

/**
 * Whatever the text: an answer in time, every directive with a verdict, and a result that floatip
 * takes.
 */
function holds(texts: Texts): void {
  const start = performance.now();
  const imported = importKeepalived(FILE, filesOf(texts), environment("pi-a"));
  const took = performance.now() - start;
  assert.ok(took < LONGEST_MS, `${took} ms`);
  if (imported.kind === "malformed") {
    const { place, what, why, fix } = imported.malformed;
    const lines = texts[place.file]?.split("\n").length ?? 1;
    assert.ok(place.line >= 1 && place.line <= Math.max(1, lines), `${place.file}:${place.line}`);
    for (const words of [what, why, fix]) assert.doesNotMatch(words, /undefined|s3cr3t|^$/);
    return;
  }
  for (const note of imported.notes) {
    const { directive, outcome, matters, why, instead } = note;
    assert.doesNotMatch(`${why}`, /no answer|does not take it/, `${directive}: ${why}`);
    assert.doesNotMatch(JSON.stringify(note), /s3cr3t/);
    assert.ok([...directive].length <= 160 && !/\p{C}/u.test(directive), directive);
    if (outcome === "carried") assert.ok(!matters);
    else assert.ok(why !== undefined && why !== "", directive);
    if (outcome === "unsupported") assert.ok(instead !== undefined && instead !== "", directive);
  }
  if (imported.toml === undefined) {
    assert.ok(imported.notes.some(({ matters }) => matters));
    return;
  }
  const decoded = decode(imported.toml);
  assert.equal(
    decoded.kind,
    "config",
    `${JSON.stringify(decoded, undefined, 2)}\n${imported.toml}`,
  );
}

/** Words of the language and words that are none. */
const WORDS = [
  ...new Set(
    OPTIONS.flatMap((option) => fileOf(option).split(/[\s{}]+/)).filter((word) =>
      word !== "" && !word.includes("s3cr3t")
    ),
  ),
  ...["0", "-1", "255", "256", "1e9", "0x10", "999999999999999999999", "0.0001", "~SEQ(A,1,3)"],
  ...["$A", "${A}", "$A=5", "$A= \\", "@pi-a", "@^pi-a", "@x", "include", "conf.d/*", "#", "!"],
  ...[
    '"',
    "'",
    "\\",
    "\\x41",
    "[::1]",
    "fe80::1%eth0",
    "::",
    "0.0.0.0/0",
    "224.0.0.18",
    "127.0.0.1",
  ],
  ...["auth_pass", "ünïcödé", "\u202e", "/", "//", "~", "`id`", "=", ";", ","],
];

const word = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: -300, max: 300 }).map(String) },
);
const line = fc.array(word, { maxLength: 6 }).map((words) => words.join(" "));

Deno.test("fuzz: any bytes", () => {
  const anything = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.string({ unit: fc.constantFrom(..."{}\"'\\$@~()=,#! \nabc1"), maxLength: 400 }),
  );
  fc.assert(fc.property(anything, (text) => holds({ [FILE]: text })), { numRuns: RUNS });
});

Deno.test("fuzz: words of the language in any order", () => {
  const brace = fc.constantFrom("{", "}", "vrrp_instance A {", "vrrp_script s {", "global_defs {");
  const text = fc.array(fc.oneof({ weight: 3, arbitrary: line }, brace), { maxLength: 40 })
    .map((lines) => lines.join("\n"));
  const included = fc.record({ a: text, b: text }).map(({ a, b }) => ({
    [FILE]: a,
    "/etc/keepalived/conf.d/b": b,
  }));
  fc.assert(fc.property(included, holds), { numRuns: RUNS });
});

Deno.test("fuzz: sound files with a line put in, taken out, doubled or cut", () => {
  const base = fc.constantFrom(...OPTIONS).map(fileOf);
  const change = fc.record({ at: fc.nat(60), kind: fc.nat(5), line });
  const changed = fc.tuple(base, fc.array(change, { minLength: 1, maxLength: 4 })).map(
    ([text, changes]) =>
      changes.reduce((lines: readonly string[], { at, kind, line }) => {
        const index = at % Math.max(1, lines.length);
        const old = lines[index] ?? "";
        const put = [
          [line, old],
          [],
          [old, old],
          [old.slice(0, Math.floor(old.length / 2))],
          [`${old} ${line}`],
          [old.replace(/\S+$/, line.split(" ")[0] ?? "")],
        ][kind] ?? [];
        return [...lines.slice(0, index), ...put, ...lines.slice(index + 1)];
      }, text.split("\n")).join("\n"),
  );
  fc.assert(fc.property(changed, (text) => holds({ [FILE]: text })), { numRuns: RUNS });
});

Deno.test("fuzz: several files one after the other, with the same names and numbers", () => {
  const text = fc.array(fc.constantFrom(...OPTIONS), { minLength: 2, maxLength: 5 })
    .map((options) =>
      options.map((option, index) => {
        const file = fileOf(option);
        return index % 2 === 0 ? file : file.replaceAll("VI_1", "VI_9").replace("eth0", "eth7");
      }).join("\n")
    );
  fc.assert(fc.property(text, (all) => holds({ [FILE]: all })), { numRuns: RUNS });
});
