/** Files that are written whole or not at all: by way of a draft beside them. */
import { writeAll } from "../files.ts";

/**
 * Writes `text` to a draft beside `file`, with `mode`, and has `place` put it there once it is on
 * the disk. The draft is gone afterwards. Rejects with Deno.errors.*, and as `place` does.
 */
export async function writeDraft(
  file: string,
  text: string,
  mode: number,
  place: (draft: string) => Promise<void>,
): Promise<void> {
  const draft = `${file}.new-${Deno.pid}`;
  // One that is there already is another program's, and stays.
  using open = await Deno.open(draft, { write: true, createNew: true, mode });
  try {
    await writeAll(open, new TextEncoder().encode(text));
    await open.sync();
    await place(draft);
  } finally {
    await Deno.remove(draft).catch(() => {});
  }
}
