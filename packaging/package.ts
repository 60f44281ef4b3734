/**
 * Packages of the checkout. Leaves .deb and .rpm files for amd64 and arm64 in dist/, the same bytes
 * every time.
 *
 *     deno task package                            all four, small (xz: two minutes)
 *     deno task package --fast                     larger, in seconds (zstd)
 *     deno task package --arch=arm64 --format=deb  only these
 *     deno task package --kind=compile             of one executable, not of a bundle (see build.ts)
 *     deno task package --version=0.1.1            under another version
 *     deno task package --out=DIR                  leave them in DIR instead of dist
 *
 * Needs dpkg-deb for .deb and rpmbuild for .rpm (Debian: apt install rpm).
 * $SOURCE_DATE_EPOCH is the time of everything in them; default: that of the last commit.
 */
import { build, defaultKind, type Kind } from "./build.ts";
import { makeDeb } from "./package/deb.ts";
import type { Made, Making } from "./package/making.ts";
import { makeRpm } from "./package/rpm.ts";
import { CHECKOUT, entriesOf, type Flavour, PACKAGE_VERSION } from "./package/tree.ts";
import { ALL_ARCHES, type Arch, fetchRuntime } from "./runtime.ts";

/** What packages are to be made. */
export interface PackageOptions {
  readonly arches: readonly Arch[];
  readonly formats: readonly Flavour[];
  /** Undefined: as build.ts chooses. */
  readonly kind: Kind | undefined;
  readonly version: string;
  readonly compression: Making["compression"];
  readonly out: string;
}

const FORMATS: readonly Flavour[] = ["deb", "rpm"];

/** The program that makes each format, and the Debian package that it is in. */
const TOOLS: Readonly<Record<Flavour, { readonly program: string; readonly debian: string }>> = {
  deb: { program: "dpkg-deb", debian: "dpkg" },
  rpm: { program: "rpmbuild", debian: "rpm" },
};

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === undefined) {
    const flags =
      "[--fast] [--arch=ARCH] [--format=deb|rpm] [--kind=KIND] [--version=V] [--out=DIR]";
    console.error(`usage: deno task package ${flags}`);
    return 2;
  }
  try {
    for (const { file } of await makePackages(options, (line) => console.error(line))) {
      const { size } = await Deno.stat(file);
      console.log(`${file} (${(size / 1e6).toFixed(1)} MB)`);
    }
    return 0;
  } catch (cause) {
    console.error(`package: ${cause instanceof Error ? cause.message : cause}`);
    return 1;
  }
}

function parseOptions(args: readonly string[]): PackageOptions | undefined {
  const given = new Map<string, string>();
  for (const arg of args.filter((one) => one !== "--")) {
    const match = /^--(?:(fast)|(arch|format|kind|version|out)=(.+))$/.exec(arg);
    if (match === null) return undefined;
    given.set(match[1] ?? match[2] ?? "", match[3] ?? "");
  }
  const kind = given.get("kind");
  const arches = ALL_ARCHES.filter((arch) => arch === (given.get("arch") ?? arch));
  const formats = FORMATS.filter((format) => format === (given.get("format") ?? format));
  const version = given.get("version") ?? PACKAGE_VERSION;
  if (arches.length === 0 || formats.length === 0 || !/^\d[\w.+~]*$/.test(version)) {
    return undefined;
  }
  if (kind !== undefined && kind !== "compile" && kind !== "bundle") return undefined;
  return {
    arches,
    formats,
    kind,
    version,
    compression: given.has("fast") ? "fast" : "small",
    out: given.get("out") ?? `${CHECKOUT}dist`,
  };
}

/** Makes the packages, one after the other; rejects with the words of the tool that failed. */
export async function makePackages(
  options: PackageOptions,
  progress: (line: string) => void = () => {},
): Promise<readonly Made[]> {
  for (const format of options.formats) await demandTool(format);
  const epoch = await sourceDate();
  await Deno.mkdir(options.out, { recursive: true });
  const scratch = await Deno.makeTempDir({ prefix: "floatip-package-" });
  try {
    const made: Made[] = [];
    for (const arch of options.arches) {
      const program = `${scratch}/program-${arch}`;
      const kind = options.kind ?? await defaultKind(arch);
      // The runtime from npm for this machine too: whatever Deno builds, the package is the same.
      const runtime = kind === "bundle" ? { runtime: await fetchRuntime(arch) } : {};
      progress(`${arch}: building the program`);
      await build(kind, program, { arch, ...runtime });
      const { version, compression, out } = options;
      const making: Making = { arch, version, compression, epoch, out };
      for (const format of options.formats) {
        const pace = compression === "small" ? "xz: about half a minute" : "zstd";
        progress(`${arch}: packing the .${format} (${pace})`);
        const make = format === "deb" ? makeDeb : makeRpm;
        made.push(await make(await entriesOf(format, program, making), making, scratch));
      }
    }
    return made;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Rejects with what to install where the program that makes `format` is missing. */
async function demandTool(format: Flavour): Promise<void> {
  const { program, debian } = TOOLS[format];
  if (await outputOf(program, ["--version"]) !== undefined) return;
  const others = FORMATS.filter((one) => one !== format).map((one) => `--format=${one}`);
  throw new Error(
    `${program} is not on this machine, and a .${format} is made by it: ` +
      `install it (Debian: apt install ${debian}), or leave it out with ${others.join(" ")}`,
  );
}

/**
 * In seconds since 1970: $SOURCE_DATE_EPOCH, else the last commit, else the newest change that is
 * written down.
 */
async function sourceDate(): Promise<number> {
  const given = Deno.env.get("SOURCE_DATE_EPOCH");
  if (given !== undefined && /^\d+$/.test(given)) return Number(given);
  const seconds = Number(
    await outputOf("git", ["-C", CHECKOUT, "log", "-1", "--format=%ct"]),
  );
  if (seconds > 0) return seconds;
  const { mtime } = await Deno.stat(`${CHECKOUT}CHANGELOG.md`);
  return Math.floor((mtime?.getTime() ?? 0) / 1000);
}

/** What a program prints; "" where it fails, undefined where it is not on this machine. */
async function outputOf(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const command = new Deno.Command(program, {
      args: [...args],
      ...{ stdin: "null", stdout: "piped", stderr: "null" },
    });
    const { success, stdout } = await command.output();
    return success ? new TextDecoder().decode(stdout).trim() : "";
  } catch {
    return undefined;
  }
}
