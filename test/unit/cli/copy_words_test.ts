/** The printed commands copy files from one machine to another, and a secret unseen. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { copySecretWords, copyWords } from "../../../src/cli/copy_words.ts";
import { ip } from "../../../src/net/ip.ts";
import { otherMachine } from "../../support/cli/other_machine.ts";
import { DRAWN } from "../../support/config/keys.ts";

const [SECRET = ""] = DRAWN;

function deskTest(
  name: string,
  play: (desk: { folder: string; here: string }) => Promise<void>,
): void {
  Deno.test(`printed commands: ${name}`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "floatip-copy-" });
    try {
      mkdirSync(`${folder}/here/credentials`, { recursive: true });
      await play({ folder, here: `${folder}/here` });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

for (const address of [ip("192.168.1.12"), ip("fd77::12")]) {
  deskTest(`there by ${address.family}`, async ({ folder, here }) => {
    const machine = otherMachine(folder, here);
    const [file, secret] = [`${here}/floatip.toml`, `${here}/credentials/cluster`];
    writeFileSync(file, 'it\'s "$quoted" `text`\n\n');
    writeFileSync(secret, `${SECRET}\n`, { mode: 0o600 });
    await machine.run(copyWords(file, address));
    assert.equal(machine.read(file), readFileSync(file, "utf8"));
    const lines = copySecretWords(secret, address, `touch ${here}/restarted`);
    const shown: string[] = [...lines];
    for (const line of lines) shown.push(await machine.run(line));
    assert.equal(machine.read(secret), `${SECRET}\n`);
    assert.equal(statSync(`${folder}/other/credentials/cluster`).mode & 0o777, 0o600);
    assert.equal(machine.read(`${here}/restarted`), "", "what is done then, there");
    assert.deepEqual(readdirSync(`${folder}/home`), [], "nothing is left lying about");
    assert.ok(!shown.join("\n").includes(SECRET), "the secret is shown");
  });
}

deskTest("what could not be placed is not followed by a restart", async ({ folder, here }) => {
  const machine = otherMachine(folder, here);
  const secret = `${here}/credentials/cluster`;
  writeFileSync(secret, `${SECRET}\n`);
  // A file in the place of the folder.
  writeFileSync(`${folder}/other/credentials`, "");
  const [carry = "", place = ""] = copySecretWords(
    secret,
    ip("192.168.1.12"),
    `touch ${here}/restarted`,
  );
  await machine.run(carry);
  await machine.run(place);
  assert.throws(() => machine.read(`${here}/restarted`));
  assert.deepEqual(readdirSync(`${folder}/home`), []);
});
