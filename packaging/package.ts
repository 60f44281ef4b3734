/**
 * Packages of the checkout. Leaves .deb and .rpm files for amd64 and arm64 in dist/, the same bytes
 * every time. Says first what it needs, and what of it is not on this machine.
 *
 *     deno task package                            all four, small (xz: two minutes)
 *     deno task package --fast                     larger, in seconds (zstd)
 *     deno task package --only deb                 no .rpm (--only rpm: no .deb)
 *     deno task package --arch arm64               only this architecture
 *     deno task package --kind compile             of one executable, not of a bundle (see build.ts)
 *     deno task package --version 0.1.1            under another version
 *     deno task package --out DIR                  leave them in DIR instead of dist
 *
 * Needs dpkg-deb for .deb and rpmbuild for .rpm (Debian: apt install rpm).
 * $SOURCE_DATE_EPOCH is the time of everything in them; default: that of the last commit.
 */
import { parseArgs } from "node:util";
import { build, defaultKind, type Kind } from "./build.ts";
import { makeDeb } from "./package/deb.ts";
import type { Made, Making } from "./package/making.ts";
import { demandAll, type Need } from "./package/needs.ts";
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

/** Every format. */
export const FORMATS: readonly Flavour[] = ["deb", "rpm"];

const NEEDS: Readonly<Record<Flavour, Need>> = {
  deb: { program: "dpkg-deb", debian: "dpkg", does: "packs the .deb; --only rpm goes without" },
  rpm: { program: "rpmbuild", debian: "rpm", does: "packs the .rpm; --only deb goes without" },
};

const text = { type: "string" } as const;
const FLAGS = {
  fast: { type: "boolean" },
  only: text,
  arch: text,
  kind: text,
  version: text,
  out: text,
} as const;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === undefined) {
    const flags = "[--fast] [--only deb|rpm] [--arch amd64|arm64] [--kind compile|bundle]";
    console.error(`usage: deno task package ${flags} [--version V] [--out DIR]`);
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
  const given = valuesOf(args);
  if (given === undefined) return undefined;
  const { only, arch, kind, version = PACKAGE_VERSION, out = `${CHECKOUT}dist` } = given;
  const arches = ALL_ARCHES.filter((one) => one === (arch ?? one));
  const formats = FORMATS.filter((format) => format === (only ?? format));
  const isSound = arches.length > 0 && formats.length > 0 && /^\d[\w.+~]*$/.test(version);
  if (!isSound || (kind !== undefined && kind !== "compile" && kind !== "bundle")) return undefined;
  return { arches, formats, kind, version, compression: given.fast ? "fast" : "small", out };
}

/** What the flags say; undefined: there is none of this name, or it lacks its value. */
function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({ args: args.filter((arg) => arg !== "--"), options: FLAGS }).values;
  } catch {
    return undefined;
  }
}

/** Makes the packages, one after the other; rejects with the words of the tool that failed. */
export async function makePackages(
  options: PackageOptions,
  progress: (line: string) => void = () => {},
): Promise<readonly Made[]> {
  progress(`makes ${options.formats.map((one) => `.${one}`).join(" and ")} in ${options.out}`);
  await demandAll(options.formats.map((format) => NEEDS[format]), progress);
  progress("needs the npm registry (Deno's own program, esbuild): only the first time");
  const epoch = await sourceDate();
  await Deno.mkdir(options.out, { recursive: true });
  const scratch = await Deno.makeTempDir({ prefix: "floatip-package-" });
  try {
    const made: Made[] = [];
    const steps = options.arches.length * (1 + options.formats.length);
    let step = 0;
    const next = (words: string) => progress(`${++step} of ${steps}  ${words}`);
    for (const arch of options.arches) {
      const program = `${scratch}/program-${arch}`;
      const kind = options.kind ?? await defaultKind(arch);
      // The runtime from npm for this machine too: whatever Deno builds, the package is the same.
      const runtime = kind === "bundle" ? { runtime: await fetchRuntime(arch) } : {};
      next(`${arch}: building the program`);
      await build(kind, program, { arch, ...runtime });
      const { version, compression, out } = options;
      const making: Making = { arch, version, compression, epoch, out };
      for (const format of options.formats) {
        const pace = compression === "small" ? "xz: about half a minute" : "zstd";
        next(`${arch}: packing the .${format} (${pace})`);
        const make = format === "deb" ? makeDeb : makeRpm;
        made.push(await make(await entriesOf(format, program, making), making, scratch));
      }
    }
    return made;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
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
