/** A key signs, or goes, only when it is known that every node can do with that. */
import assert from "node:assert/strict";
import {
  type NodeKeys,
  usersOf,
  whyNotRetired,
  whyNotSigning,
} from "../../../../src/cli/key/nodes.ts";

const OLD = "00000001";
const NEW = "00000002";

function nodes(
  ...keys: readonly (readonly string[] | undefined)[]
): readonly NodeKeys[] {
  return keys.map((one, index) => ({ name: `pi-${"abc"[index]}`, keys: one }));
}

Deno.test("a new key signs when every node has it", () => {
  const cases: readonly (readonly [readonly NodeKeys[], string | undefined])[] = [
    [nodes([OLD, NEW], [OLD, NEW]), undefined],
    [nodes([OLD, NEW], [NEW, OLD]), undefined],
    [nodes([OLD, NEW], [OLD]), "pi-b does not have it yet"],
    [nodes([OLD], [OLD], [OLD, NEW]), "pi-a, pi-b do not have it yet"],
    [nodes([OLD, NEW], undefined), "which keys pi-b has is not known"],
    [
      nodes([OLD], undefined),
      "pi-a does not have it yet, and which keys pi-b has is not known",
    ],
    [nodes([OLD, NEW], []), "pi-b does not have it yet"],
    [nodes(), "which nodes there are is not known"],
  ];
  for (const [of, why] of cases) assert.equal(whyNotSigning(NEW, of), why);
});

Deno.test("an old key goes when no node signs with it", () => {
  const cases: readonly (readonly [readonly NodeKeys[], string | undefined])[] = [
    [nodes([NEW, OLD], [NEW, OLD]), undefined],
    [nodes([NEW], [NEW, OLD]), undefined],
    [nodes([NEW, OLD], [OLD, NEW]), "pi-b signs with it"],
    [nodes([OLD, NEW], [OLD]), "pi-a, pi-b sign with it"],
    [nodes([NEW, OLD], undefined), "which keys pi-b has is not known"],
    [nodes(), "which nodes there are is not known"],
  ];
  for (const [of, why] of cases) assert.equal(whyNotRetired(OLD, of), why);
});

Deno.test("the list says who signs with a key, and who has it", () => {
  const of = nodes([OLD, NEW], [NEW, OLD], undefined);
  assert.equal(usersOf(OLD, of), "signs on pi-a, known on pi-b");
  assert.equal(usersOf(NEW, of), "signs on pi-b, known on pi-a");
  assert.equal(usersOf("00000003", of), "");
});
