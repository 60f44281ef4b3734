/** Makes a .deb of a tree of files: dpkg-deb packs it with the control files made here. */
import { debianChangelog, MAINTAINER, readReleases } from "./changelog.ts";
import { demand } from "./command.ts";
import { placeOf, stage } from "./stage.ts";
import { CHECKOUT, type Entry } from "./tree.ts";
import type { Made, Making } from "./making.ts";

const SCRIPTS = ["postinst", "prerm", "postrm"] as const;

/**
 * How each compression is asked for: fast for the next test, small for a release. -z8 makes 30.5 MB
 * where -z6 makes 31.4, and dpkg-deb takes 157 MB of memory to unpack it instead of 81.
 */
const COMPRESSION = {
  fast: ["-Zzstd", "-z3"],
  small: ["-Zxz", "-z8"],
} as const satisfies Readonly<Record<Making["compression"], readonly string[]>>;

/** Packs `entries`; rejects with dpkg-deb's own words. */
export async function makeDeb(
  entries: readonly Entry[],
  making: Making,
  scratch: string,
): Promise<Made> {
  const root = `${scratch}/deb-${making.arch}`;
  const all = [...entries, await changelog(making)];
  await stage(root, all, making.epoch);
  await Deno.mkdir(`${root}/DEBIAN`);
  await Deno.chmod(`${root}/DEBIAN`, 0o755);
  await Deno.writeTextFile(`${root}/DEBIAN/control`, control(making, await sizeOf(root, all)));
  await Deno.writeTextFile(`${root}/DEBIAN/conffiles`, conffiles(all));
  await Deno.writeTextFile(`${root}/DEBIAN/md5sums`, await md5sums(root, all));
  for (const name of SCRIPTS) {
    await Deno.copyFile(`${CHECKOUT}packaging/deb/${name}`, `${root}/DEBIAN/${name}`);
    await Deno.chmod(`${root}/DEBIAN/${name}`, 0o755);
  }
  const file = `${making.out}/floatip_${making.version}_${making.arch}.deb`;
  // Root as owner without being root; a fixed number of threads, since they show in what xz writes.
  const args = ["--root-owner-group", "--threads-max=1", ...COMPRESSION[making.compression]];
  await demand("dpkg-deb", [...args, "--build", root, file], {
    SOURCE_DATE_EPOCH: `${making.epoch}`,
  });
  return { file };
}

async function changelog({ version, epoch }: Making): Promise<Entry> {
  const releases = readReleases(await Deno.readTextFile(`${CHECKOUT}CHANGELOG.md`));
  return {
    path: "/usr/share/doc/floatip/changelog",
    content: { kind: "text", text: debianChangelog(releases, version, epoch) },
    gzip: true,
  };
}

function control({ version, arch }: Making, kibibytes: number): string {
  return `Package: floatip
Version: ${version}
Architecture: ${arch}
Maintainer: ${MAINTAINER}
Installed-Size: ${kibibytes}
Depends: coreutils (>= 8.31), libc6 (>= 2.27), libgcc-s1, systemd (>= 252), util-linux (>= 2.33)
Recommends: systemd-sysv
Section: net
Priority: optional
Description: one address that stays up when a machine does not
 floatip gives a cluster of two to a dozen machines one floating IP address.
 One node, the master, holds it; when that node, its cable or its power goes,
 another takes the address within seconds. It speaks VRRP, so it works on one
 LAN together with keepalived and with routers.
 .
 One file that is the same on every node, health checks, a status that says why,
 notifications, a history, and a check that finds every slip in the file.
`;
}

function conffiles(entries: readonly Entry[]): string {
  return entries.filter(({ config }) => config).map((entry) => `${placeOf(entry)}\n`).join("");
}

async function md5sums(root: string, entries: readonly Entry[]): Promise<string> {
  const names = entries.filter(({ content, config }) => content.kind !== "link" && !config)
    .map((entry) => `${root}${placeOf(entry)}`).toSorted();
  const lines = await demand("md5sum", ["--", ...names]);
  return lines.replaceAll(`  ${root}/`, "  ");
}

/**
 * As Debian's policy counts it: files rounded up to KiB, one KiB for each link. Folders are many
 * packages'.
 */
async function sizeOf(root: string, entries: readonly Entry[]): Promise<number> {
  let sum = 0;
  for (const entry of entries) {
    const { size, isSymlink } = await Deno.lstat(`${root}${placeOf(entry)}`);
    sum += isSymlink ? 1 : Math.ceil(size / 1024);
  }
  return sum;
}
