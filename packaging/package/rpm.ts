/** Makes an .rpm of a tree of files: rpmbuild packs it by a spec made here. */
import { ARCHES } from "../runtime.ts";
import { MAINTAINER, readReleases, rpmChangelog } from "./changelog.ts";
import { demand } from "./command.ts";
import type { Made, Making } from "./making.ts";
import { placeOf, stage } from "./stage.ts";
import { CHECKOUT, type Entry } from "./tree.ts";

/** How each compression is asked for: fast for the next test, small for a release. */
const COMPRESSION = {
  fast: "w3.zstdio",
  small: "w8.xzdio",
} as const satisfies Readonly<Record<Making["compression"], string>>;

/** Packs `entries`; rejects with rpmbuild's own words. */
export async function makeRpm(
  entries: readonly Entry[],
  making: Making,
  scratch: string,
): Promise<Made> {
  const { arch, epoch, version, out } = making;
  const { machine } = ARCHES[arch];
  const top = `${scratch}/rpm-${arch}`;
  await Deno.mkdir(top);
  await stage(`${top}/tree`, entries, epoch);
  await Deno.writeTextFile(`${top}/floatip.spec`, await spec(entries, making));
  const defines = {
    _topdir: top,
    tree: `${top}/tree`,
    _binary_payload: COMPRESSION[making.compression],
    // Which machine built it, and when, is nobody's business, and would differ each time.
    _buildhost: "localhost",
    use_source_date_epoch_as_buildtime: "1",
    clamp_mtime_to_source_date_epoch: "1",
  };
  await demand("rpmbuild", [
    "-bb",
    `--target=${machine}`,
    ...Object.entries(defines).flatMap(([name, value]) => ["--define", `${name} ${value}`]),
    `${top}/floatip.spec`,
  ], { SOURCE_DATE_EPOCH: `${epoch}`, HOME: top });
  const name = `floatip-${version}-1.${machine}.rpm`;
  const file = `${out}/${name}`;
  await Deno.copyFile(`${top}/RPMS/${machine}/${name}`, file);
  return { file };
}

async function spec(entries: readonly Entry[], { version, epoch }: Making): Promise<string> {
  const releases = readReleases(await Deno.readTextFile(`${CHECKOUT}CHANGELOG.md`));
  return `# Neither stripped nor split: the runtime is packed as it came.
%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none

Name: floatip
Version: ${version}
Release: 1
Summary: One address that stays up when a machine does not
License: MIT AND BSD-2-Clause AND BSD-3-Clause AND Apache-2.0
Group: System Environment/Daemons
Packager: ${MAINTAINER}
Requires: coreutils >= 8.31, systemd >= 252, util-linux >= 2.33
Requires(pre): shadow-utils

%description
floatip gives a cluster of two to a dozen machines one floating IP address.
One node, the master, holds it; when that node, its cable or its power goes,
another takes the address within seconds. It speaks VRRP, so it works on one
LAN together with keepalived and with routers.

%install
cp -a %{tree}/. %{buildroot}
install -d -m 0700 %{buildroot}/etc/floatip/credentials

%pre
${await accounts()}
%post
systemd-tmpfiles --create floatip.conf || :
[ ! -d /run/systemd/system ] || systemctl daemon-reload || :

%preun
if [ "$1" = 0 ] && [ -d /run/systemd/system ]; then
    systemctl --no-reload --quiet disable --now floatip.service || :
    systemctl --quiet stop floatip-runner.socket || :
fi

%postun
[ ! -d /run/systemd/system ] || systemctl daemon-reload || :

%posttrans
/usr/lib/floatip/installed || :

%files
${ownFolders(entries).map(folderLine).join("\n")}
%dir %attr(0700, root, root) /etc/floatip/credentials
${entries.map(fileLine).join("\n")}

%changelog
${rpmChangelog(releases, version, epoch)}`;
}

/**
 * The users of sysusers.conf, made before files of theirs are unpacked; not every rpm makes them by
 * itself.
 */
async function accounts(): Promise<string> {
  const lines = (await Deno.readTextFile(`${CHECKOUT}systemd/sysusers.conf`)).split("\n");
  return lines.flatMap((line) => {
    const [, name, comment, home] = /^u\s+(\S+)\s+-\s+"(.+)"\s+(\S+)$/.exec(line) ?? [];
    if (name === undefined) return [];
    const account = `-r -g ${name} -d ${home} -s /sbin/nologin -c "${comment}" ${name}`;
    return [
      `getent group ${name} >/dev/null || groupadd -r ${name}`,
      `getent passwd ${name} >/dev/null || useradd ${account}`,
    ];
  }).map((line) => `${line}\n`).join("");
}

/** Folders that are nobody else's: "floatip", and what is below. */
function ownFolders(entries: readonly Entry[]): readonly string[] {
  const folders = entries.flatMap(({ path }) => {
    const parts = path.split("/");
    return parts.slice(1, -1).map((_, index) => parts.slice(0, index + 2).join("/"));
  });
  return [...new Set(folders)].filter((folder) => /\/floatip(\/|$)/.test(folder)).toSorted();
}

function folderLine(folder: string): string {
  // As tmpfiles.conf has it.
  const attributes = folder === "/etc/floatip" ? "2755, root, floatipd" : "0755, root, root";
  return `%dir %attr(${attributes}) ${folder}`;
}

function fileLine(entry: Entry): string {
  const mode = (entry.mode ?? 0o644).toString(8).padStart(4, "0");
  const place = placeOf(entry);
  if (entry.content.kind === "link") return place;
  const marks = [
    ...(entry.config ? ["%config(noreplace)"] : []),
    ...(place.startsWith("/usr/share/licenses/") ? ["%license"] : []),
    ...(place.startsWith("/usr/share/doc/") || place.startsWith("/usr/share/man/") ? ["%doc"] : []),
  ];
  return [...marks, `%attr(${mode}, root, root)`, place].join(" ");
}
