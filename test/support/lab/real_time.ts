/** Real-time scheduling for a program that measures on a busy machine. */
import { run } from "./command.ts";

/**
 * The words of chrt(1) that come before a program's, `priority` 1 to 99; none where that is not
 * permitted.
 */
export async function realTimeWords(priority = 40): Promise<readonly string[]> {
  const words = ["chrt", "--rr", `${priority}`];
  const { code } = await run([...words, "true"]).catch(() => ({ code: 127 }));
  return code === 0 ? words : [];
}
