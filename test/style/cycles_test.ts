/** Import cycles of src: there is none, types included. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

const src = new URL("../../src/", import.meta.url).pathname;

/**
 * The files of src that a file imports before it runs, as paths below src; `import()` comes later.
 */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(`${src}${file}`, "utf8");
  const specifiers = [...text.matchAll(/from\s*"(\.[^"]+)"/g)];
  return specifiers.map(([, specifier = ""]) =>
    new URL(specifier, `file:///${file}`).pathname.slice(1)
  );
}

/** The first cycle that is found from a file, as the files in a row; undefined: there is none. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    const at = path.indexOf(file);
    if (at !== -1) return [...path.slice(at), file];
    if (done.has(file)) return undefined;
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  return [...graph.keys()].map((file) => visit(file, [])).find((cycle) => cycle !== undefined);
}

Deno.test("src has no import cycle, types included", () => {
  const files = readdirSync(src, { recursive: true }).map(String);
  const modules = files.filter((file) => file.endsWith(".ts"));
  const graph = new Map(modules.map((file) => [file, importsOf(file)] as const));
  assert.ok(graph.size > 300 && graph.get("vrrp/step.ts")?.includes("vrrp/state.ts"));
  assert.equal(findCycle(graph)?.join(" -> "), undefined);
});

Deno.test("a cycle of three files is found", () => {
  const graph = new Map([["a", ["b"]], ["b", ["c"]], ["c", ["d", "b"]], ["d", []]]);
  assert.deepEqual(findCycle(graph), ["b", "c", "b"]);
});
