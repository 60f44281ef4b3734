import assert from "node:assert/strict";
import { attempt } from "../../support/health/checks.ts";
import { inFolder } from "../../support/in_folder.ts";

function look(path: string, want: "present" | "absent" | "value") {
  return attempt({ kind: "file", path, want });
}

Deno.test("a file is present or absent", () =>
  inFolder(async (folder) => {
    const path = `${folder}/flag`;
    assert.deepEqual(await said(look(path, "present")), [false, "no such file"]);
    assert.deepEqual(await said(look(path, "absent")), [true, "absent"]);
    await Deno.writeTextFile(path, "");
    assert.deepEqual(await said(look(path, "present")), [true, "present"]);
    assert.deepEqual(await said(look(path, "absent")), [false, "present"]);
    // Below a file there is nothing.
    assert.deepEqual(await said(look(`${path}/x`, "absent")), [true, "absent"]);
  }));

const values: readonly (readonly [text: string, value: number | undefined, words: string])[] = [
  ["7", 7, "value 7"],
  [" -12\n", -12, "value -12"],
  ["+3", 3, "value 3"],
  ["-0", 0, "value 0"],
  ["254", 254, "value 254"],
  ["255", undefined, "an integer beyond -254 to 254"],
  ["", undefined, "no integer in it"],
  ["1.5", undefined, "no integer in it"],
  ["0x10", undefined, "no integer in it"],
  ["1 2", undefined, "no integer in it"],
  ["9".repeat(100_000), undefined, "an integer beyond -254 to 254"],
];

Deno.test("an integer is read, and nothing else", () =>
  inFolder(async (folder) => {
    for (const [text, value, words] of values) {
      await Deno.writeTextFile(`${folder}/value`, text);
      const result = await look(`${folder}/value`, "value");
      assert.deepEqual([result.ok, result.value, result.text], [
        value !== undefined,
        value,
        words,
      ]);
      assert.ok(!Object.is(result.value, -0));
    }
    assert.deepEqual(await said(look(`${folder}/gone`, "value")), [false, "no such file"]);
    assert.deepEqual(await said(look(folder, "value")), [false, "not a regular file"]);
  }));

Deno.test("a pipe without a writer is not waited for", () =>
  inFolder(async (folder) => {
    const { success } = await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    assert.ok(success);
    assert.deepEqual(await said(look(`${folder}/pipe`, "value")), [false, "not a regular file"]);
  }));

/** Puts a pipe and a file in one place, in turn, until it is ended or the folder is gone. */
const TURN = 'cd "$0"; while ln -s file n && mv -T n it && ln -s pipe n && mv -T n it; do :; done';

Deno.test("a pipe that takes the file's place between two looks is not waited for", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "7");
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    await Deno.symlink("file", `${folder}/it`);
    await using _turner = new Deno.Command("sh", { args: ["-c", TURN, folder] }).spawn();
    const seen = new Set<string>();
    // Both are met, however busy the machine is; a look that waits for a writer would not end.
    for (let looks = 0; looks < 1000 || seen.size < 2 && looks < 1e6; looks++) {
      seen.add((await look(`${folder}/it`, "value")).text);
    }
    assert.deepEqual([...seen].sort(), ["not a regular file", "value 7"]);
  }));

async function said(result: ReturnType<typeof look>): Promise<readonly [boolean, string]> {
  const { ok, text } = await result;
  return [ok, text];
}
