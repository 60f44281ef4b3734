import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { decodeHistory } from "../../../src/history/line.ts";
import { historyPath } from "../../../src/history/place.ts";

const WRITER = fileURLToPath(new URL("../../support/history/writer.ts", import.meta.url));
/** So small that it is written anew all the time: a kill often hits that. */
const LIMIT = 4096;

/**
 * Runs a writer from `first` on and kills it after the answer number `answers`; the last number
 * that it told.
 */
async function killWriter(stateDir: string, first: number, answers: number): Promise<number> {
  await using writer = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", WRITER, stateDir, String(first), String(LIMIT)],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(writer.stderr).text();
  let told = "";
  let killed = false;
  for await (const text of writer.stdout.pipeThrough(new TextDecoderStream())) {
    told += text;
    if (killed || told.split("\n").length <= answers) continue;
    // What it told before it died may still come in pieces: it is killed once.
    killed = true;
    writer.kill("SIGKILL");
  }
  assert.equal(await stderr, "", "it could be opened and written");
  assert.equal((await writer.status).signal, "SIGKILL");
  return Number(told.slice(0, told.lastIndexOf("\n")).split("\n").at(-1));
}

/** Numbers of the whole lines of the history; fails where one is missing between them. */
function numbersIn(stateDir: string): readonly number[] {
  const text = Deno.readTextFileSync(historyPath(stateDir));
  const { entries, skipped } = decodeHistory(text.slice(0, text.lastIndexOf("\n") + 1));
  assert.equal(skipped, 0, text);
  const numbers = entries.map((entry) => entry.kind === "transition" ? entry.silence_ms ?? 0 : 0);
  const [first = 0] = numbers;
  assert.deepEqual(numbers, numbers.map((_, i) => first + i), "in order, none missing");
  return numbers;
}

/**
 * Kills `rounds` writers one after the other, each going on behind the last; answers how many
 * entries were written.
 */
async function killAgainAndAgain(rounds: number): Promise<number> {
  const stateDir = await Deno.makeTempDir({ prefix: "floatip-" });
  try {
    let last = 0;
    for (let round = 0; round < rounds; round++) {
      const told = await killWriter(stateDir, last + 1, 1 + round % 40);
      const numbers = numbersIn(stateDir);
      const newest = numbers.at(-1) ?? 0;
      assert.ok(newest >= told, `round ${round}: ${told} was told, ${newest} is the newest`);
      assert.ok(
        numbers.length >= Math.min(newest, 4),
        `round ${round}: ${numbers.length} are left`,
      );
      last = newest;
    }
    return last;
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
}

Deno.test("200 writers killed: each opens what the former left, and no entry is lost", async () => {
  const written = await Promise.all([killAgainAndAgain(100), killAgainAndAgain(100)]);
  assert.ok(written.every((count) => count > 1000), `${written} entries`);
});
