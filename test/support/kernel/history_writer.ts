/**
 * The history on a small disk: runs in a mount namespace, where it mounts, fills and empties one.
 */
import { HistoryFile } from "../../../src/history/history_file.ts";
import { decodeHistory } from "../../../src/history/line.ts";
import { historyPath } from "../../../src/history/place.ts";
import { numbered } from "../history/entries.ts";

await main(Deno.args[0] ?? "");

async function main(disk: string): Promise<void> {
  const complaints: string[] = [];
  run("mount", "-t", "tmpfs", "-o", "size=64k,ro", "tmpfs", disk);
  await using history = new HistoryFile({
    stateDir: disk,
    complain: (words) => void complaints.push(words),
  });
  let number = 0;
  const add = async (): Promise<void> => {
    history.add(numbered(++number));
    await history.written();
  };
  for (let i = 0; i < 3; i++) await add();
  const readOnly = complaints.splice(0);
  run("mount", "-o", "remount,rw", disk);
  await add();
  const afterReadOnly = content(disk);
  // Leaves a page or two, which some lines fit into: the one that does not fit is written in part.
  Deno.writeFileSync(`${disk}/filler`, new Uint8Array(56 * 1024));
  while (complaints.length === 0 && number < 500) await add();
  const refused = number;
  for (let i = 0; i < 3; i++) await add();
  const full = complaints.splice(0);
  Deno.removeSync(`${disk}/filler`);
  await add();
  const afterFull = content(disk);
  console.log(JSON.stringify({ readOnly, afterReadOnly, full, refused, number, afterFull }));
}

function run(program: string, ...args: readonly string[]): void {
  const { success, stderr } = new Deno.Command(program, { args: [...args] }).outputSync();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
}

/** The numbers in the history on `disk`, and how many lines are none. */
function content(disk: string): readonly unknown[] {
  const { entries, skipped } = decodeHistory(Deno.readTextFileSync(historyPath(disk)));
  return [entries.map((entry) => entry.kind === "transition" && entry.silence_ms), skipped];
}
