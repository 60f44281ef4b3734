/** A rotation, as the file of keys sees it: in each step the keys that verify, one that signs. */
import assert from "node:assert/strict";
import { keysInOrder, readKeyText } from "../../../src/config/cluster_key.ts";
import { withNext, withoutKeys, withSigning } from "../../../src/config/cluster_key_edit.ts";
import { DRAWN } from "../../support/config/keys.ts";

const [OLD = "", NEW = ""] = DRAWN;

function secretsOf(text: string): readonly string[] {
  const read = readKeyText(text);
  if (read.kind === "wrong") assert.fail(read.what);
  return keysInOrder(read.lines).map(({ secret }) => secret);
}

function idOf(secret: string): number {
  const read = readKeyText(secret);
  return read.kind === "keys" ? read.lines[0]?.id ?? 0 : 0;
}

for (const text of [OLD, `${OLD}\n`, `# of pi-a\n\n${OLD}\n\n`, `${OLD}\r\n`]) {
  Deno.test(`a rotation from ${JSON.stringify(text.replace(OLD, "KEY"))}`, () => {
    const learnt = withNext(text, NEW);
    assert.deepEqual(secretsOf(learnt), [OLD, NEW]);
    const signing = withSigning(learnt, idOf(NEW));
    assert.deepEqual(secretsOf(signing), [NEW, OLD]);
    assert.deepEqual(secretsOf(withSigning(signing, idOf(NEW))), [NEW, OLD]);
    const alone = withoutKeys(signing, [idOf(OLD)]);
    assert.deepEqual(secretsOf(alone), [NEW]);
    assert.equal(alone.includes("# of pi-a"), text.includes("#"), "comments stay");
    for (const one of [learnt, signing, alone]) assert.match(one, /[^\n]\n$/);
  });
}
