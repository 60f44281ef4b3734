/**
 * The disk of an emulated arm64 machine: a Debian with our package, kernels of 4 and 16 KiB pages.
 */
import { existsSync, readFileSync } from "node:fs";
import { demand } from "../support/lab/command.ts";

/** A kernel that the machine can boot. */
export interface Kernel {
  readonly pageSize: 4096 | 16384;
  /** The processor that qemu plays: not every one can do pages of 16 KiB. */
  readonly cpu: string;
  readonly release: "bookworm" | "trixie";
  /** Debian's package that depends on the newest one. */
  readonly meta: string;
}

/** Every kernel that is tried. */
export const KERNELS: readonly Kernel[] = [
  { pageSize: 4096, cpu: "cortex-a72", release: "bookworm", meta: "linux-image-cloud-arm64" },
  { pageSize: 16384, cpu: "cortex-a76", release: "trixie", meta: "linux-image-arm64-16k" },
];

/** What qemu is started with. */
export interface Image {
  readonly kernel: string;
  readonly initrd: string;
  readonly disk: string;
}

const CACHE = "/var/cache/floatip-lab/arm64";
const MIRROR = Deno.env.get("DEBIAN_MIRROR") ?? "http://deb.debian.org/debian";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const PACKAGES = "systemd,systemd-sysv,udev,dbus,kmod,iproute2,iputils-ping,procps,netbase";

/** Loads what the disk needs, mounts it, and lets systemd take over. */
const INIT = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
for module in $(/bin/busybox cat /modules/order); do /bin/busybox insmod /modules/$module; done
until /bin/busybox mount -t ext4 -o rw,noatime /dev/vda /new 2>/dev/null; do
  /bin/busybox usleep 50000
done
/bin/busybox umount /proc /sys
/bin/busybox mount --move /dev /new/dev
exec /bin/busybox switch_root /new /sbin/init
`;

/** A file of the machine: its text, the file that it is a copy of, or where a link leads. */
export type Content =
  | { readonly text: string }
  | { readonly from: string }
  | { readonly to: string };

/** Makes what boots `kernel`, with `files` by their places in it, in the folder `scratch`. */
export async function makeImage(
  kernel: Kernel,
  files: Readonly<Record<string, Content>>,
  scratch: string,
): Promise<Image> {
  const root = `${scratch}/root`;
  await demand(["cp", "-a", await debian(), root]);
  const tree = await packageOf(kernel.release, kernel.meta);
  // From trixie on nothing stands in /lib any more.
  const modules = [`${tree}/lib/modules`, `${tree}/usr/lib/modules`].find(existsSync) ?? tree;
  const version = nameIn(modules);
  await demand(["cp", "-a", `${modules}/${version}`, `${root}/usr/lib/modules/`]);
  await demand(["depmod", "-b", root, version]);
  for (const [place, content] of Object.entries(files)) {
    await Deno.mkdir(`${root}${place.replace(/\/[^/]*$/, "")}`, { recursive: true });
    if ("text" in content) {
      await Deno.writeTextFile(`${root}${place}`, content.text, { mode: 0o755 });
    } else if ("to" in content) await Deno.symlink(content.to, `${root}${place}`);
    else await Deno.copyFile(content.from, `${root}${place}`);
  }
  const initrd = await makeInitrd(root, version, scratch);
  const disk = `${scratch}/disk.img`;
  await demand(["truncate", "-s", "2G", disk]);
  await demand(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", root, disk]);
  return { kernel: `${tree}/boot/vmlinuz-${version}`, initrd, disk };
}

/** A Debian for arm64 as it comes, made once. */
async function debian(): Promise<string> {
  const root = `${CACHE}/root`;
  if (existsSync(root)) return root;
  await Deno.mkdir(CACHE, { recursive: true });
  await using _binfmt = await Emulation.begin();
  const flags = ["--architectures=arm64", "--variant=minbase", `--include=${PACKAGES}`];
  const making = `${root}.making`;
  await demand(["rm", "-rf", making]);
  await demand(["mmdebstrap", ...flags, "bookworm", making, MIRROR], { timeoutMs: 1_200_000 });
  await Deno.mkdir(`${making}/usr/lib/modules`, { recursive: true });
  // Nobody logs in: what is to be done stands in a unit.
  await Deno.rename(making, root);
  return root;
}

/**
 * The newest package that `meta` depends on (or itself, where it depends on none of its kind),
 * unpacked; made once.
 */
async function packageOf(release: string, meta: string): Promise<string> {
  const folder = `${CACHE}/${release}`;
  const tree = `${folder}/${meta}`;
  if (existsSync(tree)) return tree;
  await Deno.mkdir(`${folder}/lists/partial`, { recursive: true });
  await Deno.mkdir(`${folder}/${meta}.debs`, { recursive: true });
  const source = `deb [signed-by=${KEYRING}] ${MIRROR} ${release} main\n`;
  await Deno.writeTextFile(`${folder}/sources.list`, source);
  const options = [
    "APT::Architecture=arm64",
    "APT::Architectures=arm64",
    `Dir::State::Lists=${folder}/lists`,
    "Dir::Cache::pkgcache=",
    "Dir::Cache::srcpkgcache=",
    `Dir::Etc::SourceList=${folder}/sources.list`,
    "Dir::Etc::SourceParts=/dev/null",
  ].flatMap((option) => ["-o", option]);
  await demand(["apt-get", ...options, "-qq", "update"], { timeoutMs: 300_000 });
  const shown = await demand(["apt-cache", ...options, "show", meta]);
  const name = /^Depends: (linux-image-\d\S+)/m.exec(shown)?.[1] ?? meta;
  const cwd = `${folder}/${meta}.debs`;
  await demand(["apt-get", ...options, "-qq", "download", name], { cwd, timeoutMs: 600_000 });
  await demand(["dpkg-deb", "-x", `${cwd}/${nameIn(cwd)}`, `${tree}.making`]);
  await Deno.rename(`${tree}.making`, tree);
  return tree;
}

/** Everything that is a module on the way to the disk and the network. */
async function makeInitrd(root: string, version: string, scratch: string): Promise<string> {
  const folder = `${scratch}/initrd`;
  for (const name of ["bin", "dev", "proc", "sys", "new", "modules"]) {
    await Deno.mkdir(`${folder}/${name}`, { recursive: true });
  }
  const busybox = await packageOf("bookworm", "busybox-static");
  await Deno.copyFile(`${busybox}/bin/busybox`, `${folder}/bin/busybox`);
  const order: string[] = [];
  for (const module of ["virtio_pci", "virtio_blk", "virtio_net", "virtio_rng", "ext4"]) {
    const words = ["modprobe", "-d", root, "-S", version, "--show-depends", module];
    for (const line of (await demand(words)).split("\n")) {
      const [kind, path = ""] = line.trim().split(/\s+/);
      const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.xz$/, "");
      if (kind !== "insmod" || order.includes(name)) continue;
      order.push(name);
      const unpack = path.endsWith(".xz") ? "xz -dc" : "cat";
      await demand(["sh", "-c", `${unpack} "$1" > "$2"`, "sh", path, `${folder}/modules/${name}`]);
    }
  }
  await Deno.writeTextFile(`${folder}/modules/order`, `${order.join("\n")}\n`);
  await Deno.writeTextFile(`${folder}/init`, INIT, { mode: 0o755 });
  await Deno.chmod(`${folder}/bin/busybox`, 0o755);
  const pack = 'cd "$1" && find . | cpio --quiet -o -H newc | gzip -1 > "$2"';
  await demand(["sh", "-c", pack, "sh", folder, `${scratch}/initrd.gz`]);
  return `${scratch}/initrd.gz`;
}

function nameIn(folder: string): string {
  const [first] = [...Deno.readDirSync(folder)];
  if (first === undefined) throw new Error(`${folder} is empty`);
  return first.name;
}

/**
 * This machine runs arm64 programs as long as it lasts, by qemu-user: what installs a foreign
 * Debian has to run some.
 */
class Emulation implements AsyncDisposable {
  readonly #undo: readonly (readonly string[])[];

  private constructor(undo: readonly (readonly string[])[]) {
    this.#undo = undo;
  }

  static async begin(): Promise<Emulation> {
    const folder = "/proc/sys/fs/binfmt_misc";
    const undo: string[][] = [];
    if (!existsSync(`${folder}/register`)) {
      await demand(["mount", "-t", "binfmt_misc", "binfmt_misc", folder]);
      undo.unshift(["umount", folder]);
    }
    if (!existsSync(`${folder}/qemu-aarch64`)) {
      const entry = readFileSync("/usr/lib/binfmt.d/qemu-aarch64.conf", "utf8");
      await Deno.writeTextFile(`${folder}/register`, entry.trim());
      undo.unshift(["sh", "-c", `echo -1 > ${folder}/qemu-aarch64`]);
    }
    return new Emulation(undo);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const argv of this.#undo) await demand(argv);
  }
}
