/** The keys of [cluster]: what is one, in which form, and which of them signs. */
import assert from "node:assert/strict";
import {
  keyIdText,
  keyOf,
  keysInOrder,
  readKeyText,
  UNSEEN_KEY,
} from "../../../src/config/cluster_key.ts";
import { DRAWN, keyBytes } from "../../support/config/keys.ts";

const [A, B, C, D, E] = DRAWN;

function secretsOf(text: string): readonly string[] {
  const read = readKeyText(text);
  if (read.kind === "wrong") assert.fail(read.what);
  return keysInOrder(read.lines).map(({ secret }) => secret);
}

function faultOf(text: string): string | undefined {
  const read = readKeyText(text);
  return read.kind === "wrong" ? read.what : undefined;
}

Deno.test("a key is read in base64url, base64 and hex as the same", () => {
  for (let seed = 0; seed < 64; seed++) {
    const of = keyBytes(seed);
    const key = keyOf(of);
    assert.match(key.secret, /^[\w-]{43}$/);
    for (
      const written of [
        key.secret,
        `${key.secret}=`,
        of.toBase64(),
        of.toHex(),
        of.toHex().toUpperCase(),
        `  ${key.secret}\r\n\n`,
      ]
    ) assert.deepEqual(readKeyText(written), { kind: "keys", lines: [{ ...key, isNext: false }] });
  }
});

Deno.test("an id is of 32 bits, the same for the same bytes, another for others", () => {
  const ids = Array.from({ length: 256 }, (_, seed) => keyOf(keyBytes(seed)).id);
  assert.equal(new Set(ids).size, 256);
  assert.ok(ids.every((id) => Number.isInteger(id) && id >= 0 && id < 2 ** 32));
  // Nodes of all versions must agree: FNV-1a of the bytes 0 to 31.
  assert.equal(keyIdText(keyOf(Uint8Array.from({ length: 32 }, (_, at) => at)).id), "0913ad65");
  assert.equal(keyIdText(0x1a2b), "00001a2b");
});

Deno.test("the first key signs, one that is next comes behind all others", () => {
  assert.deepEqual(secretsOf(`${A}\n${B}\n`), [A, B]);
  assert.deepEqual(secretsOf(`${A} next\n${B}\n${C}\n`), [B, C, A]);
  assert.deepEqual(secretsOf(`# drawn on pi-a\n\n${A}\n  # old\n${B} next`), [A, B]);
});

Deno.test("what is no key is told without it", () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["", /has no key/],
    ["# only a comment", /has no key/],
    ["correct horse battery staple", /more than a key/],
    ["hunter2", /not 32 random bytes/],
    [`${A}A`, /not 32 random bytes/],
    [`${A?.slice(1)}`, /not 32 random bytes/],
    [`${A?.slice(0, 42)}B`, /not 32 random bytes/],
    ["a".repeat(64), /was not drawn/],
    ["0123456789".repeat(6) + "0123", /was not drawn/],
    [`${A} first`, /more than a key/],
    [`${A} next`, /no key that signs/],
    [`${A}\n${A}`, /one key twice/],
    [[A, B, C, D, E].join("\n"), /more than 4/],
  ];
  for (const [text, words] of wrong) assert.match(faultOf(text) ?? "sound", words, text);
});

Deno.test("what stands for a key that cannot be seen is of the right form", () => {
  assert.deepEqual(secretsOf(UNSEEN_KEY), [UNSEEN_KEY]);
});
