/**
 * A release: the packages, an apt and an rpm repository with signed lists, and signed checksums, as
 * a folder for any web server. Ends with the lines that install from it.
 *
 *     deno task release --key ID                   makes the packages, then dist/release
 *     deno task release --key ID --packages DIR    of the packages that lie there
 *     deno task release --key ID --only deb        no rpm repository (--only rpm: no apt one)
 *     deno task release --key ID --url URL         where the folder will be served; default: file:
 *     deno task release --key ID --out DIR         packages of earlier releases there are kept
 *
 * Needs gpg with the secret key ID, apt-ftparchive (Debian: apt-utils), and createrepo_c
 * (createrepo-c) for the rpm repository.
 */
import { parseArgs } from "node:util";
import { FORMATS, makePackages } from "./package.ts";
import { demand } from "./package/command.ts";
import { demandAll, type Need } from "./package/needs.ts";
import { CHECKOUT, type Flavour, PACKAGE_VERSION } from "./package/tree.ts";
import { aptSource, makeAptRepository } from "./release/apt.ts";
import { makeRpmRepository, rpmSource } from "./release/rpm.ts";
import { exportKey, fingerprintOf, sign } from "./release/signing.ts";
import { ALL_ARCHES } from "./runtime.ts";

/** What is to be released. */
export interface ReleaseOptions {
  /** Names one secret key of gpg's keyring ($GNUPGHOME). */
  readonly key: string;
  readonly formats: readonly Flavour[];
  /** A folder with packages; undefined: they are made. */
  readonly packages: string | undefined;
  /** An absolute path. */
  readonly out: string;
  /** Of `out`, without a slash at its end. */
  readonly url: string;
}

const NEEDS: Readonly<Record<Flavour, Need>> = {
  deb: { program: "apt-ftparchive", debian: "apt-utils", does: "lists of the apt repository" },
  rpm: {
    program: "createrepo_c",
    debian: "createrepo-c",
    does: "lists of the rpm repository; --only deb goes without",
  },
};
const GPG: Need = { program: "gpg", debian: "gnupg", does: "signs" };

const KEYRING = "/etc/apt/keyrings/floatip.asc";

const text = { type: "string" } as const;
const FLAGS = { key: text, only: text, packages: text, out: text, url: text } as const;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === undefined) {
    const flags = "--key ID [--packages DIR] [--only deb|rpm] [--url URL] [--out DIR]";
    console.error(`usage: deno task release ${flags}`);
    return 2;
  }
  try {
    console.log(await makeRelease(options, (line) => console.error(line)));
    return 0;
  } catch (cause) {
    console.error(`release: ${cause instanceof Error ? cause.message : cause}`);
    return 1;
  }
}

function parseOptions(args: readonly string[]): ReleaseOptions | undefined {
  const given = valuesOf(args);
  const formats = FORMATS.filter((format) => format === (given?.only ?? format));
  if (given?.key === undefined || formats.length === 0) return undefined;
  const { key, packages } = given;
  const out = given.out === undefined ? `${CHECKOUT}dist/release` : absolute(given.out);
  const url = (given.url ?? `file://${out}`).replace(/\/+$/, "");
  if (!/^(https?|file):\/\/[\w./:~%+-]+$/.test(url)) return undefined;
  return { key, formats, packages, out, url };
}

/** What the flags say; undefined: there is none of this name, or it lacks its value. */
function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({ args: args.filter((arg) => arg !== "--"), options: FLAGS }).values;
  } catch {
    return undefined;
  }
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

/** Makes a release, and answers how it is installed. Rejects with the words of what failed. */
export async function makeRelease(
  options: ReleaseOptions,
  progress: (line: string) => void = () => {},
): Promise<string> {
  const { formats, out, url } = options;
  await demandAll([GPG, ...formats.map((format) => NEEDS[format])], progress);
  const fingerprint = await fingerprintOf(options.key);
  const packages = await packagesOf(options, progress);
  await Deno.mkdir(out, { recursive: true });
  await exportKey(fingerprint, `${out}/floatip.asc`);
  for (const format of formats) {
    const files = packages.filter((file) => file.endsWith(`.${format}`));
    progress(`${format}: a repository of ${files.length} new packages in ${out}`);
    if (format === "deb") {
      await makeAptRepository(`${out}/apt`, files, fingerprint);
      await Deno.writeTextFile(`${out}/floatip.sources`, aptSource(url, KEYRING));
    } else {
      await makeRpmRepository(`${out}/rpm`, files, fingerprint);
      await Deno.writeTextFile(`${out}/floatip.repo`, rpmSource(url));
    }
  }
  await writeChecksums(out, fingerprint);
  return installLines(options, fingerprint);
}

/** The packages to release, each format at least once. */
async function packagesOf(
  { packages, formats }: ReleaseOptions,
  progress: (line: string) => void,
): Promise<readonly string[]> {
  if (packages === undefined) {
    const common = { arches: ALL_ARCHES, formats, kind: undefined, version: PACKAGE_VERSION };
    const making = { ...common, compression: "small", out: `${CHECKOUT}dist` } as const;
    return (await makePackages(making, progress)).map(({ file }) => file);
  }
  const files: string[] = [];
  for await (const { name, isFile } of Deno.readDir(packages)) {
    if (isFile && /^floatip[_-][\w.+~-]+\.(deb|rpm)$/.test(name)) files.push(`${packages}/${name}`);
  }
  for (const format of formats) {
    if (files.some((file) => file.endsWith(`.${format}`))) continue;
    throw new Error(`${packages} has no .${format} of floatip: deno task package makes them`);
  }
  return files.toSorted();
}

/** SHA256SUMS of every package in `out`, and its signature: sha256sum --check reads it. */
async function writeChecksums(out: string, fingerprint: string): Promise<void> {
  const find = "find apt rpm -name '*.deb' -o -name '*.rpm' 2>/dev/null | LC_ALL=C sort";
  const sums = await demand("sh", ["-c", `${find} | xargs sha256sum --`], {}, out);
  await Deno.writeTextFile(`${out}/SHA256SUMS`, sums);
  await sign(fingerprint, "--detach-sign", `${out}/SHA256SUMS`, `${out}/SHA256SUMS.asc`);
}

function installLines({ formats, url }: ReleaseOptions, fingerprint: string): string {
  const get = "sudo curl -fsSLo";
  const lines: Readonly<Record<Flavour, readonly string[]>> = {
    deb: [
      "# Debian, Raspberry Pi OS, Ubuntu",
      "sudo install -d -m 755 /etc/apt/keyrings",
      `${get} ${KEYRING} ${url}/floatip.asc`,
      `${get} /etc/apt/sources.list.d/floatip.sources ${url}/floatip.sources`,
      "sudo apt update && sudo apt install floatip",
    ],
    rpm: [
      "# Fedora and its relatives",
      `${get} /etc/yum.repos.d/floatip.repo ${url}/floatip.repo`,
      "sudo dnf install floatip",
    ],
  };
  const key = `# Signed by ${fingerprint}; compare: gpg --show-keys floatip.asc`;
  return [key, ...formats.flatMap((format) => ["", ...lines[format]])].join("\n");
}
