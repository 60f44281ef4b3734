/** The rpm repository of a release: createrepo_c writes its lists, gpg signs them. */
import { demand } from "../package/command.ts";
import { sign } from "./signing.ts";

/** Puts packages into the repository `root`, beside those that are there, and writes its lists. */
export async function makeRpmRepository(
  root: string,
  packages: readonly string[],
  fingerprint: string,
): Promise<void> {
  await Deno.mkdir(root, { recursive: true });
  for (const file of packages) {
    await Deno.copyFile(file, `${root}/${file.slice(file.lastIndexOf("/") + 1)}`);
  }
  await demand("createrepo_c", ["--quiet", root]);
  const list = `${root}/repodata/repomd.xml`;
  await sign(fingerprint, "--detach-sign", list, `${list}.asc`);
}

/**
 * The file for /etc/yum.repos.d. The list is signed and has the checksum of each package; the
 * packages themselves have no signature.
 */
export function rpmSource(url: string): string {
  return `[floatip]
name=floatip
baseurl=${url}/rpm
enabled=1
repo_gpgcheck=1
gpgcheck=0
gpgkey=${url}/floatip.asc
`;
}
