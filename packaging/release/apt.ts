/** The apt repository of a release: apt-ftparchive writes its lists, gpg signs them. */
import { demand } from "../package/command.ts";
import { ALL_ARCHES, type Arch } from "../runtime.ts";
import { sign } from "./signing.ts";

const SUITE = "stable";
const POOL = "pool/main/f/floatip";

/**
 * Puts packages into the repository `root`, beside those that are there, and writes its lists new.
 * The lists are whole before they take the place of the old ones.
 */
export async function makeAptRepository(
  root: string,
  packages: readonly string[],
  fingerprint: string,
): Promise<void> {
  await Deno.mkdir(`${root}/${POOL}`, { recursive: true });
  for (const file of packages) {
    await Deno.copyFile(file, `${root}/${POOL}/${file.slice(file.lastIndexOf("/") + 1)}`);
  }
  const scratch = await Deno.makeTempDir({ dir: root, prefix: ".dists-" });
  try {
    await Deno.chmod(scratch, 0o755);
    const arches = await archesIn(`${root}/${POOL}`);
    for (const arch of arches) await writeList(root, `${scratch}/${SUITE}`, arch);
    await writeRelease(`${scratch}/${SUITE}`, arches, fingerprint);
    const suite = `${root}/dists/${SUITE}`;
    await Deno.mkdir(suite, { recursive: true });
    await Deno.rename(suite, `${scratch}/old`);
    await Deno.rename(`${scratch}/${SUITE}`, suite);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function archesIn(pool: string): Promise<readonly Arch[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(pool)) names.push(name);
  return ALL_ARCHES.filter((arch) => names.some((name) => name.endsWith(`_${arch}.deb`)));
}

async function writeList(root: string, suite: string, arch: Arch): Promise<void> {
  const folder = `${suite}/main/binary-${arch}`;
  await Deno.mkdir(folder, { recursive: true });
  const list = await demand("apt-ftparchive", ["--arch", arch, "packages", POOL], {}, root);
  await Deno.writeTextFile(`${folder}/Packages`, list);
  await demand("gzip", ["--keep", "--no-name", "--best", `${folder}/Packages`]);
}

async function writeRelease(
  suite: string,
  arches: readonly Arch[],
  fingerprint: string,
): Promise<void> {
  const fields = {
    ...{ Origin: "floatip", Label: "floatip", Suite: SUITE, Codename: SUITE },
    ...{ Components: "main", Architectures: arches.join(" ") },
  };
  const options = Object.entries(fields).flatMap(([name, value]) => [
    "-o",
    `APT::FTPArchive::Release::${name}=${value}`,
  ]);
  const release = `${suite}/Release`;
  await Deno.writeTextFile(release, await demand("apt-ftparchive", [...options, "release", suite]));
  await sign(fingerprint, "--clearsign", release, `${suite}/InRelease`);
  await sign(fingerprint, "--detach-sign", release, `${suite}/Release.gpg`);
}

/** The file for /etc/apt/sources.list.d (sources.list(5), deb822). */
export function aptSource(url: string, keyring: string): string {
  return `Types: deb
URIs: ${url}/apt
Suites: ${SUITE}
Components: main
Signed-By: ${keyring}
`;
}
