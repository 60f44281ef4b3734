/**
 * Builds the checkout into dist/floatip, one of two kinds.
 *
 *     deno task build                     compile where Deno's runtime for it (denort) is at hand, else bundle
 *     deno task build --kind=compile      a single file; Deno may download denort
 *     deno task build --kind=bundle       a launcher, with lib/ beside it: JavaScript and Deno's own program
 *     deno task build --arch=arm64        for another machine: amd64 or arm64
 *     deno task build --out=DIR           leave it in DIR instead of dist
 */
import { dropSpaces } from "./spaces.ts";
import { ALL_ARCHES, type Arch, ARCHES, fetchRuntime, ownArch } from "./runtime.ts";

const checkout = new URL("../", import.meta.url).pathname;

/** compile: one file made by `deno compile`. bundle: launcher, bundle and Deno side by side. */
export type Kind = "compile" | "bundle";

/**
 * V8 without its just-in-time compiler needs no memory that is written and then run, so that the
 * service's sandbox can forbid that. A compiled program takes no flags at run time; the launcher of
 * a bundle has them from the unit. The heap's bound holds for the compiler too, which needs more
 * than floatip.
 */
const COMPILED_V8_FLAGS = "--jitless,--max-old-space-size=256,--max-semi-space-size=1";

/** What `floatip run` does, as src/cli/application.ts imports it; no other command needs it. */
const DAEMON_APART = ["--external", "./run/run.ts"];

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === undefined) {
    console.error(
      "usage: deno task build [--kind=compile|bundle] [--arch=amd64|arm64] [--out=DIR]",
    );
    return 2;
  }
  const { arch, out } = options;
  const kind = options.kind ?? await defaultKind(arch);
  try {
    await build(kind, out, { arch });
  } catch (cause) {
    console.error(`build: ${cause instanceof Error ? cause.message : cause}`);
    return 1;
  }
  console.log(`${out}/floatip (${kind}, ${arch}, ${megabytes(await sizeOf(out))} MB)`);
  return 0;
}

interface Options {
  readonly kind: Kind | undefined;
  readonly arch: Arch;
  readonly out: string;
}

function parseOptions(args: readonly string[]): Options | undefined {
  const given = new Map(
    args.filter((arg) => arg !== "--").map((arg) => {
      const [, name = "", value = ""] = /^--(kind|arch|out)=(.+)$/.exec(arg) ?? [];
      return [name, value] as const;
    }),
  );
  const kind = given.get("kind");
  const arch = ALL_ARCHES.find((one) => one === (given.get("arch") ?? ownArch()));
  if (given.has("") || arch === undefined) return undefined;
  if (kind !== undefined && kind !== "compile" && kind !== "bundle") return undefined;
  return { kind, arch, out: given.get("out") ?? `${checkout}dist` };
}

/**
 * What is made where nobody says: one file where Deno's runtime for it is at hand. For arm64 always
 * a bundle, since compiled programs were seen to crash on kernels with pages of 16 KiB
 * (denoland/deno#36282), where Deno's own program runs.
 */
export async function defaultKind(arch: Arch): Promise<Kind> {
  if (arch === "arm64") return "bundle";
  if (await findDenort(arch) !== undefined) return "compile";
  console.log(
    "no denort here (DENORT_BIN, beside deno, Deno's cache): a bundle with Deno beside it, not one file; --kind=compile fetches it",
  );
  return "bundle";
}

/** What {@link build} may be told besides. */
export interface BuildOptions {
  /** Where the program begins; default: floatip itself. */
  readonly entry?: string;
  /** Default: this machine's. */
  readonly arch?: Arch;
  /**
   * Deno's program for a bundle; default: the one that runs this, or for another machine the one
   * from npm.
   */
  readonly runtime?: string;
  /** A bundle with its spaces, and above each file's code its path; default: without. */
  readonly plain?: boolean;
}

/**
 * Builds floatip, or the program that begins in another file, into the folder `out`. Rejects with
 * what Deno said where it fails; an earlier build then stays whole.
 */
export async function build(kind: Kind, out: string, options: BuildOptions = {}): Promise<void> {
  const { entry = "main.ts", arch = ownArch() } = options;
  await Deno.mkdir(out, { recursive: true });
  // Beside the goal, so that renaming is one step: whoever runs the old one meanwhile keeps it.
  const scratch = await Deno.makeTempDir({ dir: out, prefix: ".build-" });
  try {
    if (kind === "compile") await compile(scratch, entry, arch);
    else {
      const runtime = options.runtime ?? await runtimeFor(arch);
      await bundle(scratch, entry, { runtime, plain: options.plain ?? false });
    }
    await replace(`${out}/lib`, `${scratch}/lib`);
    await replace(`${out}/floatip`, `${scratch}/floatip`);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function compile(folder: string, entry: string, arch: Arch): Promise<void> {
  const flags = ["--quiet", "--allow-all", "--no-prompt", "--frozen", "--bundle"];
  const target = [`--target=${ARCHES[arch].target}`, `--v8-flags=${COMPILED_V8_FLAGS}`];
  const denort = await findDenort(arch);
  // Deno finds it in its cache by itself; a file has to be named.
  const env = denort?.endsWith(".zip") === false ? { DENORT_BIN: denort } : {};
  const args = ["compile", ...flags, ...target, `--output=${folder}/floatip`, entry];
  await deno(args, env);
}

async function bundle(
  folder: string,
  entry: string,
  { runtime, plain }: { readonly runtime: string; readonly plain: boolean },
): Promise<void> {
  // Deno fetches esbuild from npm the first time. As for a browser: libraries then do without
  // node:*, which costs memory. Not by `--minify`: the esbuild 0.25.5 of Deno 2.9.5 then drops some
  // `using` (test/lab/package/using_test.ts).
  const flags = ["bundle", "--quiet", "--platform=browser", "--frozen"];
  const lib = `${folder}/lib`;
  // The commands in parts, so that `status` does not pay for what `doctor` needs.
  await deno([...flags, "--code-splitting", ...DAEMON_APART, `--outdir=${lib}`, entry]);
  // esbuild names the first part after the entry.
  const name = entry.slice(entry.lastIndexOf("/") + 1).replace(/\.ts$/, ".js");
  await Deno.rename(`${lib}/${name}`, `${lib}/commands.js`);
  // The daemon as one script (decision 0072), without other commands.
  const daemon = entry === "main.ts" ? "daemon.ts" : entry;
  await deno([...flags, `--output=${lib}/daemon.js`, daemon]);
  await deferImports(lib);
  if (!plain) await dropSpaces(lib);
  await makeScript(`${lib}/daemon.js`);
  await Deno.copyFile(`${checkout}packaging/start.js`, `${lib}/floatip.js`);
  await linkOrCopy(runtime, `${lib}/floatip`);
  await Deno.copyFile(`${checkout}packaging/launcher.sh`, `${folder}/floatip`);
  await Deno.chmod(`${folder}/floatip`, 0o755);
}

/**
 * Hides the names in `import("./doctor-X.js")` from Deno, which otherwise reads and parses at every
 * start what only a later import() runs: 89 parts, node:https among them.
 */
async function deferImports(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".js")) continue;
    const text = await Deno.readTextFile(`${folder}/${name}`);
    const deferred = text.replaceAll(/\bimport\(("[^"]+")\)/g, "import([$1].join())");
    await Deno.writeTextFile(`${folder}/${name}`, deferred);
  }
}

/**
 * Makes a function that runs of the daemon's text, here and not at its start: V8 would keep the text
 * as it was read beside the one that it evaluates.
 */
async function makeScript(file: string): Promise<void> {
  const text = await Deno.readTextFile(file);
  // Strict as a module is; on the first line, so that stack traces have the file's lines.
  const before = '(async function daemon() { "use strict"; ';
  await Deno.writeTextFile(file, `${before}${text}\n})()\n//# sourceURL=daemon.js\n`);
}

async function runtimeFor(arch: Arch): Promise<string> {
  return arch === ownArch() ? Deno.execPath() : await fetchRuntime(arch);
}

async function deno(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: checkout,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    env: { NO_COLOR: "1", ...env },
  }).output();
  if (success) return;
  // What follows is where in Deno it happened.
  const [said = ""] = new TextDecoder().decode(stderr).split("\nStack backtrace:");
  throw new Error(`deno ${args[0]} failed: ${said.trim()}`);
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

/**
 * The runtime that `deno compile` puts in front of a program for `arch`, where it need not be
 * downloaded.
 */
async function findDenort(arch: Arch): Promise<string | undefined> {
  const home = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME") ?? "/root"}/.cache/deno`;
  const beside = Deno.execPath().replace(/[^/]*$/, "denort");
  const candidates = [
    // A file for this machine only: nobody knows which other one it would be for.
    ...(arch === ownArch() ? [Deno.env.get("DENORT_BIN"), beside] : []),
    `${home}/dl/release/v${Deno.version.deno}/denort-${ARCHES[arch].target}.zip`,
  ];
  for (const path of candidates) {
    if (path !== undefined && path !== "" && await exists(path)) return path;
  }
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function sizeOf(folder: string): Promise<number> {
  const files = ["floatip", "lib/floatip.js", "lib/floatip"].map((name) => `${folder}/${name}`);
  const sizes = await Promise.all(
    files.map((file) => Deno.stat(file).then(({ size }) => size, () => 0)),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
