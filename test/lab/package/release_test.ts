/** The apt repository of a release, as apt reads it: versions, signatures, checksums. */
import assert from "node:assert/strict";
import { makeRelease } from "../../../packaging/release.ts";
import { demand, run } from "../../support/lab/command.ts";
import { lacking, nameWith } from "../../support/lab/prerequisites.ts";

const reason = lacking("dpkg-deb", "gpg", "apt-ftparchive", "apt-get");

Deno.test({
  ...nameWith("apt takes the newest version of a release, and no list that was changed", reason),
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "floatip-release-" });
    const before = Deno.env.get("GNUPGHOME");
    Deno.env.set("GNUPGHOME", `${folder}/gnupg`);
    try {
      await isReleased(folder);
    } finally {
      await run(["gpgconf", "--kill", "all"], { env: { GNUPGHOME: `${folder}/gnupg` } });
      if (before === undefined) Deno.env.delete("GNUPGHOME");
      else Deno.env.set("GNUPGHOME", before);
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function isReleased(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/gnupg`, { mode: 0o700 });
  await drawKey("one@example.org");
  await drawKey("two@example.org");
  const out = `${folder}/out`;
  const said = await released(folder, "1.0", "one@example.org");
  assert.match(
    said,
    new RegExp(`\nsudo curl -fsSLo /etc/apt/\\S+ file://${out}/floatip.sources\n`),
  );
  const apt = await Apt.reading(folder, out);
  await apt.demand("apt-get", "update");
  assert.match(await apt.demand("apt-cache", "policy", "floatip"), /Candidate: 1\.0\n/);

  await released(folder, "1.1", "one@example.org");
  await apt.demand("apt-get", "update");
  assert.match(await apt.demand("apt-cache", "policy", "floatip"), /Candidate: 1\.1\n/);
  assert.match(await apt.demand("apt-cache", "madison", "floatip"), / 1\.0 /);
  await apt.demand("apt-get", "--download-only", "--yes", "install", "floatip");
  await demand(["sh", "-c", 'cd "$1" && sha256sum --quiet --check SHA256SUMS', "sh", out]);
  await demand(["gpg", "--verify", `${out}/SHA256SUMS.asc`, `${out}/SHA256SUMS`]);

  const suite = `${out}/apt/dists/stable`;
  const release = await Deno.readTextFile(`${suite}/InRelease`);
  await Deno.writeTextFile(`${suite}/InRelease`, release.replace("Label: floatip", "Label: other"));
  assert.match(await apt.refusal(), /BADSIG|invalid/);
  await released(folder, "1.2", "two@example.org");
  assert.match(await apt.refusal(), /NO_PUBKEY|not signed/);

  await assert.rejects(released(folder, "1.3", "none@example.org"), /names no secret key/);
  await assert.rejects(released(folder, "1.3", "example.org"), /names 2 secret keys/);
}

async function drawKey(user: string): Promise<void> {
  const words = ["--passphrase", "", "--quick-generate-key", user, "ed25519", "sign", "never"];
  await demand(["gpg", "--batch", "--quiet", ...words]);
}

/** Releases an empty package of this version; what a person is told. */
async function released(folder: string, version: string, key: string): Promise<string> {
  const packages = `${folder}/${version}`;
  await Deno.mkdir(`${packages}/tree/DEBIAN`, { recursive: true });
  const maintainer = "Maintainer: A Test <a@example.org>\nDescription: a test\n";
  const control = `Package: floatip\nVersion: ${version}\nArchitecture: amd64\n${maintainer}`;
  await Deno.writeTextFile(`${packages}/tree/DEBIAN/control`, control);
  const deb = `${packages}/floatip_${version}_amd64.deb`;
  await demand(["dpkg-deb", "--root-owner-group", "--build", `${packages}/tree`, deb]);
  const out = `${folder}/out`;
  return await makeRelease({ key, formats: ["deb"], packages, out, url: `file://${out}` });
}

/** apt with state, cache and one source of its own. */
class Apt {
  private constructor(readonly options: readonly string[]) {}

  /** Reads the source of `out`, with the key that is in it now. */
  static async reading(folder: string, out: string): Promise<Apt> {
    const key = `${folder}/floatip.asc`;
    await Deno.copyFile(`${out}/floatip.asc`, key);
    const source = await Deno.readTextFile(`${out}/floatip.sources`);
    assert.match(source, /^Signed-By: \/etc\/apt\/keyrings\/floatip\.asc$/m);
    const own = source.replace(/(?<=^Signed-By: ).*/m, key);
    await Deno.mkdir(`${folder}/apt/parts`, { recursive: true });
    await Deno.mkdir(`${folder}/apt/state/lists/partial`, { recursive: true });
    await Deno.mkdir(`${folder}/apt/cache/archives/partial`, { recursive: true });
    await Deno.writeTextFile(`${folder}/apt/parts/floatip.sources`, own);
    await Deno.writeTextFile(`${folder}/apt/status`, "");
    const options = {
      "Dir::Etc::sourcelist": "/dev/null",
      "Dir::Etc::sourceparts": `${folder}/apt/parts`,
      "Dir::State": `${folder}/apt/state`,
      "Dir::State::status": `${folder}/apt/status`,
      "Dir::Cache": `${folder}/apt/cache`,
      "APT::Sandbox::User": "",
      "APT::Architecture": "amd64",
      "APT::Update::Error-Mode": "any",
    };
    return new Apt(Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]));
  }

  demand(program: string, ...words: readonly string[]): Promise<string> {
    return demand([program, ...this.options, ...words]);
  }

  /** What an update says that fails. */
  async refusal(): Promise<string> {
    const { code, stdout, stderr } = await run(["apt-get", ...this.options, "update"]);
    assert.notEqual(code, 0, stdout);
    return stderr;
  }
}
