/** Does a text still read as it was last agreed? Golden files, rewritten on demand and reviewed as a diff. */
import assert from "node:assert/strict";

/**
 * Compares `actual` with test/golden/`name`.txt; throws AssertionError with the difference. With GOLDEN=write in the
 * environment it rewrites the file instead. A missing final newline is added.
 */
export async function golden(name: string, actual: string): Promise<void> {
  const file = new URL(`./${name}.txt`, import.meta.url);
  const text = actual.endsWith("\n") ? actual : `${actual}\n`;
  if (Deno.env.get("GOLDEN") === "write") {
    await Deno.writeTextFile(file, text);
    return;
  }
  const expected = await Deno.readTextFile(file).catch((error: unknown) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  try {
    assert.equal(text, expected);
  } catch (error) {
    if (error instanceof assert.AssertionError) {
      error.message =
        `test/golden/${name}.txt differs (GOLDEN=write rewrites it)\n${error.message}`;
    }
    throw error;
  }
}
