/**
 * What the build does to `using`. esbuild 0.25.5, which `deno bundle` of Deno 2.9.5 brings, turns
 * `using r = new R(); return r.use();` into `new R().use()` where it minifies syntax: the descriptor
 * that r holds stays open.
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

Deno.test("the built floatip has every using of its sources", () => {
  const [program = ""] = FLOATIP;
  const inSources = countIn(new URL("../../../src", import.meta.url).pathname, ".ts");
  assert.ok(inSources > 30);
  assert.equal(countIn(program.replace(/floatip$/, "lib"), ".js"), inSources);
});

/** How many variables the files below `folder` declare with `using` or `await using`. */
function countIn(folder: string, ending: string): number {
  const files = readdirSync(folder, { recursive: true }).map(String);
  return files.filter((file) => file.endsWith(ending)).flatMap((file) => {
    const code = readFileSync(`${folder}/${file}`, "utf8").replaceAll(/^\s*(\/\/|\*).*$/gm, "");
    return [...code.matchAll(/\busing \w+ =/g)];
  }).length;
}
