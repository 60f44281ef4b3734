/**
 * The arm64 package's program, under qemu's emulation of the processor, with Debian's arm64 libc.
 */
import assert from "node:assert/strict";
import { demand, run } from "../../support/lab/command.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { VERSION } from "../../../src/version.ts";
import { packaged } from "../../support/package/made.ts";

const reason = missing("qemu-aarch64-static", "dpkg-deb", "apt-get");

/** Sound, and for other machines than this one: TEST-NET-2 of RFC 5737. */
const FILE = `[nodes]
pi-a = "198.51.100.1"
pi-b = "198.51.100.2"

[instance.web]
vrid = 51
addresses = ["198.51.100.50/24"]
prefer = ["pi-a", "pi-b"]
`;

Deno.test({
  ...nameWith("the arm64 program runs: version, check, and what is wrong with a file", reason),
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "floatip-arm64-" });
    try {
      const floatip = await unpack(folder);
      const version = await run([floatip, "version", "--json"]);
      assert.equal(version.code, 0, version.stderr);
      assert.match(version.stdout, new RegExp(`"${VERSION}"[^]*aarch64`));
      await Deno.writeTextFile(`${folder}/floatip.toml`, FILE);
      const check = await run([floatip, "check", `${folder}/floatip.toml`, "--json"]);
      // The machine was looked at, by netlink, and has none of these addresses.
      assert.equal(check.code, 1, check.stderr);
      assert.match(check.stdout, /none of this machine's addresses is in \[nodes\]/);
      await Deno.writeTextFile(`${folder}/floatip.toml`, FILE.replace("vrid", "vrdi"));
      const wrong = await run([floatip, "check", `${folder}/floatip.toml`]);
      assert.equal(wrong.code, 3);
      assert.match(wrong.stdout, /:6:1: error: unknown key \"vrdi\" .*did you mean vrid/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/**
 * The package's files, with the runtime behind an emulator and Debian's libc for it beside; answers
 * the launcher.
 */
async function unpack(folder: string): Promise<string> {
  const [deb = ""] = await packaged("0.1.0", ["deb"], ["arm64"]);
  await demand(["dpkg-deb", "-x", deb, `${folder}/package`]);
  await fetchLibraries(folder);
  const lib = `${folder}/package/usr/lib/floatip`;
  await Deno.rename(`${lib}/lib/floatip`, `${lib}/lib/floatip.arm64`);
  const emulated = `#!/bin/sh\nexec qemu-aarch64-static -L ${folder}/libraries "$0.arm64" "$@"\n`;
  await Deno.writeTextFile(`${lib}/lib/floatip`, emulated, { mode: 0o755 });
  return `${lib}/floatip`;
}

/** libc6 and libgcc-s1 for arm64, without telling this machine's dpkg of another architecture. */
async function fetchLibraries(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/lists/partial`, { recursive: true });
  const options = [
    "APT::Architecture=arm64",
    "APT::Architectures=arm64",
    `Dir::State::Lists=${folder}/lists`,
  ]
    .flatMap((option) => ["-o", option]);
  await demand(["apt-get", ...options, "-qq", "update"], { timeoutMs: 120_000 });
  await demand(["apt-get", ...options, "-qq", "download", "libc6", "libgcc-s1"], { cwd: folder });
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith("_arm64.deb")) continue;
    await demand(["dpkg-deb", "-x", `${folder}/${name}`, `${folder}/libraries`]);
  }
}
