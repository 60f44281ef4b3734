/** Adds numbered entries until it is killed, and prints each number that was written. */
import { HistoryFile } from "../../../src/history/history_file.ts";
import { numbered } from "./entries.ts";

const [stateDir = "", first = "1", limit = "0"] = Deno.args;
const complain = (words: string): void => {
  console.error(words);
  Deno.exit(1);
};
const history = new HistoryFile({ stateDir, complain, limit: Number(limit) });
const out = new TextEncoder();
for (let number = Number(first);; number += 3) {
  for (const one of [number, number + 1, number + 2]) history.add(numbered(one));
  await history.written();
  Deno.stdout.writeSync(out.encode(`${number + 2}\n`));
}
