import assert from "node:assert/strict";
import { accountIn } from "../../../src/process.ts";
import { findRunner, refusalOf } from "../../../src/health/probes/script.ts";
import { attempt } from "./checks.ts";

interface Place {
  readonly folder: string;
  readonly script: string;
}

/** A script that could be run, in a folder of its own inside another: all of it the tester's, mode 755. */
async function withScript(run: (place: Place) => Promise<void>): Promise<void> {
  const top = await Deno.realPath(await Deno.makeTempDir({ prefix: "fl-script-" }));
  const folder = `${top}/in ner`;
  const script = `${folder}/check`;
  try {
    await Deno.chmod(top, 0o755);
    await Deno.mkdir(folder);
    await Deno.writeTextFile(script, "#!/bin/sh\nexit 0\n");
    for (const path of [folder, script]) await Deno.chmod(path, 0o755);
    await run({ folder, script });
  } finally {
    await Deno.remove(top, { recursive: true });
  }
}

Deno.test("a script that only its owner can change is run", () =>
  withScript(async ({ script }) => {
    assert.equal(await refusalOf(script, false), undefined);
    const result = await attempt({ kind: "command", argv: [script], user: undefined });
    assert.ok(result.ok, result.words);
  }));

Deno.test("what everybody can change is refused, with the command that mends it", () =>
  withScript(async ({ folder, script }) => {
    await Deno.chmod(script, 0o777);
    const words = `${script} is writable by everybody: chmod o-w '${script}'`;
    assert.equal(await refusalOf(script, false), words);
    const result = await attempt({ kind: "command", argv: [script], user: undefined });
    assert.deepEqual([result.ok, result.words], [false, words]);
    await mend(words);
    assert.equal(await refusalOf(script, false), undefined);

    await Deno.chmod(folder, 0o777);
    const about = await refusalOf(script, false) ?? "";
    assert.equal(about, `${folder} is writable by everybody: chmod o-w '${folder}'`);
    await mend(about);
    assert.equal(await refusalOf(script, false), undefined);
  }));

Deno.test("a folder with the sticky bit protects what is in it", () =>
  withScript(async ({ folder, script }) => {
    await Deno.chmod(folder, 0o1777);
    assert.equal(await refusalOf(script, false), undefined);
  }));

Deno.test("symbolic links are followed, and the folder that holds one counts", () =>
  withScript(async ({ folder, script }) => {
    const open = `${folder}/open`;
    await Deno.mkdir(open);
    await Deno.chmod(open, 0o777);
    await Deno.symlink(script, `${open}/link`);
    assert.match(await refusalOf(`${open}/link`, false) ?? "", /open is writable by everybody/);
    await Deno.rename(script, `${open}/check`);
    await Deno.symlink(`${open}/check`, script);
    assert.match(await refusalOf(script, false) ?? "", /open is writable by everybody/);
  }));

Deno.test("accounts are read as passwd(5) has them", () => {
  const text =
    "root:x:0:0:root:/root:/bin/bash\nbad:x:::\nfloatip:x:998:997::/:/usr/sbin/nologin\n";
  assert.deepEqual(accountIn(text, "floatip"), { name: "floatip", uid: 998, gid: 997 });
  assert.equal(accountIn(text, "bad"), undefined);
  assert.equal(accountIn(text, "float"), undefined);
});

Deno.test("a user who is not there is a refusal", async () => {
  assert.deepEqual(await findRunner("no-such-user"), {
    refusal: "no user no-such-user on this machine",
  });
});

/** Runs the command at the end of `words` in a shell, as a reader would. */
async function mend(words: string): Promise<void> {
  const command = words.slice(words.lastIndexOf("chmod"));
  const { success } = await new Deno.Command("sh", { args: ["-c", command] }).output();
  assert.ok(success, command);
}
