/**
 * How does the checkout become a program? Leaves dist/floatip, one of two kinds.
 *
 *     deno task build                     compile where Deno's runtime for it (denort) is at hand, else bundle
 *     deno task build --kind=compile      a single file; Deno may download denort
 *     deno task build --kind=bundle       a launcher, with lib/ beside it: JavaScript and Deno's own program
 *     deno task build --out=DIR           leave it in DIR instead of dist
 */

const checkout = new URL("../", import.meta.url).pathname;

/** compile: one file made by `deno compile`. bundle: launcher, bundle and Deno side by side. */
export type Kind = "compile" | "bundle";

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === undefined) {
    console.error("usage: deno task build [--kind=compile|bundle] [--out=DIR]");
    return 2;
  }
  const denort = await findDenort();
  const kind = options.kind ?? (denort === undefined ? "bundle" : "compile");
  if (options.kind === undefined && denort === undefined) {
    console.log(
      "no denort here (DENORT_BIN, Deno's cache): a bundle with Deno beside it, not one file",
    );
  }
  try {
    await build(kind, options.out);
  } catch (cause) {
    console.error(`build: ${cause instanceof Error ? cause.message : cause}`);
    return 1;
  }
  console.log(`${options.out}/floatip (${kind}, ${megabytes(await sizeOf(options.out))} MB)`);
  return 0;
}

function parseOptions(
  args: readonly string[],
): { readonly kind: Kind | undefined; readonly out: string } | undefined {
  const given = new Map(
    args.filter((arg) => arg !== "--").map((arg) => {
      const [, name = "", value = ""] = /^--(kind|out)=(.+)$/.exec(arg) ?? [];
      return [name, value] as const;
    }),
  );
  const kind = given.get("kind");
  if (given.has("") || ![undefined, "compile", "bundle"].includes(kind)) return undefined;
  return { kind: kind as Kind | undefined, out: given.get("out") ?? `${checkout}dist` };
}

/**
 * Builds floatip, or the program that begins in another file, into the folder `out`. Rejects with what Deno said where it
 * fails; an earlier build then stays whole.
 */
export async function build(kind: Kind, out: string, entry = "main.ts"): Promise<void> {
  await Deno.mkdir(out, { recursive: true });
  // Beside the goal, so that renaming is one step: whoever runs the old one meanwhile keeps it.
  const scratch = await Deno.makeTempDir({ dir: out, prefix: ".build-" });
  try {
    await (kind === "compile" ? compile : bundle)(scratch, entry);
    await replace(`${out}/lib`, `${scratch}/lib`);
    await replace(`${out}/floatip`, `${scratch}/floatip`);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function compile(folder: string, entry: string): Promise<void> {
  const flags = ["--quiet", "--allow-all", "--no-prompt", "--frozen"];
  await deno("compile", ...flags, `--output=${folder}/floatip`, entry);
}

async function bundle(folder: string, entry: string): Promise<void> {
  // Deno fetches esbuild from npm the first time. In parts, so that `status` does not pay for what `run` needs. Names are
  // kept: they stand in errors that people report. As for a browser: libraries then do without node:*, which costs memory.
  const flags = ["--quiet", "--minify", "--keep-names", "--code-splitting", "--platform=browser"];
  await deno("bundle", ...flags, "--frozen", `--outdir=${folder}/lib`, entry);
  // esbuild names the first part after the entry.
  const name = entry.slice(entry.lastIndexOf("/") + 1).replace(/\.ts$/, ".js");
  await Deno.rename(`${folder}/lib/${name}`, `${folder}/lib/floatip.js`);
  await linkOrCopy(Deno.execPath(), `${folder}/lib/deno`);
  await Deno.copyFile(`${checkout}packaging/launcher.sh`, `${folder}/floatip`);
  await Deno.chmod(`${folder}/floatip`, 0o755);
}

async function deno(...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: checkout,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).output();
  if (success) return;
  const said = new TextDecoder().decode(stderr).trim();
  throw new Error(`deno ${args[0]} failed: ${said}`);
}

/** A hard link costs no 95 MB; across file systems it has to be a copy. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await Deno.link(from, to);
  } catch {
    await Deno.copyFile(from, to);
    await Deno.chmod(to, 0o755);
  }
}

/** Puts `source` in the place of `target`; where there is no `source`, `target` just goes. */
async function replace(target: string, source: string): Promise<void> {
  const old = `${source}.old`;
  await Deno.rename(target, old).catch(ignoreMissing);
  await Deno.rename(source, target).catch(ignoreMissing);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** The runtime that `deno compile` puts in front of a program, where it need not be downloaded. */
async function findDenort(): Promise<string | undefined> {
  const { arch, os } = Deno.build;
  const home = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME") ?? "/root"}/.cache/deno`;
  const candidates = [
    Deno.env.get("DENORT_BIN"),
    `${home}/dl/release/v${Deno.version.deno}/denort-${arch}-unknown-${os}-gnu.zip`,
  ];
  for (const path of candidates) {
    if (path !== undefined && await exists(path)) return path;
  }
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function sizeOf(folder: string): Promise<number> {
  const files = ["floatip", "lib/floatip.js", "lib/deno"].map((name) => `${folder}/${name}`);
  const sizes = await Promise.all(
    files.map((file) => Deno.stat(file).then(({ size }) => size, () => 0)),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
