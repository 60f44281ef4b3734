/**
 * What the build does to `using`. esbuild 0.25.5, which `deno bundle` of Deno 2.9.5 brings, turns
 * `using r = new R(); return r.use();` into `new R().use()` where it minifies syntax: the
 * descriptor that r holds stays open.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { build } from "../../../packaging/build.ts";
import { run } from "../../support/lab/command.ts";
import { FLOATIP } from "../../support/lab/program.ts";

const source = `
class R implements Disposable {
  use() { return 1; }
  [Symbol.dispose]() { console.log("disposed"); }
}
export function once() { using r = new R(); return r.use(); }
console.log(once());
`;

Deno.test("the build keeps a using whose variable is used once", async () => {
  const folder = await Deno.makeTempDir({ prefix: "floatip-using-" });
  try {
    await Deno.writeTextFile(`${folder}/once.ts`, source);
    await build("bundle", `${folder}/dist`, { entry: `${folder}/once.ts` });
    const { stdout } = await run([`${folder}/dist/floatip`]);
    assert.equal(stdout, "disposed\n1\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the built floatip has every using of its sources", async () => {
  const [program = ""] = FLOATIP;
  const root = new URL("../../../", import.meta.url).pathname;
  const sources = filesBelow(`${root}src`, ".ts").map((file) => `src/${file}`);
  const expected = new Map(
    sources.map((file) => [file, usingsIn(readFileSync(`${root}${file}`, "utf8"))] as const)
      .filter(([, count]) => count > 0),
  );
  assert.ok(expected.size > 10);
  const folder = await Deno.makeTempDir({ prefix: "floatip-using-" });
  try {
    await build("bundle", folder, { plain: true });
    const plain = textsBelow(`${folder}/lib`);
    const found = new Map<string, number>();
    for (const text of plain) {
      // Above what came of a source esbuild writes its path.
      const [, ...sections] = text.split(/^ *\/\/ (?=\S+\.ts$)/m);
      for (const section of sections) {
        const file = section.slice(0, section.indexOf("\n"));
        // Each of the two bundles leaves out the functions that it does not need.
        found.set(file, (found.get(file) ?? 0) + usingsIn(section));
      }
    }
    for (const [file, count] of expected) assert.ok((found.get(file) ?? 0) >= count, file);
    // Without spaces there are no paths; the program that is delivered has as many.
    const delivered = textsBelow(program.replace(/floatip$/, "lib"));
    assert.equal(sum(delivered.map(usingsIn)), sum(plain.map(usingsIn)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function textsBelow(folder: string): readonly string[] {
  return filesBelow(folder, ".js").map((file) => readFileSync(`${folder}/${file}`, "utf8"));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function filesBelow(folder: string, ending: string): readonly string[] {
  return readdirSync(folder, { recursive: true }).map(String).filter((one) => one.endsWith(ending));
}

/** How many variables `code` declares with `using` or `await using`. */
function usingsIn(code: string): number {
  return [...code.replaceAll(/^\s*(\/\/|\*).*$/gm, "").matchAll(/\busing \w+ ?=/g)].length;
}
