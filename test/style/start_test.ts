/**
 * What each command reads before it knows which one it is: the command line, and nothing that one
 * command alone needs.
 */
import assert from "node:assert/strict";

interface Graph {
  readonly roots: readonly string[];
  readonly redirects: Readonly<Record<string, string>>;
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: { readonly specifier?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

/** The modules that `main` imports before it runs, by the path below it. */
async function readAtStart(main: string): Promise<ReadonlySet<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", main],
    stderr: "null",
  }).output();
  const graph = JSON.parse(new TextDecoder().decode(stdout)) as Graph;
  const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
  const reached = new Set(graph.roots);
  for (const one of reached) {
    for (const { code, isDynamic } of modules.get(one)?.dependencies ?? []) {
      if (code?.specifier !== undefined && isDynamic !== true) reached.add(code.specifier);
    }
  }
  const root = graph.roots[0]?.replace(/[^/]*$/, "") ?? "";
  return new Set([...reached].map((specifier) => specifier.replace(root, "")));
}

Deno.test("start: a command reads no more than the command line before it is known", async () => {
  const checkout = new URL("../../", import.meta.url).pathname;
  const read = await readAtStart(`${checkout}main.ts`);
  assert.ok(read.has("src/cli/version/command.ts") && read.size < 100, `${read.size} modules`);
  // Of the rest of src a few names and small things: all of it together is smaller than one
  // command.
  const rest = [...read].filter((one) => /^src\/(?!cli\/)[^/]+\//.test(one));
  const size = rest.reduce((sum, one) => sum + Deno.statSync(`${checkout}${one}`).size, 0);
  assert.ok(size < 40_000, `${size} bytes: ${rest.join(" ")}`);
  // Of a folder of src/cli what its command takes, not what it does; and the names of the shells.
  const does = [...read].filter((one) => /^src\/cli\/.+\/(?!command).+\.ts$/.test(one));
  assert.deepEqual(does, ["src/cli/completions/scripts.ts"]);
});
