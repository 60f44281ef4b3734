/** The secret of a cluster is changed while its nodes hear each other all the time. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import type { Floatip } from "../../support/interop/floatip.ts";
import { FLOATIP, LAB_ENVIRONMENT } from "../../support/lab/program.ts";
import { type Field, fieldCases } from "../../support/field/field.ts";

/** A node with a folder of credentials of its own. */
interface KeyNode {
  readonly floatip: Floatip;
  /** Its file of keys. */
  readonly keys: string;
  /** `floatip key` there. */
  key(...words: readonly string[]): Promise<{ code: number; text: string }>;
}

/** Starts the node called `name`; `from`: the keys that it has. */
async function nodeOf(field: Field, name: string, keys: string, file: string): Promise<KeyNode> {
  const env = { CREDENTIALS_DIRECTORY: keys.slice(0, keys.lastIndexOf("/")) };
  const floatip = await field.run(name, file, { env });
  const key: KeyNode["key"] = async (...words) => {
    const places = ["-c", floatip.configFile, "--run-dir", `${floatip.folder}/run`];
    const { code, stdout, stderr } = await field.host(name).exec(
      [...FLOATIP, "key", ...words, ...places],
      { env: { ...LAB_ENVIRONMENT, ...env } },
    );
    return { code: code ?? -1, text: stdout + stderr };
  };
  return { floatip, keys, key };
}

/** Resolves when both nodes are up for each other, and `a` knows which keys `b` has. */
async function untilKnown(field: Field, a: KeyNode, b: KeyNode, count: number): Promise<void> {
  for (const [one, other] of [[a, b], [b, a]] as const) {
    await field.until(`${one.floatip.host.name} knows ${count} keys of the other`, async () => {
      const { nodes } = await one.floatip.status();
      const seen = nodes.find(({ name }) => name === other.floatip.host.name);
      const own = nodes.find(({ self }) => self);
      return seen?.state === "up" && seen.keys?.length === count && own?.keys?.length === count;
    });
  }
}

async function reload({ floatip }: KeyNode): Promise<string> {
  const { code, stdout, stderr } = await floatip.command("reload");
  assert.equal(code, 0, stdout + stderr);
  return stdout;
}

/** The node never missed the other, and shows no secret. */
async function assertQuiet(field: Field, { floatip, keys }: KeyNode): Promise<void> {
  assert.doesNotMatch(floatip.log.text, /another secret|is lost|never heard/);
  const secret = readFileSync(keys, "utf8").trim();
  const { text, document } = await field.status(floatip);
  const shown = floatip.log.text + text + JSON.stringify(document);
  assert.ok(!shown.includes(secret), "the secret is shown");
}

fieldCases("key", [
  {
    name: "a rotation: no node is without the others for a moment, and no step comes too early",
    play: async (field) => {
      const folder = await Deno.makeTempDir({ prefix: "floatip-field-" });
      field.stack.defer(() => Deno.remove(folder, { recursive: true }));
      const [ofA, ofB] = [`${folder}/a/cluster`, `${folder}/b/cluster`];
      for (const name of ["a", "b"]) mkdirSync(`${folder}/${name}`);
      const file = field.file().replace(
        "[instance",
        '[cluster]\nsecret = { credential = "cluster" }\n[instance',
      );
      const drawn = await field.host("a").exec([...FLOATIP, "key", "new"], {
        env: { ...LAB_ENVIRONMENT, CREDENTIALS_DIRECTORY: `${folder}/a` },
      });
      assert.equal(drawn.code, 0, drawn.stderr);
      copyFileSync(ofA, ofB);
      const a = await nodeOf(field, "a", ofA, file);
      await a.floatip.untilState("master");
      const b = await nodeOf(field, "b", ofB, file);
      await untilKnown(field, a, b, 1);
      const done = async (...words: readonly string[]) => {
        const { code, text } = await a.key(...words);
        assert.equal(code, 0, text);
        return text;
      };
      const refused = async (words: RegExp, ...what: readonly string[]) => {
        const { code, text } = await a.key(...what);
        assert.equal(code, 1, text);
        assert.match(text, words);
      };

      await done("rotate");
      await refused(/may not sign yet: a, b do not have it yet/, "rotate");
      assert.match(await reload(a), /\[cluster\] key [\da-f]{8} added/);
      await refused(/may not sign yet: b does not have it yet/, "rotate");
      copyFileSync(ofA, ofB);
      await reload(b);
      await untilKnown(field, a, b, 2);
      await done("rotate");
      assert.match(await reload(a), /key [\da-f]{8} signs instead of [\da-f]{8}/);
      // a signs with the new key, b with the old one.
      await untilKnown(field, a, b, 2);
      await refused(/stays: b signs with it/, "retire");
      copyFileSync(ofA, ofB);
      await reload(b);
      await field.until(
        "nothing signs with the old key",
        async () => (await a.key("retire")).code === 0,
      );
      await reload(a);
      copyFileSync(ofA, ofB);
      await reload(b);
      await untilKnown(field, a, b, 1);
      assert.match(await done("list"), /signs +signs on a, b$/m);

      for (const node of [a, b]) await assertQuiet(field, node);
      assert.doesNotMatch(b.floatip.log.text, /-> master/);
    },
  },
]);
