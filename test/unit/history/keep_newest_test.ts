/** What of a full history is kept: transitions are not displaced by what strangers bring about. */
import assert from "node:assert/strict";
import { HistoryFile } from "../../../src/history/history_file.ts";
import { keepNewest } from "../../../src/history/keep_newest.ts";
import { decodeHistory, isLasting } from "../../../src/history/line.ts";
import { historyPath } from "../../../src/history/place.ts";
import { HistoryReader } from "../../../src/history/read.ts";
import { numbered } from "../../support/history/entries.ts";

const CASES: readonly (readonly [string, number, string])[] = [
  // Capitals last. Each line has two bytes.
  ["abcdef", 6, "def"],
  ["ABCDEF", 6, "DEF"],
  ["ABcdefgh", 8, "ABgh"],
  ["ABCDefgh", 8, "BCDh"],
  ["aBcdEfgh", 8, "BEgh"],
  ["ABCD", 8, "ABCD"],
  ["", 8, ""],
  ["abc", 0, ""],
];

for (const [lines, room, kept] of CASES) {
  Deno.test(`of ${JSON.stringify(lines)}, ${room} bytes are ${JSON.stringify(kept)}`, async () => {
    const text = [...lines].map((line) => `${line}\n`).join("");
    const isCapital = ([byte = 0]: Uint8Array) => byte < 97;
    const bytes = await keepNewest(new TextEncoder().encode(text), room, isCapital);
    assert.equal(new TextDecoder().decode(bytes).replaceAll("\n", ""), kept);
  });
}

Deno.test("a flood of conflicts pushes out no transition; a reader gets each once", async () => {
  const stateDir = await Deno.makeTempDir({ prefix: "floatip-" });
  try {
    const told: string[] = [];
    const reader = new HistoryReader(historyPath(stateDir));
    const read = async () => {
      for (const entry of (await reader.next())?.entries ?? []) told.push(JSON.stringify(entry));
    };
    await using history = new HistoryFile({ stateDir, complain: assert.fail, limit: 40_000 });
    for (let i = 0; i < 20; i++) history.add(numbered(i));
    await history.written();
    await read();
    for (let i = 0; i < 1500; i++) {
      history.observeConflict({
        time: "2026-11-21T03:04:05.678Z",
        instance: "web",
        family: "ipv4",
        rival: `10.0.${i >> 8}.${i % 256}`,
        words: `${i} claims to be master too, with priority 100 and a long story`,
      });
      if (i % 50 === 0) {
        await history.written();
        await read();
      }
    }
    await history.written();
    await read();
    const { entries } = decodeHistory(Deno.readTextFileSync(historyPath(stateDir)));
    assert.equal(entries.filter(({ kind }) => kind === "transition").length, 20);
    assert.match(JSON.stringify(entries.at(-1)), /1499 claims/);
    assert.equal(new Set(told).size, told.length);
    assert.equal(told.length, 1520);
  } finally {
    await Deno.remove(stateDir, { recursive: true });
  }
});

Deno.test("transitions and what the daemon did last, conflicts and near misses do not", () => {
  const bytes = (kind: string) => new TextEncoder().encode(`{"kind":"${kind}","time":""}`);
  const kinds = ["transition", "daemon", "conflict", "near-miss", "t"];
  assert.deepEqual(kinds.map((kind) => isLasting(bytes(kind))), [true, true, false, false, false]);
});
