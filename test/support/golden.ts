/**
 * Golden files: texts as they were last agreed, rewritten on demand and reviewed as a difference.
 */
import assert from "node:assert/strict";

/**
 * Compares `actual` with test/golden/`name`.txt; throws AssertionError with the difference. With
 * GOLDEN=write in the environment it rewrites the file instead. A missing final newline is added.
 */
export async function golden(name: string, actual: string): Promise<void> {
  await goldenFile(`test/golden/${name}.txt`, actual);
}

/** The same of any file; `path` is relative to the checkout. */
export async function goldenFile(path: string, actual: string): Promise<void> {
  const file = new URL(`../../${path}`, import.meta.url);
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
      error.message = `${path} differs (GOLDEN=write rewrites it)\n${error.message}`;
    }
    throw error;
  }
}
