/** The files of a booted Debian: made once with mmdebstrap, and kept for the next run. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import process from "node:process";
import { demand } from "./command.ts";

/** What is in it besides the essential packages. */
const PACKAGES = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "iproute2",
  "iputils-ping",
  "procps",
  "netbase",
  "man-db",
  "rpm",
];

/** Named after what is in it, so that another list makes another one. */
const FOLDER = "/var/cache/floatip-lab";

/**
 * The folder of a Debian like this machine's own release; made where it is missing (20 to 30 s).
 * Rejects with mmdebstrap's words.
 */
export async function debianRoot(): Promise<string> {
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  const root = `${FOLDER}/${release}-${PACKAGES.join("-")}`;
  if (existsSync(root)) return root;
  const scratch = `${root}.${process.pid}`;
  mkdirSync(FOLDER, { recursive: true });
  try {
    const include = `--include=${PACKAGES.join(",")}`;
    const argv = ["mmdebstrap", "--variant=minbase", include, release ?? "stable", scratch];
    await demand(argv, { timeoutMs: 300_000 });
    renameSync(scratch, root);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return root;
}
