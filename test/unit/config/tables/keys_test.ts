/**
 * The tables of keys are right about themselves: manual pages and problems repeat what they say.
 */
import assert from "node:assert/strict";
import { parse } from "smol-toml";
import { substitute, UNSEEN } from "../../../../src/config/credentials.ts";
import { fixLine } from "../../../../src/config/suggest_fix.ts";
import { editDistance, nearestWord } from "../../../../src/config/did_you_mean.ts";
import { ADDRESS } from "../../../../src/config/tables/address.ts";
import { AUTH, INSTANCE } from "../../../../src/config/tables/instance.ts";
import { exampleText, type Key, type Keys } from "../../../../src/config/tables/key.ts";
import { METRICS } from "../../../../src/config/tables/metrics.ts";
import { ROOT, TABLES } from "../../../../src/config/tables/root.ts";
import { accepts } from "../../../../src/config/tables/types.ts";
import { writeHeader, writeValue } from "../../../../src/config/toml_text.ts";

const ALL: readonly (readonly [header: string, keys: Keys])[] = [
  ["the file", ROOT],
  ...TABLES.map(({ header, keys }) => [header, keys] as const),
];

for (const [table, keys] of ALL) {
  for (const [name, key] of Object.entries(keys)) {
    Deno.test(`${table} ${name}: its example is right, its texts are sentences`, () => {
      const written = visible(name, parse(`x = ${exampleText(key)}`)["x"]);
      assert.ok(accepts(key.type, written), `${exampleText(key)} is not ${key.type.form}`);
      for (const text of [key.what, key.why]) assert.match(text, /^["A-Z0-9].*[.?]$/);
      if (key.default !== undefined && !Array.isArray(key.default)) {
        assert.ok(accepts(key.type, key.default), `the default is not ${key.type.form}`);
      }
    });
  }
  Deno.test(`${table}: no synonym stands for two keys, or is a key itself`, () => {
    const all = Object.values(keys).flatMap((key) => key.synonyms ?? []);
    assert.equal(new Set(all).size, all.length);
    assert.deepEqual(all.filter((word) => Object.hasOwn(keys, word)), []);
  });
}

/** With something in the place of a credential. */
function visible(name: string, written: unknown): unknown {
  const { root } = substitute({ cluster: { [name]: written } }, UNSEEN, () => undefined);
  return (root["cluster"] as Record<string, unknown>)[name];
}

const MENDED: readonly (readonly [string, Key, unknown, string])[] = [
  ["vrid", INSTANCE.vrid, "51", "vrid = 51"],
  ["vrid", INSTANCE.vrid, 300, `write ${INSTANCE.vrid.type.form}, such as vrid = 51`],
  ["advert_interval", INSTANCE.advert_interval, 2, 'advert_interval = "2s"'],
  ["advert_interval", INSTANCE.advert_interval, "3", 'advert_interval = "3s"'],
  ["preempt", INSTANCE.preempt, "no", "preempt = false"],
  ["preempt", INSTANCE.preempt, 1, "preempt = true"],
  ["initial_state", INSTANCE.initial_state, "MASTER", 'initial_state = "master"'],
  ["peers", INSTANCE.peers, "10.0.0.1, 10.0.0.2", 'peers = ["10.0.0.1", "10.0.0.2"]'],
  ["peers", INSTANCE.peers, ["10.0.0.1/24", "10.0.0.2"], 'peers = ["10.0.0.1", "10.0.0.2"]'],
  ["prefer", INSTANCE.prefer, "pi-a", 'prefer = ["pi-a"]'],
  ["source", INSTANCE.source, "10.0.0.1/24", 'source = "10.0.0.1"'],
  ["interface", INSTANCE.interface, ["eth0"], 'interface = "eth0"'],
  ["address", ADDRESS.address, "10.0.0.1/33", 'address = "10.0.0.1/24"'],
  ["address", ADDRESS.address, "fd00::1/129", 'address = "fd00::1/64"'],
  ["pass", AUTH.pass, 5, `write ${AUTH.pass.type.form}, such as pass = "secret12"`],
  [
    "auth",
    INSTANCE.auth,
    "x",
    `write ${INSTANCE.auth.type.form}, such as auth = { pass = "secret12" }`,
  ],
  ["peers", INSTANCE.peers, "pi-b", `write ${INSTANCE.peers.type.form}`],
  ["listen", METRICS.listen, 9200, 'listen = "127.0.0.1:9200"'],
  ["listen", METRICS.listen, ":9200", 'listen = "0.0.0.0:9200"'],
  ["listen", METRICS.listen, "10.0.0.1", 'listen = "10.0.0.1:9112"'],
  ["listen", METRICS.listen, "localhost:9200", 'listen = "127.0.0.1:9200"'],
];

for (const [name, key, written, expected] of MENDED) {
  Deno.test(`${name} = ${JSON.stringify(written)} is mended to ${expected}`, () => {
    assert.equal(fixLine(name, key, written, ["instance", "web", name]), expected);
  });
}

Deno.test("the nearest key forgives letters wrong, left out, added and swapped", () => {
  const keys = Object.keys(INSTANCE);
  for (
    const [written, meant] of [
      ["interfce", "interface"],
      ["itnerface", "interface"],
      ["Interface", "interface"],
      ["advert-interval", "advert_interval"],
      ["adress", "addresses"],
      ["vird", "vrid"],
      ["peer", "peers"],
    ] as const
  ) assert.equal(nearestWord(written, keys), meant, written);
  for (const written of ["colour", "x", "", "constructor", "y".repeat(100_000)]) {
    assert.equal(nearestWord(written, keys), undefined, written.slice(0, 20));
  }
});

Deno.test("edit distance", () => {
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("abc", "abc"), 0);
  assert.equal(editDistance("abc", "acb"), 1);
  assert.equal(editDistance("abc", "ab"), 1);
  assert.equal(editDistance("ab", "abc"), 1);
  assert.equal(editDistance("abcd", "badc"), 2);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

Deno.test("values are written as TOML that reads back the same", () => {
  for (
    const value of [
      "eth0",
      'a"b\\c\n\u007f\u2028',
      5,
      true,
      ["a", 1],
      { pass: "x", "a b": [1] },
      {},
    ]
  ) {
    const back: unknown = parse(`x = ${writeValue(value)}`)["x"];
    assert.deepEqual(JSON.parse(JSON.stringify(back)), value);
  }
  assert.equal(writeHeader(["instance", "my web"]), '[instance."my web"]');
});
