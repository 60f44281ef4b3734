/** Which machines vote is written down beside the loop, and said to be so only when it is. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { readVoters, votersWriter } from "../../../src/service/voters_file.ts";
import { inFolder } from "../../support/in_folder.ts";

Deno.test("voters: what is handed over is written down later, one after the other", () =>
  inFolder(async (folder) => {
    const words: string[] = [];
    const complain = (text: string) => void words.push(text);
    const write = votersWriter(`${folder}/state`, complain);
    const ends: boolean[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const read = () => readVoters(`${folder}/state`, complain);
    write({ file: ["a"] }, (isWritten) => {
      ends.push(isWritten);
      deepStrictEqual(read(), { file: ["a"] });
    });
    write({ file: ["b"] }, (isWritten) => {
      ends.push(isWritten);
      resolve();
    });
    deepStrictEqual([ends.length, read()], [0, undefined]);
    await promise;
    deepStrictEqual([ends, read(), words], [[true, true], { file: ["b"] }, []]);
  }));

Deno.test("voters: what cannot be written is said once, until it could be", () =>
  inFolder(async (folder) => {
    const words: string[] = [];
    await Deno.writeTextFile(`${folder}/state`, "in the way");
    const write = votersWriter(`${folder}/state`, (text) => void words.push(text));
    const written = () => new Promise<boolean>((resolve) => write({ file: [] }, resolve));
    deepStrictEqual([await written(), await written()], [false, false]);
    strictEqual(words.length, 1);
    ok(words[0]?.includes("voters.json cannot be written"));
    await Deno.remove(`${folder}/state`);
    strictEqual(await written(), true);
    await Deno.remove(`${folder}/state`, { recursive: true });
    await Deno.writeTextFile(`${folder}/state`, "in the way again");
    strictEqual(await written(), false);
    strictEqual(words.length, 2);
  }));
