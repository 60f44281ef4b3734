/** Golden texts of what becomes of every keepalived directive, and of whole files. */
import assert from "node:assert/strict";
import { decode } from "../../src/config/decode.ts";
import type { Note } from "../../src/tools/keepalived_import/translation.ts";
import {
  FILE,
  imported,
  importing,
  noteText,
  shown,
} from "../support/tools/keepalived_import/importing.ts";
import { originalOf, ORIGINALS } from "../support/import/originals.ts";
import { golden } from "../support/golden.ts";
import { fileOf, type Option, OPTIONS } from "./import_options.ts";

/** floatip takes what it is given, and nothing is left without an answer. */
function assertSound(title: string, text: string, nodeId?: string): void {
  const result = importing(text, nodeId);
  if (result.kind === "malformed") return;
  for (const { directive, why = "" } of result.notes) {
    assert.doesNotMatch(
      why,
      /no answer|floatip does not take it/,
      `${title}: ${directive}: ${why}`,
    );
  }
  if (result.toml === undefined) return;
  const decoded = decode(result.toml);
  assert.equal(decoded.kind, "config", `${title}: ${JSON.stringify(decoded)}\n${result.toml}`);
}

Deno.test("import: each directive alone", async () => {
  const sections = OPTIONS.map((option) => {
    const file = fileOf(option);
    assertSound(option.title, file);
    return [`### ${option.title}`, "", partsOf(option), ...noteLines(file), ...newLines(file), ""];
  });
  await golden("import_options", sections.flat().join("\n"));
});

/** What an option adds to the smallest file. */
function partsOf({ global, root, instance, behind, whole }: Option): string {
  const title = (name: string, text: string | undefined) =>
    text === undefined ? [] : [`${name}:`, ...text.split("\n").map((line) => `    ${line}`)];
  return [
    ...title("global_defs", global),
    ...title("before", root),
    ...title("vrrp_instance", instance),
    ...title("behind", behind),
    ...title("the file", whole),
  ].join("\n");
}

const SMALLEST = fileOf({ title: "" });

/** The notes that the smallest file does not have. */
function noteLines(file: string): readonly string[] {
  const result = importing(file);
  if (result.kind === "malformed") return ["malformed:", shown(file)];
  const text = (note: Note) => noteText(note).replace(/^\d+ /, "");
  const known = imported(SMALLEST).notes.map(text);
  const fresh = result.notes.filter((note) => !known.includes(text(note)));
  return [
    "notes:",
    ...fresh.flatMap((note) => [
      `    ${noteText(note)}`,
      ...(note.why === undefined ? [] : [`        ${note.why}`]),
      ...(note.instead === undefined ? [] : [`        instead: ${note.instead}`]),
    ]),
  ];
}

/** The lines of the result that the smallest file's does not have. */
function newLines(file: string): readonly string[] {
  const result = importing(file);
  if (result.kind === "malformed") return [];
  const { toml } = result;
  if (toml === undefined) return ["no result"];
  const plain = (text: string) => text.replace(/ +# keepalived.conf:\d+$/gm, "").split("\n");
  const known = plain(imported(SMALLEST).toml ?? "");
  const fresh = plain(toml).filter((line) => line !== "" && !known.includes(line));
  return fresh.length === 0 ? [] : ["result:", ...fresh.map((line) => `    ${line}`)];
}

for (const original of ORIGINALS) {
  Deno.test(`import: ${original.name}, as its first node sees it`, async () => {
    for (const node of original.nodes) assertSound(node, originalOf(original, node), node);
    const [node = ""] = original.nodes;
    const text = shown({ [FILE]: originalOf(original, node) }, node);
    await golden(`import/${original.name}`, text);
  });
}

Deno.test("import: a password stands in the result and nowhere else", () => {
  for (const option of OPTIONS) {
    const result = importing(fileOf(option));
    const report = JSON.stringify(result.kind === "malformed" ? result : result.notes);
    assert.doesNotMatch(report, /s3cr3t/, option.title);
  }
  const text = OPTIONS.find(({ title }) => title.includes("a password over 8 bytes"));
  assert.ok(text !== undefined);
  const { toml, secret } = imported(fileOf(text));
  assert.match(toml ?? "", /pass = "s3cr3t12"/);
  assert.equal(secret, true);
});
