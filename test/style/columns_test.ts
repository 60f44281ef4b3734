/** The length of the lines of the program and its tests. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const MOST = 100;

/** [file, reason]: files whose lines may be longer. */
const EXEMPT: readonly (readonly [file: string, reason: string])[] = [];

Deno.test(`columns: no line of src and test has more than ${MOST} bytes`, () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const exempt = new Set(EXEMPT.map(([file]) => file));
  const files = ["src", "test"].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true })
      .map((name) => `${folder}/${name}`)
      .filter((file) => file.endsWith(".ts"))
  );
  assert.ok(files.length > 100, `${files.length} files found`);
  const long = new Map(
    files.map((file) => [file, tooLong(file, readFileSync(root + file, "utf8"))]),
  );
  const found = [...long].flatMap(([file, lines]) => exempt.has(file) ? [] : lines);
  assert.ok(found.length === 0, `\n${found.join("\n")}`);
  const idle = [...exempt].filter((file) => (long.get(file) ?? []).length === 0);
  assert.deepEqual(idle, [], "they need no exemption");
});

/** "file:line: bytes" of each: where all are ASCII, columns. */
function tooLong(file: string, text: string): readonly string[] {
  return text.split("\n")
    .map((line, i) => ({ bytes: new TextEncoder().encode(line).length, place: `${file}:${i + 1}` }))
    .filter(({ bytes }) => bytes > MOST)
    .map(({ bytes, place }) => `${place}: ${bytes} bytes`);
}
