/** What the lab needs on this machine; installs packages with apt where it may. */
import { existsSync } from "node:fs";
import process from "node:process";
import { run } from "./command.ts";
import { withQuietServices } from "./quiet_services.ts";

/** A Debian package and a program that shows it is there. */
const programOf: Readonly<Record<string, string>> = {
  iproute2: "ip",
  "iputils-ping": "ping",
  keepalived: "keepalived",
  tcpdump: "tcpdump",
  nftables: "nft",
  procps: "ps",
  "nginx-light": "nginx",
  "systemd-container": "systemd-nspawn",
  rpm: "rpmbuild",
  "apt-utils": "apt-ftparchive",
  gnupg: "gpg",
  "qemu-system-arm": "qemu-system-aarch64",
  kmod: "modprobe",
  e2fsprogs: "mke2fs",
  "qemu-user-static": "qemu-aarch64-static",
  firewalld: "firewall-cmd",
  "etcd-server": "etcd",
  mosquitto: "mosquitto",
  "mosquitto-clients": "mosquitto_sub",
};

const folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Is this program on the machine? */
export function has(program: string): boolean {
  return folders.some((folder) => existsSync(`${folder}/${program}`));
}

/** "needs rpmbuild", or undefined where all of these are on the machine. */
export function lacking(...programs: readonly string[]): string | undefined {
  const missed = programs.filter((program) => !has(program));
  return missed.length === 0 ? undefined : `needs ${missed.join(", ")}`;
}

/**
 * Why no lab can be built here ("needs root"), or undefined where one can. `programs` are needed
 * besides iproute2.
 */
export function missing(...programs: readonly string[]): string | undefined {
  if (process.env["FLOATIP_TESTS"] === "without-root") return "needs root, left out on demand";
  if (process.getuid?.() !== 0) return "needs root";
  if (!has("ip")) return "needs iproute2";
  return lacking(...programs);
}

const isRoot = process.getuid?.() === 0;

/** Why a test of what may not be read is not run: root may read everything; or undefined. */
export const NOT_AS_ROOT = isRoot ? "needs a user other than root" : undefined;

/** Why a test that needs root alone, and no lab, is not run; or undefined. */
export const AS_ROOT = isRoot ? undefined : "needs root";

/**
 * The name of a test that is skipped where there is a reason: it stands in brackets behind the
 * name, for the summary to show.
 */
export function nameWith(
  name: string,
  reason: string | undefined,
): { readonly name: string; readonly ignore: boolean } {
  return reason === undefined
    ? { name, ignore: false }
    : { name: `${name} [${reason}]`, ignore: true };
}

/** What {@link ensure} came to. */
export interface Ensured {
  readonly installed: readonly string[];
  /** Still not there, and why, in words; undefined: everything is there. */
  readonly failure: string | undefined;
}

/**
 * Installs the Debian packages whose programs are not there, where root and apt are at hand. Never
 * rejects.
 */
export async function ensure(packages: readonly string[]): Promise<Ensured> {
  const absent = packages.filter((name) => !has(programOf[name] ?? name));
  if (absent.length === 0) return { installed: [], failure: undefined };
  const wanted = absent.join(" ");
  if (process.getuid?.() !== 0) {
    return refuse(`${wanted}: not installed, and installing needs root`);
  }
  if (!has("apt-get")) return refuse(`${wanted}: not installed, and there is no apt-get here`);
  return await withQuietServices(() => install(absent));
}

async function install(absent: readonly string[]): Promise<Ensured> {
  const words = ["apt-get", "install", "-y", "--no-install-recommends", ...absent];
  const first = await apt(words);
  if (first.code === 0) return { installed: absent, failure: undefined };
  // Package lists of a fresh machine are empty or stale.
  await apt(["apt-get", "update"]);
  const second = await apt(words);
  if (second.code === 0) return { installed: absent, failure: undefined };
  const why = second.stderr.trim().split("\n").at(-1);
  return refuse(`${absent.join(" ")}: apt-get install failed: ${why}`);
}

function refuse(failure: string): Ensured {
  return { installed: [], failure };
}

function apt(argv: readonly string[]): ReturnType<typeof run> {
  return run(argv, { env: { DEBIAN_FRONTEND: "noninteractive" }, timeoutMs: 300_000 });
}
