/** Deno's own program for an architecture: from npm, by the checksums named here. */

/** A machine that floatip is built for, by Debian's name. */
export type Arch = "amd64" | "arm64";

/** The version of Deno that packages carry: the newest that npm has for both. */
export const DENO_VERSION = "2.9.5";

/** What others call it, and its runtime. */
export const ARCHES: Readonly<
  Record<Arch, {
    /** rpm, uname -m. */
    readonly machine: "x86_64" | "aarch64";
    /** `deno compile --target`. */
    readonly target: string;
    /** On npm. */
    readonly package: string;
    /** SHA-256 of its file `deno`. */
    readonly sha256: string;
  }>
> = {
  amd64: {
    machine: "x86_64",
    target: "x86_64-unknown-linux-gnu",
    package: "@deno/linux-x64-glibc",
    sha256: "dc480c462c8c3582524f3e75c160613d0a975e1f66b5465995d58bae236da7d3",
  },
  arm64: {
    machine: "aarch64",
    target: "aarch64-unknown-linux-gnu",
    package: "@deno/linux-arm64-glibc",
    sha256: "e1a70c5eb03b0ebaf761077029ef86b9ba22d50e2b54ca45ce5437457f701b63",
  },
};

/** Every architecture. */
export const ALL_ARCHES: readonly Arch[] = ["amd64", "arm64"];

/** The architecture of this machine. */
export function ownArch(): Arch {
  return Deno.build.arch === "aarch64" ? "arm64" : "amd64";
}

/**
 * The path of Deno's program for `arch`, in Deno's cache; fetched from the npm registry the first
 * time. Throws where it cannot be fetched, or is not the one that is named here.
 */
export async function fetchRuntime(arch: Arch): Promise<string> {
  const { package: name, sha256 } = ARCHES[arch];
  // Deno is an ordinary client of the registry: it obeys NPM_CONFIG_REGISTRY and proxies, and keeps
  // what it fetched.
  await deno("cache", "--quiet", "--no-lock", "--no-config", `npm:${name}@${DENO_VERSION}`);
  const { npmCache } = JSON.parse(await deno("info", "--json")) as { readonly npmCache: string };
  const path = await find(npmCache, `${name}/${DENO_VERSION}/deno`);
  if (path === undefined) throw new Error(`${name}@${DENO_VERSION} has no program in it`);
  const found = await digestOf(path);
  if (found !== sha256) {
    throw new Error(`${path} is not the program expected: SHA-256 ${found}, expected ${sha256}`);
  }
  return path;
}

/** Below the cache stands the registry's name, which may be a mirror's. */
async function find(cache: string, below: string): Promise<string | undefined> {
  for await (const { name } of Deno.readDir(cache)) {
    const path = `${cache}/${name}/${below}`;
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  return undefined;
}

async function digestOf(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function deno(...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    // Nothing of the folder that the command was started in is to be obeyed.
    cwd: "/",
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(`deno ${args.join(" ")} failed: ${decoder.decode(stderr).trim()}`);
}
