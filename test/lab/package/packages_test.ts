/**
 * The packages are the same each time, for both architectures, and pass their distributions' lint.
 */
import assert from "node:assert/strict";
import {
  debianChangelog,
  readReleases,
  rpmChangelog,
} from "../../../packaging/package/changelog.ts";
import { ALL_ARCHES, ownArch } from "../../../packaging/runtime.ts";
import { demand, run } from "../../support/lab/command.ts";
import { lacking, nameWith } from "../../support/lab/prerequisites.ts";
import { packaged } from "../../support/package/made.ts";

const reason = lacking("dpkg-deb", "rpmbuild", "lintian");

Deno.test({
  ...nameWith(
    "two builds of all packages are the same to the byte, and lintian has no objection",
    reason,
  ),
  fn: async (t) => {
    const folder = await Deno.makeTempDir({ prefix: "floatip-twice-" });
    try {
      await sameTwice(folder);
      await t.step("lintian", () => hasNoErrors(folder));
      await t.step("the architecture is its own", () => isForItsMachine(folder));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Builds all packages twice, elsewhere and under another umask and time zone. */
async function sameTwice(folder: string): Promise<void> {
  const umask = Deno.umask();
  const digests: string[] = [];
  for (const [name, mask] of [["first", 0o022], ["second", 0o077]] as const) {
    Deno.umask(mask);
    try {
      await packaged("0.1.0", ["deb", "rpm"], ALL_ARCHES, `${folder}/${name}`);
    } finally {
      Deno.umask(umask);
    }
    digests.push(await demand(["sh", "-c", 'cd "$1" && sha256sum *', "sh", `${folder}/${name}`]));
  }
  assert.equal(digests[0]?.split("\n").length, 5, digests[0]);
  assert.equal(digests[0], digests[1]);
}

async function hasNoErrors(folder: string): Promise<void> {
  // This lintian does not know zstd yet, which only packages for tests are made with.
  const flags = ["--suppress-tags", "malformed-deb-archive", "--fail-on", "error,warning"];
  // The other architecture's has the same files.
  const file = `${folder}/first/floatip_0.1.0_${ownArch()}.deb`;
  const { code, stdout, stderr } = await run(["lintian", "--allow-root", ...flags, file]);
  assert.deepEqual([code, stdout], [0, ""], stderr);
}

async function isForItsMachine(folder: string): Promise<void> {
  const machines = { amd64: [0x3e, "x86_64"], arm64: [0xb7, "aarch64"] } as const;
  for (const arch of ALL_ARCHES) {
    const [machine, name] = machines[arch];
    const deb = `${folder}/first/floatip_0.1.0_${arch}.deb`;
    assert.equal(await demand(["dpkg-deb", "--field", deb, "Architecture"]), `${arch}\n`);
    const rpm = `${folder}/first/floatip-0.1.0-1.${name}.rpm`;
    assert.equal(await demand(["rpm", "-qp", "--qf", "%{ARCH}", rpm]), name);
    await demand(["dpkg-deb", "-x", deb, `${folder}/${arch}`]);
    using file = await Deno.open(`${folder}/${arch}/usr/lib/floatip/lib/floatip`);
    const head = new Uint8Array(20);
    await file.read(head);
    // elf(5): e_machine.
    assert.equal(new DataView(head.buffer).getUint16(18, true), machine);
  }
}

Deno.test("the changelog in Debian's form and in rpm's", () => {
  const markdown = "# Changes\n\n## 0.2.0 (unreleased)\n\nWords.\n\n- One `thing`.\n" +
    `- ${"Two things that take more than a line. ".repeat(3)}\n\n## 0.1.0\n\n- The 100% first.\n`;
  const releases = readReleases(markdown);
  assert.deepEqual(releases.map(({ version }) => version), ["0.2.0", "0.1.0"]);
  const debian = debianChangelog(releases, "0.2.1", 1_700_000_000);
  assert.match(
    debian,
    /^floatip \(0\.2\.1\) unstable; urgency=medium\n\n {2}\* One 'thing'\.\n {2}\* Two/,
  );
  assert.match(debian, /\n\n -- .+ <.+> {2}Tue, 14 Nov 2023 22:13:20 \+0000\n/);
  assert.match(debian, /\nfloatip \(0\.1\.0\) /);
  assert.ok(
    debian.split("\n").every((line) => line.length <= 80 || line.startsWith(" -- ")),
    debian,
  );
  const rpm = rpmChangelog(releases, "0.2.1", 1_700_000_000);
  assert.match(rpm, /^\* Tue Nov 14 2023 .+ <.+> - 0\.2\.1-1\n- One/);
  assert.match(rpm, /The 100%% first/);
});

Deno.test("whose work is in the packages stands in their copyright", async () => {
  const read = (name: string) => Deno.readTextFile(new URL(`../../../${name}`, import.meta.url));
  const lock = JSON.parse(await read("deno.lock")) as {
    readonly npm: Readonly<Record<string, unknown>>;
  };
  const copyright = await read("packaging/deb/copyright");
  // Of these nothing is in the program: tests use them.
  const ours = Object.keys(lock.npm).filter((name) =>
    !/^(fast-check|playwright-core|pure-rand)@/.test(name)
  );
  assert.ok(ours.length > 3);
  for (const name of ours) {
    const library = name.slice(0, name.lastIndexOf("@"));
    assert.ok(copyright.includes(`\nFiles: ${library} (in `), library);
  }
});

Deno.test("a missing tool is named with its package before anything is built", async () => {
  const script = new URL("../../../packaging/package.ts", import.meta.url).pathname;
  const program = [Deno.execPath(), "run", "-A", "--no-check", script, "--only", "rpm"];
  const { code, stderr } = await run(program, { env: { PATH: "/nowhere" } });
  assert.equal(code, 1);
  assert.match(stderr, /^needs rpmbuild \(.*--only deb.*\): not on this machine$/m);
  assert.match(stderr, /^package: not on this machine: rpmbuild .* sudo apt install rpm$/m);
  assert.doesNotMatch(stderr, /building/);
});
