import assert from "node:assert/strict";
import { HistoryFile } from "../../../src/history/history_file.ts";
import { decodeHistory, encodeEntry, type HistoryEntry } from "../../../src/history/line.ts";
import { historyPath } from "../../../src/history/place.ts";
import { HistoryReader } from "../../../src/history/read.ts";
import { nearMiss, numbered, started, transition } from "../../support/history/entries.ts";
import { STRANGERS } from "../../support/strangers.ts";

/** A history in a state directory that is not there yet, and what it complains of. */
async function withHistory(
  body: (bench: {
    readonly path: string;
    readonly complaints: readonly string[];
    open(limit?: number): HistoryFile;
    entries(): readonly HistoryEntry[];
  }) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "floatip-" });
  const stateDir = `${root}/var/floatip`;
  const path = historyPath(stateDir);
  const complaints: string[] = [];
  const complain = (words: string) => void complaints.push(words);
  try {
    await body({
      path,
      complaints,
      open: (limit) => new HistoryFile({ stateDir, complain, ...(limit ? { limit } : {}) }),
      entries: () => {
        const { entries, skipped } = decodeHistory(Deno.readTextFileSync(path));
        assert.equal(skipped, 0);
        return entries;
      },
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** While it is full, no write to any file of this process takes a byte (ENOSPC, write(2)). */
function fullDisk() {
  const { write } = Deno.FsFile.prototype;
  const fill = () => {
    Deno.FsFile.prototype.write = () => Promise.reject(new Error("No space left on device"));
  };
  const empty = () => {
    Deno.FsFile.prototype.write = write;
  };
  fill();
  return { fill, empty, [Symbol.dispose]: empty };
}

const numbers = (entries: readonly HistoryEntry[]) =>
  entries.map((entry) => entry.kind === "transition" ? entry.silence_ms : entry.kind);

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

Deno.test("entries are in the file in their order once it is disposed, readable by all", () =>
  withHistory(async ({ path, open, entries, complaints }) => {
    const { kind: _, ...record } = transition();
    {
      await using history = open();
      history.add(started());
      history.observe(record);
      history.add(nearMiss());
    }
    assert.deepEqual(entries(), [started(), transition(), nearMiss()]);
    assert.deepEqual(complaints, []);
    const mode = (place: string) => (Deno.statSync(place).mode ?? 0) & 0o777;
    assert.equal(mode(path.slice(0, path.lastIndexOf("/"))), 0o755);
    assert.equal(mode(path), 0o644);
  }));

Deno.test("nothing is made before the first entry, nothing is taken after the end", () =>
  withHistory(async ({ path, open }) => {
    const history = open();
    await history[Symbol.asyncDispose]();
    history.add(started());
    await history.written();
    assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
  }));

Deno.test("observe returns before anything is written", () =>
  withHistory(async ({ path, open, entries }) => {
    await using history = open();
    history.add(numbered(1));
    assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
    await history.written();
    assert.deepEqual(numbers(entries()), [1]);
  }));

Deno.test("entries that come at any moment of the writing of others are written", () =>
  withHistory(async ({ open, entries }) => {
    await using history = open();
    for (let number = 1; number <= 50; number++) {
      history.add(numbered(number));
      // Further and further into the writing of the former, microtask by microtask.
      for (let i = 0; i < number % 7; i++) await Promise.resolve();
      if (number % 5 === 0) await history.written();
    }
    await history.written();
    assert.deepEqual(numbers(entries()), range(1, 50));
  }));

const line = encodeEntry(numbered(1));
/** What a power cut may leave behind the last whole line. */
const TORN: readonly (readonly [string, string, readonly unknown[]])[] = [
  ["half a line", line + line.slice(0, 40), [1, 2]],
  ["a line but for its newline", line + line.trimEnd(), [1, 2]],
  ["zeros", line + "\0".repeat(4096), [1, 2]],
  ["more than is looked at in one step", line + "x".repeat(200_000), [1, 2]],
  ["a newline at the border of a step", line + "x".repeat(64 * 1024), [1, 2]],
  ["nothing whole at all", "x".repeat(200_000), [2]],
  ["nothing", "", [2]],
];

for (const [what, text, expected] of TORN) {
  Deno.test(`a torn end is cut off: ${what}`, () =>
    withHistory(async ({ path, open, entries }) => {
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(path, text);
      await using history = open();
      history.add(numbered(2));
      await history.written();
      assert.deepEqual(numbers(entries()), expected);
    }));
}

Deno.test("the file never grows over its limit, and keeps the newest in their order", () =>
  withHistory(async ({ path, open, entries, complaints }) => {
    const limit = 4096;
    await using history = open(limit);
    let rotations = 0;
    for (let number = 1; number <= 100; number++) {
      const before = number === 1 ? undefined : Deno.statSync(path).ino;
      history.add(numbered(number));
      await history.written();
      const { size, ino } = Deno.statSync(path);
      assert.ok(size <= limit, `${size} bytes`);
      if (before !== undefined && ino !== before) {
        rotations++;
        assert.ok(size > limit / 2 - 400, `half is kept: ${size}`);
      }
      const kept = numbers(entries());
      assert.deepEqual(kept, range(number - kept.length + 1, number));
    }
    assert.ok(rotations > 5, `${rotations} rotations`);
    assert.deepEqual(complaints, []);
    assert.deepEqual([...Deno.readDirSync(path.replace(/\/[^/]*$/, ""))].length, 1);
  }));

Deno.test("an entry longer than the limit is kept alone", () =>
  withHistory(async ({ open, entries }) => {
    await using history = open(500);
    history.add(numbered(1));
    history.add(transition({ cause: "x".repeat(1000), silence_ms: 2 }));
    await history.written();
    assert.deepEqual(numbers(entries()), [2]);
    history.add(numbered(3));
    await history.written();
    assert.deepEqual(numbers(entries()), [3]);
  }));

Deno.test("a foreign file of any size is brought down to the limit", () =>
  withHistory(async ({ path, open }) => {
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, "not of ours\n".repeat(1_000_000));
    await using history = open(4096);
    history.add(numbered(1));
    await history.written();
    assert.ok(Deno.statSync(path).size <= 4096);
    const { entries, skipped } = decodeHistory(Deno.readTextFileSync(path));
    assert.deepEqual([numbers(entries), skipped], [[1], 170]);
  }));

Deno.test("a file that was removed is made again", () =>
  withHistory(async ({ path, open, entries }) => {
    await using history = open();
    history.add(numbered(1));
    await history.written();
    Deno.removeSync(path);
    history.add(numbered(2));
    await history.written();
    assert.deepEqual(numbers(entries()), [2]);
  }));

Deno.test("a disk that is full is told once, and the entries are written when it takes them", () =>
  withHistory(async ({ path, open, entries, complaints }) => {
    using full = fullDisk();
    await using history = open();
    for (const number of [1, 2, 3]) {
      history.add(numbered(number));
      await history.written();
    }
    assert.equal(complaints.length, 1);
    assert.match(
      complaints[0] ?? "",
      /^\/.*\/history\.jsonl cannot be written: No space left on device/,
    );
    assert.deepEqual(history.attention(), [`history: ${complaints[0]}`], "as long as it lasts");
    full.empty();
    history.add(numbered(4));
    await history.written();
    assert.deepEqual(history.attention(), []);
    assert.deepEqual(numbers(entries()), [1, 2, 3, 4]);
    full.fill();
    history.add(numbered(5));
    await history.written();
    assert.equal(complaints.length, 2, "news again after it went well");
    full.empty();
    assert.deepEqual(numbers(entries()), [1, 2, 3, 4]);
    assert.equal(Deno.statSync(path).isFile, true);
  }));

for (const [what, make] of Object.entries(STRANGERS)) {
  Deno.test(`${what} in its place is told once, and not followed`, () =>
    withHistory(async ({ path, open, entries, complaints }) => {
      const folder = path.slice(0, path.lastIndexOf("/"));
      Deno.mkdirSync(folder, { recursive: true });
      Deno.writeTextFileSync(`${folder}/victim`, "a line without an end");
      make(path, `${folder}/victim`);
      await using history = open();
      for (const number of [1, 2]) {
        history.add(numbered(number));
        await history.written();
      }
      assert.equal(complaints.length, 1);
      assert.ok(complaints[0]?.includes(` is ${what}, not a file`), complaints[0]);
      assert.equal(Deno.readTextFileSync(`${folder}/victim`), "a line without an end");
      await assert.rejects(new HistoryReader(path).next(), { name: "NotAFile" });
      Deno.removeSync(path);
      history.add(numbered(3));
      await history.written();
      assert.deepEqual(numbers(entries()), [1, 2, 3]);
      // And once it is open: whoever swaps it is found out before the next entry.
      Deno.renameSync(path, `${path}.old`);
      make(path, `${folder}/victim`);
      history.add(numbered(4));
      await history.written();
      assert.equal(complaints.length, 2);
      assert.equal(Deno.readTextFileSync(`${folder}/victim`), "a line without an end");
    }));
}

Deno.test("of entries without a reader, the newest thousand wait", () =>
  withHistory(async ({ path, open, entries }) => {
    Deno.mkdirSync(path, { recursive: true });
    await using history = open();
    for (const number of range(1, 1500)) {
      history.add(numbered(number));
      if (number % 100 === 0) await history.written();
    }
    Deno.removeSync(path);
    history.add(numbered(1501));
    await history.written();
    assert.deepEqual(numbers(entries()), range(502, 1501));
  }));

Deno.test("the end does not wait for a disk that never answers", () =>
  withHistory(async ({ path }) => {
    const source = new URL("../../../src/history/history_file.ts", import.meta.url).href;
    const script = `const { HistoryFile } = await import(${JSON.stringify(source)});
      const stateDir = ${JSON.stringify(path.slice(0, path.lastIndexOf("/")))};
      Deno.FsFile.prototype.write = () => new Promise(() => {});
      const history = new HistoryFile({ stateDir, complain: () => {} });
      for (let i = 0; i < 900; i++) history.add({ kind: "daemon", time: "x".repeat(500) });
      const start = performance.now();
      await history[Symbol.asyncDispose]();
      console.log(Math.round(performance.now() - start));
      Deno.exit(0);`;
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
    const ms = Number(new TextDecoder().decode(stdout));
    assert.ok(ms >= 900 && ms < 5000, `${ms} ms`);
  }));

Deno.test("a reader hears each entry once, also over rotations, and only whole lines", () =>
  withHistory(async ({ path, open }) => {
    const reader = new HistoryReader(path);
    assert.equal(await reader.next(), undefined);
    await using history = open(4096);
    const heard: unknown[] = [];
    for (const number of range(1, 60)) {
      history.add(numbered(number));
      await history.written();
      if (number % 3 === 0) heard.push(...numbers((await reader.next())?.entries ?? []));
    }
    assert.deepEqual(heard, range(1, 60));
    const whole = Deno.readTextFileSync(path);
    Deno.writeTextFileSync(path, whole + encodeEntry(numbered(61)).trimEnd());
    assert.deepEqual(await reader.next(), { entries: [], skipped: 0 });
    Deno.writeTextFileSync(path, whole + encodeEntry(numbered(61)));
    assert.deepEqual(numbers((await reader.next())?.entries ?? []), [61]);
  }));
