import assert from "node:assert/strict";
import { findCommandUser, reasonNotToRun } from "../../../src/health/probes/command.ts";
import { accountIn } from "../../../src/process.ts";
import { attempt } from "../../support/health/checks.ts";
import { AS_ROOT, nameWith } from "../../support/lab/prerequisites.ts";

/** The user of this test. */
const ME = Deno.uid() ?? 0;

/** Who has nothing to do with it. */
const BOB = 4711;

interface Place {
  readonly folder: string;
  readonly script: string;
}

/**
 * A script that could be run, in a folder of its own inside another: all of it the tester's, mode
 * 755.
 */
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
    assert.equal(await reasonNotToRun(script, ME), undefined);
    const result = await attempt({ kind: "command", argv: [script], user: undefined });
    assert.ok(result.ok, result.text);
  }));

Deno.test("what all users can change is refused, with the command that mends it", () =>
  withScript(async ({ folder, script }) => {
    await Deno.chmod(script, 0o777);
    const text = `${script} is writable by everybody: chmod o-w '${script}'`;
    assert.equal(await reasonNotToRun(script, ME), text);
    const result = await attempt({ kind: "command", argv: [script], user: undefined });
    assert.deepEqual([result.ok, result.text], [false, text]);
    await mend(text);
    assert.equal(await reasonNotToRun(script, ME), undefined);

    await Deno.chmod(folder, 0o777);
    const about = await reasonNotToRun(script, ME) ?? "";
    assert.equal(about, `${folder} is writable by everybody: chmod o-w '${folder}'`);
    await mend(about);
    assert.equal(await reasonNotToRun(script, ME), undefined);
  }));

Deno.test("a folder with the sticky bit protects what is in it", () =>
  withScript(async ({ folder, script }) => {
    await Deno.chmod(folder, 0o1777);
    assert.equal(await reasonNotToRun(script, ME), undefined);
  }));

Deno.test("symbolic links are followed, and the folder that holds one counts", () =>
  withScript(async ({ folder, script }) => {
    const open = `${folder}/open`;
    await Deno.mkdir(open);
    await Deno.chmod(open, 0o777);
    await Deno.symlink(script, `${open}/link`);
    assert.match(await reasonNotToRun(`${open}/link`, ME) ?? "", /open is writable by everybody/);
    await Deno.rename(script, `${open}/check`);
    await Deno.symlink(`${open}/check`, script);
    assert.match(await reasonNotToRun(script, ME) ?? "", /open is writable by everybody/);
  }));

Deno.test(
  nameWith("a link that leads through a folder of another user's is refused", AS_ROOT),
  () =>
    withScript(async ({ folder, script }) => {
      const bobs = `${folder}/bob`;
      await Deno.mkdir(bobs);
      await Deno.symlink(script, `${bobs}/current`);
      await Deno.symlink(`${bobs}/current`, `${folder}/notify`);
      assert.equal(await reasonNotToRun(`${folder}/notify`, 0), undefined);
      await Deno.chown(bobs, BOB, BOB);
      const text = `${bobs} belongs to another user than root: keep it where only root can write`;
      assert.equal(await reasonNotToRun(`${folder}/notify`, 0), text);
      assert.match(await reasonNotToRun(`${folder}/notify`, 4712) ?? "", /belongs to another user/);
      assert.equal(await reasonNotToRun(`${folder}/notify`, BOB), undefined);
      // By a relative link, and by one that leads back out.
      await Deno.symlink("bob/current", `${folder}/relative`);
      assert.equal(await reasonNotToRun(`${folder}/relative`, 0), text);
      await Deno.symlink("bob/../check", `${folder}/back`);
      assert.equal(await reasonNotToRun(`${folder}/back`, 0), text);
      assert.equal(await reasonNotToRun(`${bobs}/../check`, 0), text);
      const argv = [`${folder}/notify`];
      const result = await attempt({ kind: "command", argv, user: "root" });
      assert.deepEqual([result.ok, result.text], [false, text]);
    }),
);

Deno.test(
  nameWith("a link or file in a sticky folder counts where it is another user's", AS_ROOT),
  () =>
    withScript(async ({ folder, script }) => {
      const sticky = `${folder}/tmp`;
      await Deno.mkdir(sticky);
      await Deno.chmod(sticky, 0o1777);
      await Deno.symlink(script, `${sticky}/link`);
      assert.equal(await reasonNotToRun(`${sticky}/link`, 0), undefined);
      await lchown(`${sticky}/link`);
      assert.match(
        await reasonNotToRun(`${sticky}/link`, 0) ?? "",
        /tmp\/link belongs to another user/,
      );
      await Deno.chown(script, BOB, BOB);
      const mend = `check belongs to another user than root: chown root '${script}'`;
      assert.ok((await reasonNotToRun(script, 0))?.endsWith(mend));
      assert.equal(await reasonNotToRun(script, BOB), undefined);
    }),
);

Deno.test(
  nameWith("what a group may write is refused, but not root's group", AS_ROOT),
  () =>
    withScript(async ({ folder, script }) => {
      await Deno.chmod(folder, 0o775);
      assert.equal(await reasonNotToRun(script, 0), undefined);
      await Deno.chown(folder, 0, BOB);
      await Deno.chmod(folder, 0o775);
      for (const uid of [0, BOB]) {
        const text = `${folder} is writable by its group: chmod g-w '${folder}'`;
        assert.equal(await reasonNotToRun(script, uid), text);
      }
    }),
);

Deno.test(
  nameWith("the interpreter of a script is looked at as the script is", AS_ROOT),
  () =>
    withScript(async ({ folder, script }) => {
      const bobs = `${folder}/bob`;
      await Deno.mkdir(bobs);
      await Deno.copyFile("/bin/sh", `${bobs}/sh`);
      await Deno.chmod(`${bobs}/sh`, 0o755);
      const short = await Deno.makeTempDir({ prefix: "fl-sh-" });
      try {
        await Deno.symlink(`${bobs}/sh`, `${short}/sh`);
        await Deno.chmod(short, 0o755);
        await Deno.writeTextFile(script, `#! ${short}/sh -e\nexit 0\n`);
        assert.equal(await reasonNotToRun(script, 0), undefined);
        await Deno.chown(bobs, BOB, BOB);
        assert.match(await reasonNotToRun(script, 0) ?? "", /check: .*bob belongs to another user/);
        await Deno.remove(`${short}/sh`);
        assert.equal(await reasonNotToRun(script, 0), `${script}: ${short}/sh: no such file`);
      } finally {
        await Deno.remove(short, { recursive: true });
      }
    }),
);

Deno.test("links in a circle, folders and files on the way that are none come to an end", () =>
  withScript(async ({ folder, script }) => {
    await Deno.symlink("b", `${folder}/a`);
    await Deno.symlink("a", `${folder}/b`);
    const ends = [
      [`${folder}/a`, `${folder}/a: too many symbolic links`],
      [folder, `${folder}: not a regular file`],
      ["/", "/: not a regular file"],
      [`${script}/x`, `${script}/x: no such file`],
      [`${script}/..`, `${script}/..: no such file`],
      [`${folder}/x/../check`, `${folder}/x/../check: no such file`],
      ["/dev/null", "/dev/null: not a regular file"],
    ];
    for (const [path = "", text] of ends) {
      assert.equal(await reasonNotToRun(path, ME), text);
    }
  }));

Deno.test("accounts are read as passwd(5) has them", () => {
  const text =
    "root:x:0:0:root:/root:/bin/bash\nbad:x:::\nfloatip:x:998:997::/:/usr/sbin/nologin\n";
  assert.deepEqual(accountIn(text, "floatip"), { name: "floatip", uid: 998, gid: 997 });
  assert.equal(accountIn(text, "bad"), undefined);
  assert.equal(accountIn(text, "float"), undefined);
});

Deno.test("a user that is not there is a refusal", async () => {
  assert.deepEqual(await findCommandUser("no-such-user"), {
    refusal: "no user no-such-user on this machine",
  });
});

/** Runs the command at the end of `words` in a shell, as a reader would. */
async function mend(text: string): Promise<void> {
  const command = text.slice(text.lastIndexOf("chmod"));
  const { success } = await new Deno.Command("sh", { args: ["-c", command] }).output();
  assert.ok(success, command);
}

async function lchown(link: string): Promise<void> {
  const { success } = await new Deno.Command("chown", { args: ["-h", `${BOB}`, link] }).output();
  assert.ok(success);
}
