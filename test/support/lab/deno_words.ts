/** Programs of the tests that Deno runs as processes of their own. */
import { fileURLToPath } from "node:url";

/** The words that run the program at `url`, as import.meta.resolve gives it, with all rights. */
export function denoWords(url: string): readonly string[] {
  const flags = ["--quiet", "--no-config", "--no-check", "--allow-all"];
  return [Deno.execPath(), "run", ...flags, fileURLToPath(url)];
}
