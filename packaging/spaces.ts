/** The bundle without indentation and comments: a fourth less to keep and to parse. */

/** Stack traces name line and column: short lines are found by them. */
const FLAGS = ["--minify-whitespace", "--line-limit=100", "--log-level=error"];

/**
 * Rewrites every `.js` in `folder` by the esbuild that `deno bundle` runs, which has this where
 * Deno's own flag would minify names and syntax too (`using`: test/lab/package/using_test.ts).
 * Where Deno keeps it elsewhere, everything stays as it is.
 */
export async function dropSpaces(folder: string): Promise<void> {
  const program = await findEsbuild();
  if (program === undefined) {
    console.log("no esbuild in Deno's cache: the bundle keeps its spaces");
    return;
  }
  const files: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".js")) files.push(`${folder}/${name}`);
  }
  const { success, stderr } = await new Deno.Command(program, {
    args: [...FLAGS, "--allow-overwrite", `--outdir=${folder}`, ...files],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`esbuild failed: ${new TextDecoder().decode(stderr).trim()}`);
}

/** Deno keeps one for each version that it has used: the newest. */
async function findEsbuild(): Promise<string | undefined> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-config"],
    stdin: "null",
  }).output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(stdout)) as { readonly denoDir: string };
  const folders = await namesIn(`${denoDir}/dl`, "esbuild-");
  const newest = folders.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  if (newest === undefined) return undefined;
  const [program] = await namesIn(`${denoDir}/dl/${newest}`, "esbuild-");
  return program === undefined ? undefined : `${denoDir}/dl/${newest}/${program}`;
}

async function namesIn(folder: string, beginning: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (name.startsWith(beginning)) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}
